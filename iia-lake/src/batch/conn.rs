//! Flows as rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use iia_core::observe::Conn;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;

use super::head::{Flows, Head, Verdicts, record_batch};
use crate::{LakeError, schema};

/// Collects flows.
#[derive(Debug)]
pub struct ConnBuilder {
    head: Head,
    flows: Flows,
    counts: [Vec<i64>; 6],
    verdicts: Verdicts,
}

impl ConnBuilder {
    /// An empty batch of a service.
    pub fn new(service: ServiceId) -> Self {
        let (flows, counts, verdicts) = Default::default();
        Self {
            head: Head::new(service),
            flows,
            counts,
            verdicts,
        }
    }

    /// Adds a flow with its verdict.
    pub fn append(&mut self, conn: &Conn, contract: Option<&str>, reason: Option<&str>) {
        self.head.push(conn.ts);
        self.flows.push(&conn.flow, conn.protocol);
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let row = [
            conn.last.since_ns(conn.ts),
            count(conn.orig_pkts),
            count(conn.resp_pkts),
            count(conn.orig_bytes),
            count(conn.resp_bytes),
            count(conn.missed_bytes),
        ];
        self.counts
            .iter_mut()
            .zip(row)
            .for_each(|(column, number)| column.push(number));
        self.verdicts.push(contract, reason);
    }

    /// Rows so far.
    pub const fn rows(&self) -> usize {
        self.head.rows()
    }

    /// The rows as one record batch, numbered from `first`; the builder is empty afterwards.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`] when sequence numbers are used up.
    pub fn finish_record_batch(&mut self, first: Sequence) -> Result<RecordBatch, LakeError> {
        let mut columns = self.head.finish(first)?;
        columns.extend(self.flows.finish()?);
        let ints =
            |column: &mut Vec<i64>| Arc::new(Int64Array::from(std::mem::take(column))) as ArrayRef;
        columns.extend(self.counts.iter_mut().map(ints));
        columns.extend(self.verdicts.finish()?);
        record_batch(schema::conn(), columns)
    }

    /// The rows as a batch for the lake.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`].
    pub fn finish(&mut self, first: Sequence) -> Result<Batch, LakeError> {
        let rows = self.finish_record_batch(first)?;
        self.head.batch(&Stream::CONN, first, &rows)
    }
}
