//! One direction of a stream, cut into messages; bytes of a message that is not yet whole are kept.

use alloc::vec::Vec;

use super::WireError;

/// What a side keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut {
    kept: Vec<u8>,
    malformed: u64,
}

impl Cut {
    /// Takes the next bytes; `next` reads the message at their beginning and gives its length, nothing where it is not whole.
    /// After what is no message, everything up to the next packet is left out and counted.
    pub(super) fn handle_bytes(
        &mut self,
        bytes: &[u8],
        mut next: impl FnMut(&[u8]) -> Result<Option<usize>, WireError>,
    ) {
        let mut kept = core::mem::take(&mut self.kept);
        kept.extend_from_slice(bytes);
        let mut rest = kept.as_slice();
        loop {
            match next(rest) {
                Ok(Some(len)) => rest = rest.get(len..).unwrap_or_default(),
                Ok(None) => break,
                Err(_) => {
                    self.malformed += 1;
                    rest = &[];
                    break;
                }
            }
        }
        let used = kept.len() - rest.len();
        kept.drain(..used);
        self.kept = kept;
    }

    /// Forgets what is not whole.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// How often no message began where one should.
    pub(super) const fn malformed(&self) -> u64 {
        self.malformed
    }
}
