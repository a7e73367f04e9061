//! The observer of the firewall beside the real kernel: what it says of a packet is what becomes of the packet, and what
//! it tells of a change by hand is what the change does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

#[path = "../../iia-contract/tests/net/cells.rs"]
mod cells;
#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;
#[path = "../../iia-contract/tests/net/traffic.rs"]
mod traffic;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::net::IpAddr;

use cells::{Cell, cells, covering};
use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::{Hook, Packet, Policy, PolicyDrift, Seen};
use iia_contract::compile::nft;
use iia_contract::topology::Topology;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use net::Lab;
use traffic::{build, key, send, settled};
use world::{Rng, random};

const ZONES: usize = 4;

/// The packet that a cell is, on its way through the router.
fn packet(cell: &Cell, topology: &Topology) -> Packet {
    let to = topology
        .zones
        .iter()
        .find(|zone| zone.subnet.contains(cell.destination));
    Packet {
        hook: Hook::Forward,
        from: topology.zones[cell.from].bridge.clone(),
        to: to.unwrap().bridge.clone(),
        source: cell.source,
        destination: cell.destination,
        l4: cell.l4,
        source_port: 40_404,
        port: cell.port,
    }
}

fn listed(lab: &Lab) -> (Vec<u8>, String) {
    let outline = lab.run(&["nft", "-t", "list", "ruleset"], b"");
    (lab.listing(), String::from_utf8(outline).unwrap())
}

fn is_within(reason: &str, topology: &Topology) -> bool {
    let mut bridges = topology.zones.iter().map(|zone| &zone.bridge);
    bridges.any(|bridge| reason.contains(&format!("in by {bridge}, out by {bridge} ")))
}

fn home(addr: IpAddr, topology: &Topology) -> Option<usize> {
    let mut zones = topology.zones.iter();
    zones.position(|zone| zone.subnet.contains(addr))
}

fn look(observer: &mut PolicyDrift, (listing, outline): (Vec<u8>, String)) -> Vec<Finding> {
    let now = Timestamp::from_ns(1);
    let interfaces = Vec::new();
    observer.handle_observation(
        now,
        Seen::Listing {
            listing,
            outline,
            interfaces,
        },
    );
    core::iter::from_fn(|| observer.poll_finding()).collect()
}

/// What a person does to the firewall, in nft's own words. `A`, `B` and `C` stand for the zones, the letters with a `4`
/// for an address of the zone.
const BY_HAND: [(&str, &str); 21] = [
    ("everything goes", "flush ruleset"),
    ("the table goes", "delete table inet iia"),
    (
        "a rule before the others",
        "insert rule inet iia forward tcp dport 22 accept",
    ),
    (
        "one address",
        "insert rule inet iia forward ip saddr A4 ip daddr B4 accept",
    ),
    (
        "a network",
        "insert rule inet iia forward ip saddr 10.77.0.0/16 udp dport 53 accept",
    ),
    (
        "a range of ports",
        "insert rule inet iia forward meta l4proto tcp th dport 500-510 accept",
    ),
    (
        "a set",
        "insert rule inet iia forward th dport { 22, 7444 } accept",
    ),
    (
        "all but one",
        "insert rule inet iia forward iifname != \"A\" udp dport 53 accept",
    ),
    ("the trap goes", "flush chain inet iia forward"),
    (
        "rejection lets pass",
        "insert rule inet iia rejected accept",
    ),
    ("rejection is empty", "flush chain inet iia rejected"),
    (
        "rejection goes back",
        "insert rule inet iia rejected return",
    ),
    (
        "a policy that accepts",
        "flush chain inet iia forward; add chain inet iia forward { policy accept; }",
    ),
    (
        "a way is cut",
        "insert rule inet iia forward ip daddr B4 drop",
    ),
    (
        "a way is turned back",
        "insert rule inet iia forward ip daddr C4 reject",
    ),
    (
        "a way is shadowed",
        "insert rule inet iia forward iifname \"B\" goto rejected",
    ),
    (
        "an early chain that drops",
        "add table ip early; add chain ip early f { type filter hook forward priority -300; }; add rule ip early f tcp dport 502 drop",
    ),
    (
        "a chain of its own",
        "add chain inet iia door; add rule inet iia door tcp dport 22 accept; insert rule inet iia forward jump door",
    ),
    (
        "a map of its own",
        "insert rule inet iia forward iifname . oifname vmap { \"A\" . \"B\" : accept }",
    ),
    (
        "a table that sleeps",
        "add table inet iia { flags dormant; }",
    ),
    (
        "a name that stands for many",
        "insert rule inet iia forward iifname \"iz-*\" udp dport 53 accept",
    ),
];

/// What changes no meaning, and so is no finding.
const SAME: [(&str, &str); 5] = [
    (
        "a chain that nobody asks",
        "add chain inet iia door; add rule inet iia door accept",
    ),
    (
        "what another table accepts",
        "add table ip more; add chain ip more f { type filter hook forward priority 5; policy accept; }; add rule ip more f accept",
    ),
    ("a count", "insert rule inet iia forward counter"),
    (
        "what is dropped twice",
        "insert rule inet iia forward tcp dport 9 drop",
    ),
    (
        "the same in other words",
        "insert rule inet iia forward iifname \"A\" oifname \"A\" tcp dport 9 counter drop",
    ),
];

fn spelled(change: &str, topology: &Topology) -> String {
    let mut text = change.to_owned();
    for (at, letter) in ["A", "B", "C"].iter().enumerate() {
        let zone = &topology.zones[at];
        let addr = zone.workloads[0].1.to_string();
        text = text.replace(&format!("{letter}4"), &addr);
        text = text.replace(&format!("\"{letter}\""), &format!("\"{}\"", zone.bridge));
    }
    text.replace("; add", "\nadd")
        .replace("; insert", "\ninsert")
        .replace(" }; ", " }\n")
}

#[test]
fn what_the_observer_says_of_a_packet_is_what_becomes_of_it() {
    let test = "what_the_observer_says_of_a_packet_is_what_becomes_of_it";
    let Some(mut lab) = Lab::open(test) else {
        return;
    };
    let (topology, catalog) = random(23, false, ZONES, 24);
    let ruleset = nft::ruleset(&catalog, &topology).0.to_string();
    build(&mut lab, &topology, false);
    let grid: BTreeMap<Cell, u64> = cells(ZONES, false, &mut Rng(7))
        .into_iter()
        // An address of the receiver's own namespace is thrown away there, whatever the firewall says.
        .filter(|cell| home(cell.source, &topology) != home(cell.destination, &topology))
        .map(|cell| (cell, 1))
        .collect();
    let agreed = |cell: &&Cell| !covering(cell, &topology, &catalog).is_empty();
    let agreed: Vec<String> = grid.keys().filter(agreed).map(key).collect();
    assert!(agreed.len() > 3);
    let mut before = traffic::settled(&lab, &topology, 0);
    for (what, change) in BY_HAND.iter().chain(&SAME).chain(&[("nothing", "")]) {
        lab.run(&["nft", "flush", "ruleset"], b"");
        lab.load(&ruleset);
        let mut observer = PolicyDrift::new(&catalog, &topology);
        assert_eq!(look(&mut observer, listed(&lab)), []);
        lab.load(&spelled(change, &topology));
        let (listing, outline) = listed(&lab);
        let policy = Policy::read(&listing, &outline).unwrap();
        let says = |cell: &&Cell| policy.passes(&packet(cell, &topology)).unwrap();
        let said: Vec<String> = grid.keys().filter(says).map(key).collect();
        send(&lab, &topology, &grid);
        let seen: u64 = before.values().sum();
        let now = settled(&lab, &topology, seen + said.len() as u64);
        let new = |(key, count): &(&String, &u64)| **count > before.get(*key).copied().unwrap_or(0);
        let mut arrived: Vec<String> = now.iter().filter(new).map(|(key, _)| key.clone()).collect();
        let mut said = said;
        arrived.sort();
        said.sort();
        let differ: Vec<&String> = said
            .iter()
            .filter(|key| !arrived.contains(key))
            .chain(arrived.iter().filter(|key| !said.contains(key)))
            .collect();
        assert!(
            differ.is_empty(),
            "{what}: {change}: {} of {}: {differ:?}",
            differ.len(),
            said.len()
        );
        before = now;
        // Within a zone the bridge joins, and no cell lies there.
        let mut found = look(&mut observer, (listing, outline));
        found.retain(|one| one.contract.is_empty() || !is_within(&one.reason, &topology));
        let is_as_agreed = {
            let mut agreed = agreed.clone();
            agreed.sort();
            arrived == agreed
        };
        // Whatever changes what arrives is told, and what changes nothing is not.
        assert_eq!(found.is_empty(), is_as_agreed, "{what}: {found:#?}");
        assert!(
            found
                .iter()
                .all(|one| one.conclusion == Conclusion::Diverge)
        );
        eprintln!(
            "{what}: {} of {} arrive; {}",
            arrived.len(),
            grid.len(),
            found
                .first()
                .map_or("no finding", |one| one.reason.as_str())
        );
    }
}
