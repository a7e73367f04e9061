//! Eight bytes of a text at a time, in one number whose lowest byte is the first of them.

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// The bytes from a place on; zeros stand behind the end.
#[inline]
pub(super) fn word(text: &[u8], from: usize) -> u64 {
    let rest = text.get(from..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    let Some(last) = text.last_chunk() else {
        let bytes = rest.iter().rev();
        return bytes.fold(0, |word, byte| word << 8 | u64::from(*byte));
    };
    match rest.len() {
        0 => 0,
        len => u64::from_le_bytes(*last) >> (64 - 8 * len),
    }
}

/// How many bytes of a word come before the first that is this one; eight when none is.
#[inline]
pub(super) const fn before(word: u64, byte: u8) -> usize {
    let other = word ^ (ONES * byte as u64);
    // Only what lies above a zero can look like one as well.
    let zeros = other.wrapping_sub(ONES) & !other & HIGHS;
    zeros.trailing_zeros() as usize / 8
}

/// The first bytes of a word, with zeros for the others.
#[inline]
pub(super) const fn first(word: u64, len: usize) -> u64 {
    match len {
        8.. => word,
        len => word & ((1 << (8 * len)) - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_is_the_bytes_that_stand_there(
            text in prop::collection::vec(any::<u8>(), 0..20), from in 0..24usize,
        ) {
            let mut bytes: Vec<u8> = text.iter().skip(from).take(8).copied().collect();
            bytes.resize(8, 0);
            prop_assert_eq!(word(&text, from).to_le_bytes().to_vec(), bytes);
        }

        #[test]
        fn the_first_of_a_byte_is_found(bytes in prop::array::uniform8(0x2d..0x32u8), byte in 0x2d..0x32u8) {
            let found = bytes.iter().position(|one| *one == byte).unwrap_or(8);
            let word = u64::from_le_bytes(bytes);
            prop_assert_eq!(before(word, byte), found);
            let mut kept = bytes;
            kept.iter_mut().skip(found).for_each(|byte| *byte = 0);
            prop_assert_eq!(first(word, found).to_le_bytes(), kept);
        }
    }

    #[test]
    fn neither_borrows_nor_high_bits_are_taken_for_the_byte() {
        for (bytes, found) in [
            (*b"/0/0/0/0", 0),
            (*b"0/00////", 1),
            ([0xaf; 8], 8),
            ([0x30, 0xaf, 0x2e, 0x30, 0, 0xff, 0x80, 0x2f], 7),
        ] {
            assert_eq!(before(u64::from_le_bytes(bytes), b'/'), found, "{bytes:?}");
        }
    }
}
