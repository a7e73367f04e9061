//! An inbound contract: what the box pulls, from where, and on whose leave.

use alloc::vec::Vec;

use iia_core::SpiffeId;

use super::Text;

/// What the box pulls.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// The workload that pulls.
    pub puller: SpiffeId,
    /// Where from, when and how.
    pub pull: Pull,
    /// What a pulled artifact must be.
    pub artifact: Artifact,
    /// Whose leave is needed.
    pub approval: Approval,
    /// What happens when a step fails.
    pub refusals: Refusals,
    /// How often running and staged are compared, in nanoseconds.
    pub check_period_ns: Option<i64>,
    /// What happens when they differ.
    pub on_divergence: Option<Text>,
}

/// Where from, when and how.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Pull {
    pub target: Text,
    pub every_ns: i64,
    pub on_restore: bool,
    pub trust_root: Text,
}

/// What a pulled artifact must be.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Artifact {
    pub keys: Vec<Text>,
    pub grammar: Text,
    pub grammar_version: Option<Text>,
    pub len_max: u64,
}

/// Whose leave is needed.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Approval {
    pub target: Option<Text>,
    pub grammar: Option<Text>,
    pub keys: Vec<Text>,
    pub two_person: bool,
    pub age_max_ns: i64,
}

/// What happens when a step fails.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Refusals {
    pub on_signature_invalid: Text,
    pub on_parse_failure: Text,
    pub on_validation_failure: Text,
    pub on_apply_failure: Text,
}
