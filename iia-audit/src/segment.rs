//! A segment file: a header that binds it to its log and its place, then records.

use alloc::vec::Vec;

use iia_core::digest::{Context, Digest};

use crate::AuditError;
use crate::frame::{self, ALIGN, Record};

/// Bytes of a header.
pub const HEADER_LEN: usize = 128;
const MAGIC: [u8; 8] = *b"IAASEG1\n";
/// What a disk writes whole.
const SECTOR_LEN: usize = 512;

/// Where a segment stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Number of its first record.
    pub first: u64,
    /// The chain hash before it.
    pub before: Digest,
    /// The log.
    pub log_id: Digest,
}

impl Header {
    /// The bytes on disk.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(self.before.as_bytes());
        bytes.extend_from_slice(self.log_id.as_bytes());
        bytes.extend_from_slice(Digest::of(Context::AuditEntry, &bytes).as_bytes());
        bytes.resize(HEADER_LEN, 0);
        bytes
    }

    /// Whether `bytes` start with this header and no other.
    ///
    /// # Errors
    /// [`AuditError::BadRecord`] naming the first record of the segment.
    pub fn check(&self, bytes: &[u8]) -> Result<(), AuditError> {
        if bytes.get(..HEADER_LEN) == Some(self.encode().as_slice()) {
            Ok(())
        } else {
            Err(AuditError::BadRecord {
                seq: self.first,
                what: "segment header",
            })
        }
    }
}

/// Reads the records of a segment one after the other.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    key: [u8; 32],
    /// Bytes read so far.
    pub offset: usize,
    /// Number of the next record.
    pub next: u64,
    /// The chain hash before the next record.
    pub before: Digest,
}

impl<'a> Reader<'a> {
    /// Opens a segment that must stand at this place.
    ///
    /// # Errors
    /// [`AuditError::BadRecord`] for another header.
    pub fn open(bytes: &'a [u8], header: &Header) -> Result<Self, AuditError> {
        header.check(bytes)?;
        let key = frame::log_key(&header.log_id);
        Ok(Self {
            bytes,
            key,
            offset: HEADER_LEN,
            next: header.first,
            before: header.before,
        })
    }

    /// The next record; `None` at the end, behind which nothing but room of zeros may stand ([`Self::offset`] is where
    /// it begins).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&mut self) -> Result<Option<Record>, AuditError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        // A record begins with letters, so that one look tells it from room.
        if rest.first().is_none_or(|byte| *byte == 0) && rest.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let record = frame::decode(rest, (&self.key, &self.before), self.next)?;
        self.offset += record.len;
        self.next += 1;
        self.before = record.hash;
        Ok(Some(record))
    }

    /// Whether what stands behind the last good record can be what a power cut leaves of one batch. Otherwise it is
    /// damage.
    ///
    /// A disk writes sectors in any order, so that the middle of a batch may be missing while its end is there. What is
    /// missing is then still the room that was there before, zeros, and all that follows is of that one batch: no
    /// later one was begun.
    pub fn is_torn(&self) -> bool {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let mut following = (self.offset..)
            .step_by(ALIGN)
            .zip(rest.chunks(ALIGN))
            .skip(1);
        let Some((first, chunk)) = following.find(|(_, chunk)| frame::looks_like_record(chunk))
        else {
            return true;
        };
        let batch = frame::batch(chunk);
        let same = following
            .filter(|(_, chunk)| frame::looks_like_record(chunk))
            .all(|(_, chunk)| frame::batch(chunk) == batch);
        same && self.is_zero_somewhere(first)
    }

    /// Whether a sector between the last good record and `end` was not written.
    fn is_zero_somewhere(&self, end: usize) -> bool {
        let sectors = (self.offset / SECTOR_LEN)..=(end / SECTOR_LEN);
        let mut unwritten = sectors.map(|sector| {
            let start = (sector * SECTOR_LEN).max(self.offset);
            let bytes = self.bytes.get(start..((sector + 1) * SECTOR_LEN).min(end));
            bytes.unwrap_or_default()
        });
        unwritten.any(|sector| !sector.is_empty() && sector.iter().all(|byte| *byte == 0))
    }
}
