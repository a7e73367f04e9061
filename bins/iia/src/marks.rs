//! How far the records of a lake go, stream by stream and service by service.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use iia_contract::answer::Mark;
use iia_core::record::{Sequence, ServiceId};
use iia_core::stream::Stream;
use iia_lake::Lake;

use crate::lake_report::{each, time, word};

/// The oldest and the newest number of each service on each stream, found by reading every record once.
///
/// # Errors
/// When the lake cannot be read.
pub fn marks(lake: &Lake) -> anyhow::Result<Vec<Mark>> {
    let mut streams: Vec<Stream> = lake.segments().map(|one| one.stream.clone()).collect();
    streams.dedup();
    let mut all = Vec::new();
    for stream in streams {
        let mut found = BTreeMap::new();
        each(lake, &stream, &mut |batch| read(&stream, batch, &mut found))?;
        all.extend(found.into_values());
    }
    Ok(all)
}

fn read(stream: &Stream, batch: &RecordBatch, found: &mut BTreeMap<ServiceId, Mark>) {
    let numbers = batch
        .column_by_name("seq")
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    for row in 0..batch.num_rows() {
        let service = word(batch, "service", row).and_then(|text| text.parse().ok());
        let number = numbers.and_then(|column| column.values().get(row));
        let number = number.and_then(|number| u64::try_from(*number).ok());
        let (Some(service), Some(number)) = (service, number) else {
            continue;
        };
        let (number, at) = (Sequence::new(number), time(batch, row));
        let mark = found.entry(service).or_insert_with(|| Mark {
            stream: stream.clone(),
            service,
            first: number,
            last: number,
            at,
        });
        mark.first = mark.first.min(number);
        if number >= mark.last {
            (mark.last, mark.at) = (number, at);
        }
    }
}
