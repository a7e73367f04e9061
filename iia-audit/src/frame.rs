//! One record on disk: a 96-byte envelope, its hash, salt, body and zero padding to a multiple of 64 bytes.
//!
//! The chain runs over envelopes, which commit to bodies, so that a body can be redacted without breaking it.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::canon::minicbor;
use iia_core::digest::{Context, Digest, Hasher, derive_key};
use iia_core::event::Event;
use minicbor::{Decode, Encode};

use crate::AuditError;
use crate::draft::Draft;
use crate::raw::{Raw, Sources};

/// Bytes of an envelope.
pub const ENVELOPE_LEN: usize = 96;
/// Bytes before the body: envelope, hash, salt.
pub const HEAD_LEN: usize = ENVELOPE_LEN + 32 + SALT_LEN;
/// Bytes of salt.
pub const SALT_LEN: usize = 16;
/// Largest body in bytes.
pub const BODY_MAX: usize = 256 * 1024;
pub(crate) const MAGIC: [u8; 4] = *b"IAR1";
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
    let mut draft = Draft::new(seq);
    draft.push(&body.source, &body.event, salt)?;
    let hashes = draft.finish(chain, written);
    out.extend_from_slice(&draft.bytes);
    Ok(hashes.first().copied().unwrap_or(Digest::ZERO))
}

/// Bytes of a record with a body of `body_len` bytes.
pub(crate) const fn len_of(body_len: usize) -> usize {
    (HEAD_LEN + body_len).next_multiple_of(ALIGN)
}

pub(crate) fn link((key, before): (&[u8; 32], &Digest), envelope: &[u8]) -> Digest {
    Hasher::keyed(key)
        .update(before.as_bytes())
        .update(envelope)
        .finish()
}

/// Reads the record at the start of `bytes`, which must be number `seq` and link to `before`.
///
/// # Errors
/// What is wrong with it; [`AuditError::BadRecord`] with `"cut short"` when bytes are missing.
pub fn decode(bytes: &[u8], chain: (&[u8; 32], &Digest), seq: u64) -> Result<Record, AuditError> {
    let raw = Raw::parse(bytes, seq)?;
    if raw.head.stored != link(chain, raw.head.envelope) {
        return Err(AuditError::BrokenLink { seq });
    }
    if raw.head.commit != *Digest::of(Context::AuditBody, raw.tail).as_bytes() {
        return Err(AuditError::BrokenBody { seq });
    }
    let body = raw.body(&mut Sources::default())?;
    Ok(raw.record(&body))
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
