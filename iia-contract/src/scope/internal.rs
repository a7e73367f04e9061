//! An internal contract (001:213-223).

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use iia_core::SpiffeId;

use super::Text;
use crate::raw::Number;

/// Between two workloads of one box.
#[derive(Clone, Debug, PartialEq)]
pub struct Internal {
    /// Who speaks first.
    pub source: SpiffeId,
    /// Who is spoken to.
    pub destination: SpiffeId,
    /// What may be said.
    pub operations: BTreeSet<Text>,
    /// How many ends there are.
    pub cardinality: Text,
    /// How it is carried.
    pub transport: Transport,
    /// What happens when the other end is away.
    pub failure: Box<Failure>,
    /// What it carries.
    pub payload: Box<Payload>,
    /// What is an event.
    pub told: Told,
}

/// How it is carried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transport {
    /// The framing.
    pub protocol: Text,
    /// Where it is answered, such as `tls/7443`.
    pub ports: Vec<Text>,
}

/// What happens when the other end is away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// What the source does.
    pub on_unreachable: Text,
    /// Records kept at most.
    pub buffer_records: Option<u64>,
    /// How long they are kept at most, in nanoseconds.
    pub buffer_age_ns: Option<i64>,
    /// The longest wait between tries, in nanoseconds.
    pub backoff_max_ns: Option<i64>,
    /// The stream on which an alarm appears.
    pub alarm: Option<Text>,
    /// What happens when the buffer is full.
    pub on_buffer_full: Option<Text>,
}

/// What it carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    /// Kinds of record.
    pub schemas: Vec<Text>,
    /// Bytes of the largest message.
    pub max_len: Option<u64>,
    /// Messages at most.
    pub rate: Option<Number>,
}

/// What is an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// Every attempt.
    pub attempts: bool,
    /// Every failure.
    pub failures: bool,
    /// Every start and end of buffering.
    pub buffer_events: bool,
}
