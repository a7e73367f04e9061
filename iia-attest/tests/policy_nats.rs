//! The observer of a subject-based bus beside the real one: what it says of a client and a subject is what nats-server
//! does, and what it tells of a change by hand is what the change does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]
#![allow(dead_code, reason = "the plant has more than is needed here")]

#[path = "../../iia-contract/tests/bus/mod.rs"]
mod bus;
#[path = "brokers/by_hand_nats.rs"]
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

use std::path::Path;

use bus::{Plant, STRANGER, covering};
use by_hand::{OPENING, REFUSED, SAME, TOLD};
use change::Change;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{Act, BrokerDrift, Bus, Client, Rules};
use iia_contract::compile::{Access, Permit as _, nats::Permission};
use programs::{Running, ask, free_port, has, skip};
use serde_json::{Value, json};
use shared::{Tried, file, look, texts};

/// A user who may do everything, so that there is something to hear.
const JUDGE: &str = "CN=judge";

/// Certificates, and then trials.
const SCRIPT: &str = concat!(
    include_str!("../../iia-contract/tests/bus/certificates.py"),
    include_str!("brokers/nats.py")
);

/// How the server names a user of the plant.
fn mapped(user: &str) -> String {
    match user.starts_with("spiffe://") {
        true => user.into(),
        false => format!("CN={user}"),
    }
}

fn users() -> Vec<String> {
    bus::users().iter().map(|user| mapped(user)).collect()
}

fn subjects() -> Vec<String> {
    let topics = bus::topics()
        .into_iter()
        .map(|topic| topic.replace('/', "."));
    let more = ["$SYS.x", "_INBOX.a", "a.b"].map(String::from);
    topics.chain(more).collect()
}

/// A place with certificates, and files as a site has them: its own, and the one that is compiled.
struct Bench {
    dir: tempfile::TempDir,
    port: u16,
    conf: String,
    auth: String,
    user: String,
    subject: String,
}

impl Bench {
    fn new(python: &Path, plant: &Plant) -> Self {
        let (policy, _) = Permission::compile(&plant.catalog, &plant.topology);
        let first = policy
            .allowed
            .keys()
            .find(|one| one.access == Access::Publish)
            .unwrap();
        let judge = format!(
            "  users = [\n{{ user = \"{JUDGE}\", permissions = {{ publish = \">\", subscribe = \">\" }} }}\n"
        );
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let port = free_port();
        let conf = format!(
            "listen: 127.0.0.1:{port}\ntls {{\n cert_file: \"{}\"\n key_file: \"{}\"\n ca_file: \"{}\"\n verify_and_map: true\n}}\n\
             include auth.conf\n",
            at("server.pem"),
            at("key.pem"),
            at("ca.pem"),
        );
        let bench = Self {
            auth: Permission::write(&policy).replacen("  users = [\n", &judge, 1),
            user: first.user.clone(),
            subject: first.subject.clone(),
            dir,
            port,
            conf,
        };
        ask(python, SCRIPT, &bench.task("certificates"));
        bench
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn task(&self, verb: &str) -> Value {
        let who = |client: &Client| {
            let Client {
                certificate, user, ..
            } = client;
            json!({"certificate": certificate, "user": user, "password": ""})
        };
        let mut known = users();
        known.push(JUDGE.into());
        let judge = json!({"certificate": JUDGE, "user": JUDGE, "password": ""});
        json!({"do": verb, "dir": self.dir.path(), "port": self.port, "users": known, "subjects": subjects(),
            "judge": judge, "clients": clients().iter().map(who).collect::<Vec<_>>()})
    }

    /// The files after a change, as the observer is shown them and as they lie on the disk.
    fn changed(&self, change: &Change) -> Vec<File> {
        let spelled = |text: &str| {
            let text = text.replace("DIR", &self.dir.path().display().to_string());
            text.replace("USER", &self.user)
                .replace("SUBJECT", &self.subject)
        };
        let (conf, auth) = change.apply(&self.conf, &self.auth, &spelled);
        let mut files = vec![
            file(&self.at("conf"), &conf),
            file(&self.at("auth.conf"), &auth),
        ];
        files.extend(
            change
                .more
                .map(|(name, text)| file(&self.at(name), &spelled(text))),
        );
        for File { path, bytes, .. } in &files {
            std::fs::write(path, bytes).unwrap();
        }
        files
    }
}

fn clients() -> Vec<Client> {
    shared::clients(users(), mapped(STRANGER))
}

/// Compares what the server did with what the files are said to say; whether it did what is agreed.
fn compare(plant: &Plant, rules: &Rules, tried: &Value, what: &str) -> bool {
    let judged = texts(&tried["judged"]);
    let mut is_as_agreed = true;
    let names = bus::users();
    for (number, client) in clients().iter().enumerate() {
        let did = &tried["clients"][number];
        let entered = did["entered"].as_bool().unwrap();
        assert_eq!(rules.lets_in(client), entered, "{what}: {client:?}");
        let (refused, heard) = (texts(&did["refused"]), texts(&did["heard"]));
        let user = names.get(number).map_or("", String::as_str);
        is_as_agreed &= !entered || client.certificate.is_some();
        for subject in subjects() {
            let one = subject.as_str();
            let topic = one.replace('.', "/");
            let mut acts = vec![(Act::Publish, entered && !refused.contains(one))];
            if judged.contains(one) {
                acts.push((Act::Subscribe, heard.contains(one)));
            }
            for (act, lets) in acts {
                let says = rules.lets(client, "", act, one);
                assert_eq!(says, lets, "{what}: {client:?} {act} {one}");
                is_as_agreed &=
                    covering(plant, user, act == Act::Publish, &topic).is_empty() != lets;
            }
        }
    }
    is_as_agreed
}

#[test]
fn what_the_observer_says_of_a_subject_is_what_the_server_does() {
    let test = "what_the_observer_says_of_a_subject_is_what_the_server_does";
    if !has("nats-server") {
        return skip(test, "nats-server");
    }
    let Some(python) = bus::python("cryptography") else {
        return skip(
            test,
            "a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    };
    let plant = bus::random(17);
    let bench = Bench::new(&python, &plant);
    let changes = OPENING.iter().chain(&SAME);
    let failed = shared::failing(changes, |change| one(change, &plant, &bench, &python));
    assert_eq!(failed, [""; 0]);
}

/// One change: the broker tries everything, and the observer looks.
fn one(change: &Change, plant: &Plant, bench: &Bench, python: &Path) {
    let files = bench.changed(change);
    let rules = Rules::read(Bus::Subjects, &files).unwrap();
    let server = Running::listening("nats-server", &["-c", &bench.at("conf")], bench.port);
    let tried = ask(python, SCRIPT, &bench.task("tried"));
    drop(server);
    let is_as_agreed = compare(plant, &rules, &tried, change.what);
    let tried = Tried {
        change,
        files,
        dir: bench.dir.path(),
        is_as_agreed,
        is_same: SAME.iter().any(|same| same.what == change.what),
    };
    tried.held_against(plant, Bus::Subjects, JUDGE);
}

/// What the server would not load, the observer does not take for what is enforced.
#[test]
fn what_the_server_would_not_load_is_told_as_such() {
    let test = "what_the_server_would_not_load_is_told_as_such";
    if !has("nats-server") {
        return skip(test, "nats-server");
    }
    let Some(python) = bus::python("cryptography") else {
        return skip(
            test,
            "a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    };
    let plant = bus::random(17);
    let bench = Bench::new(&python, &plant);
    for change in &REFUSED {
        let files = bench.changed(change);
        assert!(
            Rules::read(Bus::Subjects, &files).is_err(),
            "{}",
            change.what
        );
        let output = std::process::Command::new("nats-server")
            .args(["-t", "-c", &bench.at("conf")])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{}", change.what);
        let mut observer = BrokerDrift::new(Bus::Subjects, &plant.catalog, &plant.topology);
        assert_eq!(
            look(&mut observer, JUDGE, files.clone()).len(),
            1,
            "{}",
            change.what
        );
        assert_eq!(look(&mut observer, JUDGE, files), [], "told once");
    }
}

#[test]
fn other_ways_in_are_told() {
    let test = "other_ways_in_are_told";
    let Some(python) = bus::python("cryptography") else {
        return skip(
            test,
            "a Python with cryptography (IIA_PYTHON or target/venv)",
        );
    };
    let plant = bus::random(17);
    let bench = Bench::new(&python, &plant);
    for change in &TOLD {
        let mut observer = BrokerDrift::new(Bus::Subjects, &plant.catalog, &plant.topology);
        let found = look(&mut observer, JUDGE, bench.changed(change));
        assert!(
            found.iter().any(|one| one.reason.contains(change.words)),
            "{}: {found:#?}",
            change.what
        );
    }
}
