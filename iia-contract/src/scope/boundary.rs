//! A boundary contract: both sides commit (001:227-274).

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use iia_core::stream::covers;
use iia_core::{SpiffeId, Timestamp};

use super::device::Use;
use super::internal::Told;
use super::{Text, TopicFilter};
use crate::raw::Number;

/// With another organisation or box. Either side may open the link.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// The box's side.
    pub publisher: SpiffeId,
    /// The other side.
    pub consumer: SpiffeId,
    /// What may be said.
    pub operations: BTreeSet<Text>,
    /// Streams exposed, as patterns.
    pub include: Vec<Text>,
    /// Streams not exposed, whatever is included.
    pub exclude: Vec<Text>,
    /// Rows of one answer at most.
    pub rows_max: Option<u64>,
    /// Questions a second at most.
    pub queries_per_second: Option<u32>,
    /// Everything else that the two sides commit to.
    pub obligations: Box<Obligations>,
}

impl Boundary {
    /// Whether a stream is exposed; exclusion wins.
    pub fn exposes(&self, stream: &str) -> bool {
        let any = |patterns: &[Text]| patterns.iter().any(|pattern| covers(pattern, stream));
        any(&self.include) && !any(&self.exclude)
    }
}

/// What the two sides commit to.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the blocks of the contract, one a field")]
pub struct Obligations {
    pub organization: Text,
    pub consumer_role: Option<Text>,
    pub contact: Text,
    pub schemas: Vec<Text>,
    pub published: Option<Timestamp>,
    pub enabled: Option<Timestamp>,
    pub profile: Profile,
    pub freshness: Freshness,
    pub retention_ns: i64,
    pub aging: Option<Text>,
    pub ordering: Ordering,
    pub delivery: Delivery,
    pub gap: Gap,
    pub evolution: Evolution,
    pub auth: Auth,
    pub audit: Audit,
    pub quota: Quota,
    pub usage: Use,
    pub upstream: Upstream,
    /// Who answers, by event.
    pub raci: BTreeMap<Text, Raci>,
    /// Thresholds, by name.
    pub slas: BTreeMap<Text, Sla>,
}

/// Which edge profile carries it, and where.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Profile {
    pub kind: Text,
    pub standard: Option<Text>,
    pub standard_version: Option<Text>,
    pub protocol: Text,
    pub alpn: Option<Text>,
    pub endpoint: Option<Text>,
    pub trust_root: Option<Text>,
    pub schedule: Option<Text>,
    pub table_format: Option<Text>,
    pub consumer_level: Option<u64>,
    /// Topics of a bus that the publisher publishes and the consumer subscribes to.
    pub topics: Vec<TopicFilter>,
}

/// Resolution and lag.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Freshness {
    pub native_ns: Option<i64>,
    pub published_ns: Option<i64>,
    pub lag_max_ns: Option<i64>,
    pub query_p99_max_ns: Option<i64>,
}

/// Sequence and service ids.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Ordering {
    pub sequence: Text,
    pub service_id: Text,
}

/// How often a record may arrive.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Delivery {
    pub mode: Text,
    pub consistency: Option<Text>,
    pub dedupe: Option<Text>,
    pub consumer_dedupes: bool,
    pub class: Option<Text>,
    pub ack: bool,
}

/// What happens across an outage.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Gap {
    pub buffer_ns: i64,
    pub detect: Option<Text>,
    pub watermark: bool,
    pub watermark_endpoint: Option<Text>,
}

/// How the contract changes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Evolution {
    pub additive_within_major: bool,
    pub breaking_needs_major: bool,
    pub deprecation_overlap_ns: i64,
}

/// Lifetimes of credentials.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Auth {
    pub publisher_ttl_ns: Option<i64>,
    pub consumer_rotation_ns: Option<i64>,
    pub issuer: Option<Text>,
    pub cn_alias: Option<Text>,
}

/// What is recorded, and how the consumer checks the chain.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Audit {
    pub told: Told,
    pub consumer_validates: bool,
    pub head_period_ns: Option<i64>,
    pub on_failure: Option<Text>,
    pub checkpoints: bool,
}

/// Limits of fair use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Quota {
    pub rows: Option<Number>,
    pub rows_max: Option<u64>,
    pub queries: Option<Number>,
    pub timeout_ns: Option<i64>,
    pub complexity_max: Option<u64>,
    pub payload_len_max: Option<u64>,
}

/// What the other side commits to.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the blocks")]
pub struct Upstream {
    pub bandwidth_min: Option<Number>,
    pub latency_p99_max_ns: Option<i64>,
    pub uptime_min: Option<Number>,
    pub path: Option<Text>,
    pub redundancy: Option<Text>,
    pub rotation_ns: Option<i64>,
    pub custody: Option<Text>,
    pub continuity: Option<Text>,
    pub ack_window_max_ns: Option<i64>,
    pub query_response_max_ns: Option<i64>,
    pub accepts_loose: bool,
    pub on_call: Option<Text>,
    pub response_max_ns: Option<i64>,
    pub escalation: Option<Text>,
    pub sustained_rows: Option<Number>,
    pub burst_rows: Option<Number>,
    pub verify_every_ns: Option<i64>,
}

/// Who answers for an event.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Raci {
    pub acs_responsible: Vec<Text>,
    pub acs_accountable: Text,
    pub upstream_responsible: Vec<Text>,
    pub upstream_accountable: Text,
    pub consulted: Vec<Text>,
    pub informed: Vec<Text>,
    pub not_applicable: Option<Text>,
}

/// A threshold and where a breach appears.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of the block")]
pub struct Sla {
    pub metric: Text,
    pub max: Option<Number>,
    pub min: Option<Number>,
    pub window_ns: i64,
    pub breach: Text,
}
