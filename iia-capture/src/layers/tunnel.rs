//! What IP and UDP carry instead of a flow of their own: GRE and ERSPAN, IP in IP, EtherIP, VXLAN, GENEVE, MPLS.

use iia_core::observe::Transport;

use super::At;
use crate::net::Segment;

const IP_IN_IP: u8 = 4;
const IPV6_IN_IP: u8 = 41;
const GRE: u8 = 47;
const ETHER_IP: u8 = 97;
const MPLS_IN_IP: u8 = 137;
const VXLAN: u16 = 4789;
const GENEVE: u16 = 6081;
const MPLS_IN_UDP: u16 = 6635;

/// Whether a port of UDP is a tunnel's.
#[inline]
pub(super) const fn is_port(port: u16) -> bool {
    matches!(port, VXLAN | GENEVE | MPLS_IN_UDP)
}

/// Whether a segment that is not of TCP is one to look into.
#[inline]
pub(crate) fn may_carry(segment: &Segment<'_>) -> bool {
    match segment.transport {
        Transport::Udp => is_port(segment.dport),
        Transport::Ip(number) => {
            matches!(number, IP_IN_IP | IPV6_IN_IP | GRE | ETHER_IP | MPLS_IN_IP)
        }
        Transport::Tcp => false,
    }
}

/// What a segment carries, where it is a tunnel's and keeps the tunnel's rules.
pub(super) fn inside<'a>(segment: &Segment<'a>) -> Option<At<'a>> {
    let bytes = segment.payload;
    match (segment.transport, segment.dport) {
        (Transport::Udp, VXLAN) => vxlan(bytes),
        (Transport::Udp, GENEVE) => geneve(bytes),
        (Transport::Udp, MPLS_IN_UDP) => Some(At::Mpls(bytes)),
        (Transport::Ip(IP_IN_IP), _) => version(bytes, 4),
        (Transport::Ip(IPV6_IN_IP), _) => version(bytes, 6),
        (Transport::Ip(GRE), _) => gre(bytes),
        // RFC 3378, 3: version 3, the rest zero.
        (Transport::Ip(ETHER_IP), _) => bytes.strip_prefix(&[0x30, 0]).map(At::Ethernet),
        (Transport::Ip(MPLS_IN_IP), _) => Some(At::Mpls(bytes)),
        _ => None,
    }
}

fn version(bytes: &[u8], number: u8) -> Option<At<'_>> {
    (bytes.first()? >> 4 == number).then_some(At::Ip(bytes))
}

/// RFC 7348, 5: the flag I, a network's number, an Ethernet frame. Flags that are reserved are ignored on receipt.
fn vxlan(bytes: &[u8]) -> Option<At<'_>> {
    let ([flags, ..], frame) = bytes.split_first_chunk::<8>()?;
    (flags & 8 != 0 && frame.len() >= 14).then_some(At::Ethernet(frame))
}

/// RFC 8926, 3.4: version 0, options of a length, an EtherType.
fn geneve(bytes: &[u8]) -> Option<At<'_>> {
    let ([first, _, k1, k2, ..], rest) = bytes.split_first_chunk::<8>()?;
    let options = usize::from(first & 0x3f) * 4;
    let kind = u16::from_be_bytes([*k1, *k2]);
    let behind = rest.get(options..)?;
    (first >> 6 == 0 && kind > 0x05ff).then_some(At::Typed(kind, behind))
}

/// RFC 2784 and RFC 2890; version 1 is RFC 2637's. Routing of RFC 1701 is not followed.
fn gre(bytes: &[u8]) -> Option<At<'_>> {
    let ([f1, f2, k1, k2], rest) = bytes.split_first_chunk::<4>()?;
    let flag = |bit: u16| usize::from(u16::from_be_bytes([*f1, *f2]) & bit != 0);
    let (sum, routing, key, sequence) = (flag(0x8000), flag(0x4000), flag(0x2000), flag(0x1000));
    let (version, kind) = (f2 & 7, u16::from_be_bytes([*k1, *k2]));
    if routing == 1 || version > 1 {
        return None;
    }
    let acknowledgement = if version == 1 { flag(0x0080) } else { 0 };
    let behind = rest.get((sum + key + sequence + acknowledgement) * 4..)?;
    match kind {
        0x88be if sequence == 1 => erspan2(behind),
        0x88be => Some(At::Ethernet(behind)),
        0x22eb => erspan3(behind),
        0x880b | 0x876b => Some(At::Ppp(behind)),
        // A tunnel that asks whether it lives carries nothing.
        0 => None,
        0x8847 | 0x8848 => Some(At::Mpls(behind)),
        _ if kind > 0x05ff => Some(At::Typed(kind, behind)),
        _ => None,
    }
}

/// A mirror's header of type II: 8 bytes, then the mirrored frame.
fn erspan2(bytes: &[u8]) -> Option<At<'_>> {
    let frame = bytes.get(8..)?;
    (bytes.first()? >> 4 == 1).then_some(At::Ethernet(frame))
}

/// Type III: 12 bytes and 8 more where the last bit says so; what was mirrored is a frame, or an IP packet.
fn erspan3(bytes: &[u8]) -> Option<At<'_>> {
    let ([first, .., kind, last], rest) = bytes.split_first_chunk::<12>()?;
    if first >> 4 != 2 {
        return None;
    }
    let behind = if last & 1 == 1 { rest.get(8..)? } else { rest };
    match kind >> 2 & 0x1f {
        0 => Some(At::Ethernet(behind)),
        2 => matches!(behind.first()? >> 4, 4 | 6).then_some(At::Ip(behind)),
        _ => None,
    }
}
