//! The compiled ACL in a real broker: what it acknowledges and delivers is what the catalog says, cell by cell.
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

use bus::{Plant, covering, topics, users};
use iia_contract::compile::{Permit, Policy, drift, mqtt::Right};
use programs::{Running, ask, free_port, has, skip};
use serde_json::{Value, json};

/// A user who may do everything, so that there is something to hear.
const JUDGE: &str = "judge";
/// The last topic, which everybody hears.
const END: &str = "iia-test/end";
/// MQTT 5, 3.4.2.1: not authorized.
const NOT_AUTHORIZED: u64 = 0x87;

/// Certificates, and then trials.
const SCRIPT: &str = concat!(
    include_str!("bus/certificates.py"),
    include_str!("bus/mqtt.py")
);

/// What the broker lets each user do with each topic; it knows them by the common names of their certificates.
fn tried(python: &std::path::Path, policy: &Policy<Right>) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let mut text = Right::write(policy) + &format!("\nuser {JUDGE}\ntopic readwrite #\n");
    for user in users() {
        text += &format!("\nuser {user}\ntopic read {END}\n");
    }
    std::fs::write(at("acl"), text).unwrap();
    let (port, mut all, mut known) = (free_port(), topics(), users());
    all.push(END.into());
    known.push(JUDGE.into());
    let mut task = json!({"do": "certificates", "dir": dir.path(), "port": port, "users": known, "topics": all,
        "judge": JUDGE});
    ask(python, SCRIPT, &task);
    let lines = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\nuser root\npersistence false\nacl_file {}\ncafile {}\n\
         certfile {}\nkeyfile {}\nrequire_certificate true\nuse_identity_as_username true\n",
        at("acl"),
        at("ca.pem"),
        at("server.pem"),
        at("key.pem"),
    );
    std::fs::write(at("conf"), lines).unwrap();
    let _broker = Running::listening("mosquitto", &["-c", &at("conf")], port);
    task["do"] = json!("tried");
    ask(python, SCRIPT, &task)
}

/// Compares every cell; gives how many there were, and how many of them are allowed.
fn compare(plant: &Plant, tried: &Value) -> (usize, usize) {
    let (mut cells, mut allowed) = (0, 0);
    for user in users() {
        let heard: BTreeSet<&str> = tried["read"][&user]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        for topic in topics() {
            let code = tried["written"][&user][&topic].as_u64().unwrap();
            assert!(
                code < 0x80 || code == NOT_AUTHORIZED,
                "{user} {topic}: reason {code:#x}"
            );
            for (publish, lets) in [(true, code < 0x80), (false, heard.contains(topic.as_str()))] {
                let contracts = covering(plant, &user, publish, &topic);
                assert_eq!(
                    lets,
                    !contracts.is_empty(),
                    "{user} publish {publish} {topic}: {contracts:?}"
                );
                cells += 1;
                allowed += usize::from(lets);
            }
        }
    }
    (cells, allowed)
}

#[test]
fn i7_the_brokers_verdict_is_the_catalogs() {
    let test = "i7_the_brokers_verdict_is_the_catalogs";
    if !has("mosquitto") {
        return skip(test, "mosquitto");
    }
    let Some(python) = bus::python("paho.mqtt.client") else {
        return skip(test, "a Python with paho-mqtt (IIA_PYTHON or target/venv)");
    };
    let (mut cells, mut allowed) = (0, 0);
    for seed in [3, 17, 29, 101] {
        let plant = bus::random(seed);
        let (policy, _) = Right::compile(&plant.catalog, &plant.topology);
        let (some, open) = compare(&plant, &tried(&python, &policy));
        cells += some;
        allowed += open;
    }
    assert!(
        cells > 3000 && allowed > 100,
        "{cells} cells, {allowed} allowed"
    );
    eprintln!("{cells} cells, {allowed} of them allowed");
}

#[test]
fn what_is_written_is_read_back() {
    for seed in 1..60 {
        let plant = bus::random(seed);
        let (policy, _) = Right::compile(&plant.catalog, &plant.topology);
        let text = Right::write(&policy);
        assert_eq!(Right::read(text.as_bytes()), Ok(policy), "{text}");
    }
}

#[test]
fn every_element_names_the_contracts_that_cover_it() {
    for seed in 1..60 {
        let plant = bus::random(seed);
        let (policy, _) = Right::compile(&plant.catalog, &plant.topology);
        for (right, contracts) in &policy.allowed {
            let topic = right.filter.as_str().replace('+', "a").replace('#', "b");
            let publish = right.access == iia_contract::compile::Access::Publish;
            let covering: BTreeSet<String> = covering(&plant, &right.user, publish, &topic)
                .into_iter()
                .collect();
            assert!(
                !contracts.is_empty() && contracts.is_subset(&covering),
                "{right}: {contracts:?}"
            );
        }
    }
}

#[test]
fn every_change_by_hand_is_named() {
    let plant = bus::random(17);
    let (policy, _) = Right::compile(&plant.catalog, &plant.topology);
    let text = Right::write(&policy);
    let first = policy.allowed.keys().next().unwrap().to_string();
    let line = text
        .lines()
        .find(|line| line.starts_with("topic "))
        .unwrap();
    let comment = text.lines().find(|line| line.starts_with("# ")).unwrap();
    for (changed, words) in [
        (
            format!("topic read cell/a\n{text}"),
            "not contracted: anonymous: topic read cell/a".to_owned(),
        ),
        (
            format!("{text}pattern readwrite %u/x\n"),
            "not contracted: pattern readwrite %u/x".into(),
        ),
        (
            format!("{text}topic #\n"),
            format!(
                "not contracted: user {}: topic #",
                policy.allowed.keys().last().unwrap().user
            ),
        ),
        (
            format!("{text}user eve\ntopic cell/a\n"),
            "not contracted: eve may publish cell/a (no contract)".into(),
        ),
        (
            format!("{text}user eve\ntopic readwrite cell/a\n"),
            "not contracted: eve may subscribe to cell/a (no contract)".into(),
        ),
        (
            format!("{text}user eve\ntopic deny cell/a\n"),
            "not contracted: user eve: topic deny cell/a".into(),
        ),
        (text.replacen(line, "", 1), format!("missing: {first}")),
        (
            text.replacen(comment, "# iia.contract.internal.other", 1),
            format!("changed: {first} (iia.contract.internal.other), should be"),
        ),
    ] {
        let found = drift(&policy, &Right::read(changed.as_bytes()).unwrap());
        assert!(
            found
                .iter()
                .any(|drift| drift.to_string().starts_with(&words)),
            "{words}: {found:?}"
        );
    }
    assert_eq!(drift(&policy, &Right::read(text.as_bytes()).unwrap()), []);
}

#[test]
fn topics_that_nobody_uses_are_told() {
    let mut plant = bus::random(17);
    let entry = |name: &str, lines: &str| {
        let mut entry = made::contract(
            name,
            &format!(
                "scope device\nprotocol mqtt\nclient 10.20.0.10\nserver tcp/10.20.0.9:{}\n{lines}",
                name.len()
            ),
        );
        entry.blocks.push(made::block(
            "observation",
            None,
            "mode mqtt_subscription\ntopic \"cell/#\"",
        ));
        entry
    };
    let sound = [
        entry("iia.contract.device.one", "identity press"),
        entry("iia.contract.device.none", ""),
    ];
    plant.catalog = iia_contract::Catalog::check(&sound).unwrap().0;
    let (policy, notes) = Right::compile(&plant.catalog, &plant.topology);
    let rights: Vec<String> = policy.allowed.keys().map(ToString::to_string).collect();
    assert_eq!(rights, ["press may publish cell/#"]);
    assert_eq!(
        notes,
        [
            "iia.contract.device.none opens no topic: it names neither a collector nor an identity of a device"
        ]
    );
}
