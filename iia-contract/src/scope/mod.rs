//! What a contract means, once it is checked: one type a scope.

mod boundary;
mod device;
mod inbound;
mod internal;
mod topic;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::Timestamp;
use iia_core::observe::{Table, Transport as Carrier};

use crate::raw::Version;

pub use boundary::{
    Audit, Auth, Boundary, Delivery, Evolution, Freshness, Gap, Obligations, Ordering, Profile,
    Quota, Raci, Sla, Upstream,
};
pub use device::{
    Device, DeviceFailure, Ethernet, Gateway, IoAttestation, Make, Observed, Session, Tag, Use,
};
pub use inbound::{Approval, Artifact, Inbound, OPERATION_PULL, Pull, Refusals};
pub use internal::{Failure, Internal, Payload, Told, Transport};
pub use topic::{FILTER_LEN_MAX, TopicFilter};

/// Addresses of a table end here: 16 bits on the wire.
pub(crate) const ADDRESS_MAX: u64 = 65_535;

/// A word, a name or another text of a contract; one of up to 23 bytes takes no memory of its own.
pub type Text = smol_str::SmolStr;

/// A checked contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The id, `iia.contract.<scope>.<purpose>`.
    pub id: Text,
    /// The version.
    pub version: Version,
    /// Until when this major version stays in force.
    pub deprecated: Option<Timestamp>,
    /// What it says.
    pub terms: Terms,
}

/// What a contract says, by scope.
#[derive(Clone, Debug, PartialEq)]
pub enum Terms {
    /// Between workloads of one box.
    Internal(Internal),
    /// Between the box and another organisation or box.
    Boundary(Boundary),
    /// On the control network.
    Device(Device),
    /// What the box pulls.
    Inbound(Box<Inbound>),
}

/// An address or a network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Net {
    /// The network address.
    pub addr: IpAddr,
    /// How many bits of it count.
    pub prefix: u8,
}

impl Net {
    /// Reads `192.0.2.1` or `192.0.2.0/24`; `None` when it is neither or has bits beyond the prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr.parse().ok()?, Some(prefix.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let width = match addr {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let net = Self {
            addr,
            prefix: prefix.unwrap_or(width),
        };
        (net.prefix <= width && masked(addr, net.prefix) == bits(addr)).then_some(net)
    }

    /// Whether it names somebody: the widest private network of version 4 does, half of the internet does not.
    pub const fn is_specific(&self) -> bool {
        let least = match self.addr {
            IpAddr::V4(_) => 8,
            IpAddr::V6(_) => 32,
        };
        self.prefix >= least
    }

    /// Whether `addr` lies in it.
    pub fn contains(&self, addr: IpAddr) -> bool {
        self.addr == addr
            || self.addr.is_ipv4() == addr.is_ipv4() && masked(addr, self.prefix) == bits(self.addr)
    }
}

/// The address as the high bits of 128.
fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()) << 96,
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

fn masked(addr: IpAddr, prefix: u8) -> u128 {
    let mask = u128::MAX
        .checked_shl(128 - u32::from(prefix.min(128)))
        .unwrap_or(0);
    bits(addr) & mask
}

/// Where a device answers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Server {
    /// What carries it.
    pub transport: Carrier,
    /// Its address.
    pub addr: IpAddr,
    /// Its port.
    pub port: u16,
}

/// A run of addresses of one table, both ends included.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Run {
    /// Which table.
    pub table: Table,
    /// The first address.
    pub first: u32,
    /// The last address.
    pub last: u32,
}

/// Sorts runs and joins those that touch, so that one comparison decides.
pub(crate) fn merge(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable();
    runs.dedup_by(|run, before| {
        let touches = before.table == run.table && run.first <= before.last.saturating_add(1);
        if touches {
            before.last = before.last.max(run.last);
        }
        touches
    });
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_should() {
        let net = Net::parse("10.20.0.0/16").unwrap();
        assert!(net.contains("10.20.255.1".parse().unwrap()));
        assert!(!net.contains("10.21.0.1".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert!(
            Net::parse("0.0.0.0/0")
                .unwrap()
                .contains("1.2.3.4".parse().unwrap())
        );
        assert!(
            Net::parse("2001:db8::/32")
                .unwrap()
                .contains("2001:db8::5".parse().unwrap())
        );
        for text in ["10.20.0.1/16", "10.0.0.0/33", "x", "10.0.0.0/", "1.2.3/8"] {
            assert_eq!(Net::parse(text), None, "{text}");
        }
    }

    #[test]
    fn touching_runs_become_one() {
        let run = |first, last| Run {
            table: Table::Coil,
            first,
            last,
        };
        assert_eq!(
            merge(alloc::vec![run(5, 9), run(0, 4), run(11, 12)]),
            [run(0, 9), run(11, 12)]
        );
    }
}
