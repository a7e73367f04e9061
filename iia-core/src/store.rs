//! Seams between the lake and everybody who writes to it or reads from it; bulk data is Arrow IPC bytes.

use alloc::string::String;
use alloc::vec::Vec;

use crate::code::Code;
use crate::record::{Sequence, ServiceId};
use crate::stream::Stream;
use crate::time::Timestamp;

/// A place in the lake: how many rows of the stream lie before it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cursor(pub u64);

/// Rows as one Arrow IPC stream, with the numbers that readers need without decoding it.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The stream the rows belong to.
    pub stream: Stream,
    /// The service that emitted them.
    pub service: ServiceId,
    /// The first row's sequence number; the rest follow without holes.
    pub first: Sequence,
    /// How many rows.
    pub rows: u64,
    /// Arrow IPC stream: schema, then record batches.
    pub ipc: Vec<u8>,
}

/// Rows drawn from the lake and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Arrow IPC stream; empty when nothing is new.
    pub ipc: Vec<u8>,
    /// How many rows.
    pub rows: u64,
    /// Where to go on; the caller persists it once the rows are acknowledged.
    pub next: Cursor,
}

/// A bounded question about one stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Range {
    /// Which stream.
    pub stream: Stream,
    /// From here, included.
    pub from: Timestamp,
    /// To here, excluded.
    pub to: Timestamp,
    /// At most so many rows.
    pub rows_max: u64,
}

/// Why a store did not do it; carries the code of the crate that knows.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct StoreError {
    /// The stable code.
    pub code: Code,
    /// What happened, for the log; not API.
    pub detail: String,
}

/// Appends rows durably.
pub trait Append {
    /// Returns once the rows survive a power cut. Rows whose sequence number is already stored are dropped, so a
    /// repeated batch is harmless; the answer is the service's newest durable number.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of the batch is acknowledged.
    fn append(&mut self, batch: &Batch) -> Result<Sequence, StoreError>;

    /// The newest durable number of a service on a stream.
    fn watermark(&self, stream: &Stream, service: ServiceId) -> Sequence;
}

/// Draws rows in order, for publishers. The cursor belongs to the caller.
pub trait Siphon {
    /// Up to `rows_max` rows after `cursor`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn siphon(&self, stream: &Stream, cursor: Cursor, rows_max: u64) -> Result<Drawn, StoreError>;
}

/// Answers a time range.
pub trait Query {
    /// The rows of the range, oldest first, as one Arrow IPC stream.
    ///
    /// # Errors
    /// [`StoreError`].
    fn query(&self, range: &Range) -> Result<Drawn, StoreError>;
}
