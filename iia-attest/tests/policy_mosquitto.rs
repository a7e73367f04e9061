//! The observer of a broker beside the real one: what it says of a client and a topic is what mosquitto does, and what it
//! tells of a change by hand is what the change does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the plant has more than is needed here")]

#[path = "../../iia-contract/tests/bus/mod.rs"]
mod bus;
#[path = "brokers/by_hand.rs"]
mod by_hand;
#[path = "brokers/change.rs"]
mod change;
#[path = "../../iia-contract/tests/made/mod.rs"]
mod made;
#[path = "../../iia-contract/tests/net/programs.rs"]
mod programs;
#[path = "brokers/shared.rs"]
mod shared;
#[path = "../../iia-contract/tests/net/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use bus::{Plant, STRANGER, covering, users};
use by_hand::{OPENING, REFUSED, SAME};
use change::Change;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{Act, BrokerDrift, Bus, Client, Rules};
use iia_contract::compile::{Permit as _, mqtt::Right};
use programs::{Running, ask, free_port, has, skip};
use serde_json::{Value, json};
use shared::{Tried, file, look, texts};

/// A user who may do everything, so that there is something to hear.
const JUDGE: &str = "judge";

/// Certificates, and then trials.
const SCRIPT: &str = concat!(
    include_str!("../../iia-contract/tests/bus/certificates.py"),
    include_str!("brokers/mqtt.py")
);

/// A place with certificates, and files as the box has them.
struct Bench {
    dir: tempfile::TempDir,
    port: u16,
    conf: String,
    acl: String,
}

impl Bench {
    fn new(python: &Path, acl: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let port = free_port();
        let conf = format!(
            "per_listener_settings false\nallow_anonymous false\npersistence false\nacl_file {}\n\nlistener {port} 127.0.0.1\n\
             protocol mqtt\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nuse_identity_as_username true\n",
            at("acl"),
            at("ca.pem"),
            at("server.pem"),
            at("key.pem"),
        );
        let acl = format!("{acl}\nuser {JUDGE}\ntopic readwrite #\n");
        let bench = Self {
            dir,
            port,
            conf,
            acl,
        };
        ask(python, SCRIPT, &bench.task("certificates", &[], true));
        bench
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn task(&self, verb: &str, clients: &[Client], is_tls: bool) -> Value {
        let who = |(number, client): (usize, &Client)| {
            let Client {
                certificate, user, ..
            } = client;
            json!({"id": format!("client{number}"), "certificate": certificate, "user": user})
        };
        let mut known = users();
        known.push(JUDGE.into());
        let judge = json!({"id": JUDGE, "certificate": JUDGE, "user": JUDGE});
        json!({"do": verb, "dir": self.dir.path(), "port": self.port, "users": known, "topics": topics(), "judge": judge,
            "tls": is_tls, "clients": clients.iter().enumerate().map(who).collect::<Vec<_>>()})
    }

    /// The files after a change, as the observer is shown them and as they lie on the disk.
    fn changed(&self, change: &Change) -> Vec<File> {
        let spelled = |text: &str| {
            let user = users()[0].clone();
            text.replace("DIR", &self.dir.path().display().to_string())
                .replace("USER", &user)
        };
        let (conf, acl) = change.apply(&self.conf, &self.acl, &spelled);
        let mut files = vec![file(&self.at("conf"), &conf), file(&self.at("acl"), &acl)];
        files.extend(
            change
                .more
                .map(|(name, text)| file(&self.at(name), &spelled(text))),
        );
        for File { path, bytes, .. } in &files {
            std::fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        files
    }

    fn tried(&self, python: &Path, is_tls: bool) -> Value {
        let _broker = Running::listening("mosquitto", &["-c", &self.at("conf")], self.port);
        ask(python, SCRIPT, &self.task("tried", &clients(), is_tls))
    }
}

fn clients() -> Vec<Client> {
    shared::clients(users(), STRANGER.into())
}

fn topics() -> Vec<String> {
    let mut topics = bus::topics();
    topics.extend(
        [
            "$SYS/x",
            "$X/a",
            "cell//a",
            "/cell",
            "cell/client0",
            "cell/xstrangery/client12",
            "cell/stranger",
        ]
        .map(String::from),
    );
    topics
}

/// Compares what the broker did with what the files are said to say; whether it did what is agreed.
fn compare(plant: &Plant, rules: &Rules, tried: &Value, what: &str) -> bool {
    let judged: BTreeSet<&str> = texts(&tried["judged"]);
    let mut is_as_agreed = true;
    let clients = clients();
    for (number, client) in clients.iter().enumerate() {
        let did = &tried["clients"][number];
        let entered = did["entered"].as_bool().unwrap();
        assert_eq!(rules.lets_in(client), entered, "{what}: {client:?}");
        is_as_agreed &= entered == client.certificate.is_some();
        let heard = texts(&did["heard"]);
        for topic in topics().iter().filter(|_| entered) {
            let written = did["written"][topic].as_u64().unwrap();
            assert!(
                written < 0x80 || written == 0x87,
                "{what}: {topic}: {written:#x}"
            );
            let mut acts = vec![(Act::Publish, written < 0x80)];
            if judged.contains(topic.as_str()) {
                acts.push((Act::Subscribe, heard.contains(topic.as_str())));
            }
            for (act, lets) in acts {
                let says = rules.lets(client, &format!("client{number}"), act, topic);
                assert_eq!(says, lets, "{what}: {client:?} {act} {topic}");
                let user = client.certificate.as_deref().unwrap_or_default();
                let agreed = !covering(plant, user, act == Act::Publish, topic).is_empty();
                is_as_agreed &= agreed == lets;
            }
        }
    }
    is_as_agreed
}

#[test]
fn what_the_observer_says_of_a_topic_is_what_the_broker_does() {
    let test = "what_the_observer_says_of_a_topic_is_what_the_broker_does";
    if !has("mosquitto") {
        return skip(test, "mosquitto");
    }
    let Some(python) = bus::python("paho.mqtt.client") else {
        return skip(test, "a Python with paho-mqtt (IIA_PYTHON or target/venv)");
    };
    let plant = bus::random(17);
    let acl = Right::write(&Right::compile(&plant.catalog, &plant.topology).0);
    let bench = Bench::new(&python, &acl);
    let changes = OPENING.iter().chain(&SAME);
    let failed = shared::failing(changes, |change| one(change, &plant, &bench, &python));
    assert_eq!(failed, [""; 0]);
}

/// One change: the broker tries everything, and the observer looks.
fn one(change: &Change, plant: &Plant, bench: &Bench, python: &Path) {
    let files = bench.changed(change);
    let rules = Rules::read(Bus::Topics, &files).unwrap();
    let tried = bench.tried(python, !change.is_plain);
    let is_as_agreed = compare(plant, &rules, &tried, change.what);
    let tried = Tried {
        change,
        files,
        dir: bench.dir.path(),
        is_as_agreed,
        is_same: SAME.iter().any(|same| same.what == change.what),
    };
    tried.held_against(plant, Bus::Topics, JUDGE);
}

/// What the broker would not load, the observer does not take for what is enforced.
#[test]
fn what_the_broker_would_not_load_is_told_as_such() {
    let test = "what_the_broker_would_not_load_is_told_as_such";
    if !has("mosquitto") {
        return skip(test, "mosquitto");
    }
    let Some(python) = bus::python("paho.mqtt.client") else {
        return skip(test, "a Python with paho-mqtt (IIA_PYTHON or target/venv)");
    };
    let plant = bus::random(17);
    let bench = Bench::new(&python, "");
    for change in &REFUSED {
        let files = bench.changed(change);
        assert!(Rules::read(Bus::Topics, &files).is_err(), "{}", change.what);
        let output = std::process::Command::new("mosquitto")
            .args(["-c", &bench.at("conf")])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{}", change.what);
        let mut observer = BrokerDrift::new(Bus::Topics, &plant.catalog, &plant.topology);
        let found = look(&mut observer, JUDGE, files.clone());
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0]
                .reason
                .starts_with("the broker's policy cannot be seen: nobody would load ")
        );
        assert_eq!(look(&mut observer, JUDGE, files), [], "told once");
    }
}
