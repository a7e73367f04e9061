//! What the configuration attestation observer says (001:500-505): the running state is that of this artifact. It is
//! signed, so that nobody who can write a file can end a trial.

use iia_contract::shape;
use iia_core::code::{Code, Coded};
use iia_core::digest::Digest;
use iia_core::time::parse_utc;
use iia_core::{SpiffeId, Timestamp};

use crate::envelope::{EnvelopeError, open};
use crate::format;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::{Magic, parse};
use crate::schema;
use crate::trust::{Class, Trust};

/// An answer whose signatures count: enough keys of class `confirmation` signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Confirmation {
    /// The class of what was seen.
    pub(super) class: Class,
    /// Which artifact the running state matches.
    pub(super) artifact: Digest,
    /// On which box.
    pub(super) box_name: String,
    /// Who saw it.
    pub(super) observer: SpiffeId,
    /// When, to the second.
    pub(super) seen: Timestamp,
    /// Whose keys signed it.
    pub(super) operators: Vec<String>,
}

/// Why an answer confirms nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmError {
    /// Whoever wrote the artifact does not confirm it as well.
    #[error("its author does not confirm it: an observer must")]
    Author,
    /// The signatures do not count.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// The trial has run out.
    #[error("the trial has run out")]
    Late,
    /// The text is no answer of an observer.
    #[error("not an observer's answer: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// Another artifact was seen in force.
    #[error("another artifact was seen in force")]
    OtherArtifact,
    /// The answer is about another box.
    #[error("the answer is about another box")]
    OtherBox,
    /// It was seen before this trial began, or has not happened yet.
    #[error("seen before this trial began, or in the future")]
    Stale,
}

impl Coded for ConfirmError {
    fn code(&self) -> Code {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Malformed { .. } => Code::new("CFG", 11),
            Self::Author => Code::new("CFG", 112),
            Self::OtherArtifact => Code::new("CFG", 220),
            Self::OtherBox => Code::new("CFG", 221),
            Self::Stale => Code::new("CFG", 340),
            Self::Late => Code::new("CFG", 341),
        }
    }
}

impl Confirmation {
    /// The text that an observer signs.
    pub fn text(
        (class, artifact): (Class, Digest),
        box_name: &str,
        observer: &SpiffeId,
        seen: Timestamp,
    ) -> String {
        let seen = seen.to_string();
        let seconds = seen.get(..19).unwrap_or_default();
        format!(
            "iia-state 1\n\nconfirmation {box_name} {{\n  class {}\n  artifact {artifact}\n  box {box_name}\n  \
             observer {observer}\n  seen {seconds}Z\n}}\n",
            class.name()
        )
    }

    /// Verifies an answer: signatures first, then the text, which must be canonical.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Self, ConfirmError> {
        let opened = open(bytes, Class::Confirmation, trust).map_err(ConfirmError::Envelope)?;
        let bad = |what| ConfirmError::Malformed { what };
        let document = parse(opened.body, DOCUMENT_LEN_DEFAULT).map_err(|_| bad("the text"))?;
        let entry = document.only().ok_or(bad("it holds one entry"))?;
        let spec = schema::spec("confirmation").filter(|spec| spec.kind == entry.kind);
        let spec = spec.ok_or(bad("it holds `confirmation`"))?;
        if document.magic != Magic::State {
            return Err(bad("it begins with `iia-state 1`"));
        }
        if !shape::check(spec, &entry).is_empty() || !format::is_canonical(&document) {
            return Err(bad(
                "a field is missing, unknown, of another type or out of order",
            ));
        }
        Ok(Self {
            class: Class::of_name(entry.text("class")).ok_or(bad("class"))?,
            artifact: entry
                .text("artifact")
                .parse()
                .map_err(|_| bad("artifact"))?,
            box_name: entry.text("box").into(),
            observer: entry
                .text("observer")
                .parse()
                .map_err(|_| bad("observer"))?,
            seen: parse_utc(entry.text("seen")).ok_or(bad("seen"))?,
            operators: opened.operators,
        })
    }
}
