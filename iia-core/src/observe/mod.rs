//! What was seen on the wire, in words that every decoder speaks and every judge understands.
//!
//! Values borrow from the packet; nothing here allocates.

mod frame;
mod named;
mod protocol;
mod said;

use core::fmt;
use core::net::IpAddr;

use crate::time::Timestamp;
pub use frame::{Frame, Mac};
pub use named::{Access, Act, Address, Message, Session};
pub use protocol::Protocol;
pub use said::{Between, Field, Link, Said, Value};

/// The transport of a flow.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Another IP protocol, by number.
    Ip(u8),
}

/// One flow, from the side that opened it; names as in Zeek's `conn.log`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// Who opened it (Wireshark: `ip.src` of the first packet).
    pub orig_h: IpAddr,
    /// Its port; 0 where the transport has none.
    pub orig_p: u16,
    /// Who answered.
    pub resp_h: IpAddr,
    /// Its port.
    pub resp_p: u16,
    /// The transport.
    pub transport: Transport,
    /// The outer VLAN id, 0 when untagged (Wireshark: `vlan.id`).
    pub vlan: u16,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orig_h,
            orig_p,
            resp_h,
            resp_p,
            ..
        } = self;
        write!(f, "{orig_h}:{orig_p} > {resp_h}:{resp_p}")
    }
}

/// What became of an exchange.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// The response came.
    Answered,
    /// The response was an exception with this code (Wireshark: `modbus.exception_code`).
    Exception(u8),
    /// No response came before the pending limit or the end.
    Unanswered,
    /// A response without a request that we saw.
    Orphan,
    /// A request or response that breaks the protocol's rules.
    Malformed,
    /// The response refuses with this code of the protocol, which may be larger than Modbus has.
    Refused(u32),
    /// Said without asking for a response.
    Stated,
}

impl Outcome {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Exception(_) => "exception",
            Self::Unanswered => "unanswered",
            Self::Orphan => "orphan",
            Self::Malformed => "malformed",
            Self::Refused(_) => "refused",
            Self::Stated => "stated",
        }
    }
}

/// A table of a device's memory.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Table {
    /// Bits that can be written (Modbus 0xxxx).
    Coil,
    /// Bits that cannot (1xxxx).
    DiscreteInput,
    /// Registers that cannot be written (3xxxx).
    InputRegister,
    /// Registers that can (4xxxx).
    HoldingRegister,
    /// Anything else that has addresses (files, queues).
    Other,
}

impl Table {
    /// The name in records and contracts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::DiscreteInput => "discrete_input",
            Self::InputRegister => "input_register",
            Self::HoldingRegister => "holding_register",
            Self::Other => "other",
        }
    }
}

/// Values as they lay in the packet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Values<'a> {
    /// None seen: a read request, or an exception.
    #[default]
    None,
    /// Bits, least significant first within each byte.
    Bits(&'a [u8]),
    /// 16-bit registers, big endian.
    Words(&'a [u8]),
}

/// A run of addresses that one exchange reads or writes, with the values seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span<'a> {
    /// Which table.
    pub table: Table,
    /// The first address as on the wire, from 0 (Wireshark: `modbus.reference_num`).
    pub addr: u32,
    /// How many bits or registers.
    pub count: u32,
    /// Their values, `count` of them at most.
    pub values: Values<'a>,
}

impl Span<'_> {
    /// The last address of the run; the first one when `count` is 0.
    pub const fn last(&self) -> u32 {
        self.addr.saturating_add(self.count.saturating_sub(1))
    }

    /// The values as integers, in address order; empty when none were seen.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        let (bits, words): (&[u8], &[u8]) = match self.values {
            Values::None => (&[], &[]),
            Values::Bits(bytes) => (bytes, &[]),
            Values::Words(bytes) => (&[], bytes),
        };
        let bits = bits
            .iter()
            .flat_map(|byte| (0..8).map(move |shift| u16::from(byte >> shift & 1)));
        let words = words.chunks_exact(2).map(|pair| match *pair {
            [high, low] => u16::from_be_bytes([high, low]),
            _ => 0,
        });
        bits.chain(words).take(self.count as usize)
    }
}

/// One request and its response, joined; or the half of it that was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange<'a> {
    /// When the request was on the wire; the response, for an orphan.
    pub ts: Timestamp,
    /// The flow, from the client's side.
    pub flow: Flow,
    /// The protocol.
    pub protocol: Protocol,
    /// What became of it.
    pub outcome: Outcome,
    /// The transaction number (Wireshark: `mbtcp.trans_id`).
    pub transaction: u16,
    /// The unit or station behind the server (Wireshark: `mbtcp.unit_id`).
    pub unit: u8,
    /// The function code as requested, without the exception bit (Wireshark: `modbus.func_code`).
    pub func: u8,
    /// What it reads.
    pub read: Option<Span<'a>>,
    /// What it writes.
    pub write: Option<Span<'a>>,
    /// From request to response.
    pub latency_ns: Option<i64>,
}

/// A connection or flow that ended or was given up, as in Zeek's `conn.log`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conn {
    /// First packet.
    pub ts: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// The flow.
    pub flow: Flow,
    /// What it carried, as far as recognised.
    pub protocol: Protocol,
    /// Packets from the side that opened it.
    pub orig_pkts: u64,
    /// Packets from the other side.
    pub resp_pkts: u64,
    /// Transport payload bytes from the side that opened it.
    pub orig_bytes: u64,
    /// Transport payload bytes from the other side.
    pub resp_bytes: u64,
    /// Payload bytes that a gap or a full buffer kept from the decoder.
    pub missed_bytes: u64,
}

/// Anything a decoder or an enforcement point reports.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// A request and its response.
    Exchange(Exchange<'a>),
    /// A flow.
    Conn(Conn),
    /// A frame without IP.
    Frame(Frame),
    /// A value by its name.
    Access(Access<'a>),
    /// A request between two workloads.
    Session(Session<'a>),
    /// A message on a bus.
    Message(Message<'a>),
    /// Anything said in a protocol of many forms.
    Said(Said<'a>),
}

impl Observation<'_> {
    /// The flow it belongs to, where it is one of IP addresses.
    pub const fn flow(&self) -> Option<&Flow> {
        match self {
            Self::Exchange(exchange) => Some(&exchange.flow),
            Self::Conn(conn) => Some(&conn.flow),
            Self::Access(access) => Some(&access.flow),
            Self::Said(Said {
                between: Between::Flow(flow),
                ..
            }) => Some(flow),
            Self::Frame(_) | Self::Session(_) | Self::Message(_) | Self::Said(_) => None,
        }
    }

    /// Whether a contract speaks of it by itself. What was said in detail belongs to a flow, an access or a message, and
    /// those are judged.
    pub const fn judged(&self) -> bool {
        !matches!(self, Self::Said(_))
    }

    /// When it began.
    pub const fn ts(&self) -> Timestamp {
        match self {
            Self::Exchange(exchange) => exchange.ts,
            Self::Conn(conn) => conn.ts,
            Self::Frame(frame) => frame.ts,
            Self::Access(access) => access.ts,
            Self::Session(session) => session.ts,
            Self::Message(message) => message.ts,
            Self::Said(said) => said.ts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn values_come_in_address_order_and_never_more_than_counted() {
        let span = |count, values| Span {
            table: Table::Coil,
            addr: 10,
            count,
            values,
        };
        assert_eq!(
            span(3, Values::Bits(&[0b101])).iter().collect::<Vec<_>>(),
            [1, 0, 1]
        );
        assert_eq!(
            span(2, Values::Words(&[1, 2, 3, 4, 5]))
                .iter()
                .collect::<Vec<_>>(),
            [0x102, 0x304]
        );
        assert_eq!(span(9, Values::None).iter().count(), 0);
        assert_eq!(span(0, Values::None).last(), 10);
    }
}
