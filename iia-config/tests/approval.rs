//! Promises of approvals, row by row; and a second opinion over a large space of cases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod approval_model;
mod common;

use std::collections::BTreeMap;

use common::{BOX, Leave, clock, key, trust};
use iia_config::approval::{Approval, ApprovalError, Memory, Used, Wanted, check};
use iia_config::trust::Class;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, Floor, ManualClock, SECOND_NS, TimeState};

/// One decision with everything in order, to be bent by a row.
struct Scene {
    leave: Leave,
    signers: Vec<&'static str>,
    authors: Vec<String>,
    newer: bool,
    held: Vec<(Class, Digest)>,
    used: Vec<Used>,
    floor: Floor,
    clock: ManualClock,
    rules: &'static str,
}

fn artifact() -> Digest {
    Digest::of(Context::Artifact, b"artifact")
}

impl Scene {
    fn new() -> Self {
        Self {
            leave: Leave::of(artifact()),
            signers: vec!["bob"],
            authors: vec!["ann".into()],
            newer: true,
            held: Vec::new(),
            used: Vec::new(),
            floor: Floor::default(),
            clock: clock(),
            rules: "",
        }
    }

    fn check(&self) -> Result<Approval, ApprovalError> {
        let keys: Vec<_> = self.signers.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let wanted = Wanted {
            class: Class::Config,
            artifact: artifact(),
            authors: &self.authors,
            newer: self.newer,
        };
        let memory = Memory {
            box_name: BOX,
            held: &self.held,
            used: &self.used,
            floor: self.floor,
        };
        let bytes = self.leave.seal(&signers);
        check(
            &bytes,
            &wanted,
            (&trust(self.rules), &memory),
            self.clock.read(),
        )
    }
}

#[track_caller]
fn row(want: Result<(), ApprovalError>, bend: impl FnOnce(&mut Scene)) {
    let mut scene = Scene::new();
    bend(&mut scene);
    assert_eq!(scene.check().map(drop), want);
}

const TWO: &str =
    "\napproval_rule approval {\n  class approval\n  threshold 1\n  two_person on\n}\n";
const HOUR: i64 = 3600 * SECOND_NS;

#[test]
fn one_operator_approves_for_one_box() {
    row(Ok(()), |_| {});
    row(Err(ApprovalError::OtherBox), |s| {
        s.leave.targets = vec!["box seg02".into()]
    });
    row(Ok(()), |s| {
        s.leave.targets = vec!["box seg01".into(), "box seg02".into()]
    });
}

#[test]
fn one_approval_covers_a_named_set_and_the_box_looks_itself_up() {
    row(Ok(()), |s| s.leave.targets = vec!["fleet lines".into()]);
    row(Err(ApprovalError::OtherBox), |s| {
        s.leave.targets = vec!["fleet unheard-of".into()]
    });
    // A set is not a box of the same name.
    row(Err(ApprovalError::OtherBox), |s| {
        s.leave.targets = vec!["fleet seg01".into()]
    });
    row(Err(ApprovalError::OtherBox), |s| {
        s.leave.targets = vec!["box lines".into()]
    });
}

#[test]
fn it_names_the_artifact_and_its_class() {
    row(Err(ApprovalError::OtherArtifact), |s| {
        s.leave.artifact = Digest::ZERO
    });
    row(Err(ApprovalError::OtherClass), |s| s.leave.class = "image");
}

#[test]
fn two_person_means_two_people_besides_the_sole_author() {
    let have = |have| Err(ApprovalError::TwoPerson { have });
    for rule in [true, false] {
        let bend = |s: &mut Scene, signers: &[&'static str], authors: &[&str]| {
            s.signers = signers.to_vec();
            s.authors = authors.iter().map(|name| (*name).to_owned()).collect();
            if rule {
                s.rules = TWO
            } else {
                s.leave.two_person = true
            }
        };
        row(Ok(()), |s| bend(s, &["bob", "cem"], &["ann"]));
        row(have(1), |s| bend(s, &["bob"], &["ann"]));
        row(have(1), |s| bend(s, &["bob", "bob-2"], &["ann"]));
        row(have(1), |s| bend(s, &["ann", "bob"], &["ann"]));
        row(Ok(()), |s| bend(s, &["ann", "bob"], &["ann", "cem"]));
        row(Err(ApprovalError::AuthorAlone), |s| {
            bend(s, &["ann", "cem"], &["ann", "cem"])
        });
    }
}

#[test]
fn the_author_alone_never_approves() {
    row(Err(ApprovalError::AuthorAlone), |s| s.signers = vec!["ann"]);
    row(Ok(()), |s| s.signers = vec!["ann", "bob"]);
    row(Err(ApprovalError::AuthorAlone), |s| {
        (s.signers, s.authors) = (vec!["bob-2"], vec!["bob".into()]);
    });
}

#[test]
fn a_window_has_two_ends() {
    let moved = |s: &mut Scene, ns: i64| s.clock.set_wall(s.clock.read().wall + ns);
    row(Ok(()), |s| moved(s, HOUR));
    row(Err(ApprovalError::OutsideWindow), |s| moved(s, HOUR + 1));
    row(Ok(()), |s| moved(s, -HOUR));
    row(Err(ApprovalError::OutsideWindow), |s| moved(s, -HOUR - 1));
}

#[test]
fn an_uncertain_clock_must_be_inside_with_all_of_its_error() {
    let error = |minutes: u64| TimeState::Holdover {
        error_ns: minutes * 60 * 1_000_000_000,
    };
    row(Ok(()), |s| s.clock.set_state(error(60)));
    row(Err(ApprovalError::OutsideWindow), |s| {
        s.clock.set_state(error(61))
    });
    row(Err(ApprovalError::OutsideWindow), |s| {
        s.clock
            .set_state(TimeState::Holdover { error_ns: u64::MAX });
    });
}

#[test]
fn d13_untrusted_time_and_a_clock_set_back_refuse() {
    row(Err(ApprovalError::TimeUnknown), |s| {
        s.clock.set_state(TimeState::Unknown)
    });
    // The attack: the approval expired, the clock is set back into its window. Something newer was signed since.
    row(Err(ApprovalError::TimeUnknown), |s| {
        s.floor.raise(s.clock.read().wall + 2 * HOUR);
    });
    row(Ok(()), |s| s.floor.raise(s.clock.read().wall));
}

#[test]
fn maintenance_windows_are_asked_besides() {
    // 2026-11-24 is a Tuesday.
    row(Ok(()), |s| {
        s.leave.maintenance = vec!["tuesday 11h 2h".into()]
    });
    row(Err(ApprovalError::OutsideMaintenance), |s| {
        s.leave.maintenance = vec!["monday 11h 2h".into()];
    });
    row(Ok(()), |s| {
        s.leave.maintenance = vec!["daily 12h 1h".into(), "monday 1h 1h".into()]
    });
    row(Err(ApprovalError::OutsideMaintenance), |s| {
        s.leave.maintenance = vec!["daily 11h 1h".into()];
    });
}

#[test]
fn an_approval_is_used_once_and_a_newer_one_takes_its_place() {
    let mut scene = Scene::new();
    let used = scene.check().unwrap().used();
    scene.used.push(used.clone());
    assert_eq!(scene.check().map(drop), Err(ApprovalError::Replayed));
    // The same name and version with another text is no way round.
    scene.leave.to = scene.leave.to + HOUR;
    assert_eq!(scene.check().map(drop), Err(ApprovalError::Superseded));
    scene.leave.version = "0.9.0".into();
    assert_eq!(scene.check().map(drop), Err(ApprovalError::Superseded));
    scene.leave.version = "1.0.1".into();
    assert_eq!(scene.check().map(drop), Ok(()));
}

#[test]
fn d20_going_back_needs_leave_to_go_back_to_what_was_held() {
    row(Err(ApprovalError::Downgrade), |s| s.newer = false);
    row(Err(ApprovalError::NeverHeld), |s| {
        (s.newer, s.leave.purpose) = (false, "revert")
    });
    row(Ok(()), |s| {
        (s.newer, s.leave.purpose) = (false, "revert");
        s.held = vec![(Class::Config, artifact())];
    });
    // Held as something else is not held.
    row(Err(ApprovalError::NeverHeld), |s| {
        (s.newer, s.leave.purpose) = (false, "revert");
        s.held = vec![(Class::Image, artifact())];
    });
}

#[test]
fn texts_that_are_no_approval_are_refused() {
    let malformed = |bend: &dyn Fn(&mut Leave)| {
        let mut scene = Scene::new();
        bend(&mut scene.leave);
        matches!(scene.check(), Err(ApprovalError::Malformed { .. }))
    };
    assert!(malformed(&|leave| leave.targets = Vec::new()));
    assert!(malformed(&|leave| leave.to = leave.from - SECOND_NS));
    assert!(malformed(&|leave| leave.to = leave.from + 91 * 24 * HOUR));
    assert!(malformed(&|leave| leave.issued = leave.from + SECOND_NS));
    assert!(malformed(
        &|leave| leave.maintenance = vec!["daily 24h 1h".into()]
    ));
    assert!(malformed(
        &|leave| leave.maintenance = vec!["daily 1h 25h".into()]
    ));
    assert!(malformed(&|leave| leave.purpose = "whatever"));
    assert!(malformed(&|leave| leave.class = "everything"));
    assert!(malformed(&|leave| leave.version = "1".into()));
    // Not canonical: the fields of a set out of order.
    assert!(malformed(
        &|leave| leave.targets = vec!["box seg02".into(), "box seg01".into()]
    ));
    assert!(malformed(
        &|leave| leave.targets = vec!["box seg01".into(), "box seg01".into()]
    ));
}

/// A generator whose numbers are the same on every machine (xorshift64).
struct Random(u64);

impl Random {
    fn bytes(&mut self) -> [u8; 64] {
        std::array::from_fn(|_| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 24) as u8
        })
    }
}

#[test]
fn a_brute_force_model_says_the_same_over_thousands_of_cases() {
    let mut random = Random(0x1A1A);
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..10_000 {
        *said
            .entry(approval_model::compare(&random.bytes(), &random.bytes()))
            .or_default() += 1;
    }
    // The space is not so drawn that everything is refused for one reason.
    for word in [
        "holds",
        "unknown signer",
        "threshold",
        "no target",
        "other box",
        "other artifact",
        "other class",
        "downgrade",
        "never held",
        "time unknown",
        "window",
        "maintenance",
        "replay",
        "superseded",
        "author alone",
        "two person",
    ] {
        assert!(
            said.get(word).is_some_and(|count| *count >= 20),
            "{word}: {said:?}"
        );
    }
}
