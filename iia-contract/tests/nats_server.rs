//! The compiled permissions in a real server, with clients that prove who they are by certificate alone.
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

use bus::{STRANGER, covering, topics, users};
use iia_contract::compile::nats::Permission;
use iia_contract::compile::{Access, Permit, Policy, drift};
use programs::{Running, ask, free_port, has, skip};
use serde_json::{Value, json};

/// A user who may do everything, so that there is something to hear.
const JUDGE: &str = "judge";
/// Subjects that nobody may subscribe to.
const WIDE: [&str; 3] = [">", "*.>", "*"];

/// Certificates, and then trials.
const SCRIPT: &str = concat!(
    include_str!("bus/certificates.py"),
    include_str!("bus/nats.py")
);

fn subject(topic: &str) -> String {
    topic.replace('/', ".")
}

/// The name by which the server knows a user.
fn mapped(user: &str) -> String {
    if user.starts_with("spiffe://") {
        user.into()
    } else {
        format!("CN={user}")
    }
}

/// What the server lets each user do with each subject.
fn tried(python: &std::path::Path, policy: &Policy<Permission>) -> (Value, BTreeSet<String>) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let judge = format!("CN={JUDGE}");
    let mut all: Vec<String> = users();
    all.push(JUDGE.into());
    let known: BTreeSet<&str> = policy
        .allowed
        .keys()
        .map(|one| one.user.as_str())
        .chain([judge.as_str()])
        .collect();
    let named: BTreeSet<String> = all
        .iter()
        .filter(|user| known.contains(mapped(user).as_str()))
        .cloned()
        .collect();
    let port = free_port();
    let mut task = json!({"do": "certificates", "dir": dir.path(), "port": port, "users": all, "named": named,
        "judge": JUDGE, "stranger": STRANGER, "wide": WIDE,
        "subjects": topics().iter().map(|topic| subject(topic)).collect::<Vec<_>>()});
    ask(python, SCRIPT, &task);
    let everything = format!(
        "  users = [\n    {{ user = \"{judge}\", permissions = {{ publish = \">\", subscribe = \">\" }} }}\n"
    );
    let conf = format!(
        "listen: 127.0.0.1:{port}\ntls {{\n cert_file: \"{}\"\n key_file: \"{}\"\n ca_file: \"{}\"\n verify_and_map: true\n}}\n{}",
        at("server.pem"),
        at("key.pem"),
        at("ca.pem"),
        Permission::write(policy).replacen("  users = [\n", &everything, 1),
    );
    std::fs::write(at("conf"), conf).unwrap();
    let _server = Running::listening("nats-server", &["-c", &at("conf")], port);
    task["do"] = json!("tried");
    (ask(python, SCRIPT, &task), named)
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect()
}

#[test]
fn i7_the_servers_verdict_is_the_catalogs() {
    let test = "i7_the_servers_verdict_is_the_catalogs";
    if !has("nats-server") {
        return skip(test, "nats-server");
    }
    let Some(python) = bus::python("cryptography") else {
        return skip(
            test,
            "a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    };
    let (mut cells, mut allowed) = (0, 0);
    for seed in [3, 17, 29, 101] {
        let plant = bus::random(seed);
        let (policy, _) = Permission::compile(&plant.catalog, &plant.topology);
        let (tried, named) = tried(&python, &policy);
        for user in users() {
            if !named.contains(&user) {
                let open = topics().iter().any(|topic| {
                    [true, false]
                        .iter()
                        .any(|way| !covering(&plant, &user, *way, topic).is_empty())
                });
                assert!(!open, "{user} is contracted and not named");
                continue;
            }
            let said = &tried[&user];
            let [publish, subscribe, wide, heard] =
                ["publish", "subscribe", "wide", "heard"].map(|key| texts(&said[key]));
            assert_eq!(wide, BTreeSet::from(WIDE), "{user}");
            for topic in topics() {
                let subject = subject(&topic);
                let one = subject.as_str();
                assert_eq!(
                    heard.contains(one),
                    !subscribe.contains(one),
                    "{user} {subject}"
                );
                for (way, lets) in [(true, !publish.contains(one)), (false, heard.contains(one))] {
                    let contracts = covering(&plant, &user, way, &topic);
                    assert_eq!(
                        lets,
                        !contracts.is_empty(),
                        "{user} publish {way} {topic}: {contracts:?}"
                    );
                    cells += 1;
                    allowed += usize::from(lets);
                }
            }
        }
    }
    assert!(
        cells > 2000 && allowed > 100,
        "{cells} cells, {allowed} allowed"
    );
    eprintln!("{cells} cells, {allowed} of them allowed");
}

#[test]
fn what_is_written_is_read_back() {
    for seed in 1..60 {
        let plant = bus::random(seed);
        let (policy, _) = Permission::compile(&plant.catalog, &plant.topology);
        let text = Permission::write(&policy);
        assert_eq!(Permission::read(text.as_bytes()), Ok(policy), "{text}");
    }
}

#[test]
fn a_level_with_a_dot_opens_nothing_and_is_told() {
    let mut plant = bus::random(17);
    let lines =
        "scope device\nprotocol mqtt\nclient 10.20.0.10\nserver tcp/10.20.0.9:1\nidentity press";
    let mut entry = made::contract("iia.contract.device.one", lines);
    entry.blocks.push(made::block(
        "observation",
        None,
        "mode mqtt_subscription\ntopic \"spBv1.0/cell/+\"",
    ));
    plant.catalog = iia_contract::Catalog::check(&[entry]).unwrap().0;
    let (policy, notes) = Permission::compile(&plant.catalog, &plant.topology);
    assert!(policy.allowed.is_empty());
    assert_eq!(
        notes,
        ["spBv1.0/cell/+ opens no subject: a level has a dot in it"]
    );
}

#[test]
fn every_change_by_hand_is_named() {
    let plant = bus::random(17);
    let (policy, _) = Permission::compile(&plant.catalog, &plant.topology);
    let text = Permission::write(&policy);
    let first = policy
        .allowed
        .keys()
        .find(|one| one.access == Access::Publish)
        .unwrap();
    let user = &first.user;
    let line = format!("            \"{}\"\n", first.subject);
    let users = "  users = [\n";
    let eve = |said: &str| text.replacen(users, &format!("{users}    {{ user = eve{said} }}\n"), 1);
    for (changed, words) in [
        (eve(""), "not contracted: eve may do everything".to_owned()),
        (
            eve(", permissions = { publish = a }"),
            "not contracted: eve may subscribe to everything".into(),
        ),
        (
            eve(", permissions = { publish = a, subscribe = {} }"),
            "not contracted: eve may subscribe to everything".into(),
        ),
        (
            eve(", permissions = { publish = a.b, subscribe = { deny = \">\" } }"),
            "not contracted: eve may publish a.b (no contract)".into(),
        ),
        (
            eve(", permissions = { publish = [a.b], subscribe = { deny = \"b\" } }"),
            "not contracted: eve may not subscribe to b".into(),
        ),
        (
            eve(", permissions = { publish = a, subscribe = b, allow_responses = true }"),
            "not contracted: eve: allow_responses".into(),
        ),
        (
            text.replacen(users, &format!("  default_permissions = {{}}\n{users}"), 1),
            "not contracted: authorization: default_permissions".into(),
        ),
        (
            format!("{text}accounts {{}}\n"),
            "not contracted: accounts".into(),
        ),
        (
            format!("{text}no_auth_user: eve\n"),
            "not contracted: no_auth_user eve".into(),
        ),
        (
            "port: 4222\n".into(),
            "not contracted: no authorization: everybody may do everything".into(),
        ),
        (text.replacen(&line, "", 1), format!("missing: {first}")),
        (
            text.replacen(&line, &line.replacen('"', "#\n\"", 1), 1),
            format!("changed: {user} may publish "),
        ),
    ] {
        let found = drift(&policy, &Permission::read(changed.as_bytes()).unwrap());
        assert!(
            found
                .iter()
                .any(|drift| drift.to_string().starts_with(&words)),
            "{words}: {found:?}\n{changed}"
        );
    }
    for bytes in [&b"\xff"[..], b"authorization {", b"a = [1"] {
        assert!(Permission::read(bytes).is_err());
    }
}
