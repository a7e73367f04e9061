//! The header of connectionless DCE/RPC (C706, 12.5.2): who asks whom for what, and which piece of it this is.

use alloc::boxed::Box;

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::super::{Fields, Reader};

/// Bytes of the header.
pub(super) const HEADER_LEN: usize = 80;
/// The end of every UUID of an object or an interface of PROFINET (IEC 61158-6-10, 4.10.3).
const PROFINET: [u8; 12] = [
    0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d,
];
/// Interfaces: device, controller, supervisor, parameter server, central instance management.
const INTERFACES: core::ops::RangeInclusive<u32> = 0xdea0_0001..=0xdea0_0005;
/// The interface of the endpoint mapper (C706, appendix O).
const EPM: [u8; 16] = [
    0xe1, 0xaf, 0x83, 0x08, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa,
];

/// Whose operations a message speaks of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Interface {
    /// PROFINET's.
    Profinet,
    /// The endpoint mapper's.
    Epm,
    /// Somebody else's.
    Other,
}

/// What kind of message it is (C706, 12.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Asks for an operation.
    Request,
    /// Asks whether a request is still worked on.
    Ping,
    /// Brings an operation's result.
    Response,
    /// The operation failed while it ran.
    Fault,
    /// It is still worked on.
    Working,
    /// No such call is known.
    Nocall,
    /// It was never begun.
    Reject,
    /// The response came.
    Ack,
    /// Give up the call.
    Cancel,
    /// Fragments came.
    Fack,
    /// The call is given up.
    CancelAck,
}

/// The number of the last kind.
const KIND_MAX: u8 = 10;

impl Kind {
    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Request,
            1 => Self::Ping,
            2 => Self::Response,
            3 => Self::Fault,
            4 => Self::Working,
            5 => Self::Nocall,
            6 => Self::Reject,
            7 => Self::Ack,
            8 => Self::Cancel,
            9 => Self::Fack,
            KIND_MAX => Self::CancelAck,
            _ => return None,
        })
    }

    /// The kind in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Ping => "ping",
            Self::Response => "response",
            Self::Fault => "fault",
            Self::Working => "working",
            Self::Nocall => "nocall",
            Self::Reject => "reject",
            Self::Ack => "ack",
            Self::Cancel => "cancel",
            Self::Fack => "fack",
            Self::CancelAck => "cancel_ack",
        }
    }

    /// Whether it carries an operation's arguments or results.
    pub const fn carries(self) -> bool {
        matches!(self, Self::Request | Self::Response)
    }
}

/// A message of DCE/RPC.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Wireshark: `dcerpc.pkt_type`.
    pub kind: Kind,
    /// Wireshark: `dcerpc.dg_flags1`.
    pub flags: u8,
    /// Wireshark: `dcerpc.drep`; the first half byte of numbers tells which byte comes first.
    pub drep: [u8; 3],
    /// Wireshark: `dcerpc.obj_id`.
    pub object: [u8; 16],
    /// Wireshark: `dcerpc.dg_if_id`.
    pub interface: [u8; 16],
    /// Wireshark: `dcerpc.dg_act_id`.
    pub activity: [u8; 16],
    /// Wireshark: `dcerpc.dg_seqnum`.
    pub sequence: u32,
    /// Wireshark: `dcerpc.opnum`.
    pub opnum: u16,
    /// Wireshark: `dcerpc.dg_frag_num`.
    pub fragment: u16,
    /// Bytes behind the header, as many as it says or as there are.
    pub body: &'a [u8],
    /// Whether all that it says are there.
    pub whole: bool,
    header: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; `None` where it is no DCE/RPC.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let [version, kind, flags, flags2] = reader.array()?;
        let drep: [u8; 3] = reader.array()?;
        // Version 4 is the connectionless one; characters are ASCII or EBCDIC, numbers one of four codings.
        if version != 4 || flags2 & 0xfc != 0 || !matches!(drep, [0 | 0x10, 0..=3, 0]) {
            return None;
        }
        let kind = Kind::of(kind)?;
        reader.u8()?;
        let order = Order(drep[0] & 0x10 != 0);
        let object = order.uuid(reader.array()?);
        let interface = order.uuid(reader.array()?);
        let activity = order.uuid(reader.array()?);
        reader.take(8)?;
        let sequence = order.u32(&mut reader)?;
        let opnum = order.u16(&mut reader)?;
        reader.take(4)?;
        let len = usize::from(order.u16(&mut reader)?);
        let fragment = order.u16(&mut reader)?;
        reader.take(2)?;
        Some(Self {
            kind,
            flags,
            drep,
            object,
            interface,
            activity,
            sequence,
            opnum,
            fragment,
            body: reader.rest().get(..len).unwrap_or(reader.rest()),
            whole: reader.len() >= len,
            header: bytes.get(..HEADER_LEN)?,
        })
    }

    /// The same message with all of a body that came in pieces.
    pub const fn with_body<'b>(&self, body: &'b [u8]) -> Packet<'b>
    where
        'a: 'b,
    {
        Packet {
            body,
            header: self.header,
            ..*self
        }
    }

    /// Its bytes with the whole body, to be read again.
    pub fn kept(&self) -> Box<[u8]> {
        [self.header, self.body].concat().into()
    }

    /// In which order its numbers stand.
    pub const fn order(&self) -> Order {
        Order(self.drep[0] & 0x10 != 0)
    }

    /// Whose operations it speaks of.
    pub fn interface(&self) -> Interface {
        if is_profinet(&self.interface) {
            Interface::Profinet
        } else if self.interface == EPM {
            Interface::Epm
        } else {
            Interface::Other
        }
    }

    /// Whether it is a piece of something longer.
    pub const fn is_piece(&self) -> bool {
        self.flags & 0x04 != 0
    }

    /// Whether it is the last of these.
    pub const fn is_last(&self) -> bool {
        self.flags & 0x02 != 0
    }

    /// Says the header.
    pub fn header(&self, fields: &mut Fields<'a>) {
        let order = self.order();
        let mut reader = Reader::new(self.header);
        let mut all = || -> Option<()> {
            let [version, kind, flags, flags2] = reader.array()?;
            fields.uint("dcerpc.ver", version);
            fields.code("dcerpc.pkt_type", kind, Some(self.kind.name()));
            fields.uint("dcerpc.dg_flags1", flags);
            for (name, bit) in FLAGS {
                fields.add(name, Value::Bool(flags >> bit & 1 == 1));
            }
            fields.uint("dcerpc.dg_flags2", flags2);
            let cancelled = Value::Bool(flags2 & 2 != 0);
            fields.add("dcerpc.dg_flags2_cancel_pending", cancelled);
            let drep = reader.take(3)?;
            fields.add("dcerpc.drep", Value::Bytes(drep));
            let word = if order.0 {
                "little endian"
            } else {
                "big endian"
            };
            fields.code("dcerpc.drep.byteorder", order.0, Some(word));
            fields.uint("dcerpc.drep.character", self.drep[0] & 0x0f);
            fields.uint("dcerpc.drep.fp", self.drep[1]);
            fields.uint("dcerpc.dg_serial_hi", reader.u8()?);
            fields.add("dcerpc.obj_id", Value::Uuid(self.object));
            fields.add("dcerpc.dg_if_id", Value::Uuid(self.interface));
            fields.add("dcerpc.dg_act_id", Value::Uuid(self.activity));
            reader.take(48)?;
            let boot = Timestamp::from_secs(order.u32(&mut reader)?.into());
            fields.add("dcerpc.dg_server_boot", Value::Time(boot));
            fields.uint("dcerpc.dg_if_ver", order.u32(&mut reader)?);
            fields.uint("dcerpc.dg_seqnum", order.u32(&mut reader)?);
            fields.uint("dcerpc.opnum", order.u16(&mut reader)?);
            fields.uint("dcerpc.dg_ihint", order.u16(&mut reader)?);
            fields.uint("dcerpc.dg_ahint", order.u16(&mut reader)?);
            fields.uint("dcerpc.dg_frag_len", order.u16(&mut reader)?);
            fields.uint("dcerpc.dg_frag_num", order.u16(&mut reader)?);
            fields.uint("dcerpc.dg_auth_proto", reader.u8()?);
            fields.uint("dcerpc.dg_serial_lo", reader.u8()?);
            Some(())
        };
        all();
    }
}

/// Flags of the first byte (C706, 12.5.2.2), each with its bit.
const FLAGS: [(&str, u8); 6] = [
    ("dcerpc.dg_flags1_last_frag", 1),
    ("dcerpc.dg_flags1_frag", 2),
    ("dcerpc.dg_flags1_nofack", 3),
    ("dcerpc.dg_flags1_maybe", 4),
    ("dcerpc.dg_flags1_idempotent", 5),
    ("dcerpc.dg_flags1_broadcast", 6),
];

/// In which order the bytes of numbers stand: the lowest first, or the highest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order(pub bool);

impl Order {
    /// Two bytes.
    pub fn u16(self, reader: &mut Reader<'_>) -> Option<u16> {
        if self.0 { reader.le16() } else { reader.be16() }
    }

    /// Four bytes.
    pub fn u32(self, reader: &mut Reader<'_>) -> Option<u32> {
        if self.0 { reader.le32() } else { reader.be32() }
    }

    /// A UUID in the order in which it is written.
    pub const fn uuid(self, uuid: [u8; 16]) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = uuid;
        let [i, j, k, l, m, n, o, p] = rest;
        match self.0 {
            true => [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p],
            false => uuid,
        }
    }
}

/// Whether a UUID is one of PROFINET's interfaces.
fn is_profinet(uuid: &[u8; 16]) -> bool {
    let [a, b, c, d, end @ ..] = uuid;
    INTERFACES.contains(&u32::from_be_bytes([*a, *b, *c, *d])) && *end == PROFINET
}

/// Whether a UUID is one of PROFINET's interfaces, in either order.
pub(super) fn names_profinet(uuid: [u8; 16]) -> bool {
    is_profinet(&uuid) || is_profinet(&Order(true).uuid(uuid))
}
