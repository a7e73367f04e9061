//! Random boxes: zones, workloads, listeners and contracts, also such as the validator would refuse.

#![allow(dead_code, reason = "each test uses its part of the world")]

use std::net::IpAddr;

use iia_contract::Catalog;
use iia_contract::compile::{L4, Listener, Topology, ZoneNet};
use iia_contract::raw::{Block, Entry, Field, Kind, Span, Value, Version};
use iia_contract::scope::Net;
use iia_core::SpiffeId;
use iia_core::zone::Zone as Role;

/// A small generator of numbers, the same each time.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Ports that listeners use and that probes try.
pub(crate) const PORTS: [u16; 5] = [7443, 502, 53, 8883, 65535];

/// An address of zone `zone`.
pub(crate) fn addr(v6: bool, zone: usize, host: usize) -> IpAddr {
    let text = if v6 {
        format!("fd00:{zone:x}::{host:x}")
    } else {
        format!("10.77.{zone}.{host}")
    };
    text.parse().unwrap()
}

/// The prefix of a zone's network.
pub(crate) const fn prefix(v6: bool) -> u8 {
    if v6 { 64 } else { 24 }
}

/// The identity of a workload.
pub(crate) fn id(zone: usize, workload: usize) -> SpiffeId {
    format!("spiffe://iia.local/zone/z{zone}/workload/w{workload}")
        .parse()
        .unwrap()
}

fn field(key: &str, kind: Kind, text: &str) -> Field {
    let value = Value {
        kind,
        text: text.into(),
        span: Span::default(),
    };
    Field {
        key: key.into(),
        values: vec![value],
        span: Span::default(),
    }
}

fn block(key: &str, fields: Vec<Field>) -> Block {
    Block {
        key: key.into(),
        name: None,
        fields,
        span: Span::default(),
    }
}

fn entry(scope: &str, name: &str, parties: [(&str, &SpiffeId); 2]) -> Entry {
    let mut fields = vec![
        field("scope", Kind::Atom, scope),
        field("operation", Kind::Atom, &format!("OP_{name}")),
    ];
    fields.extend(parties.map(|(key, id)| field(key, Kind::Spiffe, id.as_str())));
    Entry {
        kind: "contract".into(),
        name: format!("iia.contract.{scope}.{name}"),
        version: Some(Version {
            major: 1,
            minor: 0,
            patch: 0,
        }),
        fields,
        blocks: Vec::new(),
        span: Span::default(),
    }
}

/// Every place that a contract may name: each transport with each port.
fn places() -> impl Iterator<Item = String> {
    let all = ["tls", "udp", "sctp"].into_iter();
    all.flat_map(|scheme| PORTS.map(|port| format!("{scheme}/{port}")))
}

/// An internal contract that names every port, as the language delivers it.
pub(crate) fn contract(name: &str, source: &SpiffeId, destination: &SpiffeId) -> Entry {
    let mut entry = entry(
        "internal",
        name,
        [("source", source), ("destination", destination)],
    );
    entry
        .fields
        .push(field("cardinality", Kind::Atom, "one_to_one"));
    let mut transport = vec![
        field("protocol", Kind::Atom, "iia_link"),
        field("security", Kind::Atom, "mtls"),
    ];
    transport.extend(places().map(|place| field("port", Kind::Port, &place)));
    entry.blocks.push(block("transport", transport));
    entry.blocks.push(block(
        "failure",
        vec![field("on_unreachable", Kind::Atom, "drop")],
    ));
    entry
}

/// A box of `zones` zones with two workloads each, random roles, listeners and contracts.
pub(crate) fn random(seed: u64, v6: bool, zones: usize, contracts: usize) -> (Topology, Catalog) {
    let (topology, entries) = parts(seed, v6, zones, contracts);
    (topology, Catalog::check(&entries).unwrap().0)
}

/// The same, its contracts as the language delivers them.
pub(crate) fn parts(seed: u64, v6: bool, zones: usize, contracts: usize) -> (Topology, Vec<Entry>) {
    let mut rng = Rng(seed);
    let mut topology = Topology::default();
    for zone in 0..zones {
        let net = if v6 {
            format!("fd00:{zone:x}::/64")
        } else {
            format!("10.77.{zone}.0/24")
        };
        topology.zones.push(ZoneNet {
            name: format!("z{zone}"),
            role: Role::ALL[rng.below(Role::ALL.len())],
            bridge: format!("iz-z{zone}"),
            subnet: Net::parse(&net).unwrap(),
            workloads: (0..2)
                .map(|workload| (id(zone, workload), addr(v6, zone, workload + 2)))
                .collect(),
        });
        for workload in 0..2 {
            let l4 = if rng.below(3) == 0 { L4::Udp } else { L4::Tcp };
            let port = PORTS[rng.below(PORTS.len())];
            let place = addr(v6, zone, workload + 2);
            topology.listeners.push(Listener {
                endpoint: format!("z{zone}w{workload}"),
                workload: id(zone, workload),
                l4,
                addr: place,
                port,
                interface: None,
                allow: Vec::new(),
            });
        }
    }
    let mut end = || id(rng.below(zones), rng.below(2));
    let mut entries: Vec<Entry> = (0..contracts)
        .map(|number| contract(&format!("c{number}"), &end(), &end()))
        .collect();
    for entry in &mut entries {
        let mut named = |field: &Field| field.key != "port" || rng.below(4) > 0;
        entry.blocks[0].fields.retain(|field| named(field));
    }
    (topology, entries)
}
