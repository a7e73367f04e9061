//! Security events: the closed list of what enters the audit chain (001:391), and the shape in which roles send it.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use crate::code::{Code, Coded};

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
    #[n(40)]
    SegmentRetired,
    #[n(41)]
    FileCarried,
    #[n(42)]
    IoFault,
    #[n(43)]
    Buffering,
    #[n(44)]
    IoObserved,
    #[n(47)]
    SecretsStore,
    #[n(48)]
    RevocationList,
    #[n(49)]
    ImageAttested,
    #[n(50)]
    KernelAudit,
    #[n(51)]
    PacketLogged,
    #[n(52)]
    IntrusionAlert,
}

impl EventKind {
    /// The number that is stored for it.
    pub fn number(self) -> u16 {
        let mut bytes = [0; 3];
        let _fits = minicbor::encode(self, bytes.as_mut_slice());
        match bytes {
            [0x19, high, low] => u16::from_be_bytes([high, low]),
            [0x18, low, _] => low.into(),
            [low, ..] => low.into(),
        }
    }

    /// The kind of a stored number; `None` for one that this version does not know.
    pub fn from_number(number: u16) -> Option<Self> {
        let mut bytes = [0; 3];
        minicbor::encode(number, bytes.as_mut_slice()).ok()?;
        minicbor::decode(&bytes).ok()
    }

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
            Self::SegmentRetired => "segment_retired",
            Self::FileCarried => "file_carried",
            Self::IoFault => "io_fault",
            Self::Buffering => "buffering",
            Self::IoObserved => "io_observed",
            Self::SecretsStore => "secrets_store",
            Self::RevocationList => "revocation_list",
            Self::ImageAttested => "image_attested",
            Self::KernelAudit => "kernel_audit",
            Self::PacketLogged => "packet_logged",
            Self::IntrusionAlert => "intrusion_alert",
        }
    }
}

/// Most fields an event may carry.
pub const FIELDS_MAX: usize = 32;
/// Longest field value in bytes; [`Event::with`] cuts longer ones and says so in the value.
pub const VALUE_LEN_MAX: usize = 4096;
/// Longest field name in bytes.
pub const KEY_LEN_MAX: usize = 64;
const CUT: &str = " [cut]";

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

impl Field {
    fn check(&self) -> Result<(), EventError> {
        check_field(&self.key, &self.value)
    }
}

/// Whether name and value of a field keep to the limits.
///
/// # Errors
/// [`EventError`].
pub fn check_field(key: &str, value: &str) -> Result<(), EventError> {
    if key.len() > KEY_LEN_MAX || value.len() > VALUE_LEN_MAX {
        return Err(EventError::FieldTooLong);
    }
    let legal = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if key.is_empty() || !key.bytes().all(legal) {
        Err(EventError::BadKey)
    } else {
        Ok(())
    }
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

    /// Adds a field; a value that is too long is cut.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.fields.push(Field {
            key: key.into(),
            value: within(value.into()),
        });
        self
    }

    /// Whether the event keeps to the limits: to be asked of whatever a peer sent.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn check(&self) -> Result<(), EventError> {
        if self.fields.len() > FIELDS_MAX {
            return Err(EventError::TooManyFields);
        }
        self.fields.iter().try_for_each(Field::check)
    }

    /// The value of a field.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.key == key)
            .map(|field| field.value.as_str())
    }
}

/// Cuts at a character's boundary, so that the word for it fits as well.
fn within(mut value: String) -> String {
    if value.len() > VALUE_LEN_MAX {
        let mut end = VALUE_LEN_MAX - CUT.len();
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        value.truncate(end);
        value.push_str(CUT);
    }
    value
}

/// Why an event is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A field's name is not snake case.
    #[error("a field's name is empty or has a character outside lower-case letters, digits, `_`")]
    BadKey,
    /// A field's name or value is too long.
    #[error("a field's name is longer than 64 bytes or its value longer than 4096")]
    FieldTooLong,
    /// There are too many fields.
    #[error("more than 32 fields")]
    TooManyFields,
}

impl Coded for EventError {
    fn code(&self) -> Code {
        match self {
            Self::BadKey => Code::new("COR", 70),
            Self::FieldTooLong => Code::new("COR", 470),
            Self::TooManyFields => Code::new("COR", 471),
        }
    }
}
