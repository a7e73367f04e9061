//! Approvals: leave, by others than the author, to apply one artifact on named boxes within a time window.

use iia_contract::shape;
use iia_core::code::{Code, Coded};
use iia_core::digest::Digest;
use iia_core::time::{Reading, parse_utc};

use crate::envelope::{EnvelopeError, open};
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::{Magic, parse};
use crate::schema;
use crate::trust::{Class, Trust};

/// Why an approval is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Only the author signed.
    #[error("nobody but the author approves")]
    AuthorAlone,
    /// The envelope is refused.
    #[error("{0}")]
    Envelope(EnvelopeError),
    /// The document is no approval.
    #[error("not an approval: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The approval is for another artifact.
    #[error("approves another artifact")]
    OtherArtifact,
    /// The approval is for another box.
    #[error("approves another box")]
    OtherBox,
    /// The approval's window is not open.
    #[error("outside its window")]
    OutsideWindow,
    /// The clock is not trusted, and a window is a statement about time.
    #[error("time is not trusted")]
    TimeUnknown,
    /// The approval was used before.
    #[error("used before")]
    Replayed,
}

impl Coded for ApprovalError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Envelope(error) => return error.code(),
            Self::Malformed { .. } => 10,
            Self::AuthorAlone => 110,
            Self::OtherArtifact => 210,
            Self::OtherBox => 211,
            Self::OutsideWindow => 310,
            Self::Replayed => 311,
            Self::TimeUnknown => 312,
        };
        Code::new("CFG", number)
    }
}

/// What is to be approved, and by whom it was written.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The artifact.
    pub artifact: Digest,
    /// Who signed it.
    pub authors: &'a [String],
    /// This box.
    pub box_name: &'a str,
}

/// An approval that holds now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// Its own digest, to be remembered as used.
    pub digest: Digest,
    /// Who gave it.
    pub operators: Vec<String>,
}

/// Checks an approval; `used` are the digests of approvals that were used before.
///
/// # Errors
/// See [`ApprovalError`].
pub fn check(
    bytes: &[u8],
    wanted: &Wanted<'_>,
    trust: &Trust,
    (now, used): (Reading, &[Digest]),
) -> Result<Approval, ApprovalError> {
    let opened = open(bytes, Class::Approval, trust).map_err(ApprovalError::Envelope)?;
    let bad = |what| ApprovalError::Malformed { what };
    let document = parse(opened.body, DOCUMENT_LEN_DEFAULT).map_err(|_| bad("text"))?;
    let entry = document.only().ok_or(bad("one entry is needed"))?;
    let spec = schema::spec("approval")
        .filter(|spec| spec.kind == entry.kind && document.magic == Magic::Approval);
    if !shape::check(spec.ok_or(bad("entry"))?, &entry).is_empty() {
        return Err(bad("fields"));
    }
    let text = |key: &str| entry.text(key);
    if text("artifact") != wanted.artifact.to_string() {
        return Err(ApprovalError::OtherArtifact);
    }
    if !entry
        .fields("box")
        .any(|field| field.text() == wanted.box_name)
    {
        return Err(ApprovalError::OtherBox);
    }
    if !now.state.is_trusted() {
        return Err(ApprovalError::TimeUnknown);
    }
    let window = parse_utc(text("not_before")).zip(parse_utc(text("not_after")));
    let (from, to) = window.ok_or(bad("window"))?;
    if !(from..=to).contains(&now.wall) {
        return Err(ApprovalError::OutsideWindow);
    }
    if used.contains(&opened.digest) {
        return Err(ApprovalError::Replayed);
    }
    let alone = opened
        .operators
        .iter()
        .all(|operator| wanted.authors.contains(operator));
    if trust.rule(Class::Approval).two_person && alone {
        return Err(ApprovalError::AuthorAlone);
    }
    Ok(Approval {
        digest: opened.digest,
        operators: opened.operators,
    })
}
