//! What an account has to tell, before it becomes a finding.

use alloc::string::String;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Severity};
use iia_core::stream::Stream;

/// One thing to tell.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) at: Timestamp,
    pub(super) stream: &'static Stream,
    pub(super) conclusion: Conclusion,
    pub(super) severity: Severity,
    pub(super) clause: String,
    pub(super) operation: &'static str,
    pub(super) reason: String,
}

impl Note {
    /// All is as agreed.
    pub(super) fn good(
        at: Timestamp,
        stream: &'static Stream,
        clause: &str,
        reason: String,
    ) -> Self {
        Self {
            at,
            stream,
            conclusion: Conclusion::Converge,
            severity: Severity::Info,
            clause: clause.into(),
            operation: "",
            reason,
        }
    }

    /// Something is not as agreed.
    pub(super) fn bad(
        at: Timestamp,
        stream: &'static Stream,
        clause: &str,
        reason: String,
    ) -> Self {
        Self {
            conclusion: Conclusion::Diverge,
            severity: Severity::Medium,
            ..Self::good(at, stream, clause, reason)
        }
    }

    /// Something expected did not come.
    pub(super) fn missing(
        at: Timestamp,
        stream: &'static Stream,
        clause: &str,
        reason: String,
    ) -> Self {
        Self {
            conclusion: Conclusion::Missing,
            ..Self::bad(at, stream, clause, reason)
        }
    }

    pub(super) fn grave(self) -> Self {
        Self {
            severity: Severity::High,
            ..self
        }
    }

    pub(super) fn of(self, operation: &'static str) -> Self {
        Self { operation, ..self }
    }
}
