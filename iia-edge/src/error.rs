//! What can go wrong on the way north.

use alloc::string::String;

use iia_core::code::{Code, Coded};

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// The stored cursor file is not one of ours.
    #[error("outbox file {path} is damaged")]
    DamagedOutbox {
        /// The file.
        path: String,
    },
    /// A message from a peer is not canonical.
    #[error("message is not a canonical {what}")]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// The contract does not expose the stream.
    #[error("stream {stream} is not in the inventory of contract {contract}")]
    NotInInventory {
        /// The stream asked for.
        stream: String,
        /// The contract that was named.
        contract: String,
    },
    /// The other side acknowledged what was never sent.
    #[error("acknowledgement of row {acked} but only {sent} were sent")]
    OverAcknowledged {
        /// The row acknowledged.
        acked: u64,
        /// The last row sent.
        sent: u64,
    },
    /// The file system refused.
    #[error("outbox: {detail}")]
    Storage {
        /// What the system said; not API.
        detail: String,
    },
    /// Too many questions in the period.
    #[error("rate limit reached; ask again in {retry_after_ns} ns")]
    TooManyQueries {
        /// How long to wait.
        retry_after_ns: u64,
    },
    /// The question asks for more than the limit.
    #[error("{asked} rows asked, {max} allowed")]
    TooManyRows {
        /// Rows asked for.
        asked: u64,
        /// Rows allowed.
        max: u64,
    },
    /// The question's end does not lie after its start.
    #[error("the range ends before it starts")]
    WrongRange,
}

impl Coded for EdgeError {
    fn code(&self) -> Code {
        let number = match self {
            Self::DamagedOutbox { .. } => 1,
            Self::Malformed { .. } => 2,
            Self::WrongRange => 3,
            Self::NotInInventory { .. } => 101,
            Self::OverAcknowledged { .. } => 201,
            Self::TooManyRows { .. } => 401,
            Self::TooManyQueries { .. } => 402,
            Self::Storage { .. } => 501,
        };
        Code::new("EDG", number)
    }
}
