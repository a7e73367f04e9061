//! Takes structure out of any bytes; when they run out, it is zeros.

use iia_core::sign::SoftwareKey;

/// A key that everybody knows.
pub fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

/// Bytes that are still to be used.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.byte())
    }

    /// The next eight bytes as a number.
    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// At most `len` bytes.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A piece whose length of two bytes stands before it.
    pub fn piece(&mut self) -> &'a [u8] {
        let len = u16::from_le_bytes(self.array());
        self.take(len.into())
    }

    /// The sum of what is left: draws one in so many inputs by lot, whatever a fuzzer likes to keep.
    pub fn sum(&self) -> u8 {
        self.0.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `bytes` with one bit turned, somewhere; the same when there are none.
pub fn bend(bytes: &[u8], at: u64) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    let len = bent.len().max(1) as u64;
    if let Some(byte) = bent.get_mut((at / 8 % len) as usize) {
        *byte ^= 1 << (at % 8);
    }
    bent
}
