//! From a plain frame to its IP packet: Ethernet, VLAN, QinQ, cooked and loopback links. Whatever else stands between
//! a frame and IP is in `layers`.

use crate::source::LinkType;

/// VLAN tags that are looked through at most.
pub const TAGS_MAX: usize = 4;

/// An IP packet in a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Payload<'a> {
    /// The outer VLAN id, 0 when untagged.
    pub vlan: u16,
    /// The IP packet.
    pub ip: &'a [u8],
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// The IP packet of a frame; `None` when there is none.
pub fn payload(link: LinkType, frame: &[u8]) -> Option<Payload<'_>> {
    match link {
        LinkType::ETHERNET => ethernet(frame),
        LinkType::NULL | LinkType::LOOP => family(frame.get(4..)?),
        LinkType::RAW | LinkType(12 | 14 | 228 | 229) => family(frame),
        LinkType::SLL => by_type(u16_at(frame, 14)?, frame.get(16..)?),
        LinkType::SLL2 => by_type(u16_at(frame, 0)?, frame.get(20..)?),
        _ => None,
    }
}

fn ethernet(frame: &[u8]) -> Option<Payload<'_>> {
    let (_, rest) = frame.split_at_checked(12)?;
    let (kind, rest) = rest.split_first_chunk()?;
    by_type(u16::from_be_bytes(*kind), rest)
}

fn by_type(kind: u16, rest: &[u8]) -> Option<Payload<'_>> {
    let (vlan, kind, ip) = untag(kind, rest)?;
    matches!(kind, IPV4 | IPV6).then_some(Payload { vlan, ip })
}

/// The outer VLAN id, and the type and bytes behind all tags.
fn untag(mut kind: u16, mut rest: &[u8]) -> Option<(u16, u16, &[u8])> {
    let mut vlan = 0;
    for tag in 0..=TAGS_MAX {
        if !matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
            return Some((vlan, kind, rest));
        }
        let ([a, b, c, d], behind) = rest.split_first_chunk()?;
        if tag == 0 {
            vlan = u16::from_be_bytes([*a, *b]) & 0x0fff;
        }
        (kind, rest) = (u16::from_be_bytes([*c, *d]), behind);
    }
    None
}

/// Loopback links name a family that differs by system; the IP version says the same.
fn family(ip: &[u8]) -> Option<Payload<'_>> {
    matches!(ip.first()? >> 4, 4 | 6).then_some(Payload { vlan: 0, ip })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
