//! Promises of the desk: what a box remembers, how it goes back, and what attacks on its clock and memory meet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::path::Path;

use common::{BOX, Leave, Memory, answer, clock, config, config_text, key, trust_text};
use iia_config::apply::{Calls as _, Plan};
use iia_config::desk::{Desk, DeskError, Settled, Site};
use iia_config::envelope::seal;
use iia_config::lifecycle::ConfirmError;
use iia_config::stage::{Slot, StageError, Store};
use iia_config::trust::Class;
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::event::EventKind;
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, ManualClock, SECOND_NS, TimeState};

const TRIAL: u64 = 600 * SECOND_NS as u64;
const HOUR: i64 = 3600 * SECOND_NS;

struct Bench {
    dir: tempfile::TempDir,
    desk: Option<Desk>,
    calls: Memory,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
        let desk = Desk::begin(
            store(dir.path()),
            site(),
            trust_text("").as_bytes(),
            clock.read(),
        );
        Self {
            dir,
            desk: Some(desk.unwrap()),
            calls: Memory::default(),
            clock,
        }
    }

    fn desk(&mut self) -> &mut Desk {
        self.desk.as_mut().unwrap()
    }

    /// The process ends and another begins.
    fn restart(&mut self) {
        self.desk = None;
        self.desk = Some(Desk::open(store(self.dir.path()), site()).unwrap());
    }

    fn submit(&mut self, revision: u64, previous: Option<Digest>) -> Result<Digest, DeskError> {
        let now = self.clock.read();
        self.desk()
            .submit(config(revision, previous, &[&key("ann")]), now)
    }

    fn release(&mut self, leave: &Leave) -> Result<(), DeskError> {
        self.release_by(leave, &["bob"])
    }

    fn release_by(&mut self, leave: &Leave, names: &[&str]) -> Result<(), DeskError> {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let now = self.clock.read();
        let Self { desk, calls, .. } = self;
        desk.as_mut()
            .unwrap()
            .release(&leave.seal(&signers), calls, now)
            .map(drop)
    }

    fn confirm(&mut self, artifact: Digest) -> Result<(), DeskError> {
        let now = self.clock.read();
        self.desk().confirm(&answer(artifact, now.wall), now)
    }

    fn settle(&mut self) -> Settled {
        let now = self.clock.read();
        let Self { desk, calls, .. } = self;
        desk.as_mut().unwrap().settle(calls, now).unwrap()
    }

    fn applied(&mut self) -> Option<Digest> {
        self.desk().state().applied().map(|kept| kept.digest())
    }

    /// Revisions 1 and 2 in force and confirmed.
    fn with_two() -> (Self, Digest, Digest) {
        let mut bench = Self::new();
        let one = bench.submit(1, None).unwrap();
        bench.release(&named("first", one)).unwrap();
        bench.confirm(one).unwrap();
        let two = bench.submit(2, Some(one)).unwrap();
        bench.release(&named("second", two)).unwrap();
        bench.confirm(two).unwrap();
        (bench, one, two)
    }
}

fn site() -> Site {
    Site {
        box_name: BOX.into(),
        trial_ns: TRIAL,
    }
}

fn store(dir: &Path) -> Store {
    Store::at(dir)
}

fn named(name: &str, artifact: Digest) -> Leave {
    Leave {
        name: name.into(),
        ..Leave::of(artifact)
    }
}

#[track_caller]
fn refusal(outcome: Result<(), DeskError>) -> String {
    match outcome {
        Err(DeskError::Rejected(rejected)) => rejected
            .event
            .field("code")
            .map_or(rejected.why.clone(), str::to_owned),
        other => panic!("{other:?}"),
    }
}

#[test]
fn staged_and_applied_stand_beside_each_other_with_their_hashes() {
    let (mut bench, _, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    let state = bench.desk().state().clone();
    assert_eq!(state.applied().unwrap().digest(), two);
    assert_eq!(state.staged().unwrap().digest(), three);
    let store = store(bench.dir.path());
    let read = |slot| store.get(Class::Config, slot).unwrap().unwrap();
    assert_eq!(read(Slot::Staged), config(3, Some(two), &[&key("ann")]));
    assert_eq!(
        iia_config::envelope::Armour::parse(&read(Slot::Applied))
            .unwrap()
            .digest(),
        two
    );
    assert_ne!(read(Slot::Previous), read(Slot::Applied));
}

#[test]
fn r_cfg_14_a_bad_signature_is_told_and_nothing_else_happens() {
    let mut bench = Bench::new();
    let now = bench.clock.read();
    let bytes = config(1, None, &[&key("mallory")]);
    assert!(bench.desk().submit(bytes, now).is_err());
    let kinds: Vec<EventKind> = bench
        .desk()
        .outbox()
        .iter()
        .map(|event| event.kind)
        .collect();
    let told = [
        EventKind::ArtifactSubmitted,
        EventKind::ArtifactSubmitted,
        EventKind::SignatureFailed,
    ];
    assert_eq!(kinds, told);
    assert_eq!(bench.desk().state().staged(), None);
}

#[test]
fn r_flt_18_nothing_is_applied_without_valid_leave() {
    let mut bench = Bench::new();
    let one = bench.submit(1, None).unwrap();
    assert_eq!(
        refusal(bench.release_by(&Leave::of(one), &["ann"])),
        "IIA-CFG-0110"
    );
    assert_eq!(
        refusal(bench.release_by(&Leave::of(one), &["mallory"])),
        "IIA-CFG-0105"
    );
    assert_eq!(
        refusal(bench.release(&Leave::of(Digest::ZERO))),
        "IIA-CFG-0210"
    );
    assert_eq!(bench.calls.made, 0);
    assert_eq!(bench.applied(), None);
}

#[test]
fn an_approval_that_was_used_is_refused_after_a_restart() {
    let (mut bench, _, two) = Bench::with_two();
    let back = Leave {
        purpose: "revert",
        ..named("second", two)
    };
    bench.restart();
    assert_eq!(
        refusal(bench.release(&named("second", two))),
        "IIA-CFG-0315",
        "applied already"
    );
    assert_eq!(
        refusal(bench.release(&back)),
        "IIA-CFG-0314",
        "the name was used"
    );
}

#[test]
fn d13_a_clock_set_back_across_a_restart_meets_the_floor() {
    let (mut bench, _, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    let leave = named("third", three);
    // The approval expires; the box sleeps; the attacker sets the clock back into the window. The floor was raised
    // by an authenticated reading in between.
    bench.clock.set_wall(leave.to + 2 * HOUR);
    assert_eq!(refusal(bench.release(&leave)), "IIA-CFG-0310");
    bench.restart();
    bench.clock.set_wall(leave.to - HOUR);
    assert_eq!(refusal(bench.release(&leave)), "IIA-CFG-0312");
}

#[test]
fn an_unknown_clock_stages_but_never_applies() {
    let mut bench = Bench::new();
    bench.clock.set_state(TimeState::Unknown);
    let one = bench.submit(1, None).unwrap();
    assert_eq!(refusal(bench.release(&Leave::of(one))), "IIA-CFG-0312");
}

#[test]
fn an_artifact_from_the_future_is_refused_and_does_not_lift_the_floor() {
    let mut bench = Bench::new();
    let text =
        config_text(1, None).replace("issued 2026-11-24T06:00:00Z", "issued 2036-11-24T06:00:00Z");
    let bytes = seal(Class::Config, text.as_bytes(), &[&key("ann")]).unwrap();
    let now = bench.clock.read();
    assert!(refusal(bench.desk().submit(bytes, now).map(drop)).contains("future"));
    assert!(bench.desk().state().floor().at() <= now.wall);
}

#[test]
fn a_failing_call_brings_back_what_was_in_force_and_keeps_the_approval() {
    let (mut bench, _, two) = Bench::with_two();
    let good = bench.calls.state.clone();
    let three = bench.submit(3, Some(two)).unwrap();
    // Every call that is made fails once, until none is left to fail.
    let mut failed = 0;
    loop {
        bench.calls.fails_at = Some(bench.calls.made + failed + 1);
        match bench.release(&named("third", three)) {
            Err(DeskError::Apply(_)) => failed += 1,
            done => break done.unwrap(),
        }
        assert_eq!(bench.calls.state, good, "call {failed}");
        assert_eq!(bench.applied(), Some(two));
        bench.calls.fails_at = None;
        bench.desk().acknowledge(u64::MAX).unwrap();
    }
    assert!(failed > 0);
    assert_eq!(bench.applied(), Some(three));
}

#[test]
fn what_nobody_confirms_goes_back_by_itself() {
    let (mut bench, one, two) = Bench::with_two();
    let good = bench.calls.state.clone();
    let three = bench.submit(3, Some(two)).unwrap();
    bench.release(&named("third", three)).unwrap();
    assert_ne!(bench.calls.state, good);
    assert!(
        matches!(
            bench.confirm(one),
            Err(DeskError::Unconfirmed(ConfirmError::OtherArtifact))
        ),
        "another artifact confirms nothing"
    );
    bench.clock.advance(TRIAL);
    assert_eq!(bench.settle(), Settled::OnTrial);
    bench.clock.advance(1);
    assert!(bench.confirm(three).is_err(), "too late");
    assert_eq!(bench.settle(), Settled::WentBack);
    assert_eq!((bench.applied(), &bench.calls.state), (Some(two), &good));
    let told = bench.desk().outbox().last().unwrap().clone();
    assert_eq!(
        (told.kind, told.field("purpose")),
        (EventKind::ArtifactApplied, Some("go_back"))
    );
    // D20: the revision that failed is spent.
    assert!(bench.submit(3, Some(two)).is_err());
    assert!(bench.submit(4, Some(two)).is_ok());
}

#[test]
fn a_first_configuration_that_nobody_confirms_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let one = bench.submit(1, None).unwrap();
    bench.release(&Leave::of(one)).unwrap();
    bench.clock.advance(TRIAL + 1);
    assert_eq!(bench.settle(), Settled::WentBack);
    assert_eq!(bench.applied(), None);
    for (call, nothing) in Plan::nothing(Class::Config).calls() {
        let have = bench.calls.before(call).unwrap();
        assert_eq!(have, nothing, "{}", call.name());
    }
    // D20: its revision is spent, although nothing is in force.
    assert!(refusal(bench.submit(1, None).map(drop)).contains("does not follow 1"));
    assert!(bench.submit(2, None).is_ok());
}

#[test]
fn a_clock_set_back_does_not_make_a_trial_longer() {
    for attack in [
        |clock: &ManualClock| clock.set_wall(clock.read().wall - HOUR / 2),
        |clock: &ManualClock| clock.set_state(TimeState::Unknown),
    ] {
        let (mut bench, _, two) = Bench::with_two();
        let three = bench.submit(3, Some(two)).unwrap();
        bench.release(&named("third", three)).unwrap();
        bench.clock.advance(TRIAL + 1);
        attack(&bench.clock);
        assert_eq!(bench.settle(), Settled::WentBack);
    }
}

#[test]
fn a_trial_survives_a_restart_and_ends_as_it_would_have() {
    let (mut bench, _, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    bench.release(&named("third", three)).unwrap();
    bench.restart();
    assert_eq!(bench.settle(), Settled::OnTrial);
    bench.restart();
    bench.clock.advance(TRIAL + 1);
    assert_eq!(bench.settle(), Settled::WentBack);
    assert_eq!(bench.applied(), Some(two));
}

#[test]
fn one_change_at_a_time() {
    let (mut bench, one, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    bench.release(&named("third", three)).unwrap();
    let back = Leave {
        purpose: "revert",
        ..named("back", one)
    };
    assert!(matches!(bench.release(&back), Err(DeskError::Busy { .. })));
}

#[test]
fn r_cfg_26_an_older_artifact_is_refused_unless_leave_to_go_back_names_it() {
    let (mut bench, one, two) = Bench::with_two();
    assert!(
        bench.submit(1, None).is_err(),
        "an old artifact cannot even be staged"
    );
    assert_eq!(refusal(bench.release(&named("again", one))), "IIA-CFG-0315");
    let back = Leave {
        purpose: "revert",
        ..named("back", one)
    };
    bench.release(&back).unwrap();
    bench.confirm(one).unwrap();
    assert_eq!(bench.applied(), Some(one));
    // Forward again is a new revision, or leave to go "back" to what was held.
    assert!(bench.submit(2, Some(one)).is_err());
    let forth = Leave {
        purpose: "revert",
        ..named("forth", two)
    };
    bench.release(&forth).unwrap();
    assert_eq!(bench.applied(), Some(two));
}

#[test]
fn what_was_only_staged_was_never_held() {
    let (mut bench, _, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    let back = Leave {
        purpose: "revert",
        ..named("back", three)
    };
    assert_eq!(refusal(bench.release(&back)), "IIA-CFG-0213");
}

#[test]
fn a_file_changed_on_disk_is_not_applied() {
    let (mut bench, _, two) = Bench::with_two();
    let three = bench.submit(3, Some(two)).unwrap();
    let staged = config(3, Some(two), &[&key("ann")]);
    let folder = bench.dir.path().join("evidence/config");
    let file = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut file = file.filter(|path| std::fs::read(path).unwrap() == staged);
    std::fs::write(file.next().unwrap(), config(9, Some(two), &[&key("ann")])).unwrap();
    assert!(refusal(bench.release(&named("third", three))).contains("damaged"));
}

#[test]
fn there_is_one_desk_at_a_time_and_readers_need_none() {
    let bench = Bench::new();
    let second = Desk::open(store(bench.dir.path()), site());
    assert!(matches!(
        second,
        Err(DeskError::Storage(StageError::Locked))
    ));
    assert!(store(bench.dir.path()).trust().unwrap().is_some());
}

#[test]
fn when_the_chain_takes_no_events_the_box_takes_no_changes() {
    let mut bench = Bench::new();
    let mut full = None;
    for _ in 0..1000 {
        if let Err(DeskError::Storage(error)) = bench.submit(7, Some(Digest::ZERO)) {
            full = Some(error);
            break;
        }
    }
    assert_eq!(full.unwrap().code().to_string(), "IIA-CFG-0410");
    let last = bench.desk().outbox().last().unwrap().source_seq;
    bench.desk().acknowledge(last).unwrap();
    assert!(bench.submit(1, None).is_ok());
}
