//! A new trust document takes the place of the old one only when enough operators of both signed it (C087).

use iia_core::code::{Code, Coded};

use super::{Class, Trust};
use crate::diagnostic::Diagnostic;
use crate::envelope::{Armour, EnvelopeError, judge};

/// Why a trust document does not take the place of the old one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessionError {
    /// The new document's own operators did not sign enough: they could not sign its successor either.
    #[error("by the new document's own rules: {0}")]
    New(EnvelopeError),
    /// The operators that are trusted now did not sign enough.
    #[error("by the rules in force: {0}")]
    Old(EnvelopeError),
    /// The document cannot be read; it was signed by operators who are trusted.
    #[error("the trust document has {} mistakes", .0.len())]
    Unsound(Vec<Diagnostic>),
    /// Its revision is not above that of the document in force.
    #[error("revision {have} is not above {applied}, which is in force")]
    Older {
        /// What it says.
        have: u64,
        /// What is in force.
        applied: u64,
    },
}

impl Coded for SuccessionError {
    fn code(&self) -> Code {
        match self {
            Self::New(error) | Self::Old(error) => error.code(),
            Self::Unsound(_) => Code::new("CFG", 3),
            Self::Older { .. } => Code::new("CFG", 320),
        }
    }
}

/// Opens a trust document that is to succeed `old`: enough of the old operators sign it, only then is it read; enough
/// of the new ones sign it, nobody unknown to both does, and its revision is higher.
///
/// # Errors
/// See [`SuccessionError`].
pub fn succeed(old: &Trust, bytes: &[u8]) -> Result<Trust, SuccessionError> {
    let armour = Armour::parse(bytes).map_err(SuccessionError::Old)?;
    let by_old = judge(&armour, Class::Trust, old).map_err(SuccessionError::Old)?;
    let new = Trust::parse(armour.body).map_err(SuccessionError::Unsound)?;
    let by_new = judge(&armour, Class::Trust, &new).map_err(SuccessionError::New)?;
    let mut unknown = by_new.unknown.iter();
    if let Some(keyid) = unknown.find(|keyid| by_old.unknown.contains(keyid)) {
        let keyid = *keyid;
        return Err(SuccessionError::Old(EnvelopeError::UnknownKey { keyid }));
    }
    if new.revision <= old.revision {
        let (have, applied) = (new.revision, old.revision);
        return Err(SuccessionError::Older { have, applied });
    }
    Ok(new)
}
