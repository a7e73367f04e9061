//! One record on disk: a 96-byte envelope, its hash, salt, body and zero padding to a multiple of 64 bytes.
//!
//! The chain runs over envelopes, which commit to bodies, so that a body can be redacted without breaking it.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::SpiffeId;
use iia_core::canon::{self, minicbor};
use iia_core::digest::{Context, Digest, Hasher, derive_key};
use iia_core::event::Event;
use minicbor::{Decode, Encode};

use crate::AuditError;

/// Bytes of an envelope.
pub const ENVELOPE_LEN: usize = 96;
/// Bytes before the body: envelope, hash, salt.
pub const HEAD_LEN: usize = ENVELOPE_LEN + 32 + SALT_LEN;
/// Bytes of salt.
pub const SALT_LEN: usize = 16;
/// Largest body in bytes.
pub const BODY_MAX: usize = 256 * 1024;
const MAGIC: [u8; 4] = *b"IAR1";
/// A record begins at a multiple of so many bytes behind the header.
pub(crate) const ALIGN: usize = 64;
pub(crate) const SCHEMA: u16 = 1;

/// What is stored of one event: who the source is, by its certificate, and what it stated.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Body {
    /// The source's SPIFFE ID.
    #[n(0)]
    pub source: String,
    /// The event.
    #[n(1)]
    pub event: Event,
}

/// When a record was written, by the log's own clocks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Written {
    /// Wall time, nanoseconds since the epoch.
    pub utc_ns: i64,
    /// Nanoseconds since the process or machine started; never goes back within one `boot`.
    pub boottime_ns: u64,
    /// How often the log was opened.
    pub boot: u32,
    /// Largest error of `utc_ns` in microseconds; `u32::MAX` when nothing is known.
    pub error_us: u32,
}

/// A record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its number, from 0 without holes.
    pub seq: u64,
    /// When it was written.
    pub written: Written,
    /// Its content.
    pub body: Body,
    /// The chain hash, H(hash before || envelope).
    pub hash: Digest,
    /// Bytes on disk.
    pub len: usize,
}

/// The key of a log's chain, so that two logs with equal records have different chains.
pub fn log_key(log_id: &Digest) -> [u8; 32] {
    derive_key("iia 2026-11 audit chain v1", log_id.as_bytes())
}

/// Writes a record behind `out`; gives its hash.
///
/// # Errors
/// [`AuditError::TooLong`] for a large body, [`AuditError::BadRecord`] for an event outside its limits.
pub fn encode(
    out: &mut Vec<u8>,
    chain: (&[u8; 32], &Digest),
    seq: u64,
    (written, salt): (Written, [u8; SALT_LEN]),
    body: &Body,
) -> Result<Digest, AuditError> {
    if body.event.check().is_err() {
        let what = "event is outside its limits";
        return Err(AuditError::BadRecord { seq, what });
    }
    let source = source_id(&body.source).ok_or(AuditError::BadRecord {
        seq,
        what: "source is no SPIFFE ID",
    })?;
    let bytes = canon::encode(body);
    if bytes.len() > BODY_MAX {
        return Err(AuditError::TooLong {
            len: bytes.len(),
            max: BODY_MAX,
        });
    }
    let frame_len = (HEAD_LEN + bytes.len()).next_multiple_of(ALIGN);
    let mut tail = salt.to_vec();
    tail.extend_from_slice(&bytes);
    tail.resize(frame_len - HEAD_LEN + SALT_LEN, 0);
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&u32::try_from(frame_len).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&written.utc_ns.to_le_bytes());
    out.extend_from_slice(&written.boottime_ns.to_le_bytes());
    out.extend_from_slice(&written.boot.to_le_bytes());
    out.extend_from_slice(&written.error_us.to_le_bytes());
    out.extend_from_slice(&kind_number(&body.event).to_le_bytes());
    out.extend_from_slice(&SCHEMA.to_le_bytes());
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&source);
    out.extend_from_slice(Digest::of(Context::AuditBody, &tail).as_bytes());
    let hash = link(chain, out.get(start..).unwrap_or_default());
    out.extend_from_slice(hash.as_bytes());
    out.extend_from_slice(&tail);
    Ok(hash)
}

/// Bytes of a record with a body of `body_len` bytes.
pub(crate) const fn len_of(body_len: usize) -> usize {
    (HEAD_LEN + body_len).next_multiple_of(ALIGN)
}

fn kind_number(event: &Event) -> u16 {
    // The canonical encoding of a kind is its number.
    match *canon::encode(&event.kind).as_slice() {
        [number] | [0x18, number] => u16::from(number),
        _ => 0,
    }
}

pub(crate) fn link((key, before): (&[u8; 32], &Digest), envelope: &[u8]) -> Digest {
    Hasher::keyed(key)
        .update(before.as_bytes())
        .update(envelope)
        .finish()
}

/// The id of a source; `None` for a text that is no SPIFFE ID.
fn source_id(source: &str) -> Option<[u8; 16]> {
    let id = source.parse::<SpiffeId>().ok()?;
    Some(*iia_core::record::ServiceId::of(&id).as_bytes())
}

/// Reads the record at the start of `bytes`, which must be number `seq` and link to `before`.
///
/// # Errors
/// What is wrong with it; [`AuditError::BadRecord`] with `"cut short"` when bytes are missing.
pub fn decode(bytes: &[u8], chain: (&[u8; 32], &Digest), seq: u64) -> Result<Record, AuditError> {
    let bad = |what| AuditError::BadRecord { seq, what };
    let head: &[u8; HEAD_LEN] = bytes.first_chunk().ok_or(bad("cut short"))?;
    let mut fields = Fields(head);
    if fields.take::<4>() != MAGIC {
        return Err(bad("no record starts here"));
    }
    let frame_len = u32::from_le_bytes(fields.take()) as usize;
    let number = u64::from_le_bytes(fields.take());
    let written = Written {
        utc_ns: i64::from_le_bytes(fields.take()),
        boottime_ns: u64::from_le_bytes(fields.take()),
        boot: u32::from_le_bytes(fields.take()),
        error_us: u32::from_le_bytes(fields.take()),
    };
    let kind = u16::from_le_bytes(fields.take());
    let schema = u16::from_le_bytes(fields.take());
    let body_len = u32::from_le_bytes(fields.take()) as usize;
    let source: [u8; 16] = fields.take();
    let commit: [u8; 32] = fields.take();
    let stored = Digest::from_bytes(fields.take());
    if body_len > BODY_MAX || frame_len != (HEAD_LEN + body_len).next_multiple_of(ALIGN) {
        return Err(bad("lengths disagree"));
    }
    if number != seq || schema != SCHEMA {
        return Err(bad("another number or schema"));
    }
    if stored != link(chain, head.get(..ENVELOPE_LEN).unwrap_or_default()) {
        return Err(AuditError::BrokenLink { seq });
    }
    let tail = bytes
        .get(HEAD_LEN - SALT_LEN..frame_len)
        .ok_or(bad("cut short"))?;
    if commit != *Digest::of(Context::AuditBody, tail).as_bytes() {
        return Err(AuditError::BrokenBody { seq });
    }
    let rest = tail.get(SALT_LEN..).unwrap_or_default();
    let (body, pad) = rest
        .split_at_checked(body_len)
        .ok_or(bad("lengths disagree"))?;
    let body: Body = canon::decode(body).map_err(|_| bad("body is not canonical"))?;
    let sound = pad.iter().all(|byte| *byte == 0)
        && kind == kind_number(&body.event)
        && source_id(&body.source) == Some(source)
        && body.event.check().is_ok();
    if !sound {
        return Err(bad("envelope and body disagree"));
    }
    Ok(Record {
        seq,
        written,
        body,
        hash: stored,
        len: frame_len,
    })
}

/// What the records of one batch have in common, and those of no other: when it was written.
pub(crate) fn batch(bytes: &[u8]) -> Option<&[u8]> {
    const BOOTTIME_TO_BOOT: core::ops::Range<usize> = 24..36;
    bytes.get(BOOTTIME_TO_BOOT)
}

/// Whether a record begins here, to look behind a bad one.
pub(crate) fn looks_like_record(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>() == Some(&MAGIC)
}

pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }
}

impl Record {
    /// Who the source is, by its certificate.
    pub fn source(&self) -> &str {
        &self.body.source
    }

    /// One line for people.
    pub fn to_line(&self) -> String {
        let at = iia_core::Timestamp::from_ns(self.body.event.ts_ns).to_string();
        let mut line = alloc::format!(
            "{:>6} {at} {} {}",
            self.seq,
            self.body.event.kind.name(),
            self.body.source
        );
        for field in &self.body.event.fields {
            line.push_str(&alloc::format!(" {}={:?}", field.key, field.value));
        }
        line
    }
}
