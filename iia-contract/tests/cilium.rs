//! Policies of Cilium, judged by its published API: a validator of values, and types that know every field.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod made;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use iia_contract::compile::cilium::CiliumPolicy;
use iia_contract::compile::pods::{Peer, Pod, PodRule, Way};
use iia_contract::compile::{Permit, Policy};
use programs::skip;
use serde_json::{Value, json};
use world::random;

/// Where `./test needs` puts the package, at the versions and digests of `scripts/cilium/package-lock.json`.
fn package() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/cilium").into()
}

/// What is wrong with each item of a list.
fn judged(list: &Value) -> Vec<Vec<String>> {
    let mut child = Command::new("node")
        .args([
            "--input-type=module",
            "--eval",
            include_str!("data/cilium.mjs"),
        ])
        .current_dir(package())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(list.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let wrong: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(wrong.len(), list["items"].as_array().unwrap().len());
    wrong
}

/// A rule of each kind: both ways, every sort of peer in both families, every transport, the first and the last port.
fn every_kind() -> Policy<CiliumPolicy> {
    let pod = |zone: &str| Pod {
        zone: zone.into(),
        workload: "w".into(),
    };
    let network = |text: &str| Peer::Network(text.into());
    let peers = [
        Peer::Pod(pod("lake")),
        network("203.0.113.10/32"),
        network("0.0.0.0/0"),
        network("fd00:77::/64"),
        Peer::Anybody,
    ];
    let contracts = BTreeSet::from(["iia.contract.internal.one".to_owned()]);
    let mut policy = Policy::default();
    for way in [Way::Ingress, Way::Egress] {
        for (peer, protocol) in peers
            .iter()
            .flat_map(|peer| ["TCP", "UDP", "SCTP"].map(|l4| (peer, l4)))
        {
            for port in [1, 65_535] {
                let (pod, peer, protocol) = (pod("publish"), peer.clone(), protocol.into());
                let rule = PodRule {
                    pod,
                    way,
                    peer,
                    protocol,
                    port,
                };
                policy.allowed.insert(CiliumPolicy(rule), contracts.clone());
            }
        }
    }
    policy
}

#[test]
fn the_published_api_knows_every_field_and_takes_every_value() {
    let test = "the_published_api_knows_every_field_and_takes_every_value";
    if !package().join("node_modules/typescript").exists() || !programs::has("node") {
        return skip(test, "the API of Cilium from npm (./test needs)");
    }
    let (topology, catalog) = random(5, false, 6, 40);
    let (mut policy, _) = CiliumPolicy::compile(&catalog, &topology);
    let compiled = policy.allowed.len();
    policy.allowed.extend(every_kind().allowed);
    assert!(compiled > 20 && policy.allowed.len() == compiled + 60);
    let list: Value = serde_json::from_str(&CiliumPolicy::write(&policy)).unwrap();
    assert_eq!(judged(&list).concat(), [""; 0]);
    eprintln!("{} policies", policy.allowed.len() + 1);

    // Each of these is seen, so that a judge that says nothing has looked.
    let way = |one: &Value| match one["spec"].get("ingress") {
        Some(_) => "ingress",
        None => "egress",
    };
    let rule = |one: &mut Value, key: &str, value: Value| {
        let way = way(one);
        one["spec"][way][0][key] = value;
    };
    let port = |key: &'static str, value: Value| {
        move |one: &mut Value| {
            let way = way(one);
            one["spec"][way][0]["toPorts"][0]["ports"][0][key] = value.clone();
        }
    };
    let changes: [&dyn Fn(&mut Value); 10] = [
        &|one| one["apiVersion"] = json!("cilium.io/v1"),
        &|one| one["kind"] = json!("NetworkPolicy"),
        &|one| one["spec"]["endpointSelectors"] = json!({}),
        &|one| one["spec"]["endpointSelector"]["matchLabel"] = json!({}),
        &|one| {
            drop(
                one["spec"]
                    .as_object_mut()
                    .unwrap()
                    .remove("endpointSelector"),
            )
        },
        &|one| rule(one, "fromCIDR", json!(["203.0.113.10/33"])),
        &|one| rule(one, "fromEntities", json!(["everybody"])),
        &port("port", json!(7443)),
        &port("protocol", json!("tls")),
        &port("ports", json!("7443")),
    ];
    let changed = changes.map(|change| {
        let mut one = list["items"][1].clone();
        change(&mut one);
        one
    });
    let found = judged(&json!({ "items": changed }));
    assert!(found.iter().all(|found| !found.is_empty()), "{found:#?}");
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), changes.len());
}
