//! A segment file: a header that binds it to its log and its place, then records.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::canon::{self, minicbor};
use iia_core::digest::{Context, Digest};
use minicbor::{Decode, Encode};

use crate::AuditError;
use crate::frame::{self, ALIGN, Record};
use crate::tree::Frontier;

/// A header is a multiple of so many bytes, which is what a disk's file system hands out.
pub const HEADER_ALIGN: usize = 4096;
/// Bytes of a header at most.
pub const HEADER_LEN_MAX: usize = 4 * 1024 * 1024;
/// A segment is closed and a new one begun beyond this many bytes.
pub const SEGMENT_LEN_MAX: u64 = 64 * 1024 * 1024;
const MAGIC: [u8; 8] = *b"IAASEG2\n";
/// Bytes before the header's body: magic, length of the body, digest of the body.
const PREFIX_LEN: usize = 44;
/// What a disk writes whole.
const SECTOR_LEN: usize = 512;

/// Where a segment stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Number of its first record.
    pub first: u64,
    /// The chain hash before it.
    pub before: Digest,
    /// The log.
    pub log_id: Digest,
}

/// The newest number stored of a source.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Mark {
    /// The source's SPIFFE ID.
    #[n(0)]
    pub source: String,
    /// Its number.
    #[n(1)]
    pub number: u64,
}

/// What a segment says of the log before it: enough to go on without reading what came before.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Header {
    /// Number of its first record.
    #[n(0)]
    pub first: u64,
    /// The chain hash before it.
    #[n(1)]
    pub before: Digest,
    /// The log.
    #[n(2)]
    pub log_id: Digest,
    /// Roots of the whole subtrees of the tree before it, the largest first.
    #[n(3)]
    pub peaks: Vec<Digest>,
    /// Bytes up to the end of the last record of the segment before it; 0 for the first.
    #[n(4)]
    pub previous_len: u64,
    /// How often the log had been opened when its last record was written.
    #[n(5)]
    pub boot: u32,
    /// The newest number of every source, in order of sources.
    #[n(6)]
    pub marks: Vec<Mark>,
}

impl Header {
    /// The header of a log's first segment.
    pub const fn genesis(log_id: Digest) -> Self {
        Self {
            first: 0,
            before: Digest::ZERO,
            log_id,
            peaks: Vec::new(),
            previous_len: 0,
            boot: 0,
            marks: Vec::new(),
        }
    }

    /// The bytes on disk.
    ///
    /// # Errors
    /// [`AuditError::TooLong`] when there are more sources than a header holds.
    pub fn encode(&self) -> Result<Vec<u8>, AuditError> {
        let body = canon::encode(self);
        let len = (PREFIX_LEN + body.len()).next_multiple_of(HEADER_ALIGN);
        if len > HEADER_LEN_MAX {
            return Err(AuditError::TooLong {
                len,
                max: HEADER_LEN_MAX,
            });
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(Digest::of(Context::AuditEntry, &body).as_bytes());
        bytes.extend_from_slice(&body);
        bytes.resize(len, 0);
        Ok(bytes)
    }

    /// Reads the header at the start of a segment; gives its bytes' length too.
    ///
    /// # Errors
    /// [`AuditError::BadRecord`] naming record 0 when it is none.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), AuditError> {
        Self::read(bytes).ok_or(AuditError::BadRecord {
            seq: 0,
            what: "segment header",
        })
    }

    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (body_len, rest) = rest.split_first_chunk::<4>()?;
        let (digest, rest) = rest.split_first_chunk::<32>()?;
        let body_len = u32::from_le_bytes(*body_len) as usize;
        let len = PREFIX_LEN
            .checked_add(body_len)?
            .next_multiple_of(HEADER_ALIGN);
        let (body, padding) = rest
            .get(..len.checked_sub(PREFIX_LEN)?)?
            .split_at_checked(body_len)?;
        let sound = *magic == MAGIC
            && len <= HEADER_LEN_MAX
            && Digest::of(Context::AuditEntry, body).as_bytes() == digest
            && padding.iter().all(|byte| *byte == 0);
        let header: Self = canon::decode(body).ok().filter(|_| sound)?;
        let sorted = header
            .marks
            .is_sorted_by(|one, next| one.source < next.source);
        (sorted && header.frontier().is_some()).then_some((header, len))
    }

    /// Where the segment stands.
    pub const fn place(&self) -> Place {
        Place {
            first: self.first,
            before: self.before,
            log_id: self.log_id,
        }
    }

    /// The edge of the tree before it.
    pub fn frontier(&self) -> Option<Frontier> {
        let peaks = self.peaks.iter().map(|peak| *peak.as_bytes());
        Frontier::of(self.first, peaks.collect())
    }
}

/// Reads the records of a segment one after the other.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    key: [u8; 32],
    /// What the segment says of the log before it.
    pub header: Header,
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
    pub fn open(bytes: &'a [u8], place: &Place) -> Result<Self, AuditError> {
        let wrong = AuditError::BadRecord {
            seq: place.first,
            what: "segment header",
        };
        let (header, offset) = Header::read(bytes).ok_or(wrong.clone())?;
        if header.place() != *place {
            return Err(wrong);
        }
        Ok(Self {
            bytes,
            key: frame::log_key(&place.log_id),
            offset,
            next: place.first,
            before: place.before,
            header,
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
