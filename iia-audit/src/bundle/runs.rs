//! Records of a bundle, in runs: each run says where it starts and what it links to, then come its records.

use alloc::vec::Vec;

use iia_core::digest::Digest;

use crate::AuditError;
use crate::envelope::{BARE_LEN, Envelope, Shown};
use crate::frame;

/// Bytes before the records of a run: form, first number, count, hash before.
pub const RUN_HEAD_LEN: usize = 56;
pub(super) const WHOLE: [u8; 8] = *b"IABWHOLE";
pub(super) const BARE: [u8; 8] = *b"IABBARE\n";

/// Reads the records of a bundle, whose chain is keyed with `key`.
///
/// # Errors
/// The byte at which something is wrong, and what.
pub(crate) fn read(bytes: &[u8], key: &[u8; 32]) -> Result<Vec<Shown>, (usize, AuditError)> {
    let mut reader = Reader {
        bytes,
        key,
        at: 0,
        next: 0,
        before: Digest::ZERO,
        form: None,
        shown: Vec::new(),
    };
    while reader.at < bytes.len() {
        reader.run().map_err(|error| (reader.at, error))?;
    }
    Ok(reader.shown)
}

struct Reader<'a> {
    bytes: &'a [u8],
    key: &'a [u8; 32],
    at: usize,
    /// The number and hash that a run without a hole would start with.
    next: u64,
    before: Digest,
    form: Option<[u8; 8]>,
    shown: Vec<Shown>,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) -> Result<(), AuditError> {
        let bad = |seq, what| Err(AuditError::BadRecord { seq, what });
        let Some(head) = self.rest().first_chunk::<RUN_HEAD_LEN>() else {
            return bad(self.next, "cut short");
        };
        let mut fields = frame::Fields(head);
        let form: [u8; 8] = fields.take();
        let first = u64::from_le_bytes(fields.take());
        let count = u64::from_le_bytes(fields.take());
        let before = Digest::from_bytes(fields.take());
        let follows = first == self.next;
        if (form != WHOLE && form != BARE) || first < self.next || count == 0 {
            return bad(self.next, "no run of records starts here");
        }
        if follows && before != self.before {
            return Err(AuditError::BrokenLink { seq: first });
        }
        if follows && self.form == Some(form) {
            return bad(first, "a run that goes on is cut in two");
        }
        (self.next, self.before, self.form) = (first, before, Some(form));
        self.at += RUN_HEAD_LEN;
        for _ in 0..count {
            let (shown, len) = self.record(form)?;
            self.at += len;
            self.before = shown.hash();
            self.next = self.next.checked_add(1).ok_or(AuditError::BadRecord {
                seq: self.next,
                what: "another number or schema",
            })?;
            self.shown.push(shown);
        }
        Ok(())
    }

    fn record(&self, form: [u8; 8]) -> Result<(Shown, usize), AuditError> {
        let (rest, chain) = (self.rest(), (self.key, &self.before));
        if form == BARE {
            let envelope = Envelope::read(rest, chain, self.next)?;
            return Ok((Shown::Bare(envelope), BARE_LEN));
        }
        let record = frame::decode(rest, chain, self.next)?;
        let len = record.len;
        Ok((Shown::Whole(record), len))
    }
}
