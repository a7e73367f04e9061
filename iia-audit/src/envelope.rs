//! The envelope of a record without its body: what stays of a redacted record, and all that the chain runs over.

use alloc::vec::Vec;

use iia_core::canon::{self, minicbor};
use iia_core::digest::Digest;
use iia_core::event::EventKind;
use iia_core::record::ServiceId;

use crate::AuditError;
use crate::frame::{self, ENVELOPE_LEN, Record, Written};

/// Bytes of an envelope with its hash.
pub const BARE_LEN: usize = ENVELOPE_LEN + 32;

/// What an envelope says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// The record's number.
    pub seq: u64,
    /// When it was written.
    pub written: Written,
    /// The number of its kind, as stored.
    pub kind: u16,
    /// Its source: the truncated digest of a SPIFFE ID.
    pub source: ServiceId,
    /// Bytes of the body that is not here.
    pub body_len: u32,
    /// The chain hash.
    pub hash: Digest,
}

impl Envelope {
    /// Reads the envelope and hash at the start of `bytes`, which must be of record `seq` and link to `before`.
    ///
    /// # Errors
    /// [`AuditError::BadRecord`], [`AuditError::BrokenLink`].
    pub fn read(bytes: &[u8], chain: (&[u8; 32], &Digest), seq: u64) -> Result<Self, AuditError> {
        let bad = |what| AuditError::BadRecord { seq, what };
        let bare: &[u8; BARE_LEN] = bytes.first_chunk().ok_or(bad("cut short"))?;
        let (envelope, stored) = bare.split_at(ENVELOPE_LEN);
        let mut fields = frame::Fields(envelope);
        if !frame::looks_like_record(&fields.take::<4>()) {
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
        let (kind, schema) = (
            u16::from_le_bytes(fields.take()),
            u16::from_le_bytes(fields.take()),
        );
        let body_len = u32::from_le_bytes(fields.take());
        let source = ServiceId::from_bytes(fields.take());
        if number != seq || schema != frame::SCHEMA {
            return Err(bad("another number or schema"));
        }
        if frame_len != frame::len_of(body_len as usize) || body_len as usize > frame::BODY_MAX {
            return Err(bad("lengths disagree"));
        }
        let hash = frame::link(chain, envelope);
        if stored != hash.as_bytes() {
            return Err(AuditError::BrokenLink { seq });
        }
        Ok(Self {
            seq,
            written,
            kind,
            source,
            body_len,
            hash,
        })
    }

    /// The kind; `None` for one that this version does not know.
    pub fn event_kind(&self) -> Option<EventKind> {
        kind_of(self.kind)
    }
}

/// The kind of event with this number.
pub fn kind_of(number: u16) -> Option<EventKind> {
    let mut bytes = Vec::new();
    minicbor::encode(number, &mut bytes).ok()?;
    canon::decode(&bytes).ok()
}

/// A record as evidence shows it: whole, or its envelope alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    /// With its body.
    Whole(Record),
    /// Redacted: the body and its salt are not here.
    Bare(Envelope),
}

impl Shown {
    /// Its number.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Whole(record) => record.seq,
            Self::Bare(envelope) => envelope.seq,
        }
    }

    /// When it was written.
    pub const fn written(&self) -> Written {
        match self {
            Self::Whole(record) => record.written,
            Self::Bare(envelope) => envelope.written,
        }
    }

    /// Its chain hash.
    pub const fn hash(&self) -> Digest {
        match self {
            Self::Whole(record) => record.hash,
            Self::Bare(envelope) => envelope.hash,
        }
    }

    /// Its kind; `None` for a redacted record of a kind that this version does not know.
    pub fn kind(&self) -> Option<EventKind> {
        match self {
            Self::Whole(record) => Some(record.body.event.kind),
            Self::Bare(envelope) => envelope.event_kind(),
        }
    }

    /// The record, when its body is here.
    pub const fn whole(&self) -> Option<&Record> {
        match self {
            Self::Whole(record) => Some(record),
            Self::Bare(_) => None,
        }
    }
}
