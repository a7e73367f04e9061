//! What the tests of signing, approval and life share: people with keys, texts, a box whose gated calls are files.
#![allow(dead_code, reason = "each test file uses its part")]

use iia_config::apply::{Call, Calls};
use iia_config::envelope::seal;
use iia_config::lifecycle::Confirmation;
use iia_config::trust::{Class, Trust, key_text};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::{Signer, SoftwareKey};
use iia_core::time::{ManualClock, SECOND_NS, parse_utc};

pub(crate) const BOX: &str = "seg01";

/// A person's key, the same in every run.
pub(crate) fn key(name: &str) -> SoftwareKey {
    let digest = Digest::of(Context::File, name.as_bytes());
    SoftwareKey::from_seed(&(*digest.as_bytes()).into())
}

pub(crate) fn key_entry(name: &str, operator: &str, classes: &[&str]) -> String {
    let classes: String = classes.iter().map(|c| format!("  class {c}\n")).collect();
    let public = key_text(&key(name).public_key());
    format!("\nkey {name} {{\n  operator {operator}\n  public {public}\n{classes}}}\n")
}

/// ann writes; bob and cem approve; bob has a second key; eye observes; ivy makes images and rules; rita revokes.
pub(crate) fn trust_text(rules: &str) -> String {
    let mut text = String::from("iia-config 1\n");
    text += &key_entry("ann", "ann", &["approval", "config", "trust"]);
    text += &key_entry("bob", "bob", &["approval", "trust"]);
    text += &key_entry("bob-2", "bob", &["approval"]);
    text += &key_entry("cem", "cem", &["approval", "config"]);
    text += &key_entry("eye", "eye", &["confirmation"]);
    text += &key_entry("ivy", "ivy", &["image", "ruleset"]);
    text += &key_entry("rita", "rita", &["revocation"]);
    text += rules;
    text += "\nfleet lines {\n  box seg01\n  box seg02\n}\n";
    text
}

pub(crate) fn trust(rules: &str) -> Trust {
    Trust::parse(trust_text(rules).as_bytes()).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    parse_utc(text).unwrap()
}

/// Noon of the day the example was issued.
pub(crate) fn clock() -> ManualClock {
    ManualClock::new(at("2026-11-24T12:00:00Z"))
}

pub(crate) fn utc(at: Timestamp) -> String {
    format!("{}Z", at.to_string().get(..19).unwrap())
}

/// The example box, as the artifact of this revision.
pub(crate) fn config_text(revision: u64, previous: Option<Digest>) -> String {
    let text = include_str!("../../../examples/box-pi/box.icl");
    let previous = previous.map_or_else(String::new, |digest| format!("  previous {digest}\n"));
    let text = text.replacen(
        "  revision 1\n",
        &format!("  revision {revision}\n{previous}"),
        1,
    );
    // Something besides the revision differs, so that the calls of two revisions differ.
    text.replace(
        "127.90.33.2:7443",
        &format!("127.90.33.2:{}", 7000 + revision),
    )
}

/// The artifact entry of another class.
fn artifact_entry(name: &str, revision: u64, previous: Option<Digest>) -> String {
    let previous = previous.map_or_else(String::new, |digest| format!("  previous {digest}\n"));
    format!(
        "iia-config 1\n\nartifact {name} 1.{revision}.0 {{\n  revision {revision}\n{previous}  \
         issued 2026-11-24T06:00:00Z\n  target {BOX}\n}}\n"
    )
}

/// A digest that nobody else has.
fn part(name: &str, revision: u64) -> String {
    Digest::of(Context::File, format!("{name} {revision}").as_bytes()).to_string()
}

/// A system image, by digest.
pub(crate) fn image_text(revision: u64, previous: Option<Digest>) -> String {
    let (artifact, part) = (
        artifact_entry("seg01.image", revision, previous),
        part("rootfs", revision),
    );
    format!("{artifact}\nimage rootfs {{\n  digest {part}\n}}\n")
}

/// Rules of detection, by digest.
pub(crate) fn rules_text(revision: u64, previous: Option<Digest>) -> String {
    let (artifact, part) = (
        artifact_entry("seg01.rules", revision, previous),
        part("rules", revision),
    );
    format!(
        "{artifact}\nruleset ids {{\n  kind ids\n  engine suricata\n  \
         observer spiffe://iia.local/zone/attest/workload/observer\n  digest {part}\n}}\n"
    )
}

/// The operators after dora came.
pub(crate) fn successor_text(revision: u64) -> String {
    let mut text = artifact_entry("seg01.trust", revision, None);
    text += &key_entry("ann", "ann", &["approval", "config", "trust"]);
    text += &key_entry("bob", "bob", &["approval", "trust"]);
    text += &key_entry("dora", "dora", &["config", "trust"]);
    text += &key_entry("eye", "eye", &["confirmation"]);
    text
}

/// The digest that names an artifact.
pub(crate) fn named(text: &str) -> Digest {
    Digest::of(Context::Artifact, text.as_bytes())
}

pub(crate) fn config(revision: u64, previous: Option<Digest>, signers: &[&dyn Signer]) -> Vec<u8> {
    seal(
        Class::Config,
        config_text(revision, previous).as_bytes(),
        signers,
    )
    .unwrap()
}

/// An observer's answer of this moment, signed by these.
pub(crate) fn answer_by(
    (class, artifact): (Class, Digest),
    now: Timestamp,
    signers: &[&dyn Signer],
) -> Vec<u8> {
    let observer = "spiffe://iia.local/zone/attest/workload/observer"
        .parse()
        .unwrap();
    let text = Confirmation::text((class, artifact), BOX, &observer, now);
    seal(Class::Confirmation, text.as_bytes(), signers).unwrap()
}

/// What the box's observer answers when it sees a configuration in force.
pub(crate) fn answer(artifact: Digest, now: Timestamp) -> Vec<u8> {
    answer_by((Class::Config, artifact), now, &[&key("eye")])
}

/// The text of an approval, and how it may be bent.
#[derive(Clone, Debug)]
pub(crate) struct Leave {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) purpose: &'static str,
    pub(crate) class: &'static str,
    pub(crate) artifact: Digest,
    pub(crate) targets: Vec<String>,
    pub(crate) issued: Timestamp,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) maintenance: Vec<String>,
    pub(crate) two_person: bool,
}

impl Leave {
    /// An approval for this box, from an hour before noon to an hour after.
    pub(crate) fn of(artifact: Digest) -> Self {
        let noon = at("2026-11-24T12:00:00Z");
        let hour = 3600 * SECOND_NS;
        Self {
            name: "leave".into(),
            version: "1.0.0".into(),
            purpose: "apply",
            class: "config",
            artifact,
            targets: vec![format!("box {BOX}")],
            issued: noon - hour,
            from: noon - hour,
            to: noon + hour,
            maintenance: Vec::new(),
            two_person: false,
        }
    }

    pub(crate) fn text(&self) -> String {
        let lines = |key: &str, lines: &[String]| {
            lines
                .iter()
                .map(|line| format!("  {key}{line}\n"))
                .collect::<String>()
        };
        format!(
            "iia-approval 1\n\napproval {} {} {{\n  purpose {}\n  class {}\n  artifact {}\n{}  issued {}\n  \
             not_before {}\n  not_after {}\n{}{}}}\n",
            self.name,
            self.version,
            self.purpose,
            self.class,
            self.artifact,
            lines("", &self.targets),
            utc(self.issued),
            utc(self.from),
            utc(self.to),
            lines("maintenance ", &self.maintenance),
            if self.two_person {
                "  two_person on\n"
            } else {
                ""
            },
        )
    }

    pub(crate) fn seal(&self, signers: &[&dyn Signer]) -> Vec<u8> {
        seal(Class::Approval, self.text().as_bytes(), signers).unwrap()
    }
}

/// A box whose gated calls are values in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) state: std::collections::BTreeMap<&'static str, Vec<u8>>,
    pub(crate) fails_at: Option<usize>,
    pub(crate) made: usize,
}

impl Calls for Memory {
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String> {
        Ok(self.state.get(call.name()).cloned().unwrap_or_default())
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        self.made += 1;
        if self.fails_at == Some(self.made) {
            return Err("the kernel says no".into());
        }
        self.state.insert(call.name(), after.to_vec());
        Ok(())
    }
}
