//! The compiled ruleset in the real kernel: its verdicts are those of the catalog, packet by packet.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

#[path = "net/cells.rs"]
mod cells;
mod net;
#[path = "net/traffic.rs"]
mod traffic;
#[path = "net/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use cells::{Cell, cells, covering};
use iia_contract::compile::nft;
use net::Lab;
use traffic::{build, key, send, settled};
use world::{Rng, random};

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
    let mut fewer = before.clone();
    let table = fewer.tables.get_mut("inet iia").unwrap();
    let mut maps = table.maps.values_mut();
    let map = maps.find(|map| map.key_type != "ifname" && !map.elements.is_empty());
    map.unwrap().elements.pop_first().unwrap();
    for target in [&fewer, &before, &after, &before] {
        let is = nft::read(&lab.listing()).unwrap();
        // Also ways that were not there before, and ways that nobody goes any more.
        lab.load(&nft::delta(target, &is).unwrap());
        assert_eq!(&nft::read(&lab.listing()).unwrap().uncounted(), target);
    }
    assert!(
        nft::delta(&fewer, &before)
            .unwrap()
            .starts_with("delete element inet iia way/")
    );
    assert_eq!(nft::delta(&before, &before), Some(String::new()));
    // What was done by hand is not mended bit by bit.
    lab.load("add rule inet iia forward meta nftrace set 1");
    assert_eq!(
        nft::delta(&before, &nft::read(&lab.listing()).unwrap()),
        None
    );
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
