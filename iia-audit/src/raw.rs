//! A record as it lies on disk, taken apart without copying.

use alloc::collections::BTreeMap;
use alloc::string::String;

use iia_core::SpiffeId;
use iia_core::digest::Digest;
use iia_core::record::ServiceId;

use crate::AuditError;
use crate::body::View;
use crate::frame::{
    self, BODY_MAX, ENVELOPE_LEN, Fields, HEAD_LEN, MAGIC, Record, SALT_LEN, SCHEMA, Written,
};

/// Sources whose ids are remembered at most.
const SOURCES_MAX: usize = 1024;

/// The fields of an envelope, and its hash as stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) seq: u64,
    pub(crate) written: Written,
    pub(crate) kind: u16,
    pub(crate) source: [u8; 16],
    pub(crate) body_len: usize,
    /// What it says that salt, body and padding hash to.
    pub(crate) commit: [u8; 32],
    /// The chain hash.
    pub(crate) stored: Digest,
    pub(crate) envelope: &'a [u8; ENVELOPE_LEN],
}

impl<'a> Head<'a> {
    /// Takes the envelope and hash at the start of `bytes` apart, which must be of record `seq`; hashes are not checked.
    pub(crate) fn parse(bytes: &'a [u8], seq: u64) -> Result<Self, AuditError> {
        let bad = |what| AuditError::BadRecord { seq, what };
        let (envelope, rest) = bytes.split_first_chunk().ok_or(bad("cut short"))?;
        let (stored, _) = rest.split_first_chunk().ok_or(bad("cut short"))?;
        let mut fields = Fields(envelope);
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
        let (source, commit) = (fields.take(), fields.take());
        if body_len > BODY_MAX || frame_len != frame::len_of(body_len) {
            return Err(bad("lengths disagree"));
        }
        if number != seq || schema != SCHEMA {
            return Err(bad("another number or schema"));
        }
        Ok(Self {
            seq,
            written,
            kind,
            source,
            body_len,
            commit,
            stored: Digest::from_bytes(*stored),
            envelope,
        })
    }
}

/// A whole record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) head: Head<'a>,
    /// Salt, body and padding.
    pub(crate) tail: &'a [u8],
}

impl<'a> Raw<'a> {
    /// Takes the record at the start of `bytes` apart, which must be number `seq`; hashes are not checked.
    pub(crate) fn parse(bytes: &'a [u8], seq: u64) -> Result<Self, AuditError> {
        let head = Head::parse(bytes, seq)?;
        let tail = bytes.get(HEAD_LEN - SALT_LEN..frame::len_of(head.body_len));
        let what = "cut short";
        let tail = tail.ok_or(AuditError::BadRecord { seq, what })?;
        Ok(Self { head, tail })
    }

    /// Bytes on disk.
    pub(crate) const fn len(&self) -> usize {
        HEAD_LEN - SALT_LEN + self.tail.len()
    }

    /// Reads the body, which must be what the envelope says.
    pub(crate) fn body(&self, sources: &mut Sources) -> Result<View<'a>, AuditError> {
        let bad = |what| AuditError::BadRecord {
            seq: self.head.seq,
            what,
        };
        let rest = self.tail.get(SALT_LEN..).unwrap_or_default();
        let parts = rest.split_at_checked(self.head.body_len);
        let (body, pad) = parts.ok_or(bad("lengths disagree"))?;
        let body = View::parse(body).ok_or(bad("body is not canonical"))?;
        let sound = pad.iter().all(|byte| *byte == 0)
            && self.head.kind == body.kind.number()
            && sources.id(body.source) == Some(self.head.source);
        sound
            .then_some(body)
            .ok_or(bad("envelope and body disagree"))
    }

    /// The record, owned.
    pub(crate) fn record(&self, body: &View<'_>) -> Record {
        Record {
            seq: self.head.seq,
            written: self.head.written,
            body: body.to_body(),
            hash: self.head.stored,
            len: self.len(),
        }
    }
}

/// The ids of sources, which a log names again and again.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, [u8; 16]>);

impl Sources {
    /// The id of a source; `None` for a text that is no SPIFFE ID.
    pub(crate) fn id(&mut self, source: &str) -> Option<[u8; 16]> {
        if let Some(id) = self.0.get(source) {
            return Some(*id);
        }
        let id = source.parse::<SpiffeId>().ok()?;
        let id = *ServiceId::of(&id).as_bytes();
        if self.0.len() >= SOURCES_MAX {
            self.0.clear();
        }
        self.0.insert(source.into(), id);
        Some(id)
    }
}
