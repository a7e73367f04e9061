//! Packets that somebody may send, and the catalog read naively: which contracts cover each of them.

use std::net::IpAddr;

use iia_contract::Catalog;
use iia_contract::compile::{L4, Topology};
use iia_contract::scope::Terms;
use iia_core::zone::Conduit;

use crate::world::{PORTS, Rng, addr};

/// A packet that somebody may send.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Cell {
    pub(crate) from: usize,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) l4: L4,
    pub(crate) port: u16,
}

/// The catalog read naively: is there a contract between these two that names
/// the port, and does the one listen where the other asks?
pub(crate) fn covering(cell: &Cell, topology: &Topology, catalog: &Catalog) -> Vec<String> {
    let sender = &topology.zones[cell.from];
    let mut covering = Vec::new();
    for contract in catalog.contracts() {
        let Terms::Internal(terms) = &contract.terms else {
            continue;
        };
        let receiver = topology.zones.iter().find(|zone| {
            zone.workloads
                .iter()
                .any(|(id, _)| *id == terms.destination)
        });
        let sends = sender
            .workloads
            .iter()
            .any(|(id, addr)| *id == terms.source && *addr == cell.source);
        let listens = topology.listeners.iter().any(|listener| {
            listener.workload == terms.destination
                && (listener.addr, listener.l4, listener.port)
                    == (cell.destination, cell.l4, cell.port)
        });
        let joined =
            receiver.is_some_and(|receiver| Conduit::new(sender.role, receiver.role).is_ok());
        let scheme = match cell.l4 {
            L4::Tcp => "tls",
            other => other.name(),
        };
        let place = format!("{scheme}/{}", cell.port);
        let named = terms.transport.ports.iter().any(|port| **port == place);
        if sends && listens && joined && named {
            covering.push(contract.id.to_string());
        }
    }
    covering
}

/// Every zone to every zone, from its own two addresses and from one that is another zone's, to every port.
pub(crate) fn cells(zones: usize, v6: bool, rng: &mut Rng) -> Vec<Cell> {
    let mut cells = Vec::new();
    for from in 0..zones {
        let foreign = addr(
            v6,
            (from + 1 + rng.below(zones - 1)) % zones,
            2 + rng.below(2),
        );
        for source in [addr(v6, from, 2), addr(v6, from, 3), foreign] {
            for to in (0..zones).filter(|to| *to != from) {
                for (host, l4, port) in grid() {
                    cells.push(Cell {
                        from,
                        source,
                        destination: addr(v6, to, host),
                        l4,
                        port,
                    });
                }
            }
        }
    }
    cells
}

fn grid() -> impl Iterator<Item = (usize, L4, u16)> {
    let ports = || PORTS.into_iter().chain([22, 7444]);
    [2, 3].into_iter().flat_map(move |host| {
        [L4::Tcp, L4::Udp]
            .into_iter()
            .flat_map(move |l4| ports().map(move |port| (host, l4, port)))
    })
}
