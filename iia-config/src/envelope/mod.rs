//! The envelope: signatures over the DSSE pre-authentication encoding, in a text armour. Signature first: the body of
//! an envelope whose signatures do not count is given to nobody.

mod armour;
#[cfg(feature = "dsse")]
pub mod dsse;
mod error;
mod pae;

use std::collections::BTreeSet;

use iia_core::digest::Digest;
use iia_core::sign::{KeyId, SignError, Signer};

pub use self::armour::{Armour, ENVELOPE_LEN_MAX, HEADER_LINE_MAX, SIGNATURES_MAX};
pub use self::error::EnvelopeError;
pub use self::pae::pae;
use crate::trust::{Class, Trust};

/// A body whose signatures count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened<'a> {
    /// The signed bytes.
    pub body: &'a [u8],
    /// Their digest, which names the artifact.
    pub digest: Digest,
    /// Who signed, sorted.
    pub operators: Vec<String>,
}

/// Signs a body.
///
/// # Errors
/// [`SignError`] when a key's holder does not answer.
pub fn seal(class: Class, body: &[u8], signers: &[&dyn Signer]) -> Result<Vec<u8>, SignError> {
    let message = pae(class.payload_type(), body);
    let signatures = signers
        .iter()
        .map(|signer| Ok((signer.public_key().key_id(), signer.sign(&message)?)))
        .collect::<Result<_, SignError>>()?;
    let armour = Armour {
        class,
        signatures,
        body,
    };
    Ok(armour.to_bytes())
}

/// Adds a signature to an envelope that others signed before; what they signed is not changed by a byte.
///
/// # Errors
/// [`CosignError`].
pub fn cosign(bytes: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, CosignError> {
    let mut armour = Armour::parse(bytes)?;
    let keyid = signer.public_key().key_id();
    if armour.signatures.iter().any(|(have, _)| *have == keyid) {
        return Err(EnvelopeError::RepeatedKey { keyid }.into());
    }
    if armour.signatures.len() == SIGNATURES_MAX {
        let what = "too many signatures";
        return Err(EnvelopeError::Malformed { what }.into());
    }
    let message = pae(armour.class.payload_type(), armour.body);
    armour.signatures.push((keyid, signer.sign(&message)?));
    Ok(armour.to_bytes())
}

/// Why a signature was not added.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CosignError {
    /// The envelope cannot take it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The key's holder does not answer.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Opens an envelope: size, header, signatures, threshold; only then is there a body.
///
/// # Errors
/// See [`EnvelopeError`].
pub fn open<'a>(bytes: &'a [u8], class: Class, trust: &Trust) -> Result<Opened<'a>, EnvelopeError> {
    let armour = Armour::parse(bytes)?;
    let judged = judge(&armour, class, trust)?;
    if let Some(keyid) = judged.unknown.first() {
        return Err(EnvelopeError::UnknownKey { keyid: *keyid });
    }
    Ok(Opened {
        body: armour.body,
        digest: armour.digest(),
        operators: judged.operators,
    })
}

/// What an envelope holds. The first trust document is put in by hand as plain text; its successors come in envelopes.
pub(crate) fn body_of(bytes: &[u8]) -> &[u8] {
    Armour::parse(bytes).map_or(bytes, |armour| armour.body)
}

/// The operators of a trust document whose keys an envelope names, once it was judged.
pub(crate) fn signers_of(bytes: &[u8], trust: &Trust) -> Vec<String> {
    let armour = Armour::parse(bytes).ok();
    let signatures = armour.iter().flat_map(|armour| &armour.signatures);
    let keys = signatures.filter_map(|(keyid, _)| trust.key(*keyid));
    let operators: BTreeSet<String> = keys.map(|key| key.operator.clone()).collect();
    operators.into_iter().collect()
}

/// What one trust document says about an envelope's signatures.
pub(crate) struct Judged {
    /// Distinct operators whose signatures are good, sorted; as many as the class asks for.
    pub(crate) operators: Vec<String>,
    /// Keys that this trust document does not name.
    pub(crate) unknown: Vec<KeyId>,
}

/// Counts distinct keys and distinct operators. A known key that does not verify, or that may not sign this class,
/// refuses the envelope: it is not merely a signature less.
pub(crate) fn judge(
    armour: &Armour<'_>,
    class: Class,
    trust: &Trust,
) -> Result<Judged, EnvelopeError> {
    if armour.class != class {
        let (class, found) = (class.name(), armour.class.name());
        return Err(EnvelopeError::WrongType { class, found });
    }
    let message = pae(class.payload_type(), armour.body);
    let mut operators = BTreeSet::new();
    let mut unknown = Vec::new();
    for (keyid, signature) in &armour.signatures {
        let keyid = *keyid;
        let Some(key) = trust.key(keyid) else {
            unknown.push(keyid);
            continue;
        };
        key.public
            .verify(&message, signature)
            .map_err(|_| EnvelopeError::BadSignature { keyid })?;
        if !key.classes.contains(&class) {
            let (operator, class) = (key.operator.clone(), class.name());
            return Err(EnvelopeError::NotAuthorised {
                keyid,
                operator,
                class,
            });
        }
        operators.insert(key.operator.clone());
    }
    let (have, need) = (operators.len(), trust.rule(class).threshold);
    if have < need {
        return Err(match unknown.first() {
            Some(keyid) if have == 0 => EnvelopeError::UnknownKey { keyid: *keyid },
            _ => EnvelopeError::Threshold { have, need },
        });
    }
    Ok(Judged {
        operators: operators.into_iter().collect(),
        unknown,
    })
}
