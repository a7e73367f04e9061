//! Promises of revocations: only signed text revokes, the same again changes nothing, and nothing takes one back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;
#[path = "common/disk.rs"]
mod disk;

use std::path::Path;

use common::{BOX, clock, key, trust_text};
use disk::SimDisk;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::envelope::seal;
use iia_config::revocation::{NAMED_MAX, REVOCATIONS_MAX, Revoked};
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_core::code::Coded as _;
use iia_core::event::EventKind;
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, Reading, TimeState};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/writer";
const SERIAL: &str = "0a1b2c";

fn site() -> Site {
    let (box_name, trial_ns) = (BOX.into(), 1);
    Site { box_name, trial_ns }
}

fn begun(dir: &Path) -> Desk {
    let trust = trust_text("");
    Desk::begin(Store::at(dir), site(), trust.as_bytes(), clock().read()).unwrap()
}

fn text(lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("iia-config 1\n\nrevocation lost {{\n  issued 2026-11-24T12:00:00Z\n{lines}}}\n")
}

fn whole() -> String {
    text(&[format!("identity {LAKE}"), format!("serial \"{SERIAL}\"")])
}

fn signed(text: &str, by: &[&str]) -> Vec<u8> {
    let keys: Vec<_> = by.iter().map(|name| key(name)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    seal(Class::Revocation, text.as_bytes(), &signers).unwrap()
}

#[test]
fn whom_operators_revoke_is_revoked_for_good_and_the_chain_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = begun(dir.path());
    let before = desk.outbox().len();
    // Of a board without a clock as well: it opens nothing.
    let lost = Reading {
        state: TimeState::Unknown,
        ..clock().read()
    };
    let done = desk.revoke(&signed(&whole(), &["rita"]), lost).unwrap();
    assert_eq!(done.operators, ["rita"]);
    let told: Vec<_> = desk.outbox()[before..].to_vec();
    let kinds: Vec<_> = told.iter().map(|event| event.kind).collect();
    let wanted = [EventKind::ArtifactSubmitted, EventKind::Authorisation];
    assert_eq!(kinds, [wanted[0], wanted[1], wanted[1]]);
    let by = [
        ("id", LAKE, "revoked"),
        ("serial", SERIAL, "certificate_revoked"),
    ];
    for (event, (key, value, outcome)) in told[1..].iter().zip(by) {
        assert_eq!(event.field(key), Some(value));
        assert_eq!(event.field("outcome"), Some(outcome));
        assert_eq!(event.field("operators"), Some("rita"));
        let artifact = done.artifact.to_string();
        assert_eq!(event.field("artifact"), Some(artifact.as_str()));
    }
    // What is played again, in whatever order, changes nothing and tells nothing.
    let state = desk.state().clone();
    desk.revoke(&signed(&whole(), &["rita"]), clock().read())
        .unwrap();
    assert_eq!(*desk.state(), state);
    let other = text(&["identity spiffe://iia.local/zone/bus/workload/relay".into()]);
    desk.revoke(&signed(&other, &["rita"]), clock().read())
        .unwrap();
    desk.revoke(&signed(&whole(), &["rita"]), clock().read())
        .unwrap();
    drop(desk);
    // Another process reads the same, after a crash as after a rest.
    let _again = Desk::open(Store::at(dir.path()), site()).unwrap();
    let revoked = Store::at(dir.path()).revoked().unwrap();
    assert_eq!(revoked.identities.len(), 2);
    assert!(revoked.identities.contains(&LAKE.parse().unwrap()));
    assert!(revoked.serials.contains(SERIAL));
}

#[test]
fn nothing_else_revokes_anybody_and_each_try_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = begun(dir.path());
    let as_config = seal(Class::Config, whole().as_bytes(), &[&key("ann")]).unwrap();
    let many: Vec<String> = (0..=NAMED_MAX)
        .map(|number| format!("serial \"{number:04x}\""))
        .collect();
    let cases = [
        ("plain text", whole().into_bytes(), "IIA-CFG-0001"),
        (
            "of a stranger",
            signed(&whole(), &["mallory"]),
            "IIA-CFG-0105",
        ),
        (
            "of an operator for something else",
            signed(&whole(), &["ann"]),
            "IIA-CFG-0106",
        ),
        ("of another class", as_config, "IIA-CFG-0104"),
        (
            "not canonical",
            signed(&whole().replace("  serial", "   serial"), &["rita"]),
            "IIA-CFG-0012",
        ),
        ("nobody", signed(&text(&[]), &["rita"]), "IIA-CFG-0012"),
        (
            "a serial that is none",
            signed(&whole().replace(SERIAL, "0A"), &["rita"]),
            "IIA-CFG-0012",
        ),
        ("too many", signed(&text(&many), &["rita"]), "IIA-CFG-0012"),
    ];
    for (what, bytes, code) in cases {
        let told = desk.outbox().len();
        let Err(DeskError::Rejected(refused)) = desk.revoke(&bytes, clock().read()) else {
            panic!("{what} is not refused");
        };
        assert_eq!(refused.event.field("code"), Some(code), "{what}");
        assert_eq!(desk.outbox().len(), told + 1, "{what} is told");
    }
    assert!(Store::at(dir.path()).revoked().unwrap().is_empty());
    Revoked::parse(text(&many[1..]).as_bytes()).unwrap();
}

#[test]
fn two_people_are_asked_where_the_operators_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let second = common::key_entry("rob", "rob", &["revocation"]);
    let rule = "\napproval_rule two {\n  class revocation\n  threshold 2\n}\n\nfleet";
    let trust = trust_text("").replace("\nfleet", &format!("{second}{rule}"));
    let now = clock().read();
    let mut desk = Desk::begin(Store::at(dir.path()), site(), trust.as_bytes(), now).unwrap();
    let Err(DeskError::Rejected(refused)) = desk.revoke(&signed(&whole(), &["rita"]), now) else {
        panic!("one of two is enough");
    };
    assert_eq!(refused.event.field("code"), Some("IIA-CFG-0103"));
    desk.revoke(&signed(&whole(), &["rita", "rob"]), now)
        .unwrap();
}

#[test]
fn a_box_holds_so_many_and_says_when_it_is_full() {
    let store = Store::on(SimDisk::default(), Path::new("box"));
    let now = clock().read();
    let mut desk = Desk::begin(store.clone(), site(), trust_text("").as_bytes(), now).unwrap();
    let one = |number: usize| signed(&text(&[format!("serial \"{number:04x}\"")]), &["rita"]);
    for number in 0..REVOCATIONS_MAX {
        desk.revoke(&one(number), now).unwrap();
        let last = desk.outbox().last().unwrap().source_seq;
        desk.acknowledge(last).unwrap();
    }
    let full = desk.revoke(&one(REVOCATIONS_MAX), now).unwrap_err();
    assert_eq!(full.code().to_string(), "IIA-CFG-0410");
    // What it holds it still takes.
    desk.revoke(&one(0), now).unwrap();
    let held = store.revoked().unwrap();
    assert_eq!(held.len(), REVOCATIONS_MAX);
}

#[test]
fn a_revocation_that_is_changed_or_taken_from_the_disk_is_damage_and_no_pardon() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = begun(dir.path());
    let bytes = signed(&whole(), &["rita"]);
    desk.revoke(&bytes, clock().read()).unwrap();
    let mut files = std::fs::read_dir(dir.path().join("evidence/config")).unwrap();
    let path = files
        .find_map(|file| {
            let path = file.unwrap().path();
            (std::fs::read(&path).unwrap() == bytes).then_some(path)
        })
        .unwrap();
    let store = Store::at(dir.path());
    std::fs::write(&path, "another").unwrap();
    assert_eq!(store.revoked().unwrap_err().code().number(), 502);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(store.revoked().unwrap_err().code().number(), 502);
}
