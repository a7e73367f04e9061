//! Which connections the catalog allows, as the kernel can tell them: interfaces, addresses, transport, port.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::zone::Conduit;

use super::topology::{L4, Listener, Topology};
use crate::catalog::Catalog;
use crate::scope::{Boundary, Internal, Terms};

/// A connection that may be opened. Answers belong to it and are not listed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// The interface it comes in by: the source zone's bridge, or the IT interface.
    pub from: String,
    /// The interface it leaves by.
    pub to: String,
    /// Who opens it; `None` is anybody behind `from`, whom only the certificate tells.
    pub source: Option<IpAddr>,
    /// Who answers.
    pub destination: IpAddr,
    /// The transport.
    pub l4: L4,
    /// The port that answers.
    pub port: u16,
}

/// The flows of a catalog with the contracts that each of them carries, and what could not become a flow.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Flows {
    /// Each flow with the ids of its contracts, sorted.
    pub allowed: BTreeMap<Flow, Vec<String>>,
    /// Contracts that open nothing, and why; for people.
    pub notes: Vec<String>,
}

/// The flows that a catalog allows on a box.
pub fn flows(catalog: &Catalog, topology: &Topology) -> Flows {
    let mut flows = Flows::default();
    for contract in catalog.contracts() {
        let made = match &contract.terms {
            Terms::Internal(terms) => internal(terms, topology),
            Terms::Boundary(terms) => boundary(terms, topology),
            // IIA 3: a device contract is watched, not spoken; what is pulled is pulled over a boundary contract.
            Terms::Device(_) | Terms::Inbound(_) => continue,
        };
        match made {
            Ok(made) => {
                for flow in made {
                    flows
                        .allowed
                        .entry(flow)
                        .or_default()
                        .push(contract.id.clone());
                }
            }
            Err(why) => flows
                .notes
                .push(format!("{} opens nothing: {why}", contract.id)),
        }
    }
    flows
}

fn internal(terms: &Internal, topology: &Topology) -> Result<Vec<Flow>, &'static str> {
    let (from, source) = topology
        .workload(&terms.source)
        .ok_or("its source is in no zone")?;
    let (to, _) = topology
        .workload(&terms.destination)
        .ok_or("its destination is in no zone")?;
    // IIA 4: whatever the catalog says, the two sides are never joined here.
    Conduit::new(from.role, to.role).map_err(|_| "it joins the two sides past the DMZ")?;
    let listeners = topology
        .listeners
        .iter()
        .filter(|listener| listener.workload == terms.destination);
    let flows: Vec<Flow> = listeners
        .filter(|listener| to.subnet.contains(listener.addr) && same_family(source, listener))
        .map(|listener| flow(&from.bridge, &to.bridge, Some(source), listener))
        .collect();
    if flows.is_empty() {
        Err("its destination answers nowhere in its zone")
    } else {
        Ok(flows)
    }
}

/// Either side of a boundary contract may open the link; which one does follows from who has a place to be reached.
fn boundary(terms: &Boundary, topology: &Topology) -> Result<Vec<Flow>, &'static str> {
    let (ours, theirs) = if topology.workload(&terms.publisher).is_some() {
        (&terms.publisher, &terms.consumer)
    } else {
        (&terms.consumer, &terms.publisher)
    };
    let (zone, source) = topology
        .workload(ours)
        .ok_or("neither party is in a zone")?;
    // IIA 4: each side has interfaces of its own; the DMZ has none.
    let interfaces: Vec<&str> = topology.interfaces_for(zone.role.side()).collect();
    if interfaces.is_empty() {
        return Err("no interface faces other boxes on the side of its zone");
    }
    let out = topology
        .connections
        .iter()
        .filter(|place| place.workload == *theirs);
    let out: Vec<_> = out.filter(|place| same_family(source, place)).collect();
    let inward = topology
        .listeners
        .iter()
        .filter(|place| place.workload == *ours);
    let inward: Vec<_> = inward
        .filter(|place| zone.subnet.contains(place.addr))
        .collect();
    let mut flows = Vec::new();
    for interface in interfaces {
        flows.extend(
            out.iter()
                .map(|place| flow(&zone.bridge, interface, Some(source), place)),
        );
        flows.extend(
            inward
                .iter()
                .map(|place| flow(interface, &zone.bridge, None, place)),
        );
    }
    if flows.is_empty() {
        Err("neither side says where it answers")
    } else {
        Ok(flows)
    }
}

fn same_family(source: IpAddr, place: &Listener) -> bool {
    source.is_ipv4() == place.addr.is_ipv4()
}

fn flow(from: &str, to: &str, source: Option<IpAddr>, place: &Listener) -> Flow {
    Flow {
        from: from.into(),
        to: to.into(),
        source,
        destination: place.addr,
        l4: place.l4,
        port: place.port,
    }
}
