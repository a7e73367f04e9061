//! The surface of a box: every place where it answers and every connection that it opens, with who, why and by which
//! contracts. Whatever is open and not in this list is nobody's.

mod cell;
#[cfg(feature = "std")]
mod live;
#[cfg(feature = "std")]
mod read;
mod text;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::IpAddr;

use iia_core::zone::Side;

use super::flow::{Flow, Flows, Source, flows};
use super::policy::{Permit, Policy};
use crate::catalog::Catalog;
use crate::scope::{Inbound, Net, Terms};
use crate::topology::{L4, Listener, Topology, ZoneNet};

#[cfg(feature = "std")]
pub use live::{Socket, SocketError, against, sockets};

/// Which end of a connection the box is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// It answers.
    Listen,
    /// It opens.
    Connect,
}

impl End {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Connect => "connect",
        }
    }
}

/// A place where the box answers, or to which it connects.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Open {
    /// Which end.
    pub end: End,
    /// The transport and where, such as `tcp/10.90.4.2:7443`; `udp/53` is every address of the interface.
    pub place: String,
    /// The workload, or the service of the cell.
    pub who: String,
    /// Its zone; empty for services of the box itself.
    pub zone: String,
    /// The side on which it stands.
    pub side: String,
    /// The interface through which others are spoken with; empty inside the box.
    pub interface: String,
    /// The networks that may come; empty is whoever proves who they are.
    pub peers: BTreeSet<String>,
    /// The entry that declares it, such as `endpoint lake`.
    pub declared: String,
}

impl Display for Open {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verb = match self.end {
            End::Listen => "listens on",
            End::Connect => "connects to",
        };
        write!(f, "{} {verb} {}", self.who, self.place)?;
        if !self.interface.is_empty() {
            write!(f, " through {}", self.interface)?;
        }
        for peer in &self.peers {
            write!(f, " from {peer}")?;
        }
        Ok(())
    }
}

impl Permit for Open {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>) {
        let mut policy = Policy::default();
        for listener in &topology.listeners {
            policy
                .allowed
                .insert(place(End::Listen, listener, topology), Default::default());
        }
        for connection in &topology.connections {
            let asks = topology.workload(&connection.workload).is_some();
            if asks {
                policy.allowed.insert(
                    place(End::Connect, connection, topology),
                    Default::default(),
                );
            }
        }
        cell::services(catalog, topology, &mut policy);
        let Flows { allowed, notes } = flows(catalog, topology);
        for (flow, contracts) in &allowed {
            for contract in contracts {
                carried(flow, contract, topology, &mut policy);
            }
        }
        for contract in catalog.contracts() {
            if let Terms::Inbound(terms) = &contract.terms {
                policy.allow(pulled(terms, &contract.id, topology), &contract.id);
            }
        }
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

fn at(l4: L4, addr: IpAddr, port: u16) -> String {
    format!("{}/{}", l4.name(), core::net::SocketAddr::new(addr, port))
}

fn side(side: Side) -> String {
    match side {
        Side::Inbound => "inbound",
        Side::Dmz => "dmz",
        Side::Outbound => "outbound",
        Side::Management => "management",
    }
    .into()
}

/// A place of the topology, as its own entry says it.
fn place(end: End, listener: &Listener, topology: &Topology) -> Open {
    let zone = topology.workload(&listener.workload).map(|(zone, _)| zone);
    Open {
        end,
        place: at(listener.l4, listener.addr, listener.port),
        who: listener.workload.to_string(),
        zone: zone.map_or_else(String::new, |zone| zone.name.clone()),
        side: zone.map_or_else(String::new, |zone| side(zone.role.side())),
        interface: listener.interface.clone().unwrap_or_default(),
        peers: listener.allow.iter().map(net).collect(),
        declared: format!("endpoint {}", listener.endpoint),
    }
}

fn net(net: &Net) -> String {
    format!("{}/{}", net.addr, net.prefix)
}

/// A flow is a place that answers, and somebody who asks there.
fn carried(flow: &Flow, contract: &str, topology: &Topology, policy: &mut Policy<Open>) {
    let here = |place: &&Listener| {
        (place.addr, place.l4, place.port) == (flow.destination, flow.l4, flow.port)
    };
    for listener in topology.listeners.iter().filter(here) {
        policy.allow(place(End::Listen, listener, topology), contract);
    }
    let Source::Workload(addr) = flow.source else {
        return;
    };
    let asking = topology
        .zones
        .iter()
        .filter(|zone| zone.bridge == flow.from);
    let places = topology.listeners.iter().chain(&topology.connections);
    let Some(target) = places.clone().find(here) else {
        return;
    };
    for zone in asking {
        for (who, _) in zone.workloads.iter().filter(|(_, own)| *own == addr) {
            policy.allow(asks(who.as_str(), zone, target), contract);
        }
    }
}

fn asks(who: &str, zone: &ZoneNet, target: &Listener) -> Open {
    Open {
        end: End::Connect,
        place: at(target.l4, target.addr, target.port),
        who: who.into(),
        zone: zone.name.clone(),
        side: side(zone.role.side()),
        interface: target.interface.clone().unwrap_or_default(),
        peers: BTreeSet::new(),
        declared: format!("endpoint {}", target.endpoint),
    }
}

/// What a box pulls, it pulls from a place that the contract itself names.
fn pulled(terms: &Inbound, contract: &str, topology: &Topology) -> Open {
    let zone = topology.workload(&terms.puller).map(|(zone, _)| zone);
    let target = &terms.pull.target;
    Open {
        end: End::Connect,
        place: crate::topology::socket(target)
            .map_or_else(|| target.to_string(), |(l4, addr, port)| at(l4, addr, port)),
        who: terms.puller.to_string(),
        zone: zone.map_or_else(String::new, |zone| zone.name.clone()),
        side: zone.map_or_else(String::new, |zone| side(zone.role.side())),
        interface: String::new(),
        peers: BTreeSet::new(),
        declared: format!("contract {contract}"),
    }
}
