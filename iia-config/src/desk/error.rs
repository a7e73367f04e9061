//! Why the desk did not take a step.

use iia_core::code::{Code, Coded};

use crate::apply::ApplyError;
use crate::diagnostic::Diagnostic;
use crate::lifecycle::{ConfirmError, Rejected};
use crate::stage::StageError;

/// Why the desk did not take a step. The state is that before it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// A gated call failed; what was in force before is in force again.
    #[error(transparent)]
    Apply(ApplyError),
    /// Something else must be finished first.
    #[error("{what}")]
    Busy {
        /// What.
        what: &'static str,
    },
    /// The artifact or the approval is refused; the refusal is in the outbox.
    #[error("{}", .0.why)]
    Rejected(Box<Rejected>),
    /// An observer's answer confirms nothing; the refusal is in the outbox.
    #[error(transparent)]
    Unconfirmed(ConfirmError),
    /// The disk, or what lies on it.
    #[error(transparent)]
    Storage(StageError),
    /// The first trust document is not sound.
    #[error("the trust document has {} mistakes", .0.len())]
    Trust(Vec<Diagnostic>),
}

impl Coded for DeskError {
    fn code(&self) -> Code {
        match self {
            Self::Apply(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Unconfirmed(error) => error.code(),
            Self::Trust(_) => Code::new("CFG", 3),
            Self::Rejected(_) => Code::new("CFG", 120),
            Self::Busy { .. } => Code::new("CFG", 330),
        }
    }
}

impl From<Box<Rejected>> for DeskError {
    fn from(rejected: Box<Rejected>) -> Self {
        Self::Rejected(rejected)
    }
}
