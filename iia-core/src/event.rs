//! Security events: the closed list of what enters the audit chain (001:391), and the shape in which roles send it.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

/// Kinds of security event. Numbers are stored and never reused.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cbor(index_only)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the seeds' own words")]
pub enum EventKind {
    #[n(1)]
    Authentication,
    #[n(2)]
    Authorisation,
    #[n(3)]
    WorkloadStarted,
    #[n(4)]
    WorkloadStopped,
    #[n(5)]
    ConduitRejected,
    #[n(6)]
    SignatureFailed,
    #[n(7)]
    SvidIssued,
    #[n(8)]
    SvidRefused,
    #[n(9)]
    SessionOpened,
    #[n(10)]
    SessionClosed,
    #[n(11)]
    ArtifactSubmitted,
    #[n(12)]
    ArtifactVerified,
    #[n(13)]
    ArtifactParsed,
    #[n(14)]
    ArtifactValidated,
    #[n(15)]
    ArtifactStaged,
    #[n(16)]
    ArtifactAuthorised,
    #[n(17)]
    ArtifactApplied,
    #[n(18)]
    ArtifactRejected,
    #[n(19)]
    GatedCall,
    #[n(20)]
    ContractViolation,
    #[n(21)]
    Finding,
    #[n(22)]
    QueryServed,
    #[n(23)]
    SegmentSealed,
    #[n(24)]
    RecordsLost,
    #[n(25)]
    HeadPublished,
    #[n(26)]
    HeadWitnessed,
    #[n(27)]
    TimeState,
    #[n(28)]
    CaptureOpened,
    #[n(29)]
    CaptureClosed,
    #[n(30)]
    ArtifactConfirmed,
    #[n(31)]
    BoundaryCrossed,
    #[n(32)]
    KeyChanged,
    #[n(33)]
    LogRecovered,
}

impl EventKind {
    /// The name in logs and reports, snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorisation => "authorisation",
            Self::WorkloadStarted => "workload_started",
            Self::WorkloadStopped => "workload_stopped",
            Self::ConduitRejected => "conduit_rejected",
            Self::SignatureFailed => "signature_failed",
            Self::SvidIssued => "svid_issued",
            Self::SvidRefused => "svid_refused",
            Self::SessionOpened => "session_opened",
            Self::SessionClosed => "session_closed",
            Self::ArtifactSubmitted => "artifact_submitted",
            Self::ArtifactVerified => "artifact_verified",
            Self::ArtifactParsed => "artifact_parsed",
            Self::ArtifactValidated => "artifact_validated",
            Self::ArtifactStaged => "artifact_staged",
            Self::ArtifactAuthorised => "artifact_authorised",
            Self::ArtifactApplied => "artifact_applied",
            Self::ArtifactRejected => "artifact_rejected",
            Self::GatedCall => "gated_call",
            Self::ContractViolation => "contract_violation",
            Self::Finding => "finding",
            Self::QueryServed => "query_served",
            Self::SegmentSealed => "segment_sealed",
            Self::RecordsLost => "records_lost",
            Self::HeadPublished => "head_published",
            Self::HeadWitnessed => "head_witnessed",
            Self::TimeState => "time_state",
            Self::CaptureOpened => "capture_opened",
            Self::CaptureClosed => "capture_closed",
            Self::ArtifactConfirmed => "artifact_confirmed",
            Self::BoundaryCrossed => "boundary_crossed",
            Self::KeyChanged => "key_changed",
            Self::LogRecovered => "log_recovered",
        }
    }
}

/// Most fields an event may carry.
pub const FIELDS_MAX: usize = 32;
/// Longest field value in bytes; longer ones are cut by the emitter, which says so in the value.
pub const VALUE_LEN_MAX: usize = 4096;

/// One named value of an event.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Field {
    /// The name, snake case.
    #[n(0)]
    pub key: String,
    /// The value as text.
    #[n(1)]
    pub value: String,
}

/// A security event as its source states it. Who the source is comes from its certificate, not from here.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Event {
    /// What happened.
    #[n(0)]
    pub kind: EventKind,
    /// When, as the source knows it; nanoseconds since the epoch.
    #[n(1)]
    pub ts_ns: i64,
    /// The source's own number for it, from 1 without holes; 0 when the source keeps none.
    #[n(2)]
    pub source_seq: u64,
    /// Details, in the order that the kind fixes.
    #[n(3)]
    pub fields: Vec<Field>,
}

impl Event {
    /// Starts an event without fields.
    pub const fn new(kind: EventKind, ts: crate::Timestamp) -> Self {
        Self {
            kind,
            ts_ns: ts.as_ns(),
            source_seq: 0,
            fields: Vec::new(),
        }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.fields.push(Field {
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// The value of a field.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.key == key)
            .map(|field| field.value.as_str())
    }
}
