//! The envelope of a record without its body: what stays of a redacted record, and all that the chain runs over.

use alloc::vec::Vec;

use iia_core::canon::{self, minicbor};
use iia_core::digest::Digest;
use iia_core::event::EventKind;
use iia_core::record::ServiceId;

use crate::AuditError;
use crate::frame::{self, ENVELOPE_LEN, Record, Written};
use crate::raw::Head;

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
        let head = Head::parse(bytes, seq)?;
        if head.stored != frame::link(chain, head.envelope) {
            return Err(AuditError::BrokenLink { seq });
        }
        Ok(Self {
            seq,
            written: head.written,
            kind: head.kind,
            source: ServiceId::from_bytes(head.source),
            body_len: u32::try_from(head.body_len).unwrap_or(u32::MAX),
            hash: head.stored,
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
