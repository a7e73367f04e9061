//! Reading: in order from a cursor, or by time; segments that cannot match are not opened.

use std::fs::File;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int16Type, TimestampMicrosecondType};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use iia_core::store::{Cursor, Drawn, Range};
use iia_core::stream::Stream;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::segment::caught;
use super::{Lake, Segment};
use crate::error::bad;
use crate::{LakeError, footer, ipc};

impl Lake {
    /// Up to `rows_max` rows after `cursor`, oldest first, from one segment or the open rows at a time.
    pub(super) fn draw(
        &self,
        stream: &Stream,
        cursor: Cursor,
        rows_max: u64,
    ) -> Result<Drawn, LakeError> {
        let nothing = Drawn {
            ipc: Vec::new(),
            rows: 0,
            next: cursor,
        };
        let Some(state) = self.streams.get(stream) else {
            return Ok(nothing);
        };
        let holds =
            |segment: &&Segment| (segment.first..segment.first + segment.rows).contains(&cursor.0);
        let batches = match (state.segments.iter().find(holds), &state.open) {
            (Some(segment), _) => {
                self.rows_of(segment, Some((cursor.0 - segment.first, rows_max)))?
            }
            (None, Some(open)) if cursor.0 >= state.sealed => {
                let past = super::skip(open.batches.clone(), cursor.0 - state.sealed);
                take(past, rows_max)
            }
            _ => return Ok(nothing),
        };
        let rows: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let ipc = if rows == 0 {
            Vec::new()
        } else {
            ipc::encode(&batches)?
        };
        Ok(Drawn {
            ipc,
            rows,
            next: Cursor(cursor.0 + rows),
        })
    }

    /// The rows of a time range, oldest segment first. `next` is the watermark: how many rows the stream has.
    pub(super) fn range(&self, range: &Range) -> Result<Drawn, LakeError> {
        let next = Cursor(self.rows(&range.stream));
        let mut found = Vec::new();
        let mut rows = 0;
        if let Some(state) = self.streams.get(&range.stream) {
            for segment in &state.segments {
                if rows < range.rows_max
                    && segment.newest >= range.from
                    && segment.oldest < range.to
                {
                    within(self.rows_of(segment, None)?, range, (&mut found, &mut rows))?;
                }
            }
            if let Some(open) = &state.open {
                within(open.batches.clone(), range, (&mut found, &mut rows))?;
            }
        }
        let ipc = if rows == 0 {
            Vec::new()
        } else {
            ipc::encode(&found)?
        };
        Ok(Drawn { ipc, rows, next })
    }

    /// The rows of a segment: all, or so many from an offset.
    fn rows_of(
        &self,
        segment: &Segment,
        part: Option<(u64, u64)>,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let damaged = |why: String| LakeError::BadSegment {
            path: segment.path.clone(),
            why,
        };
        let file = File::open(self.dir.join(&segment.path))?;
        let file = footer::open(file).map_err(damaged)?;
        caught(|| rows(file, part)).map_err(damaged)
    }
}

/// The rows of a file: all, or so many from an offset.
fn rows(file: File, part: Option<(u64, u64)>) -> Result<Vec<RecordBatch>, ArrowError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let builder = match part {
        Some((offset, limit)) => {
            let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            builder.with_offset(whole(offset)).with_limit(whole(limit))
        }
        None => builder,
    };
    builder.with_batch_size(8192).build()?.collect()
}

fn take(batches: Vec<RecordBatch>, rows_max: u64) -> Vec<RecordBatch> {
    let mut left = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut kept = Vec::new();
    for batch in batches {
        let rows = left.min(batch.num_rows());
        left -= rows;
        if rows > 0 {
            kept.push(batch.slice(0, rows));
        }
    }
    kept
}

/// Adds the rows whose time lies in the range, up to its limit.
fn within(
    batches: Vec<RecordBatch>,
    range: &Range,
    (found, rows): (&mut Vec<RecordBatch>, &mut u64),
) -> Result<(), LakeError> {
    let (from, to) = (range.from.as_ns(), range.to.as_ns());
    for batch in batches {
        let column = batch
            .column_by_name("ts")
            .and_then(|ts| ts.as_primitive_opt::<TimestampMicrosecondType>());
        let Some(times) = column else { continue };
        let rest = batch
            .column_by_name("ts_ns")
            .and_then(|ns| ns.as_primitive_opt::<Int16Type>());
        let rest = |row| rest.map_or(0, |rest| i64::from(rest.value(row)));
        let inside: BooleanArray = times
            .values()
            .iter()
            .enumerate()
            .map(|(row, us)| us.saturating_mul(1000).saturating_add(rest(row)))
            .map(|ns| Some((from..to).contains(&ns)))
            .collect();
        let kept = filter_record_batch(&batch, &inside).map_err(bad)?;
        let kept = take(vec![kept], range.rows_max - *rows);
        *rows += kept
            .iter()
            .map(|batch| batch.num_rows() as u64)
            .sum::<u64>();
        found.extend(kept);
    }
    Ok(())
}
