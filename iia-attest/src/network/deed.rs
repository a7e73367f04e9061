//! What was seen on the wire, as this observer keeps it: it owns what it needs and borrows nothing.

use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::IpAddr;

use iia_contract::scope::{Run, Text};
use iia_core::observe::{
    Act, Address, Flow, Frame, Mac, Observation, Outcome, Protocol, Span, Transport,
};

/// A run of addresses that was read or written, and the values that were seen of it, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Touched {
    /// Where.
    pub run: Run,
    /// Registers or bits from the first address on; fewer than the run is long where not all were seen.
    pub values: Vec<u16>,
}

/// One thing that was done on the wire.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Deed {
    /// A request and what became of it.
    Exchange {
        /// Who and where.
        flow: Flow,
        /// In which protocol.
        protocol: Protocol,
        /// The unit behind the server.
        unit: u8,
        /// The function.
        func: u8,
        /// What became of it.
        outcome: Outcome,
        /// What it reads.
        read: Option<Touched>,
        /// What it writes.
        write: Option<Touched>,
    },
    /// A flow that ended or was given up.
    Flow {
        /// Who and where.
        flow: Flow,
        /// What it carried, as far as recognised.
        protocol: Protocol,
        /// Whether it carried anything.
        carried: bool,
        /// Whether the other side said anything.
        answered: bool,
    },
    /// A value by its name.
    Access {
        /// Who and where.
        flow: Flow,
        /// In which protocol.
        protocol: Protocol,
        /// The name.
        tag: Text,
        /// Whether it was set.
        write: bool,
        /// The value in millionths, where it is a number that was seen.
        value_micros: Option<i64>,
    },
    /// A frame without IP.
    Frame(Frame),
    /// A device said something on a bus, under this topic with its levels between slashes.
    Published {
        /// The topic.
        topic: Text,
    },
    /// So many were lost on the way to the observer.
    Lost(u64),
}

impl Deed {
    /// What a decoder reports, where device contracts speak of it.
    pub fn of(observation: &Observation<'_>) -> Option<Self> {
        Some(match observation {
            Observation::Exchange(seen) => Self::Exchange {
                flow: seen.flow,
                protocol: seen.protocol,
                unit: seen.unit,
                func: seen.func,
                outcome: seen.outcome,
                read: seen.read.as_ref().map(touched),
                write: seen.write.as_ref().map(touched),
            },
            Observation::Conn(seen) => Self::Flow {
                flow: seen.flow,
                protocol: seen.protocol,
                carried: seen.orig_bytes > 0 || seen.resp_bytes > 0,
                answered: seen.resp_pkts > 0,
            },
            Observation::Access(seen) => Self::Access {
                flow: seen.flow,
                protocol: seen.protocol,
                tag: seen.tag.into(),
                write: seen.write,
                value_micros: seen.value_micros,
            },
            Observation::Frame(frame) => Self::Frame(*frame),
            Observation::Message(message) => match (message.act, message.address) {
                (Act::Publish, Address::Topic(topic)) => Self::Published {
                    topic: topic.into(),
                },
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Where it was answered, and by whom it was said; nothing for what has neither.
    pub(super) fn ends(&self) -> Option<(Place, Who)> {
        Some(match self {
            Self::Exchange { flow, .. } | Self::Flow { flow, .. } | Self::Access { flow, .. } => (
                Place::Socket(flow.transport, flow.resp_h, flow.resp_p),
                Who::Ip(flow.orig_h),
            ),
            Self::Frame(frame) => (
                Place::Group(frame.destination, frame.ethertype),
                Who::Mac(frame.source),
            ),
            Self::Published { .. } | Self::Lost(_) => return None,
        })
    }

    /// On which VLAN.
    pub(super) const fn vlan(&self) -> u16 {
        match self {
            Self::Exchange { flow, .. } | Self::Flow { flow, .. } | Self::Access { flow, .. } => {
                flow.vlan
            }
            Self::Frame(frame) => frame.vlan,
            Self::Published { .. } | Self::Lost(_) => 0,
        }
    }

    /// Whether it shows that the device is there: nobody is, where a request stays without answer.
    pub(super) const fn is_alive(&self) -> bool {
        match self {
            Self::Exchange { outcome, .. } => {
                !matches!(outcome, Outcome::Unanswered | Outcome::Malformed)
            }
            Self::Flow {
                flow,
                carried,
                answered,
                ..
            } => *carried && (*answered || !matches!(flow.transport, Transport::Tcp)),
            Self::Access { .. } | Self::Frame(_) | Self::Published { .. } => true,
            Self::Lost(_) => false,
        }
    }
}

fn touched(span: &Span<'_>) -> Touched {
    Touched {
        run: Run {
            table: span.table,
            first: span.addr,
            last: span.last(),
        },
        values: span.iter().collect(),
    }
}

/// Where something is answered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Place {
    /// At a port.
    Socket(Transport, IpAddr, u16),
    /// At a port, whatever carries it.
    Port(IpAddr, u16),
    /// Whoever takes frames of this type to this address.
    Group(Mac, u16),
}

/// Who says something.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Who {
    /// By its address.
    Ip(IpAddr),
    /// By its Ethernet address.
    Mac(Mac),
    /// By its topic.
    Topic(Text),
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(_, addr, port) | Self::Port(addr, port) => match addr {
                IpAddr::V4(addr) => write!(f, "{addr}:{port}"),
                IpAddr::V6(addr) => write!(f, "[{addr}]:{port}"),
            },
            Self::Group(mac, ethertype) => write!(f, "{mac} (frames of type 0x{ethertype:04x})"),
        }
    }
}

impl Display for Who {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(addr) => addr.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
            Self::Topic(topic) => f.write_str(topic),
        }
    }
}
