//! What can be wrong with a ring and what is cut out of it.

use std::io;
use std::path::PathBuf;

use iia_core::code::{Code, Coded};

/// An error of the ring. Nothing that was sealed is changed by any.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The bytes of a seal are none.
    #[error("{path}: not a seal of a capture")]
    Seal {
        /// Where.
        path: PathBuf,
    },
    /// A text is no proof of a slice.
    #[error("not a proof of a slice: {what}")]
    Proof {
        /// What is wrong first.
        what: &'static str,
    },
    /// A file is not what its seal says.
    #[error("{path}: not the capture that was sealed")]
    Altered {
        /// Where.
        path: PathBuf,
    },
    /// A slice is not a part of what its proof says.
    #[error("part {part} of the slice is not of the capture that was sealed")]
    NotPart {
        /// Which, from 0.
        part: usize,
    },
    /// Something of the range was left out.
    #[error("beside part {part} of the slice there is more of its range")]
    Incomplete {
        /// Which, from 0.
        part: usize,
    },
    /// Two seals do not follow each other.
    #[error("before part {part} of the slice a capture is missing")]
    Gap {
        /// Which, from 0.
        part: usize,
    },
    /// The limits of a ring do not go together.
    #[error("limits of a ring: {what}")]
    Limits {
        /// What is wrong.
        what: &'static str,
    },
    /// A packet or a slice is larger than the limit.
    #[error("larger than {max}")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// The disk says no.
    #[error("{path}: {why}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
}

impl RingError {
    /// What the system says of a path.
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |why| Self::Disk { path, why }
    }
}

impl Coded for RingError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Seal { .. } => 20,
            Self::Proof { .. } => 21,
            Self::Altered { .. } => 120,
            Self::NotPart { .. } => 121,
            Self::Incomplete { .. } => 122,
            Self::Gap { .. } => 220,
            Self::Limits { .. } => 420,
            Self::TooLarge { .. } => 421,
            Self::Disk { .. } => 520,
        };
        Code::new("CAP", number)
    }
}
