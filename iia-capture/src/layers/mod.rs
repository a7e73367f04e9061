//! From a captured frame to what it carries in the end: links, tags, tunnels and fragments, however they are stacked.
//!
//! Plain frames never come here: the pipeline looks for an IP packet with a TCP segment first (`plain`).

mod ether;
pub mod fragment;
mod tunnel;

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use iia_core::Timestamp;
use iia_core::observe::{Link, Mac, Transport};

use crate::net::{self, NoSegment, Segment};
use crate::source::LinkType;
use crate::{Packet, link};
use fragment::{Fragments, Taken};

/// Headers that are looked through at most, fragments made whole among them.
pub const LAYERS_MAX: usize = 24;
/// Datagrams within one another that one packet can make whole.
pub const WHOLE_MAX: usize = 3;

/// Room for the datagrams that a packet makes whole.
pub type Rooms = [Vec<u8>; WHOLE_MAX];

/// An IP flow's segment, and the VLAN id that is told with it.
pub type Carried<'a> = (Segment<'a>, u16);

/// What a frame carries in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// A segment of the innermost flow; whether a tunnel was around it.
    Segment(Carried<'a>, bool),
    /// No IP: the ends of the innermost frame and what is behind its EtherType; the flow of the tunnel around it, if any.
    Frame(Link, &'a [u8], Option<Carried<'a>>),
    /// A fragment of a datagram that is not whole yet.
    Fragment,
    /// Nothing that is known here; the flow of the tunnel around it, if any.
    Nothing(Option<Carried<'a>>),
    /// An IP packet whose headers are wrong or cut, without a tunnel around it that could be told.
    Malformed,
}

/// The headers of captured frames, and the fragments among them that wait.
#[derive(Debug, Default)]
pub struct Layers {
    pub(crate) fragments: Fragments,
}

/// Where the walk through a frame stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At<'a> {
    /// An Ethernet frame from its destination on.
    Ethernet(&'a [u8]),
    /// What is behind an EtherType, or a length of IEEE 802.3 in its place.
    Typed(u16, &'a [u8]),
    /// PPP from its protocol on, or from the address in HDLC-like framing.
    Ppp(&'a [u8]),
    /// A stack of MPLS labels.
    Mpls(&'a [u8]),
    /// An IP packet.
    Ip(&'a [u8]),
    /// A frame that carries something else.
    Frame(&'a [u8]),
}

/// What is known on the way.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    /// The ends of the innermost frame.
    pub(crate) link: Link,
    /// Whether a tag of the innermost frame was seen; its first one counts.
    pub(crate) tagged: bool,
    /// Whether the frame is cooked, so that Linux's own numbers stand beside EtherTypes.
    pub(crate) cooked: bool,
    /// The innermost flow so far.
    pub(crate) carrier: Option<Carried<'a>>,
}

/// The segment of a frame that is as plain as nearly all are: no tunnel, no fragment.
#[inline(always)]
pub(crate) fn plain<'a>(packet: &Packet<'a>) -> Option<Carried<'a>> {
    match plainest(packet) {
        Some(segment) => Some((segment, 0)),
        None => less_plain(packet),
    }
}

/// The segment of a frame of which everything stands where it nearly always does: Ethernet without tags, IPv4 without
/// options, TCP or UDP. Of whatever is not so, or not whole, nothing is said.
#[inline(always)]
fn plainest<'a>(packet: &Packet<'a>) -> Option<Segment<'a>> {
    const IP: usize = 14;
    const BEHIND: usize = IP + 20;
    let data = packet.data;
    let (ethernet, rest) = data.split_first_chunk::<IP>()?;
    let (ip, rest) = rest.split_first_chunk::<20>()?;
    let [_, _, _, _, _, _, _, _, _, _, _, _, k1, k2] = *ethernet;
    let [first, _, l1, l2, _, _, f1, f2, _, protocol, _, _, ends @ ..] = *ip;
    let whole = u16::from_be_bytes([f1, f2]) & 0x3fff == 0;
    if packet.link != LinkType::ETHERNET || [k1, k2, first] != [8, 0, 0x45] || !whole {
        return None;
    }
    let end = match u16::from_be_bytes([l1, l2]) {
        0 => data.len(),
        total => data.len().min(IP + usize::from(total)),
    };
    let ([p1, p2, q1, q2, ..], _) = rest.split_first_chunk::<8>()?;
    let (sport, dport) = (
        u16::from_be_bytes([*p1, *p2]),
        u16::from_be_bytes([*q1, *q2]),
    );
    let (transport, tcp, payload) = match protocol {
        6 => {
            let (tcp, len) = net::tcp(rest.first_chunk()?);
            let payload = data.get(BEHIND + len..end).filter(|_| len >= 20)?;
            (Transport::Tcp, Some(tcp), payload)
        }
        17 if !tunnel::is_port(dport) => {
            let [_, _, _, _, u1, u2, ..] = *rest.first_chunk::<8>()?;
            let payload = data.get(BEHIND + 8..end)?;
            let len = usize::from(u16::from_be_bytes([u1, u2])).saturating_sub(8);
            (Transport::Udp, None, payload.get(..len).unwrap_or(payload))
        }
        _ => return None,
    };
    let [s1, s2, s3, s4, d1, d2, d3, d4] = ends;
    Some(Segment {
        src: Ipv4Addr::new(s1, s2, s3, s4).into(),
        dst: Ipv4Addr::new(d1, d2, d3, d4).into(),
        sport,
        dport,
        transport,
        tcp,
        payload,
    })
}

fn less_plain<'a>(packet: &Packet<'a>) -> Option<Carried<'a>> {
    let payload = link::payload(packet.link, packet.data)?;
    let segment = net::segment(payload.ip).ok()?;
    if segment.tcp.is_none() && tunnel::may_carry(&segment) {
        return None;
    }
    Some((segment, payload.vlan))
}

/// The ends of an Ethernet frame whose type is one that stands for itself, and what is behind it.
#[inline(always)]
pub(crate) fn plain_frame<'a>(packet: &Packet<'a>) -> Option<(Link, &'a [u8])> {
    if packet.link != LinkType::ETHERNET {
        return None;
    }
    let (destination, rest) = packet.data.split_first_chunk()?;
    let (source, rest) = rest.split_first_chunk()?;
    let (kind, payload) = rest.split_first_chunk()?;
    let ethertype = u16::from_be_bytes(*kind);
    let link = Link {
        source: Mac(*source),
        destination: Mac(*destination),
        vlan: 0,
        ethertype,
    };
    ether::stands_alone(ethertype).then_some((link, payload))
}

impl Layers {
    /// What a frame carries. A datagram that it makes whole is put into `rooms`.
    pub fn open<'a>(&mut self, packet: &Packet<'a>, rooms: &'a mut Rooms) -> Seen<'a> {
        if let Some(carried) = plain(packet) {
            return Seen::Segment(carried, false);
        }
        match plain_frame(packet) {
            Some((link, payload)) => Seen::Frame(link, payload, None),
            None => self.deep(packet, rooms),
        }
    }

    /// As [`open`](Layers::open), for a frame that is not plain.
    #[cold]
    pub(crate) fn deep<'a>(&mut self, packet: &Packet<'a>, rooms: &'a mut Rooms) -> Seen<'a> {
        let mut walk = Walk::new();
        let Some(mut at) = start(&mut walk, packet.link, packet.data) else {
            return Seen::Nothing(None);
        };
        let mut rooms = rooms.iter_mut();
        for _ in 0..LAYERS_MAX {
            let next = match at {
                At::Ethernet(bytes) => walk.ethernet(bytes),
                At::Typed(kind, bytes) => walk.typed(kind, bytes),
                At::Ppp(bytes) => ether::ppp(&mut walk, bytes),
                At::Mpls(bytes) => ether::mpls(&mut walk, bytes),
                At::Frame(payload) => return Seen::Frame(walk.link, payload, walk.carrier),
                At::Ip(ip) => match self.ip(packet.ts, ip, walk.link.vlan, &mut rooms) {
                    Ok(segment) => {
                        let carried = (segment, walk.link.vlan);
                        let Some(inside) = tunnel::inside(&segment) else {
                            return Seen::Segment(carried, walk.carrier.is_some());
                        };
                        walk.carrier = Some(carried);
                        walk.tagged = false;
                        Some(inside)
                    }
                    Err(NoSegment::Fragment) => return Seen::Fragment,
                    Err(NoSegment::Malformed) => return walk.malformed(),
                },
            };
            match next {
                Some(next) => at = next,
                None => return Seen::Nothing(walk.carrier),
            }
        }
        Seen::Nothing(walk.carrier)
    }

    /// The segment of an IP packet, or of the datagram that it makes whole.
    fn ip<'a>(
        &mut self,
        ts: Timestamp,
        ip: &'a [u8],
        vlan: u16,
        rooms: &mut core::slice::IterMut<'a, Vec<u8>>,
    ) -> Result<Segment<'a>, NoSegment> {
        match net::segment(ip) {
            Err(NoSegment::Fragment) => {}
            Err(NoSegment::Malformed) => return net::cut_segment(ip).ok_or(NoSegment::Malformed),
            known => return known,
        }
        let piece = net::piece(ip).ok_or(NoSegment::Malformed)?;
        let Taken::Whole(next, bytes) = self.fragments.take(ts, vlan, &piece) else {
            return Err(NoSegment::Fragment);
        };
        let room = rooms.next().ok_or(NoSegment::Fragment)?;
        *room = bytes;
        net::behind(next, room, piece.src, piece.dst)
    }
}

/// The first header of a frame.
fn start<'a>(walk: &mut Walk<'a>, link: LinkType, frame: &'a [u8]) -> Option<At<'a>> {
    match link {
        LinkType::ETHERNET => Some(At::Ethernet(frame)),
        LinkType::NULL | LinkType::LOOP => {
            let behind = frame.get(4..)?;
            match frame {
                [0xff, 3, ..] => Some(At::Ppp(frame)),
                _ => ether::by_version(behind),
            }
        }
        LinkType::RAW | LinkType(12 | 14 | 228 | 229) => ether::by_version(frame),
        LinkType::PPP => Some(At::Ppp(frame)),
        LinkType::PPP_SERIAL | LinkType::C_HDLC => match frame {
            [0x0f | 0x8f, _, a, b, rest @ ..] => {
                Some(At::Typed(u16::from_be_bytes([*a, *b]), rest))
            }
            _ if link == LinkType::PPP_SERIAL => Some(At::Ppp(frame)),
            _ => None,
        },
        LinkType::PPP_ETHER => walk.typed(0x8864, frame),
        LinkType::PPP_WITH_DIR => Some(At::Ppp(frame.get(1..)?)),
        LinkType::MPLS => Some(At::Mpls(frame)),
        LinkType::SLL => {
            let (head, rest) = frame.split_first_chunk::<16>()?;
            let [_, kind, h1, h2, _, len, address @ .., p1, p2] = *head;
            walk.cooked(u16::from_be_bytes([h1, h2]), (kind, len), address)?;
            Some(At::Typed(u16::from_be_bytes([p1, p2]), rest))
        }
        LinkType::SLL2 => {
            let (head, rest) = frame.split_first_chunk::<20>()?;
            let [p1, p2, _, _, _, _, _, _, h1, h2, kind, len, address @ ..] = *head;
            walk.cooked(u16::from_be_bytes([h1, h2]), (kind, len), address)?;
            Some(At::Typed(u16::from_be_bytes([p1, p2]), rest))
        }
        _ => None,
    }
}

/// Hardware types of Linux whose cooked frames have no EtherType: netlink, and monitors of 802.11.
const NO_ETHERTYPE: [u16; 4] = [824, 801, 802, 803];

impl<'a> Walk<'a> {
    fn new() -> Self {
        let nobody = Mac([0; 6]);
        Self {
            link: Link {
                source: nobody,
                destination: nobody,
                vlan: 0,
                ethertype: 0,
            },
            tagged: false,
            cooked: false,
            carrier: None,
        }
    }

    /// A cooked frame names its sender, and no receiver but everybody.
    fn cooked(&mut self, hardware: u16, (kind, len): (u8, u8), address: [u8; 8]) -> Option<()> {
        if NO_ETHERTYPE.contains(&hardware) {
            return None;
        }
        let [a, b, c, d, e, f, _, _] = address;
        self.cooked = true;
        if len == 6 {
            self.link.source = Mac([a, b, c, d, e, f]);
        }
        if kind == 1 {
            self.link.destination = Mac([0xff; 6]);
        }
        Some(())
    }

    /// A packet inside that cannot be read leaves the flow around it, which can.
    fn malformed(&self) -> Seen<'a> {
        match self.carrier {
            Some(_) => Seen::Nothing(self.carrier),
            None => Seen::Malformed,
        }
    }
}
