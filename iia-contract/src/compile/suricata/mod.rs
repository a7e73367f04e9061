//! Rules of an intrusion detection system: a mark on the connections of every contract, an alert for every other
//! connection.
//!
//! What devices say to each other is told apart by address, transport and port; functions, registers and values are
//! the matcher's. The direction counts: who answers does not ask.

#[cfg(feature = "std")]
mod read;
mod text;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::IpAddr;

use iia_core::observe::Transport;

use super::flow::{Flows, Source, flows};
use super::policy::{Contracts, Permit, Policy};
use crate::catalog::Catalog;
use crate::scope::{Net, Terms};
use crate::topology::Topology;

/// The number of the first rule; numbers from one million on are for local rules.
pub const SID_FIRST: u64 = 1_100_000;

/// A connection that raises no alert.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Passed {
    /// The transport: `tcp`, `udp` or `sctp`.
    pub l4: String,
    /// Who opens it: an address, a network, or everybody but the box's own networks, such as `![10.90.1.0/24]`.
    pub source: String,
    /// Who answers.
    pub destination: String,
    /// The port that answers.
    pub port: u16,
}

impl Display for Passed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            l4,
            source,
            destination,
            port,
        } = self;
        write!(f, "{l4} {source} to {destination} port {port} passes")
    }
}

impl Permit for Passed {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let Flows { allowed, notes } = flows(catalog, topology);
        let mut passed: BTreeMap<Self, Contracts> = BTreeMap::new();
        for (flow, contracts) in allowed {
            let one = Self {
                l4: flow.l4.name().into(),
                source: match flow.source {
                    Source::Anybody => outside(topology),
                    Source::Workload(addr) => addr.to_string(),
                    Source::Network(addr, prefix) => network(addr, prefix),
                },
                destination: flow.destination.to_string(),
                port: flow.port,
            };
            let contracts = contracts.into_iter().map(String::from);
            passed.entry(one).or_default().extend(contracts);
        }
        devices(catalog, &mut passed);
        let policy = Policy {
            allowed: passed,
            ..Policy::default()
        };
        (policy, notes)
    }

    fn write(policy: &Policy<Self>) -> String {
        text::write(policy)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, super::policy::ReadError> {
        read::read(loaded)
    }
}

/// Everybody who is not in a zone of the box: nobody sees here through which interface a packet comes.
fn outside(topology: &Topology) -> String {
    let zones = topology.zones.iter();
    let own: Vec<String> = zones
        .map(|zone| network(zone.subnet.addr, zone.subnet.prefix))
        .collect();
    format!("![{}]", own.join(","))
}

/// The conversations of the control network, which nobody on the box takes part in.
fn devices(catalog: &Catalog, passed: &mut BTreeMap<Passed, Contracts>) {
    for contract in catalog.contracts() {
        let Terms::Device(terms) = &contract.terms else {
            continue;
        };
        for Net { addr, prefix } in &terms.clients {
            for server in &terms.servers {
                let l4 = match server.transport {
                    Transport::Tcp => "tcp",
                    Transport::Udp => "udp",
                    Transport::Ip(_) => "sctp",
                };
                let one = Passed {
                    l4: l4.into(),
                    source: network(*addr, *prefix),
                    destination: server.addr.to_string(),
                    port: server.port,
                };
                passed
                    .entry(one)
                    .or_default()
                    .insert(contract.id.to_string());
            }
        }
    }
}

fn network(addr: IpAddr, prefix: u8) -> String {
    let whole = if addr.is_ipv4() { 32 } else { 128 };
    match prefix {
        prefix if prefix == whole => addr.to_string(),
        prefix => format!("{addr}/{prefix}"),
    }
}
