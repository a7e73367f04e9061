//! The proof of a fork: two heads that one log signed, of one size and with two roots. Whoever has the log's key needs nothing
//! else to see that it told two histories.

use alloc::format;
use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::note::VerifierKey;

/// The first line of the text form.
pub const TITLE: &str = "iia-fork 1";

/// Two heads that cannot both be of one log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fork {
    heads: [String; 2],
    size: u64,
}

impl Fork {
    /// Proves a fork by two signed notes.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] when the log did not sign both; [`AuditError::Malformed`] when they are of one history as far as
    /// they show: heads of two sizes, or of one root.
    pub fn of(one: &str, other: &str, log: &VerifierKey) -> Result<Self, AuditError> {
        let ((first, _), (second, _)) =
            (Checkpoint::open(one, log)?, Checkpoint::open(other, log)?);
        if first.size != second.size || first.root == second.root {
            return Err(AuditError::Malformed {
                what: "pair of heads with one size and two roots",
            });
        }
        Ok(Self {
            heads: [one.into(), other.into()],
            size: first.size,
        })
    }

    /// The text form: a title, and each note as a line of base64.
    pub fn to_text(&self) -> String {
        let [one, other] = self.heads.each_ref().map(|head| STANDARD.encode(head));
        format!("{TITLE}\n{one}\n{other}\n")
    }

    /// Reads the text form and proves it anew.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn open(text: &str, log: &VerifierKey) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "fork proof" };
        let mut lines = text.lines();
        let title = lines.next();
        let mut note = || {
            let bytes = STANDARD.decode(lines.next()?).ok()?;
            String::from_utf8(bytes).ok()
        };
        let (Some(TITLE), Some(one), Some(other)) = (title, note(), note()) else {
            return Err(wrong);
        };
        let fork = Self::of(&one, &other, log)?;
        match fork.to_text() == text {
            true => Ok(fork),
            false => Err(wrong),
        }
    }

    /// The two signed notes.
    pub const fn heads(&self) -> &[String; 2] {
        &self.heads
    }

    /// The size of both.
    pub const fn size(&self) -> u64 {
        self.size
    }
}
