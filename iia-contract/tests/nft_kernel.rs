//! The compiled ruleset in the real kernel: its verdicts are those of the catalog, packet by packet.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod net;
#[path = "net/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use iia_contract::Catalog;
use iia_contract::compile::{L4, Topology, nft};
use iia_contract::scope::Terms;
use iia_core::zone::Conduit;
use net::Lab;
use world::{PORTS, Rng, addr, prefix, random};

/// A packet that somebody may send.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Cell {
    from: usize,
    source: IpAddr,
    destination: IpAddr,
    l4: L4,
    port: u16,
}

/// The catalog read naively: is there a contract between these two, and does the one listen where the other asks?
fn covering(cell: &Cell, topology: &Topology, catalog: &Catalog) -> Vec<String> {
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
        if sends && listens && joined {
            covering.push(contract.id.to_string());
        }
    }
    covering
}

/// Every zone to every zone, from its own two addresses and from one that is another zone's, to every port.
fn cells(zones: usize, v6: bool, rng: &mut Rng) -> Vec<Cell> {
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

fn build(lab: &mut Lab, topology: &Topology, v6: bool) {
    for (index, zone) in topology.zones.iter().enumerate() {
        let addrs: Vec<IpAddr> = zone.workloads.iter().map(|(_, addr)| *addr).collect();
        lab.add_zone(&zone.bridge, addr(v6, index, 1), prefix(v6), &addrs);
        let (family, kind) = if v6 {
            ("ip6", "ipv6_addr")
        } else {
            ("ip", "ipv4_addr")
        };
        let seen = format!(
            "table inet seen {{\n set got {{\n type {kind} . {kind} . inet_proto . inet_service\n size 65535\n flags dynamic\n counter\n }}\n chain in {{\n type filter hook input priority -300; policy drop;\n icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept\n meta l4proto {{ tcp, udp }} update @got {{ {family} saddr . {family} daddr . meta l4proto . th dport counter }}\n }}\n}}\n"
        );
        lab.run_in(&zone.bridge, &["nft", "-f", "-"], seen.as_bytes());
    }
}

/// How often the namespaces saw each packet that arrived.
fn arrived(lab: &Lab, topology: &Topology) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    for zone in &topology.zones {
        let listing = lab.run_in(
            &zone.bridge,
            &["nft", "-j", "list", "set", "inet", "seen", "got"],
            b"",
        );
        let listing: serde_json::Value = serde_json::from_slice(&listing).unwrap();
        let sets = listing["nftables"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| item.get("set"));
        for element in sets.filter_map(|set| set["elem"].as_array()).flatten() {
            let element = &element["elem"];
            let key: Vec<String> = element["val"]["concat"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part.as_str().map_or_else(|| part.to_string(), Into::into))
                .collect();
            seen.insert(
                key.join(" . "),
                element["counter"]["packets"].as_u64().unwrap(),
            );
        }
    }
    seen
}

fn send(lab: &Lab, topology: &Topology, cells: &BTreeMap<Cell, u64>) {
    for (index, zone) in topology.zones.iter().enumerate() {
        let mut lines = String::new();
        for (cell, count) in cells.iter().filter(|(cell, _)| cell.from == index) {
            let Cell {
                source,
                destination,
                l4,
                port,
                ..
            } = cell;
            lines += &format!(
                "[\"{source}\",\"{destination}\",\"{}\",{port},{count}]\n",
                l4.name()
            );
        }
        lab.run_in(
            &zone.bridge,
            &["python3", "-c", include_str!("net/send.py")],
            lines.as_bytes(),
        );
    }
}

/// Packets travel while the test looks: looks until nothing more arrives.
fn settled(lab: &Lab, topology: &Topology, want: u64) -> BTreeMap<String, u64> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let seen = arrived(lab, topology);
        if seen.values().sum::<u64>() >= want || Instant::now() > deadline {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn key(cell: &Cell) -> String {
    format!(
        "{} . {} . {} . {}",
        cell.source,
        cell.destination,
        cell.l4.name(),
        cell.port
    )
}

fn matrix(test: &str, seed: u64, v6: bool) {
    const ZONES: usize = 8;
    let Some(mut lab) = Lab::open(test) else {
        return;
    };
    let (topology, catalog) = random(seed, v6, ZONES, 24);
    let (ruleset, _) = nft::ruleset(&catalog, &topology);
    build(&mut lab, &topology, v6);
    lab.load(&ruleset.to_string());
    let mut rng = Rng(seed + 1);
    let cells: BTreeMap<Cell, u64> = cells(ZONES, v6, &mut rng)
        .into_iter()
        .map(|cell| (cell, 1 + rng.below(2) as u64))
        .collect();
    let allowed: BTreeMap<&Cell, Vec<String>> = cells
        .keys()
        .map(|cell| (cell, covering(cell, &topology, &catalog)))
        .filter(|(_, contracts)| !contracts.is_empty())
        .collect();
    assert!(
        allowed.len() > 3,
        "the catalog allows too little to be worth a test"
    );
    let want: BTreeMap<String, u64> = allowed
        .keys()
        .map(|cell| (key(cell), cells[*cell]))
        .collect();
    send(&lab, &topology, &cells);
    let seen = settled(&lab, &topology, want.values().sum());
    assert_eq!(
        seen,
        want,
        "what arrived is what the catalog allows, of {} cells",
        cells.len()
    );
    let loaded = nft::read(&lab.listing()).unwrap();
    let counted: BTreeMap<String, u64> = loaded
        .accepted()
        .filter(|(_, _, element)| element.packets > 0)
        .map(|(_, key, element)| (key.to_string(), element.packets))
        .collect();
    assert_eq!(counted, want, "each element counts its own packets");
    for (cell, contracts) in &allowed {
        let comment = loaded
            .accepted()
            .find(|(_, found, _)| **found == key(cell))
            .unwrap()
            .2
            .comment
            .clone();
        assert_eq!(
            comment,
            contracts.join(" "),
            "each element names its contracts"
        );
    }
    eprintln!(
        "{test}: {} cells, {} packets, {} cells allowed",
        cells.len(),
        cells.values().sum::<u64>(),
        want.len()
    );
}

#[test]
fn i7_the_kernels_verdict_is_the_catalogs_on_version_4() {
    for seed in [11, 23, 37] {
        matrix(
            "i7_the_kernels_verdict_is_the_catalogs_on_version_4",
            seed,
            false,
        );
    }
}

#[test]
fn i7_the_kernels_verdict_is_the_catalogs_on_version_6() {
    matrix(
        "i7_the_kernels_verdict_is_the_catalogs_on_version_6",
        41,
        true,
    );
}

#[test]
fn what_is_loaded_reads_back_as_what_was_compiled() {
    let Some(lab) = Lab::open("what_is_loaded_reads_back_as_what_was_compiled") else {
        return;
    };
    for (seed, v6) in [(5, false), (6, true), (7, false)] {
        let (topology, catalog) = random(seed, v6, 6, 20);
        let (ruleset, _) = nft::ruleset(&catalog, &topology);
        lab.load(&ruleset.to_string());
        assert_eq!(nft::read(&lab.listing()).unwrap().uncounted(), ruleset);
    }
}

#[test]
fn every_change_by_hand_is_named() {
    let Some(lab) = Lab::open("every_change_by_hand_is_named") else {
        return;
    };
    let (topology, catalog) = random(5, false, 6, 20);
    let (ruleset, _) = nft::ruleset(&catalog, &topology);
    let (map, taken, _) = ruleset.accepted().next().unwrap();
    let (flush, taken) = (format!("flush map inet iia {map}"), taken.to_string());
    let changes = [
        (
            "insert rule inet iia forward tcp dport 22 accept",
            "tcp dport 22 accept",
        ),
        (
            "insert rule inet iia input ct mark 7 accept",
            "ct mark 7 accept",
        ),
        ("insert rule inet iia forward meta nftrace set 1", "nftrace"),
        ("add table ip evil", "table ip evil"),
        ("add chain inet iia door", "chain door"),
        ("add element inet iia inbound { \"eth9\" }", "eth9"),
        ("add chain inet iia forward { policy accept; }", "hooks in"),
        ("flush chain inet iia rejected", "rejected"),
        ("add set inet iia friends { type ipv4_addr; }", "friends"),
        (flush.as_str(), taken.as_str()),
    ];
    for (change, named) in changes {
        lab.run(&["nft", "flush", "ruleset"], b"");
        lab.load(&ruleset.to_string());
        assert_eq!(
            nft::drift(&ruleset, &nft::read(&lab.listing()).unwrap()),
            []
        );
        lab.load(change);
        let found = nft::drift(&ruleset, &nft::read(&lab.listing()).unwrap());
        assert!(
            found.iter().any(|drift| drift.to_string().contains(named)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn a_delta_leads_to_the_same_state_and_keeps_the_counts_of_the_rest() {
    let test = "a_delta_leads_to_the_same_state_and_keeps_the_counts_of_the_rest";
    let Some(lab) = Lab::open(test) else { return };
    let (topology, before) = random(5, false, 4, 30);
    let (_, after) = random(6, false, 4, 30);
    let (before, _) = nft::ruleset(&before, &topology);
    let (after, _) = nft::ruleset(&after, &topology);
    lab.load(&before.to_string());
    // Another set of contracts may need ways that are not there: then there is no delta, and nothing is guessed.
    let mut fewer = before.clone();
    let table = fewer.tables.get_mut("inet iia").unwrap();
    let mut maps = table.maps.values_mut();
    let map = maps.find(|map| map.key_type != "ifname" && !map.elements.is_empty());
    map.unwrap().elements.pop_first().unwrap();
    for target in [&fewer, &before, &after] {
        let is = nft::read(&lab.listing()).unwrap();
        match nft::delta(target, &is) {
            Some(delta) => lab.load(&delta),
            None => lab.load(&target.to_string()),
        }
        assert_eq!(&nft::read(&lab.listing()).unwrap().uncounted(), target);
    }
    assert!(
        nft::delta(&fewer, &before)
            .unwrap()
            .starts_with("delete element inet iia way/")
    );
    assert_eq!(nft::delta(&before, &before), Some(String::new()));
}

#[test]
fn i4_the_trap_also_stops_answers_between_the_sides() {
    let Some(lab) = Lab::open("i4_the_trap_also_stops_answers_between_the_sides") else {
        return;
    };
    let (topology, catalog) = random(5, false, 6, 20);
    let (ruleset, _) = nft::ruleset(&catalog, &topology);
    lab.load(&ruleset.to_string());
    let forward = &nft::read(&lab.listing()).unwrap().tables["inet iia"].chains["forward"];
    let texts: Vec<&str> = forward
        .rules
        .iter()
        .map(|rule| rule.text.as_str())
        .collect();
    let answers = texts
        .iter()
        .position(|text| text.starts_with("ct state established"))
        .unwrap();
    let traps: BTreeSet<usize> = (0..texts.len())
        .filter(|at| texts[*at].contains("iia-cross-side"))
        .collect();
    assert_eq!(traps, BTreeSet::from([0, 1]));
    assert!(
        answers > 1,
        "the kernel itself has the trap before the answers"
    );
}
