//! Rows of the adherence streams, read back from Arrow.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, Int64Type};
use iia_contract::adherence::message::Message;
use iia_contract::adherence::promise::Promise;
use iia_core::Timestamp;
use iia_core::stream::Stream;
use iia_lake::Lake;

use super::Fault;
use crate::lake_report::{each, time, word};

/// A row.
pub(super) struct Row {
    pub(super) stream: Stream,
    pub(super) contract: String,
    pub(super) at: Timestamp,
    clause: String,
    as_agreed: bool,
    reason: String,
    record: String,
}

/// Reads a stream.
pub(super) fn read(lake: &Lake, stream: &Stream, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    each(lake, stream, &mut |batch| {
        rows.extend((0..batch.num_rows()).map(|row| one(stream, batch, row)));
    })
}

fn one(stream: &Stream, batch: &RecordBatch, row: usize) -> Row {
    let text = |column| word(batch, column, row).unwrap_or_default().to_owned();
    let numbers = batch
        .column_by_name("seq")
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    let number = numbers.and_then(|column| column.values().get(row));
    let rest = batch
        .column_by_name("ts_ns")
        .and_then(|column| column.as_primitive_opt::<Int16Type>());
    let rest = rest.and_then(|column| column.values().get(row));
    Row {
        stream: stream.clone(),
        contract: text("contract"),
        at: time(batch, row) + rest.copied().unwrap_or(0).into(),
        clause: text("clause"),
        as_agreed: text("conclusion") == "converge",
        reason: text("reason"),
        record: format!(
            "{stream}#{}/{}",
            text("service"),
            number.copied().unwrap_or(0)
        ),
    }
}

impl Row {
    /// The message, when it is a line of the log.
    pub(super) fn message(&self) -> Option<Message> {
        let is = self.stream == Stream::DELIVERY && self.clause == "message";
        is.then(|| Message::parse(&self.reason)).flatten()
    }

    /// What was not as agreed, with the window of the promise that it breaks; a line of the log is in the statement.
    pub(super) fn fault(&self, promises: &[Promise]) -> Option<Fault> {
        if self.as_agreed || self.clause == "message" {
            return None;
        }
        let broken = |one: &&Promise| *one.stream == self.stream && one.clause == self.clause;
        let window_ns = promises.iter().find(broken).map(|one| one.window_ns);
        let window_ns = window_ns.filter(|ns| *ns > 0);
        Some(Fault {
            stream: self.stream.clone(),
            clause: self.clause.clone(),
            from: window_ns.map(|ns| self.at - ns),
            until: self.at,
            reason: self.reason.clone(),
            record: self.record.clone(),
        })
    }
}
