//! The report of what rests in a lake.

use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{Array as _, RecordBatch};
use iia_core::Timestamp;
use iia_core::store::{Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options, ipc};

use crate::report::{Report, Seen, Tally};

const ROWS: u64 = 8192;

/// Reads the exchanges, violations and findings of a closed lake.
///
/// # Errors
/// When the lake cannot be read.
pub fn read(lake: &Path, wal: &Path) -> anyhow::Result<Report> {
    let (lake, _) = Lake::open(lake, wal, Options::default())?;
    let mut tally = Tally::new();
    each(&lake, &Stream::MODBUS, &mut |batch| {
        exchanges(batch, &mut tally)
    })?;
    let mut report = tally.finish();
    each(&lake, &Stream::ATTEST_NETWORK, &mut |batch| {
        moments(batch, &Stream::ATTEST_NETWORK, &mut report)
    })?;
    Ok(report)
}

/// Every batch of a stream, in order.
///
/// # Errors
/// When the lake cannot be read.
pub fn each(
    lake: &Lake,
    stream: &Stream,
    take: &mut dyn FnMut(&RecordBatch),
) -> anyhow::Result<()> {
    let mut cursor = Cursor(0);
    loop {
        let drawn = lake.siphon(stream, cursor, ROWS)?;
        if drawn.rows == 0 {
            return Ok(());
        }
        ipc::decode(&drawn.ipc)?.1.iter().for_each(&mut *take);
        cursor = drawn.next;
    }
}

/// The word in a dictionary column; `None` where there is none.
pub fn word<'a>(batch: &'a RecordBatch, column: &str, row: usize) -> Option<&'a str> {
    let column = batch
        .column_by_name(column)?
        .as_dictionary_opt::<Int32Type>()?;
    if column.is_null(row) {
        return None;
    }
    let key = usize::try_from(column.keys().value(row)).ok()?;
    let words = column.values().as_string_opt::<i32>()?;
    (key < words.len()).then(|| words.value(key))
}

/// The time of a row.
pub fn time(batch: &RecordBatch, row: usize) -> Timestamp {
    let column = batch
        .column_by_name("ts")
        .and_then(|ts| ts.as_primitive_opt::<TimestampMicrosecondType>());
    let micros = column
        .and_then(|times| times.values().get(row).copied())
        .unwrap_or(0);
    Timestamp::from_ns(micros.saturating_mul(1000))
}

fn exchanges(batch: &RecordBatch, tally: &mut Tally) {
    let ports = batch
        .column_by_name("resp_p")
        .and_then(|ports| ports.as_primitive_opt::<Int32Type>());
    for row in 0..batch.num_rows() {
        let port = ports
            .and_then(|ports| ports.values().get(row).copied())
            .unwrap_or(0);
        let server = format!("{}:{port}", word(batch, "resp_h", row).unwrap_or_default());
        tally.add(&Seen {
            ts: time(batch, row),
            client: word(batch, "orig_h", row).unwrap_or_default(),
            server: &server,
            contract: word(batch, "contract", row),
            reason: word(batch, "reason", row),
        });
    }
}

fn moments(batch: &RecordBatch, stream: &Stream, report: &mut Report) {
    for row in 0..batch.num_rows() {
        let words = word(batch, "reason", row).unwrap_or_default();
        report
            .moments
            .push((time(batch, row), stream.to_string(), words.into()));
    }
}
