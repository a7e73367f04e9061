//! The runs of records of a bundle, written.

use alloc::vec::Vec;

use iia_core::digest::Digest;

use super::runs::{BARE, WHOLE};
use crate::envelope::BARE_LEN;

/// Writes records in runs.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Where the count of the run stands, its form, and the number that would go on with it.
    open: Option<(usize, [u8; 8], u64)>,
}

impl Writer {
    /// Adds record `seq`, which links to `before`: whole, or its envelope alone.
    pub(crate) fn push(&mut self, seq: u64, before: &Digest, frame: &[u8], whole: bool) {
        let form = if whole { WHOLE } else { BARE };
        let count_at = match self.open {
            Some((at, open, next)) if open == form && next == seq => at,
            _ => self.start(form, seq, before),
        };
        self.open = Some((count_at, form, seq + 1));
        if let Some(count) = self.bytes.get_mut(count_at..count_at + 8) {
            let number = count.try_into().map_or(0, u64::from_le_bytes) + 1;
            count.copy_from_slice(&number.to_le_bytes());
        }
        let len = if whole { frame.len() } else { BARE_LEN };
        self.bytes
            .extend_from_slice(frame.get(..len).unwrap_or_default());
    }

    fn start(&mut self, form: [u8; 8], seq: u64, before: &Digest) -> usize {
        self.bytes.extend_from_slice(&form);
        self.bytes.extend_from_slice(&seq.to_le_bytes());
        let count_at = self.bytes.len();
        self.bytes.extend_from_slice(&0u64.to_le_bytes());
        self.bytes.extend_from_slice(before.as_bytes());
        count_at
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
