//! A box to be changed: people with keys, artifacts, a directory, and a laboratory of namespaces around it.
#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../../iia-contract/tests/net/mod.rs"]
pub(crate) mod net;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use iia_audit::log::Log;
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::envelope::seal;
use iia_config::lifecycle::Confirmation;
use iia_config::stage::{StageError, Store};
use iia_config::trust::{Class, key_text};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::{Signer, SoftwareKey};
use iia_core::time::{Clock, Floor, Reading, SECOND_NS, SystemClock};
use net::Lab;

pub(crate) const BOX: &str = "seg01";
pub(crate) const IDENTITY: &str = "spiffe://iia.local/zone/cfg/workload/desk";
/// Zones of the box: name, role, side.
pub(crate) const ZONES: [(&str, &str, &str); 4] = [
    ("collect", "ot.acs.collect", "inbound"),
    ("lake", "ot.acs.lake", "inbound"),
    ("audit", "ot.dmz.audit", "dmz"),
    ("attest", "ot.dmz.attest", "dmz"),
];

/// The address of a zone's workload.
pub(crate) fn addr(zone: &str) -> String {
    let index = ZONES.iter().position(|(name, ..)| *name == zone).unwrap();
    format!("10.78.{index}.2")
}

fn key(name: &str) -> SoftwareKey {
    SoftwareKey::from_seed(&(*Digest::of(Context::File, name.as_bytes()).as_bytes()).into())
}

fn utc(at: Timestamp) -> String {
    format!("{}Z", at.to_string().get(..19).unwrap())
}

pub(crate) fn now() -> Reading {
    SystemClock::new(Floor::default(), 1_000_000_000).read()
}

fn trust_text() -> String {
    let entry = |name: &str, classes: &str| {
        let public = key_text(&key(name).public_key());
        format!("\nkey {name} {{\n  operator {name}\n  public {public}\n{classes}}}\n")
    };
    let (author, approver) = (
        entry("ann", "  class config\n"),
        entry("bob", "  class approval\n"),
    );
    let observer = entry("eye", "  class confirmation\n");
    format!("iia-config 1\n{author}{approver}{observer}")
}

/// An artifact whose internal contracts are these pairs of zones; `more` are entries of other kinds, canonical.
pub(crate) fn artifact(
    revision: u64,
    previous: Option<Digest>,
    pairs: &[(&str, &str)],
    more: &str,
) -> String {
    let issued = utc(now().wall - 600 * SECOND_NS);
    let previous = previous.map_or_else(String::new, |digest| format!("  previous {digest}\n"));
    let mut text = format!(
        "iia-config 1\n\nartifact seg01.test 1.{revision}.0 {{\n  revision {revision}\n{previous}  issued {issued}\n  target {BOX}\n  trust_domain iia.local\n}}\n"
    );
    let mut zones: Vec<_> = ZONES.iter().enumerate().collect();
    zones.sort_by_key(|(_, (name, ..))| *name);
    for (index, (name, role, side)) in &zones {
        text += &format!(
            "\nzone {name} {{\n  role {role}\n  side {side}\n  bridge iz-{name}\n  subnet 10.78.{index}.0/24\n  workload w 10.78.{index}.2\n}}\n"
        );
    }
    let asked = |name: &str| pairs.iter().any(|(_, to)| *to == name);
    for (index, (name, ..)) in zones.iter().filter(|(_, (name, ..))| asked(name)) {
        text += &format!(
            "\nendpoint {name} {{\n  workload {}\n  listen tls/10.78.{index}.2:7443\n}}\n",
            id(name)
        );
    }
    text += more;
    let mut pairs = pairs.to_vec();
    pairs.sort_by_key(|(from, to)| format!("{from}_to_{to}"));
    for (from, to) in pairs {
        text += &format!(
            "\ncontract iia.contract.internal.{from}_to_{to} 1.0.0 {{\n  scope internal\n  source {}\n  destination {}\n  operation SUBMIT_EVENT\n  cardinality one_to_one\n  transport {{\n    protocol iia_link\n    security mtls\n    port tls/7443\n  }}\n  failure {{\n    on_unreachable retry\n    backoff_max 5s\n  }}\n}}\n",
            id(from),
            id(to)
        );
    }
    text
}

fn id(zone: &str) -> String {
    format!("spiffe://iia.local/zone/{zone}/workload/w")
}

/// The contracts of the first configuration.
pub(crate) const FIRST: [(&str, &str); 4] = [
    ("collect", "lake"),
    ("collect", "audit"),
    ("lake", "audit"),
    ("attest", "audit"),
];
/// Those of the second: the collector has lost the lake.
pub(crate) const SECOND: [(&str, &str); 3] =
    [("collect", "audit"), ("lake", "audit"), ("attest", "audit")];

/// A box with its directory and its namespaces.
pub(crate) struct TestBox {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) lab: Lab,
    approvals: u32,
}

impl TestBox {
    /// A box that nothing is applied to; `None`, said aloud, when this machine cannot have one.
    pub(crate) fn open(test: &str) -> Option<Self> {
        if !net::has("conntrack") {
            net::skip(test, "conntrack");
            return None;
        }
        let mut lab = Lab::open(test)?;
        for (index, (zone, ..)) in ZONES.iter().enumerate() {
            let gateway = format!("10.78.{index}.1").parse().unwrap();
            lab.add_zone(
                &format!("iz-{zone}"),
                gateway,
                24,
                &[addr(zone).parse().unwrap()],
            );
        }
        let dir = tempfile::tempdir().unwrap();
        for part in ["evidence/config", "evidence/audit", "state", "services"] {
            fs::create_dir_all(dir.path().join(part)).unwrap();
        }
        let audit = dir.path().join("evidence/audit");
        let known = |name: &str, purpose| VerifierKey {
            name: format!("seg01/{name}"),
            purpose,
            key: key(name).public_key(),
        };
        let policy = Policy {
            log: known("log", Purpose::Log),
            witnesses: vec![known("witness", Purpose::Cosignature)],
            quorum: 1,
            mirrors: Vec::new(),
        };
        drop(Log::create(&audit, &policy, &key("log"), now()).unwrap());
        let made = Self {
            dir,
            lab,
            approvals: 0,
        };
        drop(Desk::begin(made.store(), made.site(), trust_text().as_bytes(), now()).unwrap());
        Some(made)
    }

    fn store(&self) -> Store {
        Store::at(self.dir.path())
    }

    fn site(&self) -> Site {
        Site {
            box_name: BOX.into(),
            trial_ns: 1,
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The desk. A program that another test starts at this moment holds every lock of ours until it runs.
    fn desk(&self) -> Desk {
        for _ in 0..400 {
            match Desk::open(self.store(), self.site()) {
                Err(DeskError::Storage(StageError::Locked)) => {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                desk => return desk.unwrap(),
            }
        }
        panic!("the desk stays locked")
    }

    /// What is in force, by the desk's own record.
    pub(crate) fn applied(&self) -> Option<Digest> {
        self.desk().state().applied().map(|kept| kept.digest())
    }

    /// Signs, submits and stages an artifact.
    pub(crate) fn stage(&self, text: &str) -> Digest {
        let signed = seal(Class::Config, text.as_bytes(), &[&key("ann")]).unwrap();
        let mut desk = self.desk();
        match desk.submit(signed, now()) {
            Ok(digest) => digest,
            Err(DeskError::Rejected(rejected)) => panic!("{:?}", rejected.diagnostics),
            Err(error) => panic!("{error}"),
        }
    }

    /// A file with the leave to apply an artifact.
    pub(crate) fn approve(&mut self, artifact: Digest) -> PathBuf {
        self.approvals += 1;
        let number = self.approvals;
        let from = utc(now().wall - 60 * SECOND_NS);
        let to = utc(now().wall + 3600 * SECOND_NS);
        let text = format!(
            "iia-approval 1\n\napproval a{number} 1.0.0 {{\n  purpose apply\n  class config\n  artifact {artifact}\n  box {BOX}\n  issued {from}\n  not_before {from}\n  not_after {to}\n}}\n"
        );
        let path = self.path(&format!("approval-{number}"));
        fs::write(
            &path,
            seal(Class::Approval, text.as_bytes(), &[&key("bob")]).unwrap(),
        )
        .unwrap();
        path
    }

    /// The applier, in the router's namespace.
    pub(crate) fn applier(&self, more: &[&str]) -> Child {
        let dir = self.dir.path().to_str().unwrap();
        Command::new("ip")
            .args([
                "netns",
                "exec",
                self.lab.router(),
                env!("CARGO_BIN_EXE_iia-apply"),
            ])
            .args(["--dir", dir, "--box", BOX, "--identity", IDENTITY])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Says, as the observer would, that the running state is that of an artifact.
    pub(crate) fn observe(&self, artifact: Digest) {
        self.put_answer(&answer(artifact, BOX, "eye"));
    }

    pub(crate) fn put_answer(&self, answer: &[u8]) {
        fs::write(self.path("state/observed~"), answer).unwrap();
        fs::rename(self.path("state/observed~"), self.path("state/observed")).unwrap();
    }

    /// Waits until something is on trial, and for the second after it: answers are written in whole seconds.
    pub(crate) fn await_trial(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let store = self.store();
        while iia_config::desk::on_trial(&store, BOX, now())
            .unwrap()
            .is_none()
        {
            assert!(std::time::Instant::now() < deadline, "nothing is on trial");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        std::thread::sleep(std::time::Duration::from_millis(1000));
    }

    /// Runs the applier to its end; as soon as something is on trial, the observer says that this is in force.
    pub(crate) fn applied_and_observed(&self, artifact: Digest, more: &[&str]) -> Output {
        let child = self.applier(more);
        self.await_trial();
        self.observe(artifact);
        child.wait_with_output().unwrap()
    }

    /// Stages, approves, applies and confirms.
    pub(crate) fn apply(&mut self, text: &str) -> Digest {
        let artifact = self.stage(text);
        let approval = self.approve(artifact);
        let line = [
            "--approval",
            approval.to_str().unwrap(),
            "--confirm-within",
            "20",
        ];
        let output = self.applied_and_observed(artifact, &line);
        assert!(output.status.success(), "{}", said(&output));
        artifact
    }

    /// The box's tables as the kernel lists them, without counts.
    pub(crate) fn firewall(&self) -> String {
        let read = iia_contract::compile::nft::read(&self.lab.listing()).unwrap();
        read.uncounted().to_string()
    }

    /// Every file of gated calls, by path.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        for name in ["trust_roots", "idps", "bindings", "catalog", "endpoints"] {
            let path = self.path("state").join(name);
            files.push((path.clone(), fs::read(path).unwrap_or_default()));
        }
        tree(&self.path("services"), &mut files);
        files.sort();
        files
    }
}

fn tree(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tree(&path, files);
        } else {
            files.push((path.clone(), fs::read(path).unwrap()));
        }
    }
}

/// An observer's answer of this moment.
pub(crate) fn answer(artifact: Digest, box_name: &str, by: &str) -> Vec<u8> {
    let observer = "spiffe://iia.local/zone/attest/workload/w".parse().unwrap();
    let text = Confirmation::text((Class::Config, artifact), box_name, &observer, now().wall);
    seal(Class::Confirmation, text.as_bytes(), &[&key(by)]).unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
