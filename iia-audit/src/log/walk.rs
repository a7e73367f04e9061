//! The segments of a log in order, each read whole and held against the one before it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use iia_core::digest::Digest;

use super::{ROOM_LEN, is_unfinished, storage};
use crate::AuditError;
use crate::frame::BODY_MAX;
use crate::segment::{HEADER_LEN_MAX, Header, Place, Reader, SEGMENT_LEN_MAX};

/// Bytes of a segment's file at most: a batch begun at the limit may go beyond it.
const FILE_LEN_MAX: u64 = SEGMENT_LEN_MAX * 2 + (HEADER_LEN_MAX + BODY_MAX) as u64 + ROOM_LEN;

/// A segment in memory.
pub(crate) struct Segment {
    /// Its bytes, as far as the next segment says that they go.
    pub(crate) bytes: Vec<u8>,
    /// Where it must stand.
    pub(crate) place: Place,
    /// Bytes behind those, which a failed sync left.
    pub(crate) abandoned: u64,
    /// Whether no segment follows.
    pub(crate) is_last: bool,
}

impl Segment {
    /// Reads its records.
    pub(crate) fn reader(&self) -> Result<Reader<'_>, AuditError> {
        Reader::open(&self.bytes, &self.place)
    }

    /// Its file below the evidence directory.
    pub(crate) fn name(&self) -> String {
        name(self.place.first)
    }
}

/// A segment's file below the evidence directory.
pub(crate) fn name(first: u64) -> String {
    format!("audit/seg/{first:016x}.iia")
}

/// Walks over the segments of a log.
pub(crate) struct Walk {
    log_id: Digest,
    segments: IntoIter<(u64, PathBuf)>,
    /// Number and hash at which the next segment goes on; `None` before the first.
    next: Option<(u64, Digest)>,
    /// The memory of a segment that was read.
    spare: Vec<u8>,
}

impl Walk {
    /// Begins at the first segment that is there.
    pub(crate) fn new(audit: &Path, log_id: Digest) -> Result<Self, AuditError> {
        Ok(Self {
            log_id,
            segments: segments(audit)?.into_iter(),
            next: None,
            spare: Vec::new(),
        })
    }

    /// The file that is next, below the evidence directory.
    pub(crate) fn name(&self) -> String {
        let next = self.segments.as_slice().first();
        next.map_or("audit/seg".into(), |(first, _)| name(*first))
    }

    /// The number of the first record that is there.
    pub(crate) fn first(&self) -> u64 {
        self.segments
            .as_slice()
            .first()
            .map_or(0, |(first, _)| *first)
    }

    /// The next segment, after [`Self::went_to`] was told where the one before ended.
    pub(crate) fn next(&mut self) -> Result<Option<Segment>, AuditError> {
        let Some((first, path)) = self.segments.next() else {
            return Ok(None);
        };
        let mut bytes = std::mem::take(&mut self.spare);
        load(&path, &mut bytes)?;
        let place = self.place(first, &bytes)?;
        let following = self.segments.as_slice().first();
        // A following header that cannot be read is found bad when its turn comes.
        let end = following.and_then(|(_, path)| header(path).ok());
        let end = end.and_then(|header| usize::try_from(header.previous_len).ok());
        let abandoned = bytes.len().saturating_sub(end.unwrap_or(usize::MAX));
        bytes.truncate(bytes.len() - abandoned);
        Ok(Some(Segment {
            place,
            abandoned: abandoned as u64,
            is_last: following.is_none(),
            bytes,
        }))
    }

    fn place(&self, first: u64, bytes: &[u8]) -> Result<Place, AuditError> {
        let before = match self.next {
            Some((next, before)) if next == first => before,
            Some((seq, _)) => {
                let what = "missing segment";
                return Err(AuditError::BadRecord { seq, what });
            }
            None if first == 0 => Digest::ZERO,
            // What came before was retired; its header says where it stands.
            None => Header::decode(bytes)?.0.before,
        };
        Ok(Place {
            first,
            before,
            log_id: self.log_id,
        })
    }

    /// Where a segment ended.
    pub(crate) fn went_to(&mut self, reader: &Reader<'_>) {
        self.next = Some((reader.next, reader.before));
    }

    /// Takes the memory of a segment back for the next.
    pub(crate) fn done_with(&mut self, segment: Segment) {
        self.spare = segment.bytes;
    }
}

/// Segments in order of their first record; a name that is no segment's is an error.
pub(crate) fn segments(audit: &Path) -> Result<Vec<(u64, PathBuf)>, AuditError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(audit.join("seg")).map_err(storage)? {
        let path = entry.map_err(storage)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if is_unfinished(&path) {
            continue;
        }
        let first = name.strip_suffix(".iia").filter(|hex| hex.len() == 16);
        let first = first.and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let what = "segment name";
        found.push((first.ok_or(AuditError::Malformed { what })?, path));
    }
    found.sort();
    Ok(found)
}

/// A segment's file, which is no longer than a segment can be.
fn load(path: &Path, bytes: &mut Vec<u8>) -> Result<(), AuditError> {
    let file = File::open(path).map_err(storage)?;
    let len = file.metadata().map_err(storage)?.len();
    if len > FILE_LEN_MAX {
        return Err(AuditError::TooLong {
            len: usize::try_from(len).unwrap_or(usize::MAX),
            max: usize::try_from(FILE_LEN_MAX).unwrap_or(usize::MAX),
        });
    }
    bytes.clear();
    bytes.reserve(usize::try_from(len).unwrap_or(0));
    file.take(len).read_to_end(bytes).map_err(storage)?;
    Ok(())
}

/// The header of a segment's file.
pub(crate) fn header(path: &Path) -> Result<Header, AuditError> {
    Ok(header_with_len(path)?.0)
}

/// The same with its length in bytes.
pub(crate) fn header_with_len(path: &Path) -> Result<(Header, usize), AuditError> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)
        .map_err(storage)?
        .take(HEADER_LEN_MAX as u64);
    file.read_to_end(&mut bytes).map_err(storage)?;
    Header::decode(&bytes)
}
