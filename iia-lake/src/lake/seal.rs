//! Sealing: the open rows of a stream become a Parquet segment; the log goes only when the segment is durable.

use std::fs;
use std::io::ErrorKind;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::{Lake, Segment};
use crate::LakeError;
use crate::sink::ParquetSink;
use crate::wal::sync_dir;

impl Lake {
    /// Seals the open rows of every stream.
    ///
    /// # Errors
    /// [`LakeError::Storage`], [`LakeError::BadBatch`]; what was not sealed stays in its log.
    pub fn seal(&mut self) -> Result<(), LakeError> {
        let streams: Vec<Stream> = self.streams.keys().cloned().collect();
        streams
            .iter()
            .try_for_each(|stream| self.seal_stream(stream))
    }

    pub(super) fn seal_stream(&mut self, stream: &Stream) -> Result<(), LakeError> {
        let Some(state) = self.streams.get_mut(stream) else {
            return Ok(());
        };
        let Some(open) = &state.open else {
            return Ok(());
        };
        let (mut oldest, mut newest) = (i64::MAX, i64::MIN);
        for batch in &open.batches {
            let times = batch
                .column_by_name("ts")
                .and_then(|ts| ts.as_primitive_opt::<TimestampMicrosecondType>());
            for time in times.into_iter().flat_map(|times| times.values()) {
                (oldest, newest) = (oldest.min(*time), newest.max(*time));
            }
        }
        let name = format!("{:016x}.parquet", state.sealed);
        let mut segment = Segment {
            path: format!("{stream}/{name}"),
            stream: stream.clone(),
            first: state.sealed,
            rows: open.rows,
            oldest: Timestamp::from_ns(oldest.saturating_mul(1000)),
            newest: Timestamp::from_ns(newest.saturating_mul(1000).saturating_add(999)),
            services: state
                .marks
                .iter()
                .map(|(service, last)| (*service, *last))
                .collect(),
            bytes: 0,
        };
        let path = self.dir.join(&segment.path);
        let beside = path.with_extension("new");
        // A lake whose directory was taken away is not begun anew in its place: what is not sealed is in the log of writes.
        match fs::create_dir(self.dir.join(stream.as_str())) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
        let mut sink = ParquetSink::create(&beside, open.schema.clone())?;
        open.batches
            .iter()
            .try_for_each(|batch| sink.write(batch))?;
        segment
            .describe()
            .into_iter()
            .for_each(|(key, value)| sink.describe(key, value));
        sink.finish()?;
        fs::rename(&beside, &path)?;
        sync_dir(&path)?;
        segment.bytes = fs::metadata(&path)?.len();
        state.sealed += segment.rows;
        state.segments.push(segment);
        state.open.take().map_or(Ok(()), |open| open.wal.remove())
    }
}
