//! The observer of a virtual network beside the network's own tracer: what it says of a packet is what becomes of it, and
//! what it tells of a change by hand is what the change does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the network has more than is needed here")]

#[path = "ovn/by_hand.rs"]
mod by_hand;
#[path = "../../iia-contract/tests/net/cells.rs"]
mod cells;
#[path = "../../iia-contract/tests/net/ovn.rs"]
mod ovn;
#[path = "../../iia-contract/tests/net/programs.rs"]
mod programs;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use by_hand::{Change, OPENING, SAME};
use cells::{Cell, cells, covering};
use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::ovn::{OvnDrift, Seen, Tables, VirtualNetwork};
use iia_contract::Catalog;
use iia_contract::compile::ovn::Acl;
use iia_contract::compile::{Permit as _, Topology};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use ovn::{Lan, Network, Packet, missing};
use programs::skip;
use world::{Rng, addr, parts, prefix, random};

const ZONES: usize = 4;
/// Cells that are asked about beside those that are agreed.
const SHUT: usize = 150;

/// The networks of the zones, and one outside.
fn lans(topology: &Topology, v6: bool) -> Vec<Lan> {
    let lan = |index: usize, zone: Option<String>| Lan {
        zone,
        gateway: format!("{}/{}", addr(v6, index, 1), prefix(v6)),
        hosts: vec![addr(v6, index, 2), addr(v6, index, 3)],
    };
    let zones = topology.zones.iter().enumerate();
    let zones = zones.map(|(index, zone)| lan(index, Some(zone.name.clone())));
    zones.chain([lan(ZONES, None)]).collect()
}

fn tables(network: &Network) -> Tables {
    Tables {
        acls: network.listed("ACL"),
        groups: network.listed("Port_Group"),
        switches: network.listed("Logical_Switch"),
        ports: network.listed("Logical_Switch_Port"),
        sets: network.listed("Address_Set"),
        global: network.listed("NB_Global"),
    }
}

fn look(observer: &mut OvnDrift, tables: Tables) -> Vec<Finding> {
    observer.handle_observation(Timestamp::from_secs(1), Seen::Tables(tables));
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

/// What is asked about: all that is agreed, and some of the rest.
fn sampled(v6: bool, topology: &Topology, catalog: &Catalog) -> BTreeSet<Cell> {
    let all = cells(ZONES, v6, &mut Rng(7));
    let is_open = |cell: &&Cell| !covering(cell, topology, catalog).is_empty();
    let (open, shut): (Vec<&Cell>, Vec<&Cell>) = all.iter().partition(is_open);
    assert!(open.len() > 3);
    let step = (shut.len() / SHUT).max(1);
    // Whatever goes from the first zone to the second, which is where people change things.
    let near = |cell: &&&Cell| {
        let to = topology.zones.get(1).map(|zone| zone.subnet);
        cell.from == 0 && to.is_some_and(|net| net.contains(cell.destination))
    };
    let near: Vec<&Cell> = shut.iter().filter(near).copied().collect();
    open.into_iter()
        .chain(near)
        .chain(shut.into_iter().step_by(step))
        .cloned()
        .collect()
}

/// A box, its network as it is compiled, and what is asked about.
struct Bench {
    topology: Topology,
    catalog: Catalog,
    v6: bool,
    cells: BTreeSet<Cell>,
}

impl Bench {
    fn new(seed: u64, v6: bool) -> Self {
        let (topology, catalog) = random(seed, v6, ZONES, 24);
        Self {
            cells: sampled(v6, &topology, &catalog),
            topology,
            catalog,
            v6,
        }
    }

    fn network(&self) -> Network {
        let network = Network::open(&lans(&self.topology, self.v6));
        network.load(&Acl::write(&Acl::compile(&self.catalog, &self.topology).0));
        network
    }

    /// Whether each cell passes as is agreed, and as the observer says.
    fn compare(&self, network: &Network, read: &VirtualNetwork, what: &str) -> bool {
        let mut is_as_agreed = true;
        for cell in &self.cells {
            let packet = Packet {
                lan: cell.from,
                source: cell.source,
                destination: SocketAddr::new(cell.destination, cell.port),
                l4: cell.l4,
            };
            let passes = network.passes(&packet);
            let from = ovn::port(cell.from, 0);
            let says = read.passes(&from, cell.source, cell.destination, (cell.l4, cell.port));
            assert!(
                says.is_none_or(|says| says == passes),
                "{what}: {cell:?} passes: {passes}"
            );
            let agreed = !covering(cell, &self.topology, &self.catalog).is_empty();
            is_as_agreed &= says == Some(agreed);
        }
        is_as_agreed
    }

    fn one(&self, change: &Change) {
        let network = self.network();
        let mut observer = OvnDrift::new(&self.catalog, &self.topology);
        assert_eq!(look(&mut observer, tables(&network)), [], "{}", change.what);
        for command in change.commands {
            network.nbctl(&command.split('~').collect::<Vec<_>>());
        }
        network.forget();
        network.trace();
        let tables = tables(&network);
        let read = VirtualNetwork::read(&tables).unwrap();
        let is_as_agreed = self.compare(&network, &read, change.what);
        let found = look(&mut observer, tables);
        let reason = found
            .first()
            .map_or("no finding", |one| one.reason.as_str());
        eprintln!("{}: {reason}", change.what);
        assert_eq!(
            found.is_empty(),
            is_as_agreed,
            "{}: {found:#?}",
            change.what
        );
        assert_eq!(
            is_as_agreed,
            SAME.iter().any(|same| same.what == change.what),
            "{}",
            change.what
        );
        assert!(
            found
                .iter()
                .all(|one| one.conclusion == Conclusion::Diverge)
        );
        let told = found.iter().any(|one| one.reason.contains(change.words));
        assert!(
            told || change.words.is_empty(),
            "{}: {found:#?}",
            change.what
        );
    }
}

#[test]
fn what_the_observer_says_of_a_packet_is_what_the_tracer_says() {
    let test = "what_the_observer_says_of_a_packet_is_what_the_tracer_says";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let bench = Bench::new(23, false);
    let fails = |change: &&Change| catch_unwind(AssertUnwindSafe(|| bench.one(change))).is_err();
    let failed: Vec<&str> = OPENING
        .iter()
        .chain(&SAME)
        .filter(fails)
        .map(|one| one.what)
        .collect();
    assert_eq!(failed, [""; 0]);
}

#[test]
fn what_is_compiled_for_version_6_is_no_finding() {
    let test = "what_is_compiled_for_version_6_is_no_finding";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let bench = Bench::new(29, true);
    let network = bench.network();
    let read = VirtualNetwork::read(&tables(&network)).unwrap();
    assert!(bench.compare(&network, &read, "nothing"));
    let mut observer = OvnDrift::new(&bench.catalog, &bench.topology);
    assert_eq!(look(&mut observer, tables(&network)), []);
    assert!(observer.converges());
}

/// A compiler that forgets one contract or invents one is found out, and the contract that is cut is named.
#[test]
fn i8_a_compiler_of_acls_that_errs_is_flagged() {
    let test = "i8_a_compiler_of_acls_that_errs_is_flagged";
    if let Some(missing) = missing() {
        return skip(test, missing);
    }
    let (topology, entries) = parts(23, false, ZONES, 12);
    let whole = Catalog::check(&entries).unwrap().0;
    let network = Network::open(&lans(&topology, false));
    let mut told = [0, 0];
    for left_out in 0..entries.len() {
        let mut fewer = entries.clone();
        let name = fewer.remove(left_out).name;
        let fewer = Catalog::check(&fewer).unwrap().0;
        let (right, wrong) = (
            Acl::compile(&whole, &topology).0,
            Acl::compile(&fewer, &topology).0,
        );
        if right.allowed.len() == wrong.allowed.len() {
            continue;
        }
        network.transact(&Acl::write(&wrong));
        let found = look(&mut OvnDrift::new(&whole, &topology), tables(&network));
        assert!(
            found.iter().any(|one| *one.contract == *name),
            "{name} is forgotten: {found:#?}"
        );
        told[0] += 1;
        network.transact(&Acl::write(&right));
        let found = look(&mut OvnDrift::new(&fewer, &topology), tables(&network));
        assert!(!found.is_empty(), "{name} is invented");
        assert!(
            found.iter().all(|one| one.clause == "surplus"),
            "{found:#?}"
        );
        told[1] += 1;
    }
    assert!(told[0] > 3 && told[1] > 3, "{told:?}");
}

#[test]
fn tables_that_are_none_are_told_once() {
    let (topology, catalog) = random(5, false, ZONES, 8);
    let mut observer = OvnDrift::new(&catalog, &topology);
    let empty = br#"{"headings":["_uuid"],"data":[]}"#.to_vec();
    let whole = Tables {
        acls: empty.clone(),
        groups: empty.clone(),
        switches: empty.clone(),
        ports: empty.clone(),
        sets: empty.clone(),
        global: empty,
    };
    for bad in [
        "",
        "{",
        "[]",
        "{\"headings\":1}",
        "{\"headings\":[],\"data\":{}}",
    ] {
        let acls = bad.as_bytes().to_vec();
        let found = look(
            &mut observer,
            Tables {
                acls,
                ..whole.clone()
            },
        );
        assert_eq!(
            found.len(),
            usize::from(bad.is_empty()),
            "{bad}: {found:#?}"
        );
    }
    assert!(!observer.converges());
    let rows = format!(
        "{{\"headings\":[\"_uuid\"],\"data\":[{}1]}}",
        "[1],".repeat(100_000)
    );
    assert!(
        VirtualNetwork::read(&Tables {
            acls: rows.into_bytes(),
            ..whole.clone()
        })
        .is_err()
    );
    let found = look(&mut observer, whole);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].conclusion, Conclusion::Converge);
}
