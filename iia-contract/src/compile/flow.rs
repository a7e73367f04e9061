//! Which connections the catalog allows, as the kernel can tell them: interfaces, addresses, transport, port.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashMap;
use iia_core::SpiffeId;
use iia_core::zone::Conduit;

use crate::catalog::Catalog;
use crate::scope::{Boundary, Internal, Terms, Text};
use crate::topology::{L4, Listener, Topology, ZoneNet, port};

/// A connection that may be opened. Answers belong to it and are not listed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// The interface it comes in by: the source zone's bridge, or the IT interface.
    pub from: Text,
    /// The interface it leaves by.
    pub to: Text,
    /// Who opens it.
    pub source: Source,
    /// Who answers.
    pub destination: IpAddr,
    /// The transport.
    pub l4: L4,
    /// The port that answers.
    pub port: u16,
}

/// Who opens a connection.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// Anybody behind the interface; only the certificate tells who.
    Anybody,
    /// A workload of this box.
    Workload(IpAddr),
    /// Somebody of this network: its address, and how many bits of it count.
    Network(IpAddr, u8),
}

/// The flows of a catalog with the contracts that each of them carries, and what could not become a flow.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Flows {
    /// Each flow with the ids of its contracts, sorted.
    pub allowed: BTreeMap<Flow, Vec<Text>>,
    /// Contracts that open nothing, and why; for people.
    pub notes: Vec<String>,
}

/// What a topology says of each workload, so that a contract costs look-ups and no walk over all zones and places.
struct Places<'t> {
    topology: &'t Topology,
    workloads: HashMap<&'t SpiffeId, (&'t ZoneNet, IpAddr)>,
    listeners: ByWorkload<'t>,
    connections: ByWorkload<'t>,
}

type ByWorkload<'t> = HashMap<&'t SpiffeId, Vec<&'t Listener>>;

impl<'t> Places<'t> {
    fn of(topology: &'t Topology) -> Self {
        let mut workloads = HashMap::new();
        for zone in &topology.zones {
            for (id, addr) in &zone.workloads {
                // The first zone of a workload is its zone, as in `Topology::workload`.
                workloads.entry(id).or_insert((zone, *addr));
            }
        }
        Self {
            topology,
            workloads,
            listeners: by_workload(&topology.listeners),
            connections: by_workload(&topology.connections),
        }
    }

    fn workload(&self, id: &SpiffeId) -> Option<(&'t ZoneNet, IpAddr)> {
        self.workloads.get(id).copied()
    }
}

fn by_workload(all: &[Listener]) -> ByWorkload<'_> {
    let mut places = ByWorkload::new();
    for place in all {
        places.entry(&place.workload).or_default().push(place);
    }
    places
}

/// The places of a workload, in the order of the topology.
fn at<'t>(places: &ByWorkload<'t>, id: &SpiffeId) -> impl Iterator<Item = &'t Listener> {
    places.get(id).into_iter().flatten().copied()
}

/// The flows that a catalog allows on a box.
pub fn flows(catalog: &Catalog, topology: &Topology) -> Flows {
    let mut flows = Flows::default();
    let places = Places::of(topology);
    for contract in catalog.contracts() {
        let made = match &contract.terms {
            Terms::Internal(terms) => internal(terms, &places),
            Terms::Boundary(terms) => boundary(terms, &places),
            // IIA 3: a device contract is watched, not spoken.
            Terms::Device(_) => Err("what devices say is watched, not routed"),
            Terms::Inbound(_) => Err("what is pulled comes over a boundary contract"),
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

fn internal(terms: &Internal, places: &Places<'_>) -> Result<Vec<Flow>, &'static str> {
    let (from, source) = places
        .workload(&terms.source)
        .ok_or("its source is in no zone")?;
    let (to, _) = places
        .workload(&terms.destination)
        .ok_or("its destination is in no zone")?;
    // IIA 4: whatever the catalog says, the two sides are never joined here.
    Conduit::new(from.role, to.role).map_err(|_| "it joins the two sides past the DMZ")?;
    let listeners = at(&places.listeners, &terms.destination)
        .filter(|listener| is_named(listener, &terms.transport.ports));
    let flows: Vec<Flow> = listeners
        .filter(|listener| to.subnet.contains(listener.addr) && same_family(source, listener))
        .map(|listener| flow(&from.bridge, &to.bridge, Source::Workload(source), listener))
        .collect();
    if flows.is_empty() {
        Err("its destination answers nowhere in its zone at a port that it names")
    } else {
        Ok(flows)
    }
}

/// Either side of a boundary contract may open the link; which one does follows from who has a place to be reached.
fn boundary(terms: &Boundary, places: &Places<'_>) -> Result<Vec<Flow>, &'static str> {
    let (ours, theirs) = if places.workload(&terms.publisher).is_some() {
        (&terms.publisher, &terms.consumer)
    } else {
        (&terms.consumer, &terms.publisher)
    };
    let (zone, source) = places.workload(ours).ok_or("neither party is in a zone")?;
    // IIA 4: each side has interfaces of its own; the DMZ has none.
    let interfaces: Vec<&str> = places.topology.interfaces_for(zone.role.side()).collect();
    if interfaces.is_empty() {
        return Err("no interface faces other boxes on the side of its zone");
    }
    let named = terms.obligations.profile.endpoint.as_slice();
    let through = |place: &&Listener| {
        let interface = place.interface.as_deref();
        interface.is_some_and(|name| interfaces.contains(&name)) && is_named(place, named)
    };
    let mut flows = Vec::new();
    let out = at(&places.connections, theirs);
    for place in out
        .filter(through)
        .filter(|place| same_family(source, place))
    {
        let interface = place.interface.as_deref().unwrap_or_default();
        flows.push(flow(
            &zone.bridge,
            interface,
            Source::Workload(source),
            place,
        ));
    }
    let inward = at(&places.listeners, ours);
    for place in inward
        .filter(through)
        .filter(|place| zone.subnet.contains(place.addr))
    {
        let interface = place.interface.as_deref().unwrap_or_default();
        let from = |source| flow(interface, &zone.bridge, source, place);
        if place.allow.is_empty() {
            flows.push(from(Source::Anybody));
        }
        flows.extend(
            place
                .allow
                .iter()
                .map(|net| from(Source::Network(net.addr, net.prefix))),
        );
    }
    if flows.is_empty() {
        Err("neither side says where it answers, at its endpoint and through which interface")
    } else {
        Ok(flows)
    }
}

/// Whether a contract names this place, such as `tls/7443` or `tls/192.0.2.1:7443`; one that names none means all of
/// them.
fn is_named(place: &Listener, named: &[Text]) -> bool {
    let is = |text: &Text| {
        port(text).is_some_and(|(l4, addr, port)| {
            (l4, port) == (place.l4, place.port) && addr.is_none_or(|addr| addr == place.addr)
        })
    };
    named.is_empty() || named.iter().any(is)
}

fn same_family(source: IpAddr, place: &Listener) -> bool {
    source.is_ipv4() == place.addr.is_ipv4()
}

fn flow(from: &str, to: &str, source: Source, place: &Listener) -> Flow {
    Flow {
        from: from.into(),
        to: to.into(),
        source,
        destination: place.addr,
        l4: place.l4,
        port: place.port,
    }
}
