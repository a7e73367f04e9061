//! From a frame of Ethernet to what it carries: VLAN tags, IPv4 and IPv6 without options that hide the transport, TCP
//! and UDP.

use core::net::IpAddr;

use super::WireError;
use super::bytes::Bytes;

/// VLAN tags that are looked through at most.
pub const TAGS_MAX: usize = 4;

const TAGS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// One frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// To whom.
    pub destination: [u8; 6],
    /// From whom.
    pub source: [u8; 6],
    /// The outer VLAN, 0 where there is no tag.
    pub vlan: u16,
    /// What it carries, behind any tags.
    pub ethertype: u16,
    /// What it carries, with any padding.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a frame of Ethernet without its check sequence.
    ///
    /// # Errors
    /// `Cut`, and `Form` for more tags than are looked through.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = Bytes(bytes);
        let (destination, source) = (rest.array()?, rest.array()?);
        let mut ethertype = rest.be16()?;
        let mut outer = None;
        for _ in 0..TAGS_MAX {
            if !TAGS.contains(&ethertype) {
                break;
            }
            let tag = rest.be16()?;
            outer.get_or_insert(tag & 0x0fff);
            ethertype = rest.be16()?;
        }
        if TAGS.contains(&ethertype) {
            return Err(form("Ethernet", "tags without end"));
        }
        Ok(Self {
            destination,
            source,
            vlan: outer.unwrap_or_default(),
            ethertype,
            payload: rest.0,
        })
    }
}

const fn form(protocol: &'static str, what: &'static str) -> WireError {
    WireError::Form { protocol, what }
}

/// An end of a conversation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct End {
    /// Its address.
    pub addr: IpAddr,
    /// Its port.
    pub port: u16,
}

/// What came with TCP or UDP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carried<'a> {
    /// A datagram.
    Udp(&'a [u8]),
    /// A piece of a stream.
    Tcp(Segment<'a>),
}

/// A piece of a stream of TCP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment<'a> {
    /// The number of its first byte.
    pub seq: u32,
    /// Up to where the sender has what the other end said.
    pub ack: u32,
    /// It opens the stream.
    pub syn: bool,
    /// It ends it, in order or not.
    pub ends: bool,
    /// Its bytes.
    pub data: &'a [u8],
}

/// A packet of TCP or UDP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet<'a> {
    /// Who sends.
    pub from: End,
    /// To whom.
    pub to: End,
    /// What.
    pub carried: Carried<'a>,
}

impl<'a> Packet<'a> {
    /// Reads what a frame carries; nothing when that is no TCP or UDP, or only a fragment of it.
    ///
    /// # Errors
    /// `Cut`, and `Form` for lengths that cannot be.
    pub fn parse(frame: &Frame<'a>) -> Result<Option<Self>, WireError> {
        let Some((from, to, protocol, payload)) = inside(frame)? else {
            return Ok(None);
        };
        let mut rest = Bytes(payload);
        let (from_port, to_port) = match protocol {
            6 | 17 => (rest.be16()?, rest.be16()?),
            _ => return Ok(None),
        };
        let carried = match protocol {
            6 => Carried::Tcp(segment(rest)?),
            _ => Carried::Udp(datagram(rest)?),
        };
        let end = |addr, port| End { addr, port };
        Ok(Some(Self {
            from: end(from, from_port),
            to: end(to, to_port),
            carried,
        }))
    }
}

/// Who sends to whom, by which protocol of IP, and what.
type Inside<'a> = Option<(IpAddr, IpAddr, u8, &'a [u8])>;

/// What a packet of IP in a frame carries; nothing when it is only a fragment, or there is none.
pub(crate) fn inside<'a>(frame: &Frame<'a>) -> Result<Inside<'a>, WireError> {
    match frame.ethertype {
        IPV4 => ipv4(frame.payload),
        IPV6 => ipv6(frame.payload),
        _ => Ok(None),
    }
}

impl Frame<'_> {
    /// Whether it carries IP.
    pub const fn is_ip(&self) -> bool {
        matches!(self.ethertype, IPV4 | IPV6)
    }
}

fn ipv4(bytes: &[u8]) -> Result<Inside<'_>, WireError> {
    let mut rest = Bytes(bytes);
    let [first, _tos] = rest.array()?;
    let header = usize::from(first & 0xf) * 4;
    let total = usize::from(rest.be16()?);
    let _id = rest.be16()?;
    let fragment = rest.be16()?;
    let [_ttl, protocol, _, _] = rest.array()?;
    let from: [u8; 4] = rest.array()?;
    let to: [u8; 4] = rest.array()?;
    if first >> 4 != 4 || header < 20 || total < header {
        return Err(form("IPv4", "lengths that cannot be"));
    }
    // More fragments, or not the first.
    if fragment & 0x3fff != 0 {
        return Ok(None);
    }
    let payload = bytes.get(header..total).ok_or(WireError::Cut)?;
    Ok(Some((from.into(), to.into(), protocol, payload)))
}

fn ipv6(bytes: &[u8]) -> Result<Inside<'_>, WireError> {
    let mut rest = Bytes(bytes);
    let _flow: [u8; 4] = rest.array()?;
    let len = usize::from(rest.be16()?);
    let [next, _hops] = rest.array()?;
    let from: [u8; 16] = rest.array()?;
    let to: [u8; 16] = rest.array()?;
    let payload = rest.take(len)?;
    Ok(Some((from.into(), to.into(), next, payload)))
}

fn segment(mut rest: Bytes<'_>) -> Result<Segment<'_>, WireError> {
    let seq = u32::from_be_bytes(rest.array()?);
    let ack = u32::from_be_bytes(rest.array()?);
    let [offset, flags] = rest.array()?;
    let _window_sum_urgent: [u8; 6] = rest.array()?;
    let options = (usize::from(offset >> 4) * 4)
        .checked_sub(20)
        .ok_or(form("TCP", "a header shorter than it can be"))?;
    rest.take(options)?;
    Ok(Segment {
        seq,
        ack,
        syn: flags & 0x02 != 0,
        ends: flags & 0x05 != 0,
        data: rest.0,
    })
}

fn datagram(mut rest: Bytes<'_>) -> Result<&[u8], WireError> {
    let len = usize::from(rest.be16()?);
    let _sum = rest.be16()?;
    let len = len
        .checked_sub(8)
        .ok_or(form("UDP", "a length shorter than its header"))?;
    rest.take(len)
}
