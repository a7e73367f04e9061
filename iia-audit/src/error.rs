//! What can be wrong with a log, a note or a witness.

use alloc::string::String;

use iia_core::code::{Code, Coded};

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A record's bytes are not a record.
    #[error("record {seq} is malformed: {what}")]
    BadRecord {
        /// Which record.
        seq: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The tiles do not make the tree that a segment states.
    #[error("the tiles do not make the tree of {size} records that a segment states")]
    BadTile {
        /// The tree's size.
        size: u64,
    },
    /// A record does not link to the one before it.
    #[error("record {seq} does not link to the record before it")]
    BrokenLink {
        /// Which record.
        seq: u64,
    },
    /// A record's body is not the one its envelope commits to.
    #[error("record {seq} has another body than its envelope commits to")]
    BrokenBody {
        /// Which record.
        seq: u64,
    },
    /// More events wait than may; nothing was taken.
    #[error("the log's queue is full or closing")]
    Busy,
    /// The disk has no room; nothing was stored, and it may be tried again.
    #[error("the disk is full")]
    Full,
    /// A consistency proof does not hold.
    #[error("head of size {new} is not proven to extend the head of size {old}")]
    Inconsistent {
        /// The size known.
        old: u64,
        /// The size offered.
        new: u64,
    },
    /// A good frame follows a bad one: not a torn write but damage.
    #[error("record {seq} is damaged although records follow it")]
    DamagedInside {
        /// Which record.
        seq: u64,
    },
    /// The same size with two roots: a fork.
    #[error("two heads of size {size} with different roots")]
    Fork {
        /// The size.
        size: u64,
    },
    /// A record is not proven to be in a head.
    #[error("record {seq} is not in the head of size {size}")]
    NotIncluded {
        /// Which record.
        seq: u64,
        /// The head's size.
        size: u64,
    },
    /// A text is not a note, a key or a policy.
    #[error("not a {what}")]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// An earlier failure to sync makes this log refuse until it is opened again.
    #[error("the log refuses after a failed sync")]
    Poisoned,
    /// The key of the seals is not that of the epoch behind the last seal.
    #[error("seals and the key of epoch {epoch} do not join")]
    Unsealed {
        /// The key's epoch.
        epoch: u64,
    },
    /// A signature is missing or wrong.
    #[error("no good signature by {who}")]
    Unsigned {
        /// Whose signature was wanted.
        who: String,
    },
    /// The witness knows a later or another size; the proof starts elsewhere.
    #[error("the witness knows size {size}")]
    Stale {
        /// The size it knows.
        size: u64,
    },
    /// A chunk, or the asker of one, stands elsewhere in the log.
    #[error("wanted from byte {offset} of segment {segment} on")]
    OutOfPlace {
        /// The number of the segment's first record.
        segment: u64,
        /// The byte in its file.
        offset: u64,
    },
    /// The file system refused.
    #[error("storage: {detail}")]
    Storage {
        /// What the system said; not API.
        detail: String,
    },
    /// An event is larger than a record may be.
    #[error("event of {len} bytes, {max} allowed")]
    TooLong {
        /// Its size.
        len: usize,
        /// The limit.
        max: usize,
    },
}

impl AuditError {
    /// The record that it is about.
    pub const fn seq(&self) -> Option<u64> {
        match self {
            Self::BadRecord { seq, .. }
            | Self::BrokenLink { seq }
            | Self::BrokenBody { seq }
            | Self::DamagedInside { seq }
            | Self::NotIncluded { seq, .. } => Some(*seq),
            _ => None,
        }
    }
}

impl Coded for AuditError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadRecord { .. } => 1,
            Self::Malformed { .. } => 2,
            Self::BrokenLink { .. } => 101,
            Self::BrokenBody { .. } => 102,
            Self::Unsigned { .. } => 103,
            Self::Inconsistent { .. } => 104,
            Self::DamagedInside { .. } => 105,
            Self::Unsealed { .. } => 106,
            Self::BadTile { .. } => 108,
            Self::NotIncluded { .. } => 107,
            Self::Fork { .. } => 201,
            Self::Stale { .. } => 301,
            Self::OutOfPlace { .. } => 302,
            Self::TooLong { .. } => 401,
            Self::Busy => 402,
            Self::Storage { .. } => 501,
            Self::Poisoned => 502,
            Self::Full => 503,
        };
        Code::new("AUD", number)
    }
}
