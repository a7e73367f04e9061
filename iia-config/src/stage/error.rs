//! Why the store did not do it.

use iia_core::code::{Code, Coded};

/// Why the store did not do it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The box was begun before: its artifacts are there, and what it remembers of them is not to be forgotten.
    #[error("this box was begun before; what it keeps stays as it is")]
    Begun,
    /// What lies on disk is not what was written. The box stops rather than forget what it knew.
    #[error("{what} is damaged or missing")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
    /// A named limit is reached.
    #[error("{what}: {max} at most")]
    Full {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Another process changes it.
    #[error("another process has the artifacts open")]
    Locked,
    /// The file system refused.
    #[error("storage: {detail}")]
    Storage {
        /// What the system said; not API.
        detail: String,
    },
}

impl StageError {
    pub(crate) const fn damaged(what: &'static str) -> Self {
        Self::Damaged { what }
    }
}

impl From<std::io::Error> for StageError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage {
            detail: error.to_string(),
        }
    }
}

impl Coded for StageError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Begun => 331,
            Self::Full { .. } => 410,
            Self::Storage { .. } => 501,
            Self::Damaged { .. } => 502,
            Self::Locked => 503,
        };
        Code::new("CFG", number)
    }
}
