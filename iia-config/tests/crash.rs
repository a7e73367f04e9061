//! Power fails at every operation of the disk, in every step of a life, and whatever was not durable is gone, there,
//! or torn. The box wakes up in the state before the step or after it: the record, the files and the gated calls say
//! the same, no event is lost, none is told twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod common;
#[path = "common/disk.rs"]
mod disk;

use std::collections::BTreeMap;
use std::path::Path;

use common::{
    BOX, Leave, answer, answer_by, clock, config, config_text, image_text, key, named, rules_text,
    successor_text, trust_text,
};
use disk::{Loss, SimDisk};
use iia_config::apply::{Call, Calls};
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::envelope::seal;
use iia_config::stage::{Disk, Phase, Store};
use iia_config::trust::Class;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};

const ROOT: &str = "/box";
const TRIAL_NS: u64 = 600 * SECOND_NS as u64;

/// Gated calls that are files on the same disk, so power fails in them as well.
struct DiskCalls(SimDisk);

impl DiskCalls {
    fn path(call: Call) -> std::path::PathBuf {
        Path::new(ROOT).join("kernel").join(call.name())
    }
}

impl Calls for DiskCalls {
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String> {
        let bytes = self
            .0
            .read(&Self::path(call))
            .map_err(|error| error.to_string())?;
        Ok(bytes.unwrap_or_default())
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        let path = Self::path(call);
        let dir = path.parent().unwrap();
        let act = || {
            self.0.write(&path, after)?;
            self.0.sync(&path)?;
            self.0.sync_dir(dir)
        };
        act().map_err(|error: std::io::Error| error.to_string())
    }
}

/// One step of the story.
type Act = fn(&mut Desk<SimDisk>, &mut DiskCalls, &ManualClock) -> Result<(), DeskError>;

fn text_digest(revision: u64, previous: Option<Digest>) -> Digest {
    Digest::of(
        Context::Artifact,
        config_text(revision, previous).as_bytes(),
    )
}

fn one() -> Digest {
    text_digest(1, None)
}

fn two() -> Digest {
    text_digest(2, Some(one()))
}

fn release(
    desk: &mut Desk<SimDisk>,
    calls: &mut DiskCalls,
    clock: &ManualClock,
    (name, artifact, purpose): (&str, Digest, &'static str),
) -> Result<(), DeskError> {
    let mut leave = Leave::of(artifact);
    (leave.name, leave.purpose) = (name.into(), purpose);
    desk.release(&leave.seal(&[&key("bob")]), calls, clock.read())
        .map(drop)
}

fn confirm(
    desk: &mut Desk<SimDisk>,
    artifact: Digest,
    clock: &ManualClock,
) -> Result<(), DeskError> {
    let now = clock.read();
    desk.confirm(&answer(artifact, now.wall), now)
}

/// Leave for an artifact of another class.
fn release_of(
    desk: &mut Desk<SimDisk>,
    calls: &mut DiskCalls,
    clock: &ManualClock,
    (name, class, text): (&str, &'static str, &str),
) -> Result<(), DeskError> {
    let mut leave = Leave::of(named(text));
    (leave.name, leave.class) = (name.into(), class);
    desk.release(&leave.seal(&[&key("bob")]), calls, clock.read())
        .map(drop)
}

fn confirm_of(
    desk: &mut Desk<SimDisk>,
    clock: &ManualClock,
    (class, text): (Class, &str),
) -> Result<(), DeskError> {
    let now = clock.read();
    let answer = answer_by((class, named(text)), now.wall, &[&key("eye")]);
    desk.confirm(&answer, now)
}

fn submit_of(
    desk: &mut Desk<SimDisk>,
    clock: &ManualClock,
    (class, text): (Class, &str),
) -> Result<(), DeskError> {
    let keys = [key("ivy"), key("ann"), key("dora")];
    let signers: Vec<&dyn Signer> = match class {
        Class::Trust => vec![&keys[1], &keys[2]],
        _ => vec![&keys[0]],
    };
    let signed = seal(class, text.as_bytes(), &signers).unwrap();
    desk.submit(signed, clock.read()).map(drop)
}

fn runs_out(
    desk: &mut Desk<SimDisk>,
    calls: &mut DiskCalls,
    clock: &ManualClock,
) -> Result<(), DeskError> {
    clock.advance(TRIAL_NS + SECOND_NS as u64);
    desk.settle(calls, clock.read()).map(drop)
}

/// A life with every step: first configuration, a second that is confirmed, a revert that nobody confirms; an image
/// and rules; operators that nobody confirms, and operators that stay.
const STORY: [(&str, Act); 20] = [
    ("submit 1", |desk, _, clock| {
        desk.submit(config(1, None, &[&key("ann")]), clock.read())
            .map(drop)
    }),
    ("release 1", |desk, calls, clock| {
        release(desk, calls, clock, ("first", one(), "apply"))
    }),
    ("confirm 1", |desk, _, clock| confirm(desk, one(), clock)),
    ("submit 2", |desk, _, clock| {
        desk.submit(config(2, Some(one()), &[&key("ann")]), clock.read())
            .map(drop)
    }),
    ("release 2", |desk, calls, clock| {
        release(desk, calls, clock, ("second", two(), "apply"))
    }),
    ("confirm 2", |desk, _, clock| confirm(desk, two(), clock)),
    ("revert to 1", |desk, calls, clock| {
        release(desk, calls, clock, ("back", one(), "revert"))
    }),
    ("the trial runs out", runs_out),
    ("submit an image", |desk, _, clock| {
        submit_of(desk, clock, (Class::Image, &image_text(1, None)))
    }),
    ("release the image", |desk, calls, clock| {
        let image = ("image", "image", image_text(1, None));
        release_of(desk, calls, clock, (image.0, image.1, &image.2))
    }),
    ("confirm the image", |desk, _, clock| {
        confirm_of(desk, clock, (Class::Image, &image_text(1, None)))
    }),
    ("submit rules", |desk, _, clock| {
        submit_of(desk, clock, (Class::Ruleset, &rules_text(1, None)))
    }),
    ("release the rules", |desk, calls, clock| {
        release_of(
            desk,
            calls,
            clock,
            ("rules", "ruleset", &rules_text(1, None)),
        )
    }),
    ("the rules run out", runs_out),
    ("submit operators", |desk, _, clock| {
        submit_of(desk, clock, (Class::Trust, &successor_text(1)))
    }),
    ("release the operators", |desk, calls, clock| {
        release_of(desk, calls, clock, ("trust", "trust", &successor_text(1)))
    }),
    ("the operators run out", runs_out),
    ("submit operators again", |desk, _, clock| {
        submit_of(desk, clock, (Class::Trust, &successor_text(2)))
    }),
    ("release the operators again", |desk, calls, clock| {
        release_of(desk, calls, clock, ("trust-2", "trust", &successor_text(2)))
    }),
    ("confirm the operators", |desk, _, clock| {
        confirm_of(desk, clock, (Class::Trust, &successor_text(2)))
    }),
];

fn site() -> Site {
    Site {
        box_name: BOX.into(),
        trial_ns: TRIAL_NS,
    }
}

fn begin(disk: &SimDisk, clock: &ManualClock) -> Desk<SimDisk> {
    let store = Store::on(disk.clone(), Path::new(ROOT));
    Desk::begin(store, site(), trust_text("").as_bytes(), clock.read()).unwrap()
}

/// Where a class stands: what is staged, applied, and was before.
type Stands = [Option<Digest>; 3];

/// What a stranger could see of a box: what is staged and applied of each class, who rules, the phase, the gated
/// calls, the events.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Seen {
    stands: Vec<Stands>,
    operators: Vec<String>,
    used: usize,
    at_rest: bool,
    calls: BTreeMap<&'static str, Vec<u8>>,
}

const CLASSES: [Class; 4] = [Class::Config, Class::Image, Class::Ruleset, Class::Trust];

fn seen(desk: &Desk<SimDisk>, disk: &SimDisk) -> Seen {
    let state = desk.state();
    let mut calls = DiskCalls(disk.clone());
    let stands = |class: Class| {
        let stand = state.of(class);
        [stand.staged, stand.applied, stand.previous].map(|kept| kept.map(|kept| kept.digest()))
    };
    let operators = desk.trust().keys();
    Seen {
        stands: CLASSES.map(stands).to_vec(),
        operators: operators.map(|key| key.operator.clone()).collect(),
        used: state.used().len(),
        at_rest: matches!(state.phase(), Phase::Rest),
        calls: [
            Call::RegisterCatalog,
            Call::RegisterBindings,
            Call::InstallTrustRoots,
            Call::SetEndpoints,
            Call::NameImage,
            Call::NameRules,
            Call::NameOperators,
        ]
        .into_iter()
        .map(|call| (call.name(), calls.before(call).unwrap()))
        .collect(),
    }
}

/// Plays the story up to a step on a fresh disk; power fails at the given operation of that step.
fn play(step: usize, dies_at: Option<usize>) -> (SimDisk, ManualClock, Seen, Option<Seen>) {
    let (disk, clock) = (SimDisk::default(), clock());
    let mut calls = DiskCalls(disk.clone());
    let mut desk = begin(&disk, &clock);
    // The first operators are put in by hand; the machine starts, and their call is made as well.
    desk.restore(&mut calls, clock.read()).unwrap();
    for (name, act) in &STORY[..step] {
        act(&mut desk, &mut calls, &clock).expect(name);
    }
    let before = seen(&desk, &disk);
    if let Some(at) = dies_at {
        disk.dies_at(at);
    }
    let done = STORY[step].1(&mut desk, &mut calls, &clock);
    if disk.is_dead() {
        return (disk, clock, before, None);
    }
    done.expect(STORY[step].0);
    let after = seen(&desk, &disk);
    (disk, clock, before, Some(after))
}

/// Every number of the source once, in order.
fn whole_outbox(desk: &Desk<SimDisk>) {
    let numbers: Vec<u64> = desk.outbox().iter().map(|event| event.source_seq).collect();
    let want: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, want);
}

#[test]
fn i9_a_crash_anywhere_leaves_the_state_before_or_the_state_after() {
    let mut crashes = 0;
    for (step, (name, _)) in STORY.iter().enumerate() {
        let (_, _, before, after) = play(step, None);
        let after = after.unwrap();
        assert_ne!(before, after, "{name} changes something");
        let mut at = 1;
        loop {
            let (disk, clock, _, done) = play(step, Some(at));
            if done.is_some() {
                break;
            }
            for loss in [Loss::All, Loss::Nothing, Loss::Torn] {
                let place = format!("{name}, operation {at}, {loss:?}");
                let disk = disk.after(loss);
                let mut calls = DiskCalls(disk.clone());
                let store = Store::on(disk.clone(), Path::new(ROOT));
                let mut desk = Desk::open(store, site()).expect(&place);
                desk.settle(&mut calls, clock.read()).expect(&place);
                let woken = seen(&desk, &disk);
                let same = |want: &Seen| woken == *want;
                assert!(
                    same(&before) || same(&after),
                    "{place}: {woken:#?}\n{before:#?}\n{after:#?}"
                );
                whole_outbox(&desk);
                // The step can be taken again, or was taken; and the story goes on to its end.
                if same(&before) && !same(&after) {
                    STORY[step].1(&mut desk, &mut calls, &clock).expect(&place);
                }
                assert_eq!(seen(&desk, &disk), after, "{place}");
                whole_outbox(&desk);
                crashes += 1;
            }
            at += 1;
        }
    }
    assert!(crashes > 500, "{crashes}");
}

#[test]
fn power_fails_while_a_box_is_begun() {
    let mut at = 1;
    loop {
        let (disk, clock) = (SimDisk::default(), clock());
        disk.dies_at(at);
        let begun = |disk: &SimDisk| {
            let store = Store::on(disk.clone(), Path::new(ROOT));
            Desk::begin(store, site(), trust_text("").as_bytes(), clock.read()).map(drop)
        };
        if begun(&disk).is_ok() {
            break;
        }
        for loss in [Loss::All, Loss::Nothing, Loss::Torn] {
            let disk = disk.after(loss);
            let store = Store::on(disk.clone(), Path::new(ROOT));
            let opened = Desk::open(store, site());
            // Either it was begun, or beginning again works.
            if opened.is_err() {
                begun(&disk).expect("begun again");
            }
        }
        at += 1;
    }
    assert!(at > 10, "{at}");
}

#[test]
fn a_box_that_lost_its_memory_stops() {
    let (disk, clock, _, _) = play(4, None);
    let record = Path::new(ROOT).join("state/config.state");
    let bytes = disk.read(&record).unwrap().unwrap();
    for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        disk.write(&record, &bent).unwrap();
        let store = Store::on(disk.clone(), Path::new(ROOT));
        assert!(
            matches!(Desk::open(store, site()), Err(DeskError::Storage(_))),
            "byte {at}"
        );
    }
    disk.remove(&record).unwrap();
    let store = || Store::on(disk.clone(), Path::new(ROOT));
    assert!(Desk::open(store(), site()).is_err());
    let begun = Desk::begin(store(), site(), trust_text("").as_bytes(), clock.read());
    assert!(
        begun.is_err(),
        "a box with artifacts is not begun again: its used approvals would be forgotten"
    );
}

#[test]
fn the_disk_of_these_tests_loses_what_a_real_one_may_lose() {
    let disk = SimDisk::default();
    let (dir, file) = (Path::new("/d"), Path::new("/d/f"));
    disk.write(file, b"bytes").unwrap();
    assert_eq!(disk.after(Loss::All).read(file).unwrap(), None);
    assert_eq!(disk.after(Loss::Torn).read(file).unwrap().unwrap(), b"by");
    disk.sync_dir(dir).unwrap();
    assert_eq!(disk.after(Loss::All).read(file).unwrap().unwrap(), b"");
    disk.sync(file).unwrap();
    disk.sync_dir(dir).unwrap();
    assert_eq!(disk.after(Loss::All).read(file).unwrap().unwrap(), b"bytes");
    assert_eq!(disk.operations(), 4);
}
