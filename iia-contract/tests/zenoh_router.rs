//! The compiled access control in a real router: who is heard and who hears is what the catalog says.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

mod bus;
mod made;
#[path = "net/programs.rs"]
mod programs;
#[path = "net/world.rs"]
mod world;

use std::collections::BTreeSet;

use bus::{covering, topics, users};
use iia_contract::compile::zenoh::KeyRight;
use iia_contract::compile::{Permit, Policy, drift};
use programs::{ask, free_port, skip};
use serde_json::{Value, json};

/// A user who may do everything.
const JUDGE: &str = "judge";

/// The name by which the router knows a user.
fn known(user: &str) -> String {
    user.replace("spiffe://", "")
}

/// Everybody, by these names.
fn known_users() -> Vec<String> {
    users().iter().map(|user| known(user)).collect()
}

/// The configuration, in which everybody is known by a user name, and may say and hear when the trial ends.
fn configured(policy: &Policy<KeyRight>) -> Value {
    let text = KeyRight::write(policy).replace("cert_common_names", "usernames");
    let mut whole: Value = serde_json::from_str(&text).unwrap();
    let control = &mut whole["access_control"];
    let all = json!(["put", "delete", "declare_subscriber"]);
    for (id, key) in [("all", "**"), ("end", "iia-test/**")] {
        let rule = json!({"id": id, "permission": "allow", "flows": ["ingress", "egress"], "messages": all, "key_exprs": [key]});
        control["rules"].as_array_mut().unwrap().push(rule);
    }
    control["subjects"].as_array_mut().unwrap().extend([
        json!({"id": "judge", "usernames": [JUDGE]}),
        json!({"id": "all", "usernames": known_users()}),
    ]);
    let policies = [
        json!({"rules": ["all"], "subjects": ["judge"]}),
        json!({"rules": ["end"], "subjects": ["all"]}),
    ];
    control["policies"].as_array_mut().unwrap().extend(policies);
    whole
}

#[test]
fn i7_the_routers_verdict_is_the_catalogs() {
    let test = "i7_the_routers_verdict_is_the_catalogs";
    let Some(python) = bus::python("zenoh") else {
        return skip(
            test,
            "a Python with eclipse-zenoh (IIA_PYTHON or target/venv)",
        );
    };
    let (mut cells, mut allowed) = (0, 0);
    for seed in [3, 17] {
        let plant = bus::random(seed);
        let (policy, _) = KeyRight::compile(&plant.catalog, &plant.topology);
        let dir = tempfile::tempdir().unwrap();
        let control = dir.path().join("control");
        std::fs::write(&control, configured(&policy).to_string()).unwrap();
        let task = json!({"dir": dir.path(), "control": control, "port": free_port(), "users": known_users(), "judge": JUDGE, "keys": topics()});
        let tried = ask(&python, include_str!("bus/zenoh.py"), &task);
        for user in users() {
            let texts = |key: &str| -> BTreeSet<String> {
                let all = tried[known(&user)][key].as_array().unwrap().iter();
                all.map(|one| one.as_str().unwrap().to_owned()).collect()
            };
            for (publish, lets) in [(true, texts("said")), (false, texts("heard"))] {
                for topic in topics() {
                    let contracts = covering(&plant, &user, publish, &topic);
                    assert_eq!(
                        lets.contains(&topic),
                        !contracts.is_empty(),
                        "{user} publish {publish} {topic}: {contracts:?}"
                    );
                    cells += 1;
                    allowed += usize::from(!contracts.is_empty());
                }
            }
        }
    }
    assert!(
        cells > 2000 && allowed > 50,
        "{cells} cells, {allowed} allowed"
    );
    eprintln!("{cells} cells, {allowed} of them allowed");
}

#[test]
fn what_is_written_is_read_back() {
    for seed in 1..60 {
        let plant = bus::random(seed);
        let (policy, _) = KeyRight::compile(&plant.catalog, &plant.topology);
        assert_eq!(
            KeyRight::read(KeyRight::write(&policy).as_bytes()),
            Ok(policy)
        );
    }
}

/// A device is known by its certificate and a workload by its user name: neither has the other kind of name.
#[test]
fn everybody_is_known_by_the_name_that_they_have() {
    let plant = bus::random(17);
    let (policy, _) = KeyRight::compile(&plant.catalog, &plant.topology);
    let written: Value = serde_json::from_str(&KeyRight::write(&policy)).unwrap();
    let subjects = written["access_control"]["subjects"].as_array().unwrap();
    let named = |kind: &str| -> Vec<&str> {
        let all = subjects
            .iter()
            .filter_map(|subject| subject[kind].as_array());
        all.flatten().filter_map(Value::as_str).collect()
    };
    let (users, certificates) = (named("usernames"), named("cert_common_names"));
    assert!(users.len() > 2 && users.iter().all(|name| name.starts_with("iia.local/zone/")));
    assert!(certificates.len() > 1 && certificates.iter().all(|name| name.starts_with("sensor-")));
    assert_eq!(users.len() + certificates.len(), subjects.len());
}

#[test]
fn every_change_by_hand_is_named() {
    let plant = bus::random(17);
    let (policy, _) = KeyRight::compile(&plant.catalog, &plant.topology);
    let is: Value = serde_json::from_str(&KeyRight::write(&policy)).unwrap();
    let told = |change: &dyn Fn(&mut Value)| -> Vec<String> {
        let mut changed = is.clone();
        change(&mut changed["access_control"]);
        let read = KeyRight::read(changed.to_string().as_bytes()).unwrap();
        drift(&policy, &read)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert!(told(&|_| {}).is_empty());
    assert_eq!(
        told(&|all| all["enabled"] = json!(false)),
        ["not contracted: enabled is false, should be true"]
    );
    assert_eq!(
        told(&|all| all["default_permission"] = json!("allow")),
        ["not contracted: default_permission is \"allow\", should be \"deny\""]
    );
    let heard = policy
        .allowed
        .keys()
        .position(|one| one.access == iia_contract::compile::Access::Subscribe)
        .unwrap();
    let right = policy.allowed.keys().nth(heard).unwrap();
    let half = |all: &mut Value| {
        let first = format!("{heard} hear");
        let rules = all["rules"].as_array_mut().unwrap();
        rules.retain(|rule| !rule["id"].as_str().unwrap().starts_with(&first));
    };
    let words = told(&half);
    assert!(
        words.contains(&format!("not contracted: half of: {right}")),
        "{words:?}"
    );
    for (key, value) in [
        ("permission", json!("deny")),
        ("flows", json!(["ingress", "egress"])),
        ("key_exprs", json!(["a", "**"])),
        ("messages", json!(["put", "delete", "query"])),
        ("interfaces", json!(["lo"])),
    ] {
        let words = told(&|all| all["rules"][0][key] = value.clone());
        assert!(
            words.iter().any(|one| one.starts_with("not contracted: {"))
                && words.iter().any(|one| one.starts_with("missing: ")),
            "{key}: {words:?}"
        );
    }
    let wider = told(&|all| all["rules"][0]["key_exprs"] = json!(["cell/other/**"]));
    assert!(
        wider.iter().any(|one| one.contains("cell/other/**")),
        "{wider:?}"
    );
    let both = told(&|all| all["subjects"][0]["interfaces"] = json!(["lo"]));
    assert!(
        both.iter().any(|one| one.starts_with("not contracted: {")),
        "{both:?}"
    );
    for bytes in [&b"{}"[..], b"[]", b"\xff"] {
        assert!(KeyRight::read(bytes).is_err());
    }
}
