//! Many short digests at once: BLAKE3 runs over several inputs side by side, where one short input leaves most of a
//! processor's width idle.
//!
//! The digests are those of [`crate::digest`], which a test holds. Inputs of 64 to 1024 bytes in whole blocks of 64 go side
//! by side; all others one after the other. The crate that hashes names this interface for its own benchmarks only, so that
//! its version is pinned and this file is the one to look at when it changes.

use alloc::vec::Vec;

use blake3::IncrementCounter;
use blake3::platform::Platform;

use crate::digest::{Context, Digest, Hasher};

const BLOCK_LEN: usize = 64;
const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;
const DERIVE_KEY_MATERIAL: u8 = 1 << 6;
/// Inputs that go side by side in one call: more than any processor has lanes.
const GROUP: usize = 64;
const OUT_LEN: usize = 32;

/// A hash function for many inputs.
#[derive(Clone)]
pub struct Lanes {
    platform: Platform,
    key: [u32; 8],
    flags: u8,
    one: Hasher,
}

impl Lanes {
    /// As [`Hasher::keyed`].
    pub fn keyed(key: &[u8; 32]) -> Self {
        Self::new(key, KEYED_HASH, Hasher::keyed(key))
    }

    /// As [`Hasher::new`].
    pub fn of(context: Context) -> Self {
        let key = blake3::hazmat::hash_derive_key_context(context.derive());
        Self::new(&key, DERIVE_KEY_MATERIAL, Hasher::new(context))
    }

    fn new(key: &[u8; 32], flags: u8, one: Hasher) -> Self {
        let mut words = [0; 8];
        let (bytes, _) = key.as_chunks::<4>();
        for (word, bytes) in words.iter_mut().zip(bytes) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self {
            platform: Platform::detect(),
            key: words,
            flags,
            one,
        }
    }

    /// The digests of `inputs`, in their order.
    pub fn digest(&self, inputs: &[&[u8]]) -> Vec<Digest> {
        let mut sorted: Vec<(usize, &[u8])> = inputs.iter().copied().enumerate().collect();
        sorted.sort_by_key(|(_, input)| input.len());
        let mut digests = alloc::vec![Digest::ZERO; inputs.len()];
        let mut bytes = [0; GROUP * OUT_LEN];
        for alike in sorted.chunk_by(|(_, one), (_, next)| one.len() == next.len()) {
            for group in alike.chunks(GROUP) {
                self.side_by_side(group, &mut bytes);
                let (outputs, _) = bytes.as_chunks::<OUT_LEN>();
                for ((place, _), output) in group.iter().zip(outputs) {
                    if let Some(digest) = digests.get_mut(*place) {
                        *digest = Digest::from_bytes(*output);
                    }
                }
            }
        }
        digests
    }

    /// The digests of inputs of one length.
    fn side_by_side(&self, group: &[(usize, &[u8])], out: &mut [u8; GROUP * OUT_LEN]) {
        let len = group.first().map_or(0, |(_, input)| input.len());
        macro_rules! by_blocks {
            ($($blocks:literal)*) => {
                match len / BLOCK_LEN {
                    $($blocks if len % BLOCK_LEN == 0 => self.blocks::<{ $blocks * BLOCK_LEN }>(group, out),)*
                    _ => self.one_by_one(group, out),
                }
            };
        }
        by_blocks!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }

    fn blocks<const LEN: usize>(&self, group: &[(usize, &[u8])], out: &mut [u8; GROUP * OUT_LEN]) {
        let mut inputs = [&[0; LEN]; GROUP];
        for (to, input) in inputs
            .iter_mut()
            .zip(group.iter().filter_map(|(_, input)| input.as_array()))
        {
            *to = input;
        }
        let inputs = inputs.get(..group.len()).unwrap_or_default();
        let (start, end) = (CHUNK_START, CHUNK_END | ROOT);
        self.platform.hash_many(
            inputs,
            &self.key,
            0,
            IncrementCounter::No,
            self.flags,
            start,
            end,
            out,
        );
    }

    fn one_by_one(&self, group: &[(usize, &[u8])], out: &mut [u8; GROUP * OUT_LEN]) {
        let (outputs, _) = out.as_chunks_mut::<OUT_LEN>();
        for ((_, input), output) in group.iter().zip(outputs) {
            *output = *self.one.clone().update(input).finish().as_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_by_side_is_one_by_one() {
        let bytes: Vec<u8> = (0..40_000u32).map(|n| ((n * 31) >> 3) as u8).collect();
        let key = [7; 32];
        for count in [0, 1, 2, 15, 16, 17, 63, 64, 65, 200] {
            let lengths = (0..count).map(|n| match n % 5 {
                0 => n * 64 % 1100,
                1 => 128,
                2 => 1024,
                3 => n * 7 % 90,
                _ => 320,
            });
            let inputs: Vec<&[u8]> = lengths
                .enumerate()
                .map(|(at, len)| &bytes[at * 3..at * 3 + len])
                .collect();
            let keyed = |input: &&[u8]| Hasher::keyed(&key).update(input).finish();
            let derived = |input: &&[u8]| Digest::of(Context::AuditBody, input);
            assert_eq!(
                Lanes::keyed(&key).digest(&inputs),
                inputs.iter().map(keyed).collect::<Vec<_>>()
            );
            assert_eq!(
                Lanes::of(Context::AuditBody).digest(&inputs),
                inputs.iter().map(derived).collect::<Vec<_>>()
            );
        }
    }
}
