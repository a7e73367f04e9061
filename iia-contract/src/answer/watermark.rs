//! The newest durable numbers, stream by stream, of what a contract exposes.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::record::{Sequence, ServiceId};
use iia_core::stream::Stream;

use crate::scope::Boundary;

/// How far one service's records on one stream are durable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The stream.
    pub stream: Stream,
    /// The service.
    pub service: ServiceId,
    /// The oldest number that is still there.
    pub first: Sequence,
    /// The newest durable number.
    pub last: Sequence,
    /// When that record was written.
    pub at: Timestamp,
}

/// How far a contract's records are durable.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Watermark {
    /// In order of stream and service.
    pub marks: Vec<Mark>,
}

impl Watermark {
    /// The marks of those streams that a contract exposes; of all others not even that they are there is told. `None`
    /// when the contract promises no watermark.
    pub fn of(boundary: &Boundary, marks: impl Iterator<Item = Mark>) -> Option<Self> {
        if !boundary.obligations.gap.watermark {
            return None;
        }
        let mut marks: Vec<Mark> = marks
            .filter(|mark| boundary.exposes(mark.stream.as_str()))
            .collect();
        marks.sort_by(|one, other| (&one.stream, one.service).cmp(&(&other.stream, other.service)));
        Some(Self { marks })
    }
}
