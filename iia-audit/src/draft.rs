//! Records that are being written: bodies first, hashed side by side, then the envelopes, each of which needs the one before.

use alloc::vec::Vec;

use iia_core::canon::{self, minicbor};
use iia_core::digest::{Context, Digest};
use iia_core::event::Event;
use iia_core::lanes::Lanes;
use minicbor::Encode;

use crate::AuditError;
use crate::frame::{self, BODY_MAX, ENVELOPE_LEN, HEAD_LEN, MAGIC, SALT_LEN, SCHEMA, Written};
use crate::raw::Sources;

/// [`crate::frame::Body`] by reference: the same bytes.
#[derive(Encode)]
struct BodyRef<'a> {
    #[n(0)]
    source: &'a str,
    #[n(1)]
    event: &'a Event,
}

/// Records without hashes.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The bytes so far.
    pub(crate) bytes: Vec<u8>,
    first: u64,
    parts: Vec<Part>,
    sources: Sources,
}

#[derive(Debug)]
struct Part {
    start: usize,
    body_len: usize,
    kind: u16,
    source: [u8; 16],
}

impl Draft {
    /// Records from number `first` on.
    pub(crate) fn new(first: u64) -> Self {
        Self {
            bytes: Vec::new(),
            first,
            parts: Vec::new(),
            sources: Sources::default(),
        }
    }

    /// Adds a record; one that is refused leaves nothing.
    pub(crate) fn push(
        &mut self,
        source: &str,
        event: &Event,
        salt: [u8; SALT_LEN],
    ) -> Result<(), AuditError> {
        let seq = self.first + self.parts.len() as u64;
        let bad = |what| AuditError::BadRecord { seq, what };
        event
            .check()
            .map_err(|_| bad("event is outside its limits"))?;
        let id = self
            .sources
            .id(source)
            .ok_or(bad("source is no SPIFFE ID"))?;
        let start = self.bytes.len();
        self.bytes.resize(start + HEAD_LEN - SALT_LEN, 0);
        self.bytes.extend_from_slice(&salt);
        canon::encode_into(&mut self.bytes, &BodyRef { source, event });
        let body_len = self.bytes.len() - start - HEAD_LEN;
        if body_len > BODY_MAX {
            self.bytes.truncate(start);
            let (len, max) = (body_len, BODY_MAX);
            return Err(AuditError::TooLong { len, max });
        }
        self.bytes.resize(start + frame::len_of(body_len), 0);
        self.parts.push(Part {
            start,
            body_len,
            kind: event.kind.number(),
            source: id,
        });
        Ok(())
    }

    /// Writes envelopes and hashes; gives the hashes.
    pub(crate) fn finish(
        &mut self,
        (key, before): (&[u8; 32], &Digest),
        written: Written,
    ) -> Vec<Digest> {
        let commits = self.commits();
        let mut before = *before;
        let mut hashes = Vec::with_capacity(self.parts.len());
        for (seq, (part, commit)) in (self.first..).zip(self.parts.iter().zip(commits)) {
            let envelope = part.envelope(seq, written, &commit);
            before = frame::link((key, &before), &envelope);
            let head = self.bytes.get_mut(part.start..).unwrap_or_default();
            if let Some((to, rest)) = head.split_first_chunk_mut() {
                *to = envelope;
                rest.iter_mut()
                    .zip(before.as_bytes())
                    .for_each(|(to, byte)| *to = *byte);
            }
            hashes.push(before);
        }
        hashes
    }

    /// What the envelopes commit to: salt, body and padding.
    fn commits(&self) -> Vec<Digest> {
        let tail = |part: &Part| {
            let end = part.start + frame::len_of(part.body_len);
            self.bytes
                .get(part.start + HEAD_LEN - SALT_LEN..end)
                .unwrap_or_default()
        };
        let tails: Vec<&[u8]> = self.parts.iter().map(tail).collect();
        Lanes::of(Context::AuditBody).digest(&tails)
    }
}

impl Part {
    fn envelope(&self, seq: u64, written: Written, commit: &Digest) -> [u8; ENVELOPE_LEN] {
        let number = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
        let mut envelope = [0; ENVELOPE_LEN];
        let mut rest = envelope.as_mut_slice();
        for field in [
            MAGIC.as_slice(),
            &number(frame::len_of(self.body_len)),
            &seq.to_le_bytes(),
            &written.utc_ns.to_le_bytes(),
            &written.boottime_ns.to_le_bytes(),
            &written.boot.to_le_bytes(),
            &written.error_us.to_le_bytes(),
            &self.kind.to_le_bytes(),
            &SCHEMA.to_le_bytes(),
            &number(self.body_len),
            &self.source,
            commit.as_bytes(),
        ] {
            let Some((to, left)) = rest.split_at_mut_checked(field.len()) else {
                break;
            };
            to.copy_from_slice(field);
            rest = left;
        }
        envelope
    }
}
