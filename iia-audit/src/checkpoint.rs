//! Checkpoints (C2SP tlog-checkpoint): origin, size and root, as the text of a signed note.

use alloc::format;
use alloc::string::{String, ToString as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::sign::Signer;

use crate::AuditError;
use crate::note::{self, Note, VerifierKey};
use crate::tree::Hash;

/// A head of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Records in it.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    /// The signed note.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] when the key's holder does not answer.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, AuditError> {
        let text = self.to_text();
        let line = note::sign(&text, &self.origin, signer)?;
        Ok(format!("{text}\n{line}"))
    }

    /// Reads the text of a note; extension lines are not used here and refused.
    ///
    /// # Errors
    /// [`AuditError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "checkpoint" };
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(wrong);
        };
        let size = size.parse().map_err(|_| wrong.clone())?;
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|root| root.try_into().ok())
            .ok_or(wrong.clone())?;
        let parsed = Self {
            origin: origin.to_string(),
            size,
            root,
        };
        if note::is_name(origin) && parsed.to_text() == text {
            Ok(parsed)
        } else {
            Err(wrong)
        }
    }

    /// Reads a note and verifies the log's signature.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`].
    pub fn open<'a>(text: &'a str, log: &VerifierKey) -> Result<(Self, Note<'a>), AuditError> {
        let note = Note::parse(text)?;
        note.verify(log)?;
        let checkpoint = Self::parse(note.text)?;
        if checkpoint.origin == log.name {
            Ok((checkpoint, note))
        } else {
            Err(AuditError::Unsigned {
                who: log.name.clone(),
            })
        }
    }
}
