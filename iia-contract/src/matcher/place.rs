//! Addresses as numbers, which hash and compare faster.

use core::net::IpAddr;

use iia_core::observe::{Flow, Frame, Mac, Transport};

use crate::scope::{Net, Server};

/// The family of an address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Family {
    V4,
    V6,
    Mac,
}

/// Where something is answered: an address and a port, or a receiver of frames and their type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    addr: u128,
    /// Port, transport and family in one number.
    port: u64,
}

impl Place {
    pub(super) fn of_flow(flow: &Flow) -> Self {
        Self::of_addr(flow.resp_h, flow.resp_p, flow.transport)
    }

    pub(super) fn of_server(server: &Server) -> Self {
        Self::of_addr(server.addr, server.port, server.transport)
    }

    pub(super) fn of_frame(frame: &Frame) -> Self {
        Self::of_mac(frame.destination, frame.ethertype)
    }

    pub(super) fn of_mac(receiver: Mac, ethertype: u16) -> Self {
        Self::of_host(Host::of_mac(receiver), ethertype, 0)
    }

    fn of_addr(addr: IpAddr, port: u16, transport: Transport) -> Self {
        let transport = match transport {
            Transport::Tcp => 1 << 8,
            Transport::Udp => 2 << 8,
            Transport::Ip(number) => 3 << 8 | u16::from(number),
        };
        Self::of_host(Host::of(addr), port, transport)
    }

    fn of_host(host: Host, port: u16, transport: u16) -> Self {
        let family = host.family as u64;
        Self {
            addr: host.bits,
            port: family << 32 | u64::from(transport) << 16 | u64::from(port),
        }
    }
}

/// One address, in the high bits of 128.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) bits: u128,
    pub(super) family: Family,
}

impl Host {
    pub(super) fn of(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => Self {
                bits: u128::from(addr.to_bits()) << 96,
                family: Family::V4,
            },
            IpAddr::V6(addr) => Self {
                bits: addr.to_bits(),
                family: Family::V6,
            },
        }
    }

    pub(super) fn of_mac(mac: Mac) -> Self {
        let bytes = mac.0.iter();
        let bits = bytes.fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
        Self {
            bits: bits << 80,
            family: Family::Mac,
        }
    }
}

/// Addresses that begin alike: a network, or one host.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Prefix {
    pub(super) width: Width,
    bits: u128,
}

/// How many bits count, of which family.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Width {
    pub(super) family: Family,
    pub(super) len: u8,
}

impl Prefix {
    pub(super) fn of_net(net: &Net) -> Self {
        let host = Host::of(net.addr);
        let width = Width {
            family: host.family,
            len: net.prefix,
        };
        Self::of(host, width)
    }

    pub(super) fn of_mac(mac: Mac) -> Self {
        let width = Width {
            family: Family::Mac,
            len: 48,
        };
        Self::of(Host::of_mac(mac), width)
    }

    /// The network of this width that a host lies in.
    #[inline]
    pub(super) fn of(host: Host, width: Width) -> Self {
        let beyond = 128 - u32::from(width.len.min(128));
        let mask = u128::MAX.checked_shl(beyond).unwrap_or(0);
        Self {
            width,
            bits: host.bits & mask,
        }
    }

    /// Whether a host lies in it.
    #[inline]
    pub(super) fn holds(self, host: Host) -> bool {
        self.width.family == host.family && Self::of(host, self.width) == self
    }

    /// Its first host.
    pub(super) const fn host(self) -> Host {
        Host {
            bits: self.bits,
            family: self.width.family,
        }
    }
}
