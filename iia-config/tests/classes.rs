//! Images, rules of detection and operators go the way that configurations go: staged, approved by others, applied on
//! trial, confirmed by an observer's signed answer, or taken back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{
    BOX, Leave, Memory, answer, answer_by, clock, config, image_text, key, named, rules_text,
    successor_text, trust_text,
};
use iia_config::desk::{Desk, DeskError, Settled, Site};
use iia_config::envelope::seal;
use iia_config::lifecycle::{ConfirmError, Confirmation};
use iia_config::stage::{Slot, Store};
use iia_config::trust::Class;
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::sign::{Signer, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};

const TRIAL: u64 = 600 * SECOND_NS as u64;

struct Plant {
    dir: tempfile::TempDir,
    desk: Option<Desk>,
    calls: Memory,
    clock: ManualClock,
    leaves: u32,
}

fn keys(names: &[&str]) -> Vec<SoftwareKey> {
    names.iter().map(|name| key(name)).collect()
}

fn sign(class: Class, text: &str, names: &[&str]) -> Vec<u8> {
    let keys = keys(names);
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    seal(class, text.as_bytes(), &signers).unwrap()
}

fn code(error: &DeskError) -> String {
    match error {
        DeskError::Rejected(rejected) => {
            let code = rejected.event.field("code");
            let diagnostics = rejected.diagnostics.first();
            code.or(diagnostics.map(|found| found.code))
                .map_or_else(|| rejected.why.clone(), str::to_owned)
        }
        other => other.code().to_string(),
    }
}

fn site() -> Site {
    Site {
        box_name: BOX.into(),
        trial_ns: TRIAL,
    }
}

impl Plant {
    fn new(rules: &str) -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        let trust = trust_text(rules);
        let desk = Desk::begin(
            Store::at(dir.path()),
            site(),
            trust.as_bytes(),
            clock.read(),
        );
        Self {
            dir,
            desk: Some(desk.unwrap()),
            calls: Memory::default(),
            clock,
            leaves: 0,
        }
    }

    fn desk(&mut self) -> &mut Desk {
        self.desk.as_mut().unwrap()
    }

    fn submit(&mut self, class: Class, text: &str, by: &[&str]) -> Result<Digest, String> {
        let now = self.clock.read();
        let signed = sign(class, text, by);
        self.desk()
            .submit(signed, now)
            .map_err(|error| code(&error))
    }

    fn leave(&mut self, class: Class, artifact: Digest) -> Leave {
        self.leaves += 1;
        Leave {
            name: format!("leave-{}", self.leaves),
            class: class.name(),
            ..Leave::of(artifact)
        }
    }

    fn release(&mut self, leave: &Leave, by: &[&str]) -> Result<(), String> {
        let (keys, now) = (keys(by), self.clock.read());
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let approval = leave.seal(&signers);
        let Self { desk, calls, .. } = self;
        let released = desk.as_mut().unwrap().release(&approval, calls, now);
        released.map(drop).map_err(|error| code(&error))
    }

    fn confirm(&mut self, answer: &[u8]) -> Result<(), DeskError> {
        let now = self.clock.read();
        self.desk().confirm(answer, now)
    }

    /// Staged, approved, applied and confirmed.
    fn apply(&mut self, class: Class, text: &str, by: &[&str]) -> Digest {
        let artifact = self.submit(class, text, by).unwrap();
        let leave = self.leave(class, artifact);
        self.release(&leave, &["bob"]).unwrap();
        let answer = answer_by((class, artifact), self.clock.read().wall, &[&key("eye")]);
        self.confirm(&answer).unwrap();
        artifact
    }

    fn lapse(&mut self) -> Settled {
        self.clock.advance(TRIAL + SECOND_NS as u64);
        let now = self.clock.read();
        let Self { desk, calls, .. } = self;
        desk.as_mut().unwrap().settle(calls, now).unwrap()
    }

    fn applied(&mut self, class: Class) -> Option<Digest> {
        let applied = self.desk().state().of(class).applied;
        applied.map(|kept| kept.digest())
    }
}

#[test]
fn every_class_has_its_own_place_and_revisions_and_all_stand_beside_each_other() {
    let mut plant = Plant::new("");
    for (class, text) in [
        (
            Class::Image,
            image_text as fn(u64, Option<Digest>) -> String,
        ),
        (Class::Ruleset, rules_text),
    ] {
        let first = plant.apply(class, &text(1, None), &["ivy"]);
        let second = plant
            .submit(class, &text(2, Some(first)), &["ivy"])
            .unwrap();
        let state = plant.desk().state().clone();
        let stand = state.of(class);
        assert_eq!(stand.applied.unwrap().digest(), first);
        assert_eq!(stand.staged.unwrap().digest(), second);
        assert_eq!(stand.revision_highest, 1);
        let store = Store::at(plant.dir.path());
        let bytes = |slot| store.get(class, slot).unwrap().unwrap();
        assert_eq!(
            bytes(Slot::Staged),
            sign(class, &text(2, Some(first)), &["ivy"])
        );
        assert_eq!(bytes(Slot::Applied), sign(class, &text(1, None), &["ivy"]));
        // D20, by class: what was in force once is not newer, and what is not for this box is not taken.
        assert_eq!(
            plant.submit(class, &text(1, None), &["ivy"]).unwrap_err(),
            "C080"
        );
        let other = text(2, Some(first)).replace("target seg01", "target seg02");
        assert_eq!(plant.submit(class, &other, &["ivy"]).unwrap_err(), "C081");
        let mixed = text(2, Some(first)) + "\nparty ops {\n  side acs\n}\n";
        assert_eq!(plant.submit(class, &mixed, &["ivy"]).unwrap_err(), "C031");
    }
    assert_eq!(plant.applied(Class::Config), None);
    let image = plant.calls.state.get("image").unwrap();
    assert!(
        image.starts_with(b"rootfs b3:"),
        "{}",
        String::from_utf8_lossy(image)
    );
    assert!(plant.calls.state.contains_key("rules"));
}

#[test]
fn a_signature_and_a_leave_count_for_one_class_only() {
    let mut plant = Plant::new("");
    assert_eq!(
        plant
            .submit(Class::Image, &image_text(1, None), &["ann"])
            .unwrap_err(),
        "IIA-CFG-0106",
        "ann writes configurations"
    );
    let image = plant
        .submit(Class::Image, &image_text(1, None), &["ivy"])
        .unwrap();
    let leave = plant.leave(Class::Ruleset, image);
    assert_eq!(plant.release(&leave, &["bob"]).unwrap_err(), "IIA-CFG-0210");
    // The same text under another class is another artifact, and no sound one.
    assert!(
        plant
            .submit(Class::Ruleset, &image_text(1, None), &["ivy"])
            .is_err()
    );
    assert_eq!(plant.applied(Class::Image), None);
}

#[test]
fn what_nobody_confirms_is_taken_back_in_every_class() {
    let mut plant = Plant::new("");
    let first = plant.apply(Class::Image, &image_text(1, None), &["ivy"]);
    let before = plant.calls.state.clone();
    let second = plant
        .submit(Class::Image, &image_text(2, Some(first)), &["ivy"])
        .unwrap();
    let leave = plant.leave(Class::Image, second);
    plant.release(&leave, &["bob"]).unwrap();
    assert_ne!(plant.calls.state, before);
    assert_eq!(plant.lapse(), Settled::WentBack);
    assert_eq!(
        (plant.applied(Class::Image), &plant.calls.state),
        (Some(first), &before)
    );
    // Back to what was held, with leave that says so.
    let third = plant.apply(Class::Image, &image_text(3, Some(first)), &["ivy"]);
    let back = Leave {
        purpose: "revert",
        ..plant.leave(Class::Image, first)
    };
    plant.release(&back, &["bob"]).unwrap();
    assert_eq!(plant.applied(Class::Image), Some(first));
    assert_ne!(first, third);
}

#[test]
fn c087_operators_change_with_the_leave_of_old_and_new() {
    let mut plant = Plant::new("");
    let text = successor_text(1);
    for (by, want) in [
        (&["dora"][..], "IIA-CFG-0105"),
        (&["bob-2", "dora"][..], "IIA-CFG-0106"),
        (&["ann", "mallory"][..], "IIA-CFG-0105"),
    ] {
        assert_eq!(
            plant.submit(Class::Trust, &text, by).unwrap_err(),
            want,
            "{by:?}"
        );
    }
    let artifact = plant.submit(Class::Trust, &text, &["ann", "dora"]).unwrap();
    assert!(
        plant
            .desk()
            .trust()
            .keys()
            .all(|key| key.operator != "dora"),
        "staged is not in force"
    );
    let leave = plant.leave(Class::Trust, artifact);
    assert_eq!(
        plant.release(&leave, &["ann"]).unwrap_err(),
        "IIA-CFG-0110",
        "its author alone"
    );
    plant.release(&leave, &["bob"]).unwrap();
    let answer = answer_by(
        (Class::Trust, artifact),
        plant.clock.read().wall,
        &[&key("eye")],
    );
    plant.confirm(&answer).unwrap();
    let now = plant.clock.read();
    for _ in 0..2 {
        let desk = plant.desk();
        assert!(
            desk.submit(config(1, None, &[&key("cem")]), now).is_err(),
            "cem is nobody now"
        );
        desk.submit(config(1, None, &[&key("dora")]), now).unwrap();
        plant.desk = None;
        plant.desk = Some(Desk::open(Store::at(plant.dir.path()), site()).unwrap());
    }
    // Never back to operators of before: whoever could approve that would choose whose word counts.
    let first = named(&trust_text(""));
    let back = Leave {
        purpose: "revert",
        ..plant.leave(Class::Trust, first)
    };
    assert_eq!(plant.release(&back, &["bob"]).unwrap_err(), "IIA-CFG-0316");
    let older = successor_text(1).replace("1.1.0", "1.1.1");
    assert_eq!(
        plant
            .submit(Class::Trust, &older, &["ann", "dora"])
            .unwrap_err(),
        "IIA-CFG-0320"
    );
}

#[test]
fn c087_the_old_threshold_is_asked_and_not_the_new_one() {
    let two = "\napproval_rule approval {\n  class approval\n  threshold 2\n}\n\n\
               approval_rule trust {\n  class trust\n  threshold 2\n}\n";
    let mut plant = Plant::new(two);
    let text = successor_text(1);
    let alone = plant.submit(Class::Trust, &text, &["ann", "dora"]);
    assert_eq!(
        alone.unwrap_err(),
        "IIA-CFG-0103",
        "one of the two old operators"
    );
    let all = ["ann", "bob", "dora"];
    let artifact = plant.submit(Class::Trust, &text, &all).unwrap();
    let leave = plant.leave(Class::Trust, artifact);
    // The new document would ask for one approver; the one in force asks for two.
    assert_eq!(plant.release(&leave, &["cem"]).unwrap_err(), "IIA-CFG-0103");
    plant.release(&leave, &["bob", "cem"]).unwrap();
}

#[test]
fn operators_that_lock_everybody_out_are_gone_when_nobody_confirms() {
    let mut plant = Plant::new("");
    // A document without an observer: nobody could ever confirm it.
    let text = successor_text(1);
    let text = text.split("\nkey eye").next().unwrap().to_owned();
    let artifact = plant.submit(Class::Trust, &text, &["ann", "dora"]).unwrap();
    let leave = plant.leave(Class::Trust, artifact);
    plant.release(&leave, &["bob"]).unwrap();
    assert!(
        plant
            .desk()
            .trust()
            .keys()
            .any(|key| key.operator == "dora")
    );
    let answer = answer_by(
        (Class::Trust, artifact),
        plant.clock.read().wall,
        &[&key("eye")],
    );
    assert!(plant.confirm(&answer).is_err());
    assert_eq!(plant.lapse(), Settled::WentBack);
    assert!(
        plant
            .desk()
            .trust()
            .keys()
            .all(|key| key.operator != "dora")
    );
    assert_eq!(plant.applied(Class::Trust), Some(named(&trust_text(""))));
}

#[test]
fn an_answer_that_is_forged_stale_foreign_or_about_something_else_confirms_nothing() {
    let mut plant = Plant::new("");
    let now = plant.clock.read();
    let one = plant
        .desk()
        .submit(config(1, None, &[&key("ann")]), now)
        .unwrap();
    let leave = plant.leave(Class::Config, one);
    plant.clock.advance(5 * SECOND_NS as u64);
    plant.release(&leave, &["bob"]).unwrap();
    let at = plant.clock.read().wall;
    let whole = answer(one, at);
    let text = String::from_utf8(whole.clone()).unwrap();
    let observer = "spiffe://iia.local/zone/attest/workload/observer"
        .parse()
        .unwrap();
    let elsewhere = Confirmation::text((Class::Config, one), "seg02", &observer, at);
    let longer = Confirmation::text((Class::Config, one), BOX, &observer, at) + "\n";
    let by = |name: &str, what, at| answer_by(what, at, &[&key(name)]);
    let config = (Class::Config, one);
    let early = at - SECOND_NS;
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("nothing", Vec::new(), "IIA-CFG-0001"),
        (
            "the text without a signature",
            b"iia-state 1\n".to_vec(),
            "IIA-CFG-0001",
        ),
        (
            "a stranger's key",
            by("mallory", config, at),
            "IIA-CFG-0105",
        ),
        ("an operator's key", by("bob", config, at), "IIA-CFG-0106"),
        (
            "a changed text",
            text.replace("seg01", "seg02").into(),
            "IIA-CFG-0001",
        ),
        (
            "another box",
            sign(Class::Confirmation, &elsewhere, &["eye"]),
            "IIA-CFG-0221",
        ),
        (
            "another artifact",
            by("eye", (Class::Config, Digest::ZERO), at),
            "IIA-CFG-0220",
        ),
        (
            "another class",
            by("eye", (Class::Image, one), at),
            "IIA-CFG-0220",
        ),
        (
            "seen before the trial",
            by("eye", config, early),
            "IIA-CFG-0340",
        ),
        (
            "seen tomorrow",
            by("eye", config, at + 86_400 * SECOND_NS),
            "IIA-CFG-0340",
        ),
        (
            "not canonical",
            sign(Class::Confirmation, &longer, &["eye"]),
            "IIA-CFG-0011",
        ),
    ];
    for (what, answer, want) in cases {
        let told = plant.desk().outbox().len();
        let error = plant.confirm(&answer).unwrap_err();
        assert_eq!(code(&error), want, "{what}");
        assert_eq!(plant.desk().outbox().len(), told + 1, "{what} is told");
    }
    plant.confirm(&whole).unwrap();
    assert!(matches!(plant.confirm(&whole), Err(DeskError::Busy { .. })));
    // The same good answer confirms no second trial of the same artifact.
    let (now, next) = (
        plant.clock.read(),
        common::config(2, Some(one), &[&key("ann")]),
    );
    let two = plant.desk().submit(next, now).unwrap();
    let leave = plant.leave(Class::Config, two);
    plant.release(&leave, &["bob"]).unwrap();
    let seen = answer(two, plant.clock.read().wall);
    plant.confirm(&seen).unwrap();
    plant.clock.advance(5 * SECOND_NS as u64);
    let back = Leave {
        purpose: "revert",
        ..plant.leave(Class::Config, one)
    };
    plant.release(&back, &["bob"]).unwrap();
    assert!(matches!(
        plant.confirm(&whole),
        Err(DeskError::Unconfirmed(ConfirmError::Stale))
    ));
}

#[test]
fn an_author_with_an_observers_key_does_not_confirm_himself() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let text = trust_text("").replace(
        "  class approval\n  class config\n  class trust\n",
        "  class approval\n  class config\n  class confirmation\n  class trust\n",
    );
    let now = clock.read();
    let mut desk = Desk::begin(Store::at(dir.path()), site(), text.as_bytes(), now).unwrap();
    let one = desk.submit(config(1, None, &[&key("ann")]), now).unwrap();
    let leave = Leave::of(one).seal(&[&key("bob")]);
    desk.release(&leave, &mut Memory::default(), now).unwrap();
    let own = answer_by((Class::Config, one), now.wall, &[&key("ann")]);
    assert!(matches!(
        desk.confirm(&own, now),
        Err(DeskError::Unconfirmed(ConfirmError::Author))
    ));
    desk.confirm(&answer(one, now.wall), now).unwrap();
}
