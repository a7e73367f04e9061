//! Blocks of pcapng (draft-ietf-opsawg-pcapng) as the ring writes them: little endian, nanoseconds, a section with its interfaces
//! first and then packets. Read back, a block counts only when it is whole and says its length twice.

use iia_core::Timestamp;

use crate::source::{LinkType, Packet};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
/// What a section says to show its byte order.
const ORDER: u32 = 0x1a2b_3c4d;

/// Bytes of a packet at most.
pub const PACKET_LEN_MAX: usize = 1024 * 1024;
/// Bytes of a packet's block around its data.
pub(super) const AROUND_LEN: usize = 32;
/// Bytes of a section's block and of an interface's.
const SECTION_LEN: usize = 28;
const INTERFACE_LEN: usize = 32;
/// Bytes of a block at least.
const BLOCK_LEN_MIN: usize = 12;

/// The beginning of a file: the section and its interfaces.
pub(super) fn head(links: &[LinkType]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SECTION_LEN + INTERFACE_LEN * links.len());
    block(&mut bytes, SECTION, SECTION_LEN, |bytes| {
        words(bytes, &[ORDER, 1, u32::MAX, u32::MAX]); // version 1.0, length not given
    });
    for link in links {
        block(&mut bytes, INTERFACE, INTERFACE_LEN, |bytes| {
            // No limit of length; option 9: a tick is 10^-9 seconds; end of options.
            words(bytes, &[u32::from(link.0), 0, 1 << 16 | 9, 9, 0]);
        });
    }
    bytes
}

/// Bytes that a packet takes.
pub(super) const fn packet_len(data: usize) -> usize {
    AROUND_LEN + data.next_multiple_of(4)
}

/// Appends a packet of the interface with this number.
pub(super) fn packet(bytes: &mut Vec<u8>, interface: u32, packet: &Packet<'_>) {
    let ticks = ticks(packet.ts);
    let data = packet.data;
    let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
    block(bytes, PACKET, packet_len(data.len()), |bytes| {
        let (high, low) = ((ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32);
        let original = packet.orig_len.max(captured);
        words(bytes, &[interface, high, low, captured, original]);
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len() + data.len().next_multiple_of(4) - data.len(), 0);
    });
}

/// The time as the file has it: what was before 1970 is told as its beginning.
fn ticks(ts: Timestamp) -> u64 {
    u64::try_from(ts.as_ns()).unwrap_or(0)
}

/// The time of a packet as it is read back.
pub(super) fn written(ts: Timestamp) -> i64 {
    ts.as_ns().max(0)
}

fn block(bytes: &mut Vec<u8>, kind: u32, len: usize, body: impl FnOnce(&mut Vec<u8>)) {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    words(bytes, &[kind, len]);
    body(bytes);
    words(bytes, &[len]);
}

fn words(bytes: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Block {
    /// The section or an interface.
    Head { len: usize, interface: Option<u16> },
    /// A packet, at this time.
    Packet { len: usize, at: i64 },
    /// It does not end here.
    Cut,
    /// It is none that the ring writes.
    Damaged,
}

/// Reads the block at the start of these bytes.
pub(super) fn step(bytes: &[u8]) -> Block {
    let (Some(kind), Some(len)) = (word(bytes, 0), word(bytes, 4)) else {
        return Block::Cut;
    };
    let len = len as usize;
    let sound = match kind {
        SECTION => len == SECTION_LEN,
        INTERFACE => len == INTERFACE_LEN,
        PACKET => len >= AROUND_LEN && len <= packet_len(PACKET_LEN_MAX),
        _ => false,
    };
    if !sound || !len.is_multiple_of(4) {
        return Block::Damaged;
    }
    let Some(whole) = bytes.get(..len) else {
        return Block::Cut;
    };
    let end = word(whole, len.saturating_sub(4)).map(|end| end as usize);
    let read = match kind {
        _ if end != Some(len) || len < BLOCK_LEN_MIN => None,
        SECTION => (word(whole, 8) == Some(ORDER)).then_some(Block::Head {
            len,
            interface: None,
        }),
        INTERFACE => word(whole, 8).map(|link| Block::Head {
            len,
            interface: Some((link & 0xffff) as u16),
        }),
        _ => packet_at(whole).map(|at| Block::Packet { len, at }),
    };
    read.unwrap_or(Block::Damaged)
}

/// The time of a packet's block whose lengths agree.
fn packet_at(whole: &[u8]) -> Option<i64> {
    let ticks = u64::from(word(whole, 12)?) << 32 | u64::from(word(whole, 16)?);
    let captured = word(whole, 20)? as usize;
    let fits = captured <= PACKET_LEN_MAX && packet_len(captured) == whole.len();
    fits.then(|| i64::try_from(ticks).ok()).flatten()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = head(&[LinkType::ETHERNET, LinkType::RAW]);
        let ts = Timestamp::from_ns(1_800_000_000_123_456_789);
        for len in 0..9 {
            let data = &[7; 9][..len];
            let one = Packet {
                ts,
                link: LinkType::RAW,
                orig_len: 60,
                data,
            };
            packet(&mut bytes, 1, &one);
        }
        let mut rest = bytes.as_slice();
        let mut found = Vec::new();
        while !rest.is_empty() {
            let block = step(rest);
            let (Block::Head { len, .. } | Block::Packet { len, .. }) = block else {
                panic!("{block:?}")
            };
            found.push(block);
            rest = &rest[len..];
        }
        assert_eq!(found.len(), 12);
        let at = ts.as_ns();
        assert!(
            found[3..]
                .iter()
                .all(|one| matches!(one, Block::Packet { at: read, .. } if *read == at))
        );
    }

    #[test]
    fn a_block_that_is_cut_or_bent_is_none() {
        let mut bytes = Vec::new();
        let one = Packet {
            ts: Timestamp::from_ns(-5),
            link: LinkType::ETHERNET,
            orig_len: 0,
            data: &[1, 2, 3, 4, 5],
        };
        packet(&mut bytes, 0, &one);
        assert_eq!(step(&bytes), Block::Packet { len: 40, at: 0 });
        for cut in 0..bytes.len() {
            assert_eq!(step(&bytes[..cut]), Block::Cut, "{cut}");
        }
        for byte in [4, 20, 36] {
            let mut bent = bytes.clone();
            bent[byte] ^= 1;
            assert!(matches!(step(&bent), Block::Damaged), "{byte}");
        }
        assert_eq!(step(&[0xff; 64]), Block::Damaged);
    }
}
