//! A block of the ring as the kernel fills it (TPACKET_V3; linux/if_packet.h): a head, then frames that each say where the next
//! begins. What is read here is a copy, which nobody changes any more; no number in it is believed before it is checked.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// Where the state of a block stands, and what it says.
pub(super) const STATUS_AT: usize = 8;
/// The block is the reader's.
pub(super) const OURS: u32 = 1;
/// The block is the kernel's.
pub(super) const KERNELS: u32 = 0;
/// Where the number of bytes stands that the kernel has used.
pub(super) const USED_AT: usize = 20;
/// Bytes of a block's head.
pub(super) const HEAD_LEN: usize = 48;
/// Bytes kept free before each frame, for the tag that the kernel has taken out of it.
pub(super) const RESERVED: usize = 4;

/// Bytes of a frame's head and of the address behind it.
const FRAME_HEAD_LEN: usize = 48 + 20;
/// The tag is known, and so is its kind.
const TAG_KNOWN: u32 = 1 << 4;
const TAG_KIND_KNOWN: u32 = 1 << 6;
/// The kind of a tag that does not say (IEEE 802.1Q).
const TAG_KIND: u16 = 0x8100;
/// Bytes of both addresses of an Ethernet frame.
const ADDRESSES_LEN: usize = 12;

/// Where a frame stands in the copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) orig_len: u32,
    pub(super) ts: Timestamp,
}

/// Finds the frames of a block and puts back the tags that the kernel took out, where `tagged` says that the link has such;
/// answers whether the block holds what its head says.
pub(super) fn frames(block: &mut [u8], tagged: bool, found: &mut Vec<Found>) -> bool {
    found.clear();
    let (Some(count), Some(first)) = (word(block, 12), word(block, 16)) else {
        return false;
    };
    let mut at = first as usize;
    for left in (0..count).rev() {
        let Some(next) = frame(block, (at, tagged), found) else {
            return false;
        };
        // The last one says how long it is, or nothing.
        if next == 0 && left > 0 {
            return false;
        }
        at = at.saturating_add(next);
    }
    true
}

/// Reads the frame at `at`; answers how far the next one is.
fn frame(block: &mut [u8], (at, tagged): (usize, bool), found: &mut Vec<Found>) -> Option<usize> {
    let head = block.get(at..at.checked_add(FRAME_HEAD_LEN)?)?;
    let (next, status) = (word(head, 0)?, word(head, 20)?);
    let ts = i64::from(word(head, 4)?) * SECOND_NS + i64::from(word(head, 8)?);
    let (len, orig_len) = (word(head, 12)? as usize, word(head, 16)?);
    let (control, kind) = (half(head, 32)?, half(head, 36)?);
    let start = usize::from(half(head, 24)?);
    let room = start.checked_sub(FRAME_HEAD_LEN)?;
    let start = at.checked_add(start)?;
    block.get(start..start.checked_add(len)?)?;
    let mut one = Found {
        start,
        len,
        orig_len,
        ts: Timestamp::from_ns(ts),
    };
    let whole = room >= RESERVED && len >= ADDRESSES_LEN;
    if tagged && status & TAG_KNOWN != 0 && whole {
        let kind = match status & TAG_KIND_KNOWN {
            0 => TAG_KIND,
            _ => kind,
        };
        put_back(block, &mut one, kind, control)?;
    }
    found.push(one);
    Some(next as usize)
}

/// Moves both addresses to the front and writes the tag behind them.
fn put_back(block: &mut [u8], one: &mut Found, kind: u16, control: u16) -> Option<()> {
    let start = one.start.checked_sub(RESERVED)?;
    block.copy_within(one.start..one.start.checked_add(ADDRESSES_LEN)?, start);
    let tag = block.get_mut(start + ADDRESSES_LEN..start + ADDRESSES_LEN + RESERVED)?;
    let ([a, b], [c, d]) = (kind.to_be_bytes(), control.to_be_bytes());
    tag.copy_from_slice(&[a, b, c, d]);
    one.start = start;
    one.len += RESERVED;
    one.orig_len = one.orig_len.saturating_add(RESERVED as u32);
    Some(())
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_ne_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let (half, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u16::from_ne_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETHERNET: [u8; 18] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0, 9, 9, 9, 9];

    /// A block of frames, each with a tag or without.
    fn block(tags: &[Option<(u16, u16)>]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_LEN];
        bytes[12..16].copy_from_slice(&(tags.len() as u32).to_ne_bytes());
        bytes[16..20].copy_from_slice(&(HEAD_LEN as u32).to_ne_bytes());
        for (number, tag) in tags.iter().enumerate() {
            let mut head = [0; FRAME_HEAD_LEN + RESERVED];
            let len = (head.len() + ETHERNET.len()).next_multiple_of(16);
            let last = number + 1 == tags.len();
            let next = if last { 0 } else { len as u32 };
            let (kind, control) = tag.unwrap_or_default();
            let status = match tag {
                None => OURS,
                Some((0, _)) => OURS | TAG_KNOWN,
                Some(_) => OURS | TAG_KNOWN | TAG_KIND_KNOWN,
            };
            let words = [next, 7, 5, ETHERNET.len() as u32, 60, status];
            for (at, word) in words.iter().enumerate() {
                head[4 * at..4 * at + 4].copy_from_slice(&word.to_ne_bytes());
            }
            let data_at = head.len() as u16;
            head[24..26].copy_from_slice(&data_at.to_ne_bytes());
            head[32..36].copy_from_slice(&u32::from(control).to_ne_bytes());
            head[36..38].copy_from_slice(&kind.to_ne_bytes());
            let start = bytes.len();
            bytes.extend_from_slice(&head);
            bytes.extend_from_slice(&ETHERNET);
            bytes.resize(start + len, 0);
        }
        bytes
    }

    #[test]
    fn frames_are_found_and_tags_put_back() {
        let mut bytes = block(&[None, Some((0x88a8, 0x6064)), Some((0, 0x0005))]);
        let mut found = Vec::new();
        assert!(frames(&mut bytes, true, &mut found));
        let data: Vec<&[u8]> = found
            .iter()
            .map(|one| &bytes[one.start..one.start + one.len])
            .collect();
        let tagged = |tag: [u8; 4]| [&ETHERNET[..12], &tag, &ETHERNET[12..]].concat();
        assert_eq!(
            data,
            [
                ETHERNET.to_vec(),
                tagged([0x88, 0xa8, 0x60, 0x64]),
                tagged([0x81, 0, 0, 5]),
            ]
        );
        let lens: Vec<u32> = found.iter().map(|one| one.orig_len).collect();
        assert_eq!(lens, [60, 64, 64]);
        let ts = Timestamp::from_ns(7_000_000_005);
        assert!(found.iter().all(|one| one.ts == ts));
    }

    #[test]
    fn a_link_without_tags_is_left_as_it_is() {
        let mut bytes = block(&[Some((0x8100, 5))]);
        let mut found = Vec::new();
        assert!(frames(&mut bytes, false, &mut found));
        assert_eq!(found.iter().map(|one| one.len).sum::<usize>(), 18);
    }

    #[test]
    fn bent_and_cut_blocks_are_read_as_far_as_they_make_sense() {
        let whole = block(&[None, Some((0x8100, 5)), None]);
        let mut found = Vec::new();
        for cut in 0..whole.len() {
            let mut bytes = whole[..cut].to_vec();
            frames(&mut bytes, true, &mut found);
            assert!(found.iter().all(|one| one.start + one.len <= cut));
        }
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            frames(&mut bytes, true, &mut found);
            assert!(found.len() <= 3);
            assert!(found.iter().all(|one| one.start + one.len <= whole.len()));
        }
    }

    #[test]
    fn a_count_that_is_too_high_ends_at_the_last_frame() {
        let mut bytes = block(&[None, None]);
        bytes[12..16].copy_from_slice(&u32::MAX.to_ne_bytes());
        let mut found = Vec::new();
        assert!(!frames(&mut bytes, true, &mut found));
        assert_eq!(found.len(), 2);
    }
}
