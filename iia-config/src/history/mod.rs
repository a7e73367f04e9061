//! Forensics: which artifact caused which change, signed by whom, approved by whom, when, and whether the evidence for
//! it holds. Everything is read from a box's evidence directory; the audit chain is verified first, then every
//! signature is verified again under the trust document that was in force.

mod blame;
mod live;
mod read;
mod words;

use iia_core::Timestamp;
use iia_core::code::{Code, Coded};
use iia_core::digest::Digest;

pub use self::blame::{Blame, Key, blame};
pub use self::live::live;
pub use self::read::history;
use crate::diff::Model;
use crate::trust::Class;

/// Records that are read at most.
pub const RECORDS_MAX: u64 = 100_000_000;

/// What became of a box's configuration.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Whether the chain holds.
    pub evidence: Evidence,
    /// Every change of what is in force, oldest first.
    pub changes: Vec<Change>,
    /// Every refusal, oldest first.
    pub refusals: Vec<Refusal>,
    /// Records about artifacts that came from somebody else than the desk that began the box: they prove nothing.
    pub foreign: Vec<u64>,
}

/// What offline verification of the chain says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// The log's name.
    pub origin: String,
    /// Records found good.
    pub records: u64,
    /// Records that a witness of another box covers.
    pub witnessed: u64,
    /// Whether the log's key was given, and not taken from the directory.
    pub pinned: bool,
    /// What is wrong first; nothing when the chain and every file hold.
    pub broken: Option<String>,
}

/// A change of what is in force.
#[derive(Clone, Debug)]
pub struct Change {
    /// The record that says so.
    pub seq: u64,
    /// When, as the box knew it.
    pub at: Timestamp,
    /// Who told it, by certificate.
    pub source: String,
    /// The class of artifact that it is about.
    pub class: Class,
    /// What came in force; nothing when the box went back to having nothing.
    pub artifact: Option<Artifact>,
    /// Who gave leave; nothing when the box went back by itself.
    pub leave: Option<Leave>,
    /// Why the box went back by itself; empty when it did not.
    pub went_back: String,
    /// The gated calls that made it so.
    pub calls: Vec<CallMade>,
    /// When an observer saw it in force.
    pub confirmed: Option<(Timestamp, String)>,
}

/// An artifact that was staged.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its digest.
    pub digest: Digest,
    /// Its revision.
    pub revision: u64,
    /// Who signed it, by the signatures.
    pub authors: Vec<String>,
    /// The record that says it was staged.
    pub staged_seq: u64,
    /// Whether its signatures verify again.
    pub proof: Proof,
    /// What it says.
    pub model: Model,
}

/// Leave that was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leave {
    /// The approval's digest.
    pub approval: Digest,
    /// Who signed it, by the signatures.
    pub operators: Vec<String>,
    /// The record that says so.
    pub seq: u64,
    /// Whether its signatures verify again.
    pub proof: Proof,
}

/// Whether signatures verify again, long afterwards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proof {
    /// They do, under the trust document that was in force.
    Holds,
    /// They do not, or the chain says something else than they do.
    Fails(String),
}

/// A gated call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallMade {
    /// The record that says so.
    pub seq: u64,
    /// Which call.
    pub call: String,
    /// The digest of the state before.
    pub before: String,
    /// The digest of the state after.
    pub after: String,
}

/// Something that was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The record that says so.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// At which step.
    pub step: String,
    /// Why.
    pub why: String,
}

/// Why there is no history.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The log cannot be read.
    #[error("the audit log cannot be read: {detail}")]
    Log {
        /// What the log said; not API.
        detail: String,
    },
}

impl Coded for HistoryError {
    fn code(&self) -> Code {
        match self {
            Self::Log { .. } => Code::new("CFG", 543),
        }
    }
}
