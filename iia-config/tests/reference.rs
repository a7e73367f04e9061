//! The box of the architecture, all thirteen zones of it, in the real kernel: a namespace a zone, a packet from each to
//! each, and what arrives is the table of zones (001:123-137), no more and no less.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

#[path = "../../iia-contract/tests/net/cells.rs"]
#[expect(dead_code, reason = "the cells are made here")]
mod cells;
#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;
#[path = "../../iia-contract/tests/net/traffic.rs"]
mod traffic;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use cells::Cell;
use iia_config::limits::DOCUMENT_LEN_DEFAULT;
use iia_config::parse::parse;
use iia_config::validate;
use iia_contract::Catalog;
use iia_contract::compile::{L4, Topology, nft};
use iia_core::zone::{Conduit, Zone};
use net::Lab;
use traffic::{build, key, send, settled};

const BOX: &str = include_str!("../../examples/reference/reference.icl");

/// Who may open a connection to whom, from the columns of the table of zones. Where the table names a way from the
/// lake to the outbound side, the relay in the DMZ opens it instead (decision D4: invariant 4 wins); where it names
/// the attestation's way to the publisher, the publisher fetches from the bus. A row's first zone opens.
const CONDUITS: [(&str, &[&str]); 13] = [
    ("ot.acs.collect", &["ot.dmz.bus", "ot.acs.lake"]),
    ("ot.acs.witness", &["ot.acs.lake", "ot.dmz.attest"]),
    ("ot.acs.io_master", &["ot.dmz.attest"]),
    ("ot.acs.lake", &[]),
    ("ot.acs.netservices", &["ot.acs.lake"]),
    ("ot.dmz.bus", &["ot.acs.lake"]),
    ("ot.dmz.audit", &[]),
    ("ot.dmz.attest", &["ot.acs.lake", "ot.dmz.bus"]),
    ("ot.it.publish", &["ot.dmz.bus"]),
    ("ot.it.api", &["ot.dmz.bus"]),
    ("ot.it.tunnel", &[]),
    ("ot.mgmt.ui", &["ot.dmz.bus", "ot.mgmt.cfg"]),
    ("ot.mgmt.cfg", &["ot.dmz.attest"]),
];
/// Whom all zones may write to (001:130).
const AUDIT: &str = "ot.dmz.audit";
const PORT: u16 = 7443;

fn reference() -> (Topology, Catalog) {
    let document = parse(BOX.as_bytes(), DOCUMENT_LEN_DEFAULT).unwrap();
    let catalog = validate::catalog(&document).unwrap();
    (Topology::read(document.tree()), catalog)
}

fn allowed() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for (from, to) in CONDUITS {
        let audit = (from != AUDIT).then_some(AUDIT);
        for to in to.iter().copied().chain(audit) {
            all.insert((from.to_owned(), to.to_owned()));
        }
    }
    all
}

/// R-ZON-32: the catalog says what the table says.
#[test]
fn the_reference_box_has_the_conduits_of_the_architecture_and_no_others() {
    let (topology, catalog) = reference();
    let roles: BTreeSet<&str> = topology.zones.iter().map(|zone| zone.role.name()).collect();
    let named: BTreeSet<&str> = CONDUITS.iter().map(|row| row.0).collect();
    assert_eq!(roles, named, "thirteen zones");
    // The far side of a diode is the fourteenth role, and of another table (001:617-651).
    let others = Zone::ALL
        .into_iter()
        .map(Zone::name)
        .filter(|name| !named.contains(name));
    assert_eq!(others.collect::<Vec<_>>(), ["ot.acs.diode_in"]);
    let role = |id: &iia_core::SpiffeId| topology.workload(id).unwrap().0.role.name().to_owned();
    let mut pairs = BTreeSet::new();
    for contract in catalog.contracts() {
        let iia_contract::scope::Terms::Internal(terms) = &contract.terms else {
            continue;
        };
        pairs.insert((role(&terms.source), role(&terms.destination)));
    }
    assert_eq!(pairs, allowed());
    for (from, to) in &pairs {
        let zone = |name: &str| {
            Zone::ALL
                .into_iter()
                .find(|zone| zone.name() == name)
                .unwrap()
        };
        assert!(Conduit::new(zone(from), zone(to)).is_ok(), "{from} {to}");
    }
}

/// R-ZON-31, invariant 4: the firewall alone, in the kernel. Each zone tries each other at the port of the contracts, beside
/// it, over UDP, and under another zone's address.
#[test]
fn i4_of_all_ways_between_thirteen_zones_the_kernel_opens_those_of_the_table() {
    let test = "i4_of_all_ways_between_thirteen_zones_the_kernel_opens_those_of_the_table";
    let Some(mut lab) = Lab::open(test) else {
        return;
    };
    let (topology, catalog) = reference();
    let (ruleset, _) = nft::ruleset(&catalog, &topology);
    build(&mut lab, &topology, false);
    lab.load(&ruleset.to_string());
    let (mut cells, mut want) = (BTreeMap::new(), BTreeMap::new());
    let allowed = allowed();
    for (from, sender) in topology.zones.iter().enumerate() {
        for receiver in topology
            .zones
            .iter()
            .filter(|zone| zone.name != sender.name)
        {
            let pair = (
                sender.role.name().to_owned(),
                receiver.role.name().to_owned(),
            );
            let (own, other) = (sender.workloads[0].1, receiver.workloads[0].1);
            let spare = topology
                .zones
                .iter()
                .find(|zone| zone.name != sender.name && zone.name != receiver.name);
            let foreign = spare.unwrap().workloads[0].1;
            let grid = [
                (own, L4::Tcp, PORT),
                (own, L4::Tcp, PORT + 1),
                (own, L4::Tcp, 22),
                (own, L4::Udp, PORT),
                (foreign, L4::Tcp, PORT),
            ];
            for (source, l4, port) in grid {
                let cell = Cell {
                    from,
                    source,
                    destination: other,
                    l4,
                    port,
                };
                let opens = source == own && l4 == L4::Tcp && port == PORT;
                if opens && allowed.contains(&pair) {
                    want.insert(key(&cell), 1);
                }
                cells.insert(cell, 1);
            }
        }
    }
    send(&lab, &topology, &cells);
    let seen = settled(&lab, &topology, want.values().sum());
    assert_eq!(seen, want, "of {} packets", cells.len());
    assert_eq!(want.len(), allowed.len());
    // R-CAT-09: each of the others was counted by the kernel as refused, beside what the namespaces say of themselves.
    let listing = String::from_utf8(lab.run(&["nft", "list", "ruleset"], b"")).unwrap();
    let counted = |line: &str| {
        let packets = line.split("packets ").nth(1)?;
        packets.split(' ').next()?.parse::<usize>().ok()
    };
    let refused: usize = listing
        .lines()
        .filter(|line| line.contains("drop") && line.contains("counter"))
        .filter_map(counted)
        .sum();
    assert!(refused >= cells.len() - want.len(), "{listing}");
    eprintln!("{test}: {} packets, {} ways open", cells.len(), want.len());
}
