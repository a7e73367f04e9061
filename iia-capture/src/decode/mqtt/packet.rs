//! Control packets as they lie in the stream (MQTT 5, 2; MQTT 3.1.1, 2).

use super::super::{Cut, Reader};

/// CONNECT (MQTT 5, 2.1.2), as all of these.
pub(super) const CONNECT: u8 = 1;
/// CONNACK.
pub(super) const CONNACK: u8 = 2;
/// PUBLISH.
pub(super) const PUBLISH: u8 = 3;
/// PUBACK.
pub(super) const PUBACK: u8 = 4;
/// PUBREC.
pub(super) const PUBREC: u8 = 5;
/// PUBREL.
pub(super) const PUBREL: u8 = 6;
/// PUBCOMP.
pub(super) const PUBCOMP: u8 = 7;
/// SUBSCRIBE.
pub(super) const SUBSCRIBE: u8 = 8;
/// SUBACK.
pub(super) const SUBACK: u8 = 9;
/// UNSUBSCRIBE.
pub(super) const UNSUBSCRIBE: u8 = 10;
/// UNSUBACK.
pub(super) const UNSUBACK: u8 = 11;
/// PINGREQ.
pub(super) const PINGREQ: u8 = 12;
/// PINGRESP.
pub(super) const PINGRESP: u8 = 13;
/// DISCONNECT.
pub(super) const DISCONNECT: u8 = 14;
/// AUTH.
pub(super) const AUTH: u8 = 15;

/// MQTT 3.1 in a CONNECT.
pub(super) const V31: u8 = 3;
/// MQTT 3.1.1.
pub(super) const V311: u8 = 4;
/// MQTT 5.
pub(super) const V5: u8 = 5;

/// A control packet, or the beginning of a long one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// Its type (MQTT 5, 2.1.2).
    pub(super) kind: u8,
    /// The four bits beside the type (MQTT 5, 2.1.3).
    pub(super) flags: u8,
    /// Bytes that follow the fixed header (MQTT 5, 2.1.4).
    pub(super) len: u32,
    /// These bytes, as far as they are here.
    pub(super) body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads what stands at the start; `None` where that is no fixed header, or less than one.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        let len = varint(&mut reader)?;
        let rest = reader.rest();
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        Some(Self {
            kind: first >> 4,
            flags: first & 15,
            len,
            body: rest.get(..wanted).unwrap_or(rest),
        })
    }

    /// Whether its end is missing here.
    pub(super) const fn is_cut(&self) -> bool {
        self.body.len() < self.len as usize
    }

    /// Whether a PUBLISH is sent again (MQTT 5, 3.3.1.1).
    pub(super) const fn dup(&self) -> bool {
        self.flags & 8 != 0
    }

    /// The quality of service of a PUBLISH (MQTT 5, 3.3.1.2).
    pub(super) const fn qos(&self) -> u8 {
        self.flags >> 1 & 3
    }

    /// Whether a PUBLISH is to be kept by the server (MQTT 5, 3.3.1.3).
    pub(super) const fn retain(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether the flags are those that the type has (MQTT 5, table 2-2).
    pub(super) const fn flags_are_right(&self) -> bool {
        match self.kind {
            PUBLISH => self.qos() < 3 && !(self.dup() && self.qos() == 0),
            // MQTT 3.1 repeats these with a flag (3.1, 2.1).
            PUBREL | SUBSCRIBE | UNSUBSCRIBE => self.flags & 7 == 2,
            _ => self.flags == 0,
        }
    }

    /// The packet identifier where the type begins with one.
    pub(super) fn id(&self) -> Option<u16> {
        match self.kind {
            PUBACK..=UNSUBACK => Reader::new(self.body).be16(),
            _ => None,
        }
    }
}

/// Where the packet at the start of some bytes ends (MQTT 5, 2.1.4).
pub(super) fn cut(bytes: &[u8]) -> Cut {
    let mut reader = Reader::new(bytes);
    if reader.u8().is_none() {
        return Cut::More;
    }
    match varint(&mut reader) {
        Some(len) => {
            let head = bytes.len() - reader.len();
            Cut::Unit(u64::from(len) + head as u64)
        }
        None if bytes.len() < 5 => Cut::More,
        None => Cut::Not,
    }
}

/// A variable byte integer (MQTT 5, 1.5.5): four bytes at most.
pub(super) fn varint(reader: &mut Reader<'_>) -> Option<u32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Text or binary data with its length in front (MQTT 5, 1.5.4 and 1.5.6).
pub(super) fn string<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.be16()?;
    reader.take(usize::from(len))
}

/// The properties of MQTT 5 (2.2.2), without their length.
pub(super) fn properties<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = varint(reader)?;
    reader.take(usize::try_from(len).ok()?)
}

/// What a PUBLISH is made of (MQTT 5, 3.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Publish<'a> {
    /// The topic as written; empty where an alias stands for it.
    pub(super) topic: &'a [u8],
    /// The packet identifier, where the quality of service asks for one.
    pub(super) id: Option<u16>,
    /// The properties of MQTT 5.
    pub(super) properties: &'a [u8],
    /// The application message, as far as it is here.
    pub(super) payload: &'a [u8],
    /// Bytes of the whole application message.
    pub(super) payload_len: u32,
}

impl<'a> Publish<'a> {
    /// Reads a PUBLISH of this version.
    pub(super) fn parse(packet: &Packet<'a>, v5: bool) -> Option<Self> {
        let mut reader = Reader::new(packet.body);
        let topic = string(&mut reader)?;
        let id = match packet.qos() {
            0 => None,
            _ => Some(reader.be16()?),
        };
        let properties = match v5 {
            true => properties(&mut reader)?,
            false => &[],
        };
        let before = packet.body.len() - reader.len();
        Some(Self {
            topic,
            id,
            properties,
            payload: reader.rest(),
            payload_len: packet.len.saturating_sub(u32::try_from(before).ok()?),
        })
    }
}

/// Topic filters with their options, or without in an UNSUBSCRIBE (MQTT 5, 3.8.3 and 3.10.3).
#[derive(Clone, Debug)]
pub(super) struct Filters<'a> {
    reader: Reader<'a>,
    options: bool,
}

impl<'a> Filters<'a> {
    /// The filters of a SUBSCRIBE or an UNSUBSCRIBE.
    pub(super) fn of(packet: &Packet<'a>, v5: bool) -> Option<Self> {
        let mut reader = Reader::new(packet.body);
        reader.be16()?;
        if v5 {
            properties(&mut reader)?;
        }
        Some(Self {
            reader,
            options: packet.kind == SUBSCRIBE,
        })
    }

    /// Whether nothing is left: asked after the last filter, whether the packet ends with it.
    pub(super) const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }
}

impl<'a> Iterator for Filters<'a> {
    type Item = (&'a [u8], u8);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = self.reader;
        let filter = string(&mut reader)?;
        let options = match self.options {
            true => reader.u8()?,
            false => 0,
        };
        self.reader = reader;
        Some((filter, options))
    }
}
