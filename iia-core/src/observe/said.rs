//! One thing said on the wire with its answer, field by field, in the names that Wireshark filters by.
//!
//! Decoders of protocols whose messages differ too much for one table of columns speak in this form: a name and a typed
//! value for each field, in the order of the wire. Everything borrows from the packet.

use core::fmt;
use core::net::IpAddr;

use super::{Flow, Mac, Outcome, Protocol};
use crate::time::Timestamp;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number without sign.
    Uint(u64),
    /// A number with one.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A flag.
    Bool(bool),
    /// A number that the standard gives a name.
    Code(u64, &'static str),
    /// Text.
    Text(&'a str),
    /// Bytes, or text that is not UTF-8.
    Bytes(&'a [u8]),
    /// An Ethernet address.
    Mac(Mac),
    /// An IP address.
    Ip(IpAddr),
    /// A UUID or GUID, in the order in which it is written.
    Uuid([u8; 16]),
    /// A moment.
    Time(Timestamp),
}

impl<'a> Value<'a> {
    /// Text where the bytes are UTF-8, the bytes where they are not.
    pub fn text(bytes: &'a [u8]) -> Self {
        core::str::from_utf8(bytes).map_or(Self::Bytes(bytes), Self::Text)
    }

    /// The number, where it is one without sign.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Uint(number) | Self::Code(number, _) => Some(*number),
            Self::Bool(flag) => Some(*flag as u64),
            _ => None,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uint(number) => number.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
            Self::Code(number, name) => write!(f, "{number} {name}"),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Mac(mac) => mac.fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Uuid(bytes) => uuid(bytes, f),
            Self::Time(ts) => ts.fmt(f),
        }
    }
}

fn uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) {
            "-"
        } else {
            ""
        };
        write!(f, "{dash}{byte:02x}")?;
    }
    Ok(())
}

/// A field under its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// The name that Wireshark filters it by, such as `cip.service`; where Wireshark has none, one that begins with `iia.`.
    pub name: &'static str,
    /// The value.
    pub value: Value<'a>,
}

/// Between whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Between {
    /// Two IP addresses.
    Flow(Flow),
    /// Two Ethernet addresses.
    Link(Link),
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(flow) => flow.fmt(f),
            Self::Link(link) => write!(f, "{} > {}", link.source, link.destination),
        }
    }
}

/// Two ends on one network without IP.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Link {
    /// Who sent it (Wireshark: `eth.src`).
    pub source: Mac,
    /// To whom, often a group (Wireshark: `eth.dst`).
    pub destination: Mac,
    /// The outer VLAN id, 0 when untagged (Wireshark: `vlan.id`).
    pub vlan: u16,
    /// The type behind all tags (Wireshark: `eth.type`).
    pub ethertype: u16,
}

/// A message and, where it has one, its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said<'a> {
    /// When the message was on the wire; the answer, where only that was seen.
    pub ts: Timestamp,
    /// Between whom, from the side that opened the flow, or that sent the frame.
    pub between: Between,
    /// Whether the side that opened the flow said it.
    pub from_orig: bool,
    /// The protocol.
    pub protocol: Protocol,
    /// What it is, in the words of the standard: `forward_open`, `publish`.
    pub what: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// From the message to its answer, in nanoseconds.
    pub latency_ns: Option<i64>,
    /// The fields of the message.
    pub asked: &'a [Field<'a>],
    /// The fields of its answer.
    pub answered: &'a [Field<'a>],
}

impl Said<'_> {
    /// When the answer was on the wire, where one was seen.
    pub fn answered_ts(&self) -> Option<Timestamp> {
        match (self.outcome, self.latency_ns) {
            (Outcome::Orphan, _) => Some(self.ts),
            (_, Some(ns)) => Some(Timestamp::from_ns(self.ts.as_ns().saturating_add(ns))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn values_read_as_their_field_writes_them() {
        let id = [
            0xde, 0xa0, 0, 1, 0x6c, 0x97, 0x11, 0xd1, 0x82, 0x71, 0, 0xa0, 0x24, 0x42, 0xdf, 0x7d,
        ];
        for (value, text) in [
            (Value::Uint(7), "7"),
            (Value::Int(-7), "-7"),
            (Value::Float(0.5), "0.5"),
            (Value::Code(0x4c, "read_tag"), "76 read_tag"),
            (Value::text(b"press"), "press"),
            (Value::text(&[0xff, 1]), "ff01"),
            (Value::Uuid(id), "dea00001-6c97-11d1-8271-00a02442df7d"),
            (Value::Mac(Mac([1, 2, 3, 4, 5, 6])), "01:02:03:04:05:06"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }
}
