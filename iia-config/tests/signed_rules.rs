//! Rules of detection: those that operators signed, for as long as they said, and no others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{BOX, Leave, Memory, answer_by, clock, config, key, trust, trust_text};
use iia_config::applied;
use iia_config::desk::{Desk, Site};
use iia_config::engine::{DETECT, RulesetError, SignedRules, YARA};
use iia_config::envelope::seal;
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_config::validate::Facts;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, SECOND_NS};

const RULES: &[u8] = b"rule a\n  technique T0836 Modify Parameter\n  on flow\n";
const COLLECTOR: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";
/// Noon of the day that tests live in.
const NOON: &str = "2026-11-24T12:00:00Z";

/// A set that names these rules for the box's own engine.
fn set(name: &str, digest: &str, more: &str) -> String {
    format!(
        "iia-config 1\n\nartifact seg01.rules 1.0.0 {{\n  revision 1\n  issued 2026-11-24T06:00:00Z\n  target {BOX}\n}}\n\n\
         ruleset {name} {{\n  kind scan\n  engine {DETECT}\n  observer {COLLECTOR}\n  digest {digest}\n{more}}}\n"
    )
}

fn own() -> String {
    Digest::of(Context::File, RULES).to_string()
}

fn sign(class: Class, text: &str, names: &[&str]) -> Vec<u8> {
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    seal(class, text.as_bytes(), &signers).unwrap()
}

fn open(envelope: &[u8]) -> Result<SignedRules, RulesetError> {
    SignedRules::open(envelope, &trust(""), &Facts::of_box(BOX))
}

#[test]
fn r_zon_14_a_set_of_rules_counts_when_operators_signed_it_for_this_box() {
    let text = set("own", &own(), "");
    let rules = open(&sign(Class::Ruleset, &text, &["ivy"])).unwrap();
    assert_eq!(
        (rules.revision, rules.operators.as_slice()),
        (1, &["ivy".to_owned()][..])
    );
    for (envelope, code) in [
        (text.clone().into_bytes(), "IIA-CFG-0001"),
        (sign(Class::Ruleset, &text, &[]), "IIA-CFG-0103"),
        (sign(Class::Ruleset, &text, &["mallory"]), "IIA-CFG-0105"),
        (
            sign(Class::Ruleset, &text, &["ivy", "mallory"]),
            "IIA-CFG-0105",
        ),
        (sign(Class::Ruleset, &text, &["ann"]), "IIA-CFG-0106"),
        (sign(Class::Image, &text, &["ivy"]), "IIA-CFG-0104"),
        (
            sign(Class::Ruleset, &text.replace(BOX, "seg02"), &["ivy"]),
            "IIA-CFG-0032",
        ),
        (
            sign(
                Class::Ruleset,
                &text.replace("  digest", "    digest"),
                &["ivy"],
            ),
            "IIA-CFG-0032",
        ),
        (sign(Class::Ruleset, "rule a", &["ivy"]), "IIA-CFG-0032"),
    ] {
        let error = open(&envelope).unwrap_err();
        assert_eq!(error.code().to_string(), code, "{error}");
    }
    let whole = sign(Class::Ruleset, &text, &["ivy"]);
    for at in 0..whole.len() {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        assert!(open(&bent).is_err(), "byte {at}");
    }
}

#[test]
fn r_zon_14_rules_pass_as_those_bytes_before_their_end() {
    let noon = common::at(NOON);
    let sha = "sha256:0f1dd5e1d4f80d5fa3f56ffdf2d9bd3b4d62a8f0b1a3c1e9c1a0c9f1d3d5e7f9";
    let check = |digest: &str, expires: &str, now: Option<Timestamp>| {
        let text = set("own", digest, expires);
        let rules = open(&sign(Class::Ruleset, &text, &["ivy"])).unwrap();
        rules.check(DETECT, RULES, now).cloned()
    };
    let ends = format!("  expires {NOON}\n");
    assert!(check(&own(), "", None).is_ok());
    assert!(check(&own(), &ends, Some(noon - 1)).is_ok());
    let ended = RulesetError::Expired { expires: noon };
    for now in [noon, noon + SECOND_NS] {
        assert_eq!(check(&own(), &ends, Some(now)), Err(ended.clone()));
    }
    assert_eq!(check(&own(), &ends, None), Err(RulesetError::TimeUnknown));
    assert_eq!(check(sha, "", Some(noon)), Err(RulesetError::OtherRules));
    let rules = open(&sign(Class::Ruleset, &set("own", &own(), ""), &["ivy"])).unwrap();
    assert_eq!(rules.check(YARA, RULES, None), Err(RulesetError::NotNamed));
    let codes = [
        ended,
        RulesetError::TimeUnknown,
        RulesetError::OtherRules,
        RulesetError::NotNamed,
    ];
    let codes = codes.map(|error| error.code().to_string());
    assert_eq!(
        codes,
        [
            "IIA-CFG-0350",
            "IIA-CFG-0351",
            "IIA-CFG-0231",
            "IIA-CFG-0230"
        ]
    );
}

/// As `sha256sum` names them, which is what an operator has at hand.
#[test]
fn rules_are_named_as_sha256sum_names_them() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(RULES).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let digest = format!("sha256:{}", said.split(' ').next().unwrap());
    let text = set("own", &digest, "");
    let rules = open(&sign(Class::Ruleset, &text, &["ivy"])).unwrap();
    assert!(rules.check(DETECT, RULES, None).is_ok());
}

/// The desk applies a set of rules, and from then on engines of the configuration read its rules; a name that the configuration
/// does not give to this engine changes nothing.
#[test]
fn r_flt_03_a_set_that_is_applied_names_the_rules_of_the_engines_that_run() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let site = Site {
        box_name: BOX.into(),
        trial_ns: 600 * SECOND_NS as u64,
    };
    let now = clock.read();
    let text = trust_text("");
    let mut desk = Desk::begin(Store::at(dir.path()), site, text.as_bytes(), now).unwrap();
    let mut calls = Memory::default();
    let mut apply = |class: Class, envelope: Vec<u8>, name: &str| {
        let artifact = desk.submit(envelope, now).unwrap();
        let leave = Leave {
            name: name.into(),
            class: class.name(),
            ..Leave::of(artifact)
        };
        desk.release(&leave.seal(&[&key("bob")]), &mut calls, now)
            .unwrap();
        let seen = answer_by((class, artifact), now.wall, &[&key("eye")]);
        desk.confirm(&seen, now).unwrap();
    };
    apply(Class::Config, config(1, None, &[&key("ann")]), "one");
    let digest = |name: &str| {
        let engines = applied::load(dir.path()).unwrap().engines;
        let engine = engines.into_iter().find(|engine| engine.name == name);
        engine.unwrap().digest
    };
    assert_eq!(digest("techniques"), None);
    assert_eq!(applied::rules(dir.path(), BOX).unwrap(), None);
    let count = applied::load(dir.path()).unwrap().engines.len();
    let text = set("techniques", &own(), "")
        + &set("unknown-talkers", &own(), "")
            .split("\n\n")
            .last()
            .unwrap()
            .replacen("ruleset", "\nruleset", 1);
    apply(Class::Ruleset, sign(Class::Ruleset, &text, &["ivy"]), "two");
    assert_eq!(digest("techniques"), Some(own()));
    assert_eq!(
        digest("unknown-talkers"),
        None,
        "another engine has this name"
    );
    assert_eq!(applied::load(dir.path()).unwrap().engines.len(), count);
    assert_eq!(
        applied::rules(dir.path(), BOX)
            .unwrap()
            .unwrap()
            .engines
            .len(),
        2
    );
}
