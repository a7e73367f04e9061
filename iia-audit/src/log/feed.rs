//! What a mirror lacks, the oldest first, in chunks of what is durable here.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::store::segment_path;
use super::walk::{header, segments};
use super::{Log, storage};
use crate::AuditError;
use crate::chunk::{CHUNK_LEN, Chunk, Position};
use crate::frame::{BODY_MAX, HEAD_LEN};
use crate::segment::{HEADER_LEN_MAX, Header};

/// Bytes that are read for a chunk: a whole record begins within [`CHUNK_LEN`] and may be as long as one can be.
const READ_LEN: usize = CHUNK_LEN + BODY_MAX + HEAD_LEN + 64;

impl Log {
    /// The chunk at a position, as a mirror names it; `None` when the mirror has everything.
    ///
    /// # Errors
    /// [`AuditError::OutOfPlace`] for a position that is not here: the log before it was retired, or is another one.
    pub fn chunk(&self, at: Position) -> Result<Option<Chunk>, AuditError> {
        let Some(end) = self.end_of(at.segment)? else {
            return Err(self.out_of_place()?);
        };
        if at.offset > end {
            return Err(self.out_of_place()?);
        }
        if at.offset == end {
            let next = segments(&self.store.dir)?
                .into_iter()
                .find(|(first, _)| *first > at.segment);
            let next = next.map(|(segment, _)| Position { segment, offset: 0 });
            return next.map_or(Ok(None), |next| self.chunk(next));
        }
        let file = File::open(segment_path(&self.store.dir, at.segment)).map_err(storage)?;
        let head = if at.offset == 0 {
            HEADER_LEN_MAX as u64
        } else {
            0
        };
        let len = (end - at.offset).min(READ_LEN as u64 + head);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_exact_at(&mut bytes, at.offset).map_err(storage)?;
        let header_len = match at.offset {
            0 => Header::decode(&bytes)?.1,
            _ => 0,
        };
        let records = whole_records(bytes.get(header_len..).unwrap_or_default());
        if records == 0 {
            // A segment that has just begun holds nothing that a mirror could lack.
            let what = "no record at a mirror's position";
            let seq = at.segment;
            let bad = AuditError::BadRecord { seq, what };
            return if header_len > 0 { Ok(None) } else { Err(bad) };
        }
        bytes.truncate(header_len + records);
        Ok(Some(Chunk {
            at,
            bytes: bytes.into(),
        }))
    }

    /// Where the records of a segment end; `None` when it is not here.
    fn end_of(&self, segment: u64) -> Result<Option<u64>, AuditError> {
        if segment == self.store.segment {
            return Ok(Some(self.store.tail.len()));
        }
        let segments = segments(&self.store.dir)?;
        let at = segments.iter().position(|(first, _)| *first == segment);
        let next = at.and_then(|at| segments.get(at + 1));
        next.map(|(_, path)| Ok(header(path)?.previous_len))
            .transpose()
    }

    fn out_of_place(&self) -> Result<AuditError, AuditError> {
        let oldest = segments(&self.store.dir)?
            .first()
            .map_or(0, |(first, _)| *first);
        Ok(AuditError::OutOfPlace {
            segment: oldest,
            offset: 0,
        })
    }
}

/// How many of `bytes`, which begin with a record, are whole records up to [`CHUNK_LEN`]; one record at least.
fn whole_records(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(len) = bytes.get(end..).and_then(record_len) {
        if end > 0 && end + len > CHUNK_LEN || end + len > bytes.len() {
            break;
        }
        end += len;
    }
    end
}

/// What a record's envelope says of its length.
fn record_len(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
    (len > 0).then_some(len)
}
