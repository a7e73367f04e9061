//! What the lake refuses, and what can be wrong with its files.

use iia_core::code::{Code, Coded};
use iia_core::store::StoreError;

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// Rows are not what their header says, or not Arrow IPC.
    #[error("rows refused: {why}")]
    BadBatch {
        /// Why.
        why: String,
    },
    /// A sealed segment cannot be read.
    #[error("segment {path} cannot be read: {why}")]
    BadSegment {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The write-ahead log is damaged although good frames follow.
    #[error("write-ahead log {path} is damaged at byte {at} although frames follow")]
    DamagedInside {
        /// The file.
        path: String,
        /// Where.
        at: u64,
    },
    /// There is no lake here.
    #[error("{path}: no lake: no folder of a stream is there")]
    Missing {
        /// Where it was looked for.
        path: String,
    },
    /// A batch is larger than the limit.
    #[error("batch of {len} {unit}, {max} allowed")]
    TooLarge {
        /// Its size.
        len: u64,
        /// The limit.
        max: u64,
        /// Of what.
        unit: &'static str,
    },
    /// The file system refused.
    #[error("storage: {detail}")]
    Storage {
        /// What the system said; not API.
        detail: String,
    },
}

impl Coded for LakeError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadBatch { .. } => 1,
            Self::BadSegment { .. } => 2,
            Self::DamagedInside { .. } => 101,
            Self::Missing { .. } => 502,
            Self::TooLarge { .. } => 401,
            Self::Storage { .. } => 501,
        };
        Code::new("LAK", number)
    }
}

impl From<std::io::Error> for LakeError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage {
            detail: error.to_string(),
        }
    }
}

impl From<LakeError> for StoreError {
    fn from(error: LakeError) -> Self {
        Self {
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

pub(crate) fn bad(error: impl std::fmt::Display) -> LakeError {
    LakeError::BadBatch {
        why: error.to_string(),
    }
}
