//! C082 to C087, the rules that a text alone cannot show: each is kept and broken here by signatures, approvals and trust
//! documents, and every refusal names its rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use common::{BOX, Leave, Memory, clock, config, key, successor_text, trust_text};
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::envelope::seal;
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_core::digest::Digest;
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};

const HOUR: i64 = 3600 * SECOND_NS;

/// A box of its own with one configuration staged.
struct Staged {
    _dir: tempfile::TempDir,
    desk: Desk,
    clock: ManualClock,
    one: Digest,
}

fn staged(rules: &str) -> Staged {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let site = Site {
        box_name: BOX.into(),
        trial_ns: 600 * SECOND_NS as u64,
    };
    let trust = trust_text(rules);
    let store = Store::at(dir.path());
    let mut desk = Desk::begin(store, site, trust.as_bytes(), clock.read()).unwrap();
    let signed = config(1, None, &[&key("ann"), &key("cem")]);
    let one = desk.submit(signed, clock.read()).unwrap();
    Staged {
        _dir: dir,
        desk,
        clock,
        one,
    }
}

/// The rule that refuses; empty when nothing does.
fn outcome(done: Result<(), DeskError>) -> String {
    match done {
        Ok(()) => String::new(),
        Err(DeskError::Rejected(rejected)) => rejected.event.field("rule").unwrap_or("?").into(),
        Err(other) => panic!("{other}"),
    }
}

/// A change of an approval that should be refused.
type Bend = fn(&mut Leave);

/// Releases with leave that is bent, on a fresh box, signed by these.
fn release(rules: &str, bend: impl FnOnce(&mut Leave), by: &[&str]) -> String {
    let mut staged = staged(rules);
    let mut leave = Leave::of(staged.one);
    bend(&mut leave);
    let keys: Vec<_> = by.iter().map(|name| key(name)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let now = staged.clock.read();
    let done = staged
        .desk
        .release(&leave.seal(&signers), &mut Memory::default(), now);
    outcome(done.map(drop))
}

fn as_it_is(_: &mut Leave) {}

fn submit(rules: &str, by: &[&dyn Signer]) -> String {
    let mut staged = staged(rules);
    let now = staged.clock.read();
    outcome(staged.desk.submit(config(1, None, by), now).map(drop))
}

const TWO: &str = "\napproval_rule config {\n  class config\n  threshold 2\n}\n";

#[test]
fn c082_is_kept() {
    assert_eq!(submit(TWO, &[&key("ann"), &key("cem")]), "");
    assert_eq!(submit("", &[&key("ann")]), "");
}

#[test]
fn c082_is_broken() {
    assert_eq!(submit(TWO, &[&key("ann")]), "C082", "one of two");
    assert_eq!(submit("", &[&key("bob")]), "C082", "bob may approve only");
    assert_eq!(submit("", &[&key("mallory")]), "C082");
    assert_eq!(submit("", &[&key("ann"), &key("mallory")]), "C082");
    assert_eq!(release("", as_it_is, &["mallory"]), "C082");
}

#[test]
fn c083_is_kept() {
    assert_eq!(release("", as_it_is, &["bob"]), "");
    let fleet = |leave: &mut Leave| leave.targets = vec!["fleet lines".into()];
    assert_eq!(release("", fleet, &["bob"]), "");
}

#[test]
fn c083_is_broken() {
    let bends: [(&str, Bend); 5] = [
        ("another artifact", |leave| leave.artifact = Digest::ZERO),
        ("another box", |leave| {
            leave.targets = vec!["box seg09".into()]
        }),
        ("expired", |leave| leave.to = leave.from + HOUR / 2),
        ("not yet", |leave| leave.from = leave.to - 1),
        ("another class", |leave| leave.class = "image"),
    ];
    for (what, bend) in bends {
        assert_eq!(release("", bend, &["bob"]), "C083", "{what}");
    }
}

#[test]
fn c084_is_kept() {
    let two = |leave: &mut Leave| leave.two_person = true;
    assert_eq!(release("", two, &["bob", "cem"]), "");
}

#[test]
fn c084_is_broken() {
    let two = |leave: &mut Leave| leave.two_person = true;
    assert_eq!(release("", two, &["bob"]), "C084");
    assert_eq!(
        release("", two, &["bob", "bob-2"]),
        "C084",
        "one person, two keys"
    );
    assert_eq!(release("", as_it_is, &["ann"]), "C084", "an author");
}

#[test]
fn c085_is_kept() {
    // 2026-11-24 is a Tuesday, and it is noon.
    let open = |leave: &mut Leave| leave.maintenance = vec!["tuesday 11h 2h".into()];
    assert_eq!(release("", open, &["bob"]), "");
}

#[test]
fn c085_is_broken() {
    for window in ["sunday 11h 2h", "tuesday 13h 2h", "daily 0s 2h"] {
        let shut = |leave: &mut Leave| leave.maintenance = vec![window.into()];
        assert_eq!(release("", shut, &["bob"]), "C085", "{window}");
    }
}

#[test]
fn c086_is_kept() {
    let mut staged = staged("");
    let (now, one) = (staged.clock.read(), staged.one);
    let mut calls = Memory::default();
    let first = Leave::of(one).seal(&[&key("bob")]);
    staged.desk.release(&first, &mut calls, now).unwrap();
    let answer = common::answer(one, now.wall);
    staged.desk.confirm(&answer, now).unwrap();
    let back = Leave {
        name: "back".into(),
        purpose: "revert",
        ..Leave::of(one)
    };
    let done = staged
        .desk
        .release(&back.seal(&[&key("bob")]), &mut calls, now);
    assert_eq!(outcome(done.map(drop)), "");
}

#[test]
fn c086_is_broken() {
    let back = |leave: &mut Leave| leave.purpose = "revert";
    assert_eq!(
        release("", back, &["bob"]),
        "C086",
        "staged, and never in force"
    );
}

fn succeed(by: &[&dyn Signer]) -> String {
    let mut staged = staged("");
    let signed = seal(Class::Trust, successor_text(1).as_bytes(), by).unwrap();
    let now = staged.clock.read();
    outcome(staged.desk.submit(signed, now).map(drop))
}

#[test]
fn c087_is_kept() {
    assert_eq!(succeed(&[&key("ann"), &key("dora")]), "");
    assert_eq!(succeed(&[&key("ann")]), "", "ann is of both");
}

#[test]
fn c087_is_broken() {
    assert_eq!(succeed(&[&key("dora")]), "C087", "none of the old");
    assert_eq!(
        succeed(&[&key("ann"), &key("mallory")]),
        "C087",
        "a stranger beside"
    );
}
