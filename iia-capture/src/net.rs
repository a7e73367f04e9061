//! IP and transport headers: lengths checked, nothing copied.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use iia_core::observe::Transport;

use crate::layers::fragment::Piece;

/// IPv6 extension headers that are looked through at most.
pub const EXTENSIONS_MAX: usize = 8;

/// A transport segment with its addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment<'a> {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Source port; 0 where there is none.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// The transport.
    pub transport: Transport,
    /// TCP's own fields.
    pub tcp: Option<Tcp>,
    /// The payload.
    pub payload: &'a [u8],
}

/// What reassembly needs of a TCP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tcp {
    /// Sequence number.
    pub seq: u32,
    /// SYN is set.
    pub syn: bool,
    /// ACK is set.
    pub ack: bool,
    /// The next byte the sender expects; means something when ACK is set.
    pub ack_seq: u32,
    /// FIN is set.
    pub fin: bool,
    /// RST is set.
    pub rst: bool,
}

/// Why a packet has no segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoSegment {
    /// A part of a fragmented packet.
    Fragment,
    /// Cut short or wrong lengths.
    Malformed,
}

/// The segment of an IP packet.
///
/// # Errors
/// [`NoSegment`].
#[inline]
pub fn segment(ip: &[u8]) -> Result<Segment<'_>, NoSegment> {
    match ip.first().map(|byte| byte >> 4) {
        Some(4) => v4(ip),
        Some(6) => v6(ip),
        _ => Err(NoSegment::Malformed),
    }
}

fn v4(ip: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let head: &[u8; 20] = ip.first_chunk().ok_or(NoSegment::Malformed)?;
    let [
        vihl,
        _,
        l1,
        l2,
        _,
        _,
        f1,
        f2,
        _,
        protocol,
        _,
        _,
        s1,
        s2,
        s3,
        s4,
        d1,
        d2,
        d3,
        d4,
    ] = *head;
    let (header_len, total) = (usize::from(vihl & 0x0f) * 4, total_len(l1, l2));
    // A total length of 0 is what offloading leaves in captures taken before the card.
    let total = if total == 0 {
        ip.len()
    } else {
        total.min(ip.len())
    };
    let rest = ip
        .get(header_len..total)
        .filter(|_| header_len >= 20)
        .ok_or(NoSegment::Malformed)?;
    if u16::from_be_bytes([f1, f2]) & 0x3fff != 0 {
        return Err(NoSegment::Fragment);
    }
    let (src, dst) = (Ipv4Addr::new(s1, s2, s3, s4), Ipv4Addr::new(d1, d2, d3, d4));
    let (src, dst) = (IpAddr::V4(src), IpAddr::V4(dst));
    match protocol {
        AUTHENTICATION => behind(protocol, rest, src, dst),
        _ => transport(protocol, rest, src, dst),
    }
}

fn total_len(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high, low]))
}

/// A TCP segment of IPv4 that the capture cut within its options: its ports and numbers are there, its payload is not.
pub fn cut_segment(ip: &[u8]) -> Option<Segment<'_>> {
    ip.first().filter(|first| **first >> 4 == 4)?;
    let piece = v4_piece(ip).filter(|piece| piece.bytes.is_none() && piece.offset == 0)?;
    let header_len = usize::from(ip.first()? & 0x0f) * 4;
    let rest = ip.get(header_len..).filter(|_| piece.next == 6)?;
    let mut head: [u8; 20] = *rest.first_chunk()?;
    let offset = head.get_mut(12).filter(|offset| **offset >> 4 >= 5)?;
    *offset = 0x50;
    let segment = transport(piece.next, &head, piece.src, piece.dst).ok()?;
    let payload: &[u8] = &[];
    Some(Segment { payload, ..segment })
}

fn v6(ip: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let (next, rest, src, dst) = v6_head(ip).ok_or(NoSegment::Malformed)?;
    behind(next, rest, src, dst)
}

/// The next header of an IPv6 packet, what is behind, and the addresses.
fn v6_head(ip: &[u8]) -> Option<(u8, &[u8], IpAddr, IpAddr)> {
    let (head, rest) = ip.split_first_chunk::<40>()?;
    let [_, _, _, _, l1, l2, next, _, addresses @ ..] = head;
    let len = usize::from(u16::from_be_bytes([*l1, *l2]));
    let rest = rest.get(..len).filter(|_| len > 0).unwrap_or(rest);
    let (src, dst) = addresses.split_at(16);
    let address = |bytes: &[u8]| {
        let bytes: [u8; 16] = bytes.try_into().unwrap_or_default();
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    Some((*next, rest, address(src), address(dst)))
}

/// The segment behind an IP header or in a datagram made whole, its extension headers looked through.
///
/// # Errors
/// [`NoSegment`].
#[inline]
pub fn behind(
    mut next: u8,
    mut rest: &[u8],
    src: IpAddr,
    dst: IpAddr,
) -> Result<Segment<'_>, NoSegment> {
    for _ in 0..EXTENSIONS_MAX {
        match next {
            FRAGMENT if src.is_ipv6() => {
                let (head, behind) = rest.split_first_chunk().ok_or(NoSegment::Malformed)?;
                // A fragment of all is none (RFC 6946).
                if offset_and_more(head) != (0, false) {
                    return Err(NoSegment::Fragment);
                }
                let [following, ..] = *head;
                (next, rest) = (following, behind);
            }
            HOP_BY_HOP | ROUTING | OPTIONS | MOBILITY | HIP | SHIM6 if src.is_ipv6() => {
                (next, rest) = extension(next, rest).ok_or(NoSegment::Malformed)?;
            }
            AUTHENTICATION => {
                (next, rest) = extension(next, rest).ok_or(NoSegment::Malformed)?;
            }
            _ => return transport(next, rest, src, dst),
        }
    }
    Err(NoSegment::Malformed)
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// What an extension header names, and what is behind it (RFC 8200, 4; RFC 4302, 2.2 counts in words of four).
fn extension(kind: u8, bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [following, len, ..] = *bytes else {
        return None;
    };
    let len = match kind {
        AUTHENTICATION => 8 + usize::from(len) * 4,
        _ => 8 + usize::from(len) * 8,
    };
    Some((following, bytes.get(len..)?))
}

/// A fragment header of IPv6 (RFC 8200, 4.5).
const fn offset_and_more(head: &[u8; 8]) -> (usize, bool) {
    let [_, _, o1, o2, ..] = *head;
    let word = u16::from_be_bytes([o1, o2]);
    ((word & 0xfff8) as usize, word & 1 != 0)
}

/// The fragment that an IP packet is; `None` where it is none.
pub fn piece(ip: &[u8]) -> Option<Piece<'_>> {
    match ip.first()? >> 4 {
        4 => v4_piece(ip),
        6 => v6_piece(ip),
        _ => None,
    }
}

fn v4_piece(ip: &[u8]) -> Option<Piece<'_>> {
    let head: &[u8; 20] = ip.first_chunk()?;
    let [
        vihl,
        _,
        l1,
        l2,
        i1,
        i2,
        f1,
        f2,
        _,
        next,
        _,
        _,
        addresses @ ..,
    ] = *head;
    let [s1, s2, s3, s4, d1, d2, d3, d4] = addresses;
    let header_len = usize::from(vihl & 0x0f) * 4;
    let total = total_len(l1, l2);
    let word = u16::from_be_bytes([f1, f2]);
    Some(Piece {
        src: IpAddr::V4(Ipv4Addr::new(s1, s2, s3, s4)),
        dst: IpAddr::V4(Ipv4Addr::new(d1, d2, d3, d4)),
        id: u32::from(u16::from_be_bytes([i1, i2])),
        next,
        offset: usize::from(word & 0x1fff) * 8,
        more: word & 0x2000 != 0,
        bytes: ip.get(header_len..total),
    })
}

fn v6_piece(ip: &[u8]) -> Option<Piece<'_>> {
    let (mut next, mut rest, src, dst) = v6_head(ip)?;
    let [_, _, _, _, l1, l2, ..] = *ip else {
        return None;
    };
    let whole = ip.len() >= 40 + usize::from(u16::from_be_bytes([l1, l2]));
    for _ in 0..EXTENSIONS_MAX {
        if next == FRAGMENT {
            let (head, bytes) = rest.split_first_chunk::<8>()?;
            let ((offset, more), [following, _, _, _, id @ ..]) = (offset_and_more(head), *head);
            return Some(Piece {
                src,
                dst,
                id: u32::from_be_bytes(id),
                next: following,
                offset,
                more,
                bytes: whole.then_some(bytes),
            });
        }
        (next, rest) = extension(next, rest)?;
    }
    None
}

/// What a TCP header says, and how long it says it is.
#[inline(always)]
pub(crate) fn tcp(head: &[u8; 20]) -> (Tcp, usize) {
    let [
        _,
        _,
        _,
        _,
        q1,
        q2,
        q3,
        q4,
        a1,
        a2,
        a3,
        a4,
        offset,
        flags,
        ..,
    ] = *head;
    let flag = |bit: u8| flags & bit != 0;
    let tcp = Tcp {
        seq: u32::from_be_bytes([q1, q2, q3, q4]),
        syn: flag(2),
        ack: flag(16),
        ack_seq: u32::from_be_bytes([a1, a2, a3, a4]),
        fin: flag(1),
        rst: flag(4),
    };
    (tcp, usize::from(offset >> 4) * 4)
}

fn transport(
    protocol: u8,
    bytes: &[u8],
    src: IpAddr,
    dst: IpAddr,
) -> Result<Segment<'_>, NoSegment> {
    let malformed = NoSegment::Malformed;
    // Put together once: what is written in small pieces and read in large ones waits for the store.
    let segment = |(sport, dport), transport, tcp, payload| Segment {
        src,
        dst,
        sport,
        dport,
        transport,
        tcp,
        payload,
    };
    match protocol {
        6 => {
            let head: &[u8; 20] = bytes.first_chunk().ok_or(malformed)?;
            let (tcp, header_len) = tcp(head);
            let payload = bytes
                .get(header_len..)
                .filter(|_| header_len >= 20)
                .ok_or(malformed)?;
            let [s1, s2, d1, d2, ..] = *head;
            let ports = (u16::from_be_bytes([s1, s2]), u16::from_be_bytes([d1, d2]));
            Ok(segment(ports, Transport::Tcp, Some(tcp), payload))
        }
        17 => {
            let (head, rest) = bytes.split_first_chunk::<8>().ok_or(malformed)?;
            let [s1, s2, d1, d2, l1, l2, _, _] = *head;
            let len = usize::from(u16::from_be_bytes([l1, l2])).saturating_sub(8);
            let payload = rest.get(..len).unwrap_or(rest);
            let ports = (u16::from_be_bytes([s1, s2]), u16::from_be_bytes([d1, d2]));
            Ok(segment(ports, Transport::Udp, None, payload))
        }
        _ => Ok(segment((0, 0), Transport::Ip(protocol), None, bytes)),
    }
}
