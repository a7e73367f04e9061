//! What the box serves its cell: time, names, files, the broker. A device contract that names such a place is why.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

use hashbrown::HashMap;
use iia_core::observe::Transport as Carrier;

use super::{End, Open, at, net, side};
use crate::catalog::Catalog;
use crate::compile::policy::Policy;
use crate::scope::{Server, Terms, Text};
use crate::topology::{L4, Service, Topology};

/// Number of SCTP among the IP protocols (IANA).
const IPPROTO_SCTP: u8 = 132;

/// The contracts of devices, by the place that answers them.
type Spoken<'c> = HashMap<(L4, IpAddr, u16), BTreeSet<&'c Text>>;

/// Services of the cell; an endpoint that only its neighbours reach is listed already.
pub(super) fn services(catalog: &Catalog, topology: &Topology, policy: &mut Policy<Open>) {
    let spoken = spoken(catalog);
    for service in topology.services.iter().filter(|one| !one.endpoint) {
        let interfaces = &topology.interfaces;
        let interface = interfaces.iter().find(|one| one.name == service.interface);
        let side = interface.map_or_else(String::new, |one| side(one.side));
        for (l4, addr, port) in &service.ports {
            let open = Open {
                side: side.clone(),
                ..answers(service, *l4, *addr, *port)
            };
            let contracts = addr.and_then(|addr| spoken.get(&(*l4, addr, *port)));
            let entry = policy.allowed.entry(open).or_default();
            entry.extend(contracts.into_iter().flatten().map(|id| id.as_str().into()));
        }
    }
}

fn answers(service: &Service, l4: L4, addr: Option<IpAddr>, port: u16) -> Open {
    // Whoever has no address yet asks everybody, so that this one listens everywhere.
    let addr = addr.filter(|_| !service.dhcp);
    Open {
        end: End::Listen,
        place: addr.map_or_else(
            || format!("{}/{port}", l4.name()),
            |addr| at(l4, addr, port),
        ),
        who: format!("service {}", service.name),
        zone: String::new(),
        side: String::new(),
        interface: service.interface.clone(),
        peers: BTreeSet::from([net(&service.network)]),
        declared: format!("service {}", service.name),
    }
}

fn spoken(catalog: &Catalog) -> Spoken<'_> {
    let mut spoken = Spoken::new();
    for contract in catalog.contracts() {
        let Terms::Device(terms) = &contract.terms else {
            continue;
        };
        for place in terms.servers.iter().filter_map(place) {
            spoken.entry(place).or_default().insert(&contract.id);
        }
    }
    spoken
}

fn place(server: &Server) -> Option<(L4, IpAddr, u16)> {
    let l4 = match server.transport {
        Carrier::Tcp => L4::Tcp,
        Carrier::Udp => L4::Udp,
        Carrier::Ip(IPPROTO_SCTP) => L4::Sctp,
        Carrier::Ip(_) => return None,
    };
    Some((l4, server.addr, server.port))
}
