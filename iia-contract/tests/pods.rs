//! Network policies for pods: judged by the API's own schema, and by a second evaluator that reads what is written.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod bus;
#[path = "net/cells.rs"]
mod cells;
mod made;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use cells::{Cell, cells, covering};
use iia_contract::compile::cilium::CiliumPolicy;
use iia_contract::compile::k8s::NetworkPolicy;
use iia_contract::compile::{L4, Permit, Topology, drift};
use programs::{ask, skip};
use serde_json::{Value, json};
use world::{Rng, random};

/// The words of a dialect, for an evaluator that follows the standard and not the compiler.
struct Dialect {
    selector: &'static str,
    types: bool,
    peers: fn(&Value, &str) -> Vec<Value>,
    ports: fn(&Value) -> Vec<(String, u64)>,
}

const PLAIN: Dialect = Dialect {
    selector: "podSelector",
    types: true,
    peers: |rule, way| {
        let end = if way == "ingress" { "from" } else { "to" };
        let all = rule[end].as_array().unwrap().iter();
        all.map(|peer| peer["podSelector"].clone()).collect()
    },
    ports: |rule| {
        let all = rule["ports"].as_array().unwrap().iter();
        all.map(|port| {
            (
                port["protocol"].as_str().unwrap().into(),
                port["port"].as_u64().unwrap(),
            )
        })
        .collect()
    },
};

const CILIUM: Dialect = Dialect {
    selector: "endpointSelector",
    types: false,
    peers: |rule, way| {
        let end = if way == "ingress" {
            "fromEndpoints"
        } else {
            "toEndpoints"
        };
        rule[end].as_array().cloned().unwrap_or_default()
    },
    ports: |rule| {
        let all = rule["toPorts"].as_array().into_iter().flatten();
        let all = all.flat_map(|one| one["ports"].as_array().unwrap());
        all.map(|port| {
            (
                port["protocol"].as_str().unwrap().into(),
                port["port"].as_str().unwrap().parse().unwrap(),
            )
        })
        .collect()
    },
};

fn selects(selector: &Value, pod: &[(&str, String); 2]) -> bool {
    let labels = selector["matchLabels"].as_object();
    labels.is_none_or(|labels| {
        labels
            .iter()
            .all(|(key, value)| pod.iter().any(|(own, is)| own == key && value == is))
    })
}

/// The labels of a pod: its namespace and its workload.
type Labels<'a> = [(&'a str, String); 2];

/// Whether a way of a pod is shut, and whether some policy opens it for this peer and port.
fn lets(
    list: &Value,
    dialect: &Dialect,
    way: &str,
    (pod, peer): (&Labels<'_>, &Labels<'_>),
    port: &(String, u64),
) -> bool {
    let (mut shut, mut open) = (false, false);
    for item in list["items"].as_array().unwrap() {
        let spec = &item["spec"];
        let types = spec["policyTypes"].as_array();
        let concerns = match dialect.types {
            true => types
                .unwrap()
                .iter()
                .any(|one| one.as_str().unwrap().eq_ignore_ascii_case(way)),
            false => spec.get(way).is_some(),
        };
        if !concerns || !selects(&spec[dialect.selector], pod) {
            continue;
        }
        shut = true;
        for rule in spec[way]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|rule| !rule.as_object().unwrap().is_empty())
        {
            let peers = (dialect.peers)(rule, way);
            open |=
                peers.iter().any(|one| selects(one, peer)) && (dialect.ports)(rule).contains(port);
        }
    }
    !shut || open
}

fn labels(topology: &Topology, addr: std::net::IpAddr) -> Option<[(&'static str, String); 2]> {
    topology.zones.iter().find_map(|zone| {
        let (id, _) = zone.workloads.iter().find(|(_, own)| *own == addr)?;
        let (zone, workload) = id.zone_workload()?;
        Some([
            ("iia/zone", zone.to_owned()),
            ("iia/workload", workload.to_owned()),
        ])
    })
}

fn matrix(
    text: &str,
    dialect: &Dialect,
    topology: &Topology,
    catalog: &iia_contract::Catalog,
    cells: &[Cell],
) -> usize {
    let list: Value = serde_json::from_str(text).unwrap();
    let mut allowed = 0;
    for cell in cells {
        let (from, to) = (
            labels(topology, cell.source).unwrap(),
            labels(topology, cell.destination).unwrap(),
        );
        let port = (cell.l4.name().to_uppercase(), u64::from(cell.port));
        let passes = lets(&list, dialect, "egress", (&from, &to), &port)
            && lets(&list, dialect, "ingress", (&to, &from), &port);
        let contracts = covering(cell, topology, catalog);
        assert_eq!(passes, !contracts.is_empty(), "{cell:?}: {contracts:?}");
        allowed += usize::from(passes);
    }
    allowed
}

#[test]
fn i7_a_second_evaluator_reads_the_catalog_in_both_dialects() {
    let (mut cells_seen, mut allowed) = (0, 0);
    for seed in [5, 29, 31, 77] {
        let (topology, catalog) = random(seed, seed % 2 == 0, 6, 40);
        let own = |cell: &Cell| topology.zones[cell.from].subnet.contains(cell.source);
        let all: Vec<Cell> = cells(6, seed % 2 == 0, &mut Rng(seed))
            .into_iter()
            .filter(own)
            .collect();
        let (plain, _) = NetworkPolicy::compile(&catalog, &topology);
        let (cilium, _) = CiliumPolicy::compile(&catalog, &topology);
        allowed += matrix(
            &NetworkPolicy::write(&plain),
            &PLAIN,
            &topology,
            &catalog,
            &all,
        );
        allowed += matrix(
            &CiliumPolicy::write(&cilium),
            &CILIUM,
            &topology,
            &catalog,
            &all,
        );
        cells_seen += 2 * all.len();
    }
    assert!(
        cells_seen > 5000 && allowed > 100,
        "{cells_seen} cells, {allowed} allowed"
    );
    eprintln!("{cells_seen} cells, {allowed} of them allowed");
}

/// The schema of the API server, strictly: no field that it does not know.
#[test]
fn the_schema_of_the_api_knows_every_field() {
    let test = "the_schema_of_the_api_knows_every_field";
    let Some(python) = bus::python("kubernetes_validate") else {
        return skip(
            test,
            "a Python with kubernetes-validate (IIA_PYTHON or target/venv)",
        );
    };
    const SCRIPT: &str = "import json, sys, kubernetes_validate as k\nitems = json.load(sys.stdin)['items']\nfor item in items:\n    k.validate(item, '1.30', strict=True)\njson.dump(len(items), sys.stdout)";
    let (mut topology, catalog) = random(5, false, 6, 40);
    topology.listeners[0].l4 = L4::Sctp;
    let (policy, _) = NetworkPolicy::compile(&catalog, &topology);
    let list: Value = serde_json::from_str(&NetworkPolicy::write(&policy)).unwrap();
    let count = ask(&python, SCRIPT, &list).as_u64().unwrap();
    assert_eq!(count, policy.allowed.len() as u64 + 1);
    let mut wrong = list.clone();
    wrong["items"][1]["spec"]["podSelectors"] = json!({});
    let refused = std::panic::catch_unwind(|| ask(&python, SCRIPT, &wrong));
    assert!(
        refused.is_err(),
        "a field that nobody knows was let through"
    );
}

#[test]
fn names_are_those_of_objects_and_differ() {
    let (topology, catalog) = random(5, false, 6, 40);
    let (policy, _) = CiliumPolicy::compile(&catalog, &topology);
    let list: Value = serde_json::from_str(&CiliumPolicy::write(&policy)).unwrap();
    let names: std::collections::BTreeSet<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), policy.allowed.len() + 1);
    assert!(names.iter().all(|name| {
        name.len() <= 253
            && name
                .chars()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-')
    }));
}

fn changes<E: Permit + Clone + std::fmt::Debug>(selector: &str) {
    let (topology, catalog) = random(5, false, 6, 40);
    let (policy, _) = E::compile(&catalog, &topology);
    let text = E::write(&policy);
    assert_eq!(E::read(text.as_bytes()), Ok(policy.clone()));
    let is: Value = serde_json::from_str(&text).unwrap();
    let told = |change: &dyn Fn(&mut Vec<Value>)| -> Vec<String> {
        let mut changed = is.clone();
        change(changed["items"].as_array_mut().unwrap());
        drift(&policy, &E::read(changed.to_string().as_bytes()).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let one = policy.allowed.keys().next().unwrap();
    assert_eq!(
        told(&|items| drop(items.remove(0))),
        ["not contracted: nothing shuts what no policy names"]
    );
    assert!(
        told(&|items| drop(items.remove(1)))[0]
            .starts_with(&format!("missing: {one} (iia.contract."))
    );
    let wide = told(&|items| items[1]["spec"][selector] = json!({}));
    assert!(
        wide[0].starts_with("not contracted: ")
            && wide[0].contains("iia/iia-")
            && wide[1].starts_with("missing: "),
        "{wide:?}"
    );
    let noted = told(&|items| {
        items[1]["metadata"]["annotations"]["iia/contracts"] = json!("iia.contract.internal.other")
    });
    assert!(
        noted[0].starts_with(&format!(
            "changed: {one} (iia.contract.internal.other), should be ("
        )),
        "{noted:?}"
    );
    let elsewhere = told(&|items| items[1]["metadata"]["namespace"] = json!("default"));
    assert!(
        elsewhere
            .iter()
            .any(|words| words.contains(" default/iia-")),
        "{elsewhere:?}"
    );
    let kind = told(&|items| items[1]["kind"] = json!("Pod"));
    assert!(
        kind[0].starts_with("not contracted: Pod iia/iia-"),
        "{kind:?}"
    );
    for bytes in [&b"{}"[..], b"[]", b"\xff"] {
        assert!(E::read(bytes).is_err());
    }
}

#[test]
fn every_change_by_hand_is_named() {
    changes::<NetworkPolicy>("podSelector");
    changes::<CiliumPolicy>("endpointSelector");
}
