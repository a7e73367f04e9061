//! IP and transport headers: lengths checked, nothing copied.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use iia_core::observe::Transport;

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
    let (header_len, total) = (
        usize::from(vihl & 0x0f) * 4,
        usize::from(u16::from_be_bytes([l1, l2])),
    );
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
    transport(protocol, rest, IpAddr::V4(src), IpAddr::V4(dst))
}

fn v6(ip: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let (head, rest) = ip.split_first_chunk::<40>().ok_or(NoSegment::Malformed)?;
    let [_, _, _, _, l1, l2, next, _, addresses @ ..] = head;
    let len = usize::from(u16::from_be_bytes([*l1, *l2]));
    let mut rest = rest.get(..len).filter(|_| len > 0).unwrap_or(rest);
    let (src, dst) = addresses.split_at(16);
    let address = |bytes: &[u8]| {
        let bytes: [u8; 16] = bytes.try_into().unwrap_or_default();
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    let mut next = *next;
    for _ in 0..EXTENSIONS_MAX {
        match next {
            0 | 43 | 60 => {
                let [following, len, ..] = *rest else {
                    return Err(NoSegment::Malformed);
                };
                rest = rest
                    .get(8 + usize::from(len) * 8..)
                    .ok_or(NoSegment::Malformed)?;
                next = following;
            }
            44 => return Err(NoSegment::Fragment),
            _ => return transport(next, rest, address(src), address(dst)),
        }
    }
    Err(NoSegment::Malformed)
}

fn transport(
    protocol: u8,
    bytes: &[u8],
    src: IpAddr,
    dst: IpAddr,
) -> Result<Segment<'_>, NoSegment> {
    let malformed = NoSegment::Malformed;
    let none = Segment {
        src,
        dst,
        sport: 0,
        dport: 0,
        transport: Transport::Ip(protocol),
        tcp: None,
        payload: bytes,
    };
    match protocol {
        6 => {
            let head: &[u8; 20] = bytes.first_chunk().ok_or(malformed)?;
            let [
                s1,
                s2,
                d1,
                d2,
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
            let header_len = usize::from(offset >> 4) * 4;
            let payload = bytes
                .get(header_len..)
                .filter(|_| header_len >= 20)
                .ok_or(malformed)?;
            let flag = |bit: u8| flags & bit != 0;
            let seq = u32::from_be_bytes([q1, q2, q3, q4]);
            let tcp = Tcp {
                seq,
                syn: flag(2),
                ack: flag(16),
                ack_seq: u32::from_be_bytes([a1, a2, a3, a4]),
                fin: flag(1),
                rst: flag(4),
            };
            let (sport, dport) = (u16::from_be_bytes([s1, s2]), u16::from_be_bytes([d1, d2]));
            Ok(Segment {
                sport,
                dport,
                transport: Transport::Tcp,
                tcp: Some(tcp),
                payload,
                ..none
            })
        }
        17 => {
            let (head, rest) = bytes.split_first_chunk::<8>().ok_or(malformed)?;
            let [s1, s2, d1, d2, l1, l2, _, _] = *head;
            let len = usize::from(u16::from_be_bytes([l1, l2])).saturating_sub(8);
            let payload = rest.get(..len).unwrap_or(rest);
            let (sport, dport) = (u16::from_be_bytes([s1, s2]), u16::from_be_bytes([d1, d2]));
            Ok(Segment {
                sport,
                dport,
                transport: Transport::Udp,
                payload,
                ..none
            })
        }
        _ => Ok(none),
    }
}
