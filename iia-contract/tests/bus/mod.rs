//! Random plants that speak over a bus, and the catalog read naively: who may publish and hear which topic.

#![allow(dead_code, reason = "each test uses its part of the bus")]

use std::path::PathBuf;

use iia_contract::Catalog;
use iia_contract::compile::{Topology, ZoneNet};
use iia_contract::raw::Entry;
use iia_contract::scope::{Net, Terms};
use iia_core::zone::{Conduit, Zone as Role};

use crate::made::{self, block};
use crate::world::{Rng, addr, id};

/// Zones of a plant, with two workloads each.
const ZONES: usize = 4;
/// Devices of a plant, by number.
const DEVICES: usize = 4;
/// Somebody whom no contract names.
pub(crate) const STRANGER: &str = "stranger";

/// A plant: its places and what may be said in it.
pub(crate) struct Plant {
    pub(crate) topology: Topology,
    pub(crate) catalog: Catalog,
}

/// A plant with random zones, topics and contracts.
pub(crate) fn random(seed: u64) -> Plant {
    let mut rng = Rng(seed);
    let mut topology = Topology::default();
    for zone in 0..ZONES {
        topology.zones.push(ZoneNet {
            name: format!("z{zone}"),
            role: Role::ALL[rng.below(Role::ALL.len())],
            bridge: format!("iz-z{zone}"),
            subnet: Net::parse(&format!("10.77.{zone}.0/24")).unwrap(),
            workloads: (0..2)
                .map(|workload| (id(zone, workload), addr(false, zone, workload + 2)))
                .collect(),
        });
    }
    let mut entries: Vec<Entry> = (0..8).map(|number| internal(number, &mut rng)).collect();
    entries.extend((0..6).map(|number| device(number, &mut rng)));
    let catalog = Catalog::check(&entries).unwrap().0;
    Plant { topology, catalog }
}

fn internal(number: usize, rng: &mut Rng) -> Entry {
    let mut end = || id(rng.below(ZONES), rng.below(2));
    let (source, destination) = (end(), end());
    let mut entry = made::internal(
        &format!("iia.contract.internal.c{number}"),
        &format!(
            "scope internal\nsource {source}\ndestination {destination}\noperation OP_{number}\ncardinality one_to_one"
        ),
    );
    let mut lines = String::from("protocol iia_link\nsecurity mtls\nport tls/7443\n");
    for _ in 0..1 + rng.below(2) {
        lines += &format!("topic \"{}\"\n", filter(rng));
    }
    entry.blocks[0] = block("transport", None, &lines);
    entry
}

fn device(number: usize, rng: &mut Rng) -> Entry {
    let mut lines = format!(
        "scope device\nprotocol mqtt\nclient 10.20.0.10\nserver tcp/10.20.0.{}:8883\n",
        20 + number
    );
    for _ in 0..rng.below(3) {
        lines += &format!("identity sensor-{}\n", rng.below(DEVICES));
    }
    if rng.below(3) > 0 {
        lines += &format!("collector {}\n", id(rng.below(ZONES), rng.below(2)));
    }
    let mut entry = made::contract(&format!("iia.contract.device.d{number}"), &lines);
    let topic = format!("mode mqtt_subscription\ntopic \"{}\"", filter(rng));
    entry.blocks.push(block("observation", None, &topic));
    entry
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A filter of up to four levels; wildcards are frequent.
fn filter(rng: &mut Rng) -> String {
    let mut text = String::from(["cell", "site"][rng.below(2)]);
    for _ in 0..rng.below(4) {
        let level = [NAMES[0], NAMES[1], NAMES[2], "+"][rng.below(4)];
        text = format!("{text}/{level}");
    }
    if rng.below(3) == 0 { text + "/#" } else { text }
}

/// Topics of up to four levels, and neighbours of them that look alike.
pub(crate) fn topics() -> Vec<String> {
    let mut topics: Vec<String> = ["cell", "site", "cells", "Cell", "other/cell"]
        .map(String::from)
        .to_vec();
    for root in ["cell", "site"] {
        for one in NAMES {
            topics.push(format!("{root}/{one}"));
            for two in NAMES {
                topics.push(format!("{root}/{one}/{two}"));
            }
            topics.push(format!("{root}/{one}/c/a"));
            topics.push(format!("{root}/{one}/b/b/c"));
        }
        topics.push(format!("{root}/a/a/a/a/a"));
        topics.push(format!("{root}/ab"));
    }
    topics
}

/// Everybody who may try.
pub(crate) fn users() -> Vec<String> {
    let workloads = (0..ZONES).flat_map(|zone| (0..2).map(move |one| id(zone, one).to_string()));
    let devices = (0..DEVICES).map(|number| format!("sensor-{number}"));
    workloads.chain(devices).chain([STRANGER.into()]).collect()
}

/// The contracts that let `user` publish, or hear, a topic; the catalog read line by line.
pub(crate) fn covering(plant: &Plant, user: &str, publish: bool, topic: &str) -> Vec<String> {
    let topic: Vec<&str> = topic.split('/').collect();
    let said = |filter: &str| matches(&filter.split('/').collect::<Vec<_>>(), &topic);
    let mut covering = Vec::new();
    for contract in plant.catalog.contracts() {
        let covers = match &contract.terms {
            Terms::Internal(terms) => {
                let party = if publish {
                    &terms.source
                } else {
                    &terms.destination
                };
                let role = |id| plant.topology.workload(id).unwrap().0.role;
                party.as_str() == user
                    && terms
                        .transport
                        .topics
                        .iter()
                        .any(|filter| said(filter.as_str()))
                    && Conduit::new(role(&terms.source), role(&terms.destination)).is_ok()
            }
            Terms::Device(terms) => {
                let observed = terms.observed.as_ref().unwrap();
                let party = match publish {
                    true => observed.identities.iter().any(|name| name == user),
                    false => terms
                        .collector
                        .as_ref()
                        .is_some_and(|id| id.as_str() == user),
                };
                party && observed.topic.as_deref().is_some_and(said)
            }
            _ => false,
        };
        covering.extend(covers.then(|| contract.id.to_string()));
    }
    covering
}

fn matches(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([], []) | (["#"], _) => true,
        (["+", filter @ ..], [_, topic @ ..]) => matches(filter, topic),
        ([level, filter @ ..], [name, topic @ ..]) => level == name && matches(filter, topic),
        _ => false,
    }
}

/// A Python that has a module: `IIA_PYTHON`, or the tests' own environment.
pub(crate) fn python(module: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let asked = std::process::Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .output();
    asked
        .is_ok_and(|output| output.status.success())
        .then_some(python)
}
