//! What the contracts let be opened, read from the catalog by the observer itself.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;

use iia_contract::scope::{Boundary, Internal, Net, Terms, Text};
use iia_contract::topology::{InterfaceKind, L4, Listener, Topology, ZoneNet};
use iia_core::SpiffeId;
use iia_core::zone::Side;

use super::packet::{Hook, Packet};

/// The loopback interface, on which the box speaks with itself.
const LOOPBACK: &str = "lo";
/// Where addresses are given, and where they are taken.
const DHCP_PORTS: [u16; 2] = [67, 68];

/// Something that may be opened.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The contract, or the service of the cell.
    pub(super) by: String,
    pub(super) hook: Hook,
    pub(super) from: String,
    pub(super) to: String,
    /// Nobody in particular where it is empty.
    pub(super) sources: Vec<Net>,
    /// Nobody in particular where there is none.
    pub(super) destination: Option<IpAddr>,
    pub(super) l4: L4,
    pub(super) port: u16,
}

impl Way {
    fn allows(&self, packet: &Packet) -> bool {
        let from =
            self.sources.is_empty() || self.sources.iter().any(|net| net.contains(packet.source));
        let is = |name: &str, own: &str| own.is_empty() || own == name;
        self.hook == packet.hook
            && is(&packet.from, &self.from)
            && is(&packet.to, &self.to)
            && from
            && self.destination.is_none_or(|one| one == packet.destination)
            && (self.l4, self.port) == (packet.l4, packet.port)
    }
}

/// Where a way ends: an address, or whichever; a transport and a port.
type End = (Option<IpAddr>, L4, u16);

/// Everything that may be opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed {
    pub(super) ways: Vec<Way>,
    /// Which of them end where, so that many contracts cost no more than few.
    by_end: BTreeMap<End, Vec<usize>>,
    /// Interfaces that see and never send.
    pub(super) silent: Vec<String>,
}

impl Agreed {
    pub(crate) fn read(catalog: &Catalog, topology: &Topology) -> Self {
        let mut ways = Vec::new();
        for contract in catalog.contracts() {
            let made = match &contract.terms {
                Terms::Internal(terms) => internal(terms, topology),
                Terms::Boundary(terms) => boundary(terms, topology),
                // What devices say is watched and not routed; what is pulled has a boundary contract of its own.
                Terms::Device(_) | Terms::Inbound(_) => Vec::new(),
            };
            ways.extend(made.into_iter().map(|way| Way {
                by: contract.id.as_str().into(),
                ..way
            }));
        }
        ways.extend(services(topology));
        let silent = topology.interfaces_of(InterfaceKind::Observation);
        let mut by_end = BTreeMap::<End, Vec<usize>>::new();
        for (index, way) in ways.iter().enumerate() {
            let end = (way.destination, way.l4, way.port);
            by_end.entry(end).or_default().push(index);
        }
        Self {
            ways,
            by_end,
            silent: silent.map(Into::into).collect(),
        }
    }

    /// Whether a contract joins these two at this port, whichever way the packets take.
    pub(crate) fn joins(
        &self,
        (source, destination): (IpAddr, IpAddr),
        (l4, port): (L4, u16),
    ) -> bool {
        let from = |way: &Way| {
            way.sources.is_empty() || way.sources.iter().any(|net| net.contains(source))
        };
        let ends = [Some(destination), None].map(|end| self.by_end.get(&(end, l4, port)));
        let ways = ends.into_iter().flatten().flatten();
        ways.filter_map(|index| self.ways.get(*index)).any(from)
    }

    /// Whether this may be opened; what the box says to itself may.
    pub(super) fn allows(&self, packet: &Packet) -> bool {
        let to_itself = match packet.hook {
            Hook::Forward => false,
            Hook::Input => packet.from == LOOPBACK,
            Hook::Output => packet.to == LOOPBACK,
        };
        let ends = [Some(packet.destination), None];
        let mut found = ends
            .into_iter()
            .filter_map(|end| self.by_end.get(&(end, packet.l4, packet.port)))
            .flatten()
            .filter_map(|index| self.ways.get(*index));
        to_itself || found.any(|way| way.allows(packet))
    }
}

fn home<'t>(topology: &'t Topology, id: &SpiffeId) -> Option<(&'t ZoneNet, IpAddr)> {
    topology.zones.iter().find_map(|zone| {
        let mut workloads = zone.workloads.iter();
        let (_, addr) = workloads.find(|(who, _)| who == id)?;
        Some((zone, *addr))
    })
}

fn way(from: &str, to: &str, place: &Listener) -> Way {
    Way {
        by: String::new(),
        hook: Hook::Forward,
        from: from.into(),
        to: to.into(),
        sources: Vec::new(),
        destination: Some(place.addr),
        l4: place.l4,
        port: place.port,
    }
}

const fn one(addr: IpAddr) -> Net {
    let prefix = if addr.is_ipv4() { 32 } else { 128 };
    Net { addr, prefix }
}

/// Whether a contract that names places, such as `tls/7443` or `tls/192.0.2.1:7443`, means this one.
fn is_meant(place: &Listener, named: &[Text]) -> bool {
    let carried = |scheme: &str| match scheme {
        "tcp" | "tls" => Some(L4::Tcp),
        "udp" | "dtls" | "quic" => Some(L4::Udp),
        "sctp" => Some(L4::Sctp),
        _ => None,
    };
    let is = |text: &Text| {
        let (scheme, at) = text.split_once('/')?;
        let (addr, port) = match at.rsplit_once(':') {
            Some((addr, port)) => (Some(addr.trim_matches(['[', ']'])), port),
            None => (None, at),
        };
        let same_addr = addr.is_none_or(|addr| addr.parse() == Ok(place.addr));
        let same_port = port.parse() == Ok(place.port);
        Some(same_addr && same_port && carried(scheme)? == place.l4)
    };
    named.is_empty() || named.iter().any(|text| is(text) == Some(true))
}

/// Workloads of one box, each in its zone; never from one side to the other.
fn internal(terms: &Internal, topology: &Topology) -> Vec<Way> {
    let homes = (
        home(topology, &terms.source),
        home(topology, &terms.destination),
    );
    let (Some((from, source)), Some((to, _))) = homes else {
        return Vec::new();
    };
    let sides = (from.role.side(), to.role.side());
    if matches!(
        sides,
        (Side::Inbound, Side::Outbound) | (Side::Outbound, Side::Inbound)
    ) {
        return Vec::new();
    }
    let places = topology.listeners.iter().filter(|place| {
        place.workload == terms.destination
            && to.subnet.contains(place.addr)
            && place.addr.is_ipv4() == source.is_ipv4()
            && is_meant(place, &terms.transport.ports)
    });
    places
        .map(|place| Way {
            sources: Vec::from([one(source)]),
            ..way(&from.bridge, &to.bridge, place)
        })
        .collect()
}

/// With another box or organisation: out to where the other side answers, and in to where this side does.
fn boundary(terms: &Boundary, topology: &Topology) -> Vec<Way> {
    let ours = home(topology, &terms.publisher).map(|home| (home, &terms.publisher));
    let ours = ours.or_else(|| home(topology, &terms.consumer).map(|home| (home, &terms.consumer)));
    let Some(((zone, source), us)) = ours else {
        return Vec::new();
    };
    let them = if us == &terms.publisher {
        &terms.consumer
    } else {
        &terms.publisher
    };
    let faces = |place: &&Listener| {
        topology.interfaces.iter().any(|interface| {
            interface.kind == InterfaceKind::It
                && interface.side == zone.role.side()
                && place.interface.as_deref() == Some(interface.name.as_str())
        })
    };
    let meant = |place: &&Listener| is_meant(place, terms.obligations.profile.endpoint.as_slice());
    let mut ways = Vec::new();
    let out = topology
        .connections
        .iter()
        .filter(|place| &place.workload == them && place.addr.is_ipv4() == source.is_ipv4());
    for place in out.filter(faces).filter(meant) {
        let interface = place.interface.as_deref().unwrap_or_default();
        ways.push(Way {
            sources: Vec::from([one(source)]),
            ..way(&zone.bridge, interface, place)
        });
    }
    let inward = topology
        .listeners
        .iter()
        .filter(|place| &place.workload == us && zone.subnet.contains(place.addr));
    for place in inward.filter(faces).filter(meant) {
        let interface = place.interface.as_deref().unwrap_or_default();
        ways.push(Way {
            sources: place.allow.clone(),
            ..way(interface, &zone.bridge, place)
        });
    }
    ways
}

/// What the cell may ask of the box itself.
fn services(topology: &Topology) -> Vec<Way> {
    let mut ways = Vec::new();
    for service in &topology.services {
        let to_box = |l4, port, sources| Way {
            by: service.name.clone(),
            hook: Hook::Input,
            from: service.interface.clone(),
            to: String::new(),
            sources,
            destination: None,
            l4,
            port,
        };
        for (l4, _, port) in &service.ports {
            ways.push(to_box(*l4, *port, Vec::from([service.network])));
        }
        if service.dhcp {
            // Who asks for an address has none yet, and the answer may go to everybody of the cell.
            let [asked, answered] = DHCP_PORTS;
            ways.push(to_box(L4::Udp, asked, Vec::new()));
            ways.push(Way {
                hook: Hook::Output,
                from: String::new(),
                to: service.interface.clone(),
                ..to_box(L4::Udp, answered, Vec::new())
            });
        }
    }
    ways
}
