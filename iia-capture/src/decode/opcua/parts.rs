//! Chunks of messages that are put together (OPC 10000-6, 6.7.2).

use alloc::vec::Vec;

use super::packet::SYMMETRIC_LEN;

/// Messages of one direction that come in chunks at a time, at most; the oldest goes.
pub const PARTS_MAX: usize = 4;
/// Bytes of a message that are put together at most; the rest is passed, and the message told as cut.
pub const MESSAGE_LEN_MAX: usize = 256 * 1024;

/// A message of which chunks are still to come.
#[derive(Debug)]
pub(super) struct Part {
    request: u32,
    /// Chunks so far.
    pub(super) chunks: u16,
    /// Whether bytes of it are missing at its end.
    pub(super) cut: bool,
    /// Room for the head of its last chunk, then what its chunks carried.
    pub(super) bytes: Vec<u8>,
}

/// The messages of one direction that are not whole.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<Part>);

impl Parts {
    /// Whether a message has begun.
    pub(super) fn has(&self, request: u32) -> bool {
        self.0.iter().any(|part| part.request == request)
    }

    /// Takes the next chunk of a message, or its first.
    pub(super) fn add(&mut self, request: u32, body: &[u8], cut: bool) {
        if !self.has(request) {
            if self.0.len() >= PARTS_MAX {
                self.0.remove(0);
            }
            self.0.push(Part {
                request,
                chunks: 0,
                cut: false,
                bytes: alloc::vec![0; SYMMETRIC_LEN],
            });
        }
        let Some(part) = self.0.iter_mut().find(|part| part.request == request) else {
            return;
        };
        let room = MESSAGE_LEN_MAX.saturating_sub(part.bytes.len());
        let fits = body.get(..room).unwrap_or(body);
        // What comes behind missing bytes would be read in the wrong place.
        if !part.cut {
            part.bytes.extend_from_slice(fits);
        }
        part.cut |= cut || fits.len() < body.len();
        part.chunks = part.chunks.saturating_add(1);
    }

    /// Gives a message back, whole or not.
    pub(super) fn take(&mut self, request: u32) -> Option<Part> {
        let at = self.0.iter().position(|part| part.request == request)?;
        Some(self.0.remove(at))
    }

    /// Lets go of everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        self.0.iter().map(|part| part.bytes.len()).sum()
    }
}
