//! A segment file: a header that binds it to its log and its place, then records.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::canon::{self, minicbor};
use iia_core::digest::{Context, Digest};
use iia_core::lanes::Lanes;
use minicbor::{Decode, Encode};

use crate::AuditError;
use crate::body::View;
use crate::frame::{self, ALIGN, ENVELOPE_LEN, Record, Written};
use crate::raw::Raw;
pub use crate::raw::Sources;
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

/// Records whose hashes are checked side by side.
pub const BATCH_LEN: usize = 256;

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

/// A record that was found good, where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    raw: Raw<'a>,
    body: View<'a>,
    offset: usize,
}

impl<'a> Checked<'a> {
    /// Its number.
    pub const fn seq(&self) -> u64 {
        self.raw.head.seq
    }

    /// When it was written.
    pub const fn written(&self) -> Written {
        self.raw.head.written
    }

    /// Its chain hash.
    pub const fn hash(&self) -> Digest {
        self.raw.head.stored
    }

    /// Its content.
    pub const fn body(&self) -> &View<'a> {
        &self.body
    }

    /// The byte of the segment at which it begins.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The record, owned.
    pub fn to_record(&self) -> Record {
        self.raw.record(&self.body)
    }
}

/// Reads the records of a segment in order.
pub struct Reader<'a> {
    bytes: &'a [u8],
    key: [u8; 32],
    links: Lanes,
    bodies: Lanes,
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
        let key = frame::log_key(&place.log_id);
        Ok(Self {
            bytes,
            links: Lanes::keyed(&key),
            bodies: Lanes::of(Context::AuditBody),
            key,
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
        if is_room(rest) {
            return Ok(None);
        }
        let record = frame::decode(rest, (&self.key, &self.before), self.next)?;
        self.offset += record.len;
        self.next += 1;
        self.before = record.hash;
        Ok(Some(record))
    }

    /// The next records, up to [`BATCH_LEN`] of them, with their hashes checked side by side; none at the end. Where one is
    /// bad, those before it come first.
    ///
    /// # Errors
    /// What is wrong with the next record.
    pub fn batch(&mut self, sources: &mut Sources) -> Result<Vec<Checked<'a>>, AuditError> {
        let (raws, mut failed) = self.raws();
        let good = self.hashed(&raws, &mut failed);
        let mut checked = Vec::with_capacity(good);
        for raw in raws.into_iter().take(good) {
            match raw.body(sources) {
                Ok(body) => checked.push(self.passed(raw, body)),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        match failed {
            Some(error) if checked.is_empty() => Err(error),
            _ => Ok(checked),
        }
    }

    /// Records taken apart, and what is wrong with the one behind them.
    fn raws(&self) -> (Vec<Raw<'a>>, Option<AuditError>) {
        let (mut raws, mut at) = (Vec::with_capacity(BATCH_LEN), self.offset);
        for seq in (self.next..).take(BATCH_LEN) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if is_room(rest) {
                break;
            }
            match Raw::parse(rest, seq) {
                Ok(raw) => {
                    at += raw.len();
                    raws.push(raw);
                }
                Err(error) => return (raws, Some(error)),
            }
        }
        (raws, None)
    }

    /// How many of them have the hashes that they should.
    fn hashed(&self, raws: &[Raw<'a>], failed: &mut Option<AuditError>) -> usize {
        let mut links = Vec::with_capacity(raws.len());
        let mut before = self.before;
        for raw in raws {
            let mut link = [0; 32 + ENVELOPE_LEN];
            let (to, rest) = link.split_at_mut(32);
            to.copy_from_slice(before.as_bytes());
            rest.iter_mut()
                .zip(raw.head.envelope)
                .for_each(|(to, byte)| *to = *byte);
            links.push(link);
            before = raw.head.stored;
        }
        let links: Vec<&[u8]> = links.iter().map(<[u8; 128]>::as_slice).collect();
        let tails: Vec<&[u8]> = raws.iter().map(|raw| raw.tail).collect();
        let hashes = self
            .links
            .digest(&links)
            .into_iter()
            .zip(self.bodies.digest(&tails));
        for (good, (raw, (link, commit))) in raws.iter().zip(hashes).enumerate() {
            let seq = raw.head.seq;
            let wrong = match (
                link == raw.head.stored,
                *commit.as_bytes() == raw.head.commit,
            ) {
                (false, _) => AuditError::BrokenLink { seq },
                (_, false) => AuditError::BrokenBody { seq },
                _ => continue,
            };
            *failed = Some(wrong);
            return good;
        }
        raws.len()
    }

    fn passed(&mut self, raw: Raw<'a>, body: View<'a>) -> Checked<'a> {
        let offset = self.offset;
        self.offset += raw.len();
        self.next += 1;
        self.before = raw.head.stored;
        Checked { raw, body, offset }
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

/// Whether nothing but zeros follows. A record begins with letters, so that one look tells it from room.
fn is_room(rest: &[u8]) -> bool {
    rest.first().is_none_or(|byte| *byte == 0) && rest.iter().all(|byte| *byte == 0)
}
