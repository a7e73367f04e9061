//! R-CFG-25: what a box is, is a function of what was signed. Random sequences of good and bad submissions, approvals,
//! confirmations, restarts and lapses of time, beside a model that fits on a page.
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

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{BOX, Leave, Memory, answer, clock, config, config_text, key, trust_text};
use disk::{Loss, SimDisk};
use iia_config::desk::{Desk, Site};
use iia_config::stage::{Phase, Store};
use iia_config::trust::Class;
use iia_core::digest::{Context, Digest};
use iia_core::time::{Clock as _, ManualClock, SECOND_NS};

const TRIAL: u64 = 10 * SECOND_NS as u64;

/// One thing that somebody does to a box.
#[derive(Clone, Copy, Debug)]
enum Act {
    Submit {
        revision: u64,
        previous: Option<Digest>,
        by: &'static str,
    },
    Release {
        artifact: Digest,
        purpose: &'static str,
        name: u64,
        by: &'static str,
    },
    Confirm {
        artifact: Digest,
    },
    TimePasses,
    PowerFails,
}

/// The page: what a box is, as the seeds have it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Page {
    staged: Option<Digest>,
    applied: Option<Digest>,
    previous: Option<Digest>,
    highest: u64,
    on_trial: bool,
    held: BTreeSet<Digest>,
    used: BTreeSet<u64>,
}

/// What every artifact that was ever written says of itself.
type Written = BTreeMap<Digest, (u64, Option<Digest>)>;

impl Page {
    fn follows(&self, (revision, previous): (u64, Option<Digest>)) -> bool {
        revision > self.highest && (self.applied.is_none() || previous == self.applied)
    }

    /// Does it, when it may be done; says whether it was.
    fn act(&mut self, act: Act, written: &Written) -> bool {
        match act {
            Act::Submit {
                revision,
                previous,
                by,
            } => {
                let fits = by == "ann" && self.follows((revision, previous));
                if fits {
                    self.staged = Some(digest(revision, previous));
                }
                fits
            }
            Act::Release {
                artifact,
                purpose,
                name,
                by,
            } => {
                let is_staged = self.staged == Some(artifact);
                let is_next = is_staged && self.follows(written[&artifact]);
                let way = match purpose {
                    "apply" => is_next,
                    _ => !is_staged && self.held.contains(&artifact),
                };
                let fits = !self.on_trial && way && by == "bob" && !self.used.contains(&name);
                if fits {
                    self.previous = self.applied.replace(artifact);
                    self.staged = self.staged.filter(|staged| *staged != artifact);
                    self.highest = self.highest.max(written[&artifact].0);
                    self.on_trial = true;
                    self.held.insert(artifact);
                    self.used.insert(name);
                }
                fits
            }
            Act::Confirm { artifact } => {
                let fits = self.on_trial && self.applied == Some(artifact);
                self.on_trial &= !fits;
                fits
            }
            Act::TimePasses => {
                if std::mem::take(&mut self.on_trial) {
                    self.applied = self.previous.take();
                }
                true
            }
            Act::PowerFails => true,
        }
    }
}

fn digest(revision: u64, previous: Option<Digest>) -> Digest {
    Digest::of(
        Context::Artifact,
        config_text(revision, previous).as_bytes(),
    )
}

/// The real box.
struct Real {
    disk: SimDisk,
    desk: Option<Desk<SimDisk>>,
    calls: Memory,
    clock: ManualClock,
}

fn site() -> Site {
    Site {
        box_name: BOX.into(),
        trial_ns: TRIAL,
    }
}

impl Real {
    fn new() -> Self {
        let (disk, clock) = (SimDisk::default(), clock());
        let store = Store::on(disk.clone(), Path::new("/box"));
        let desk = Desk::begin(store, site(), trust_text("").as_bytes(), clock.read());
        Self {
            disk,
            desk: Some(desk.unwrap()),
            calls: Memory::default(),
            clock,
        }
    }

    fn act(&mut self, act: Act) -> bool {
        let now = self.clock.read();
        let Self { desk, calls, .. } = self;
        let desk = desk.as_mut().unwrap();
        match act {
            Act::Submit {
                revision,
                previous,
                by,
            } => desk
                .submit(config(revision, previous, &[&key(by)]), now)
                .is_ok(),
            Act::Release {
                artifact,
                purpose,
                name,
                by,
            } => {
                let mut leave = Leave::of(artifact);
                (leave.name, leave.purpose) = (format!("leave-{name}"), purpose);
                desk.release(&leave.seal(&[&key(by)]), calls, now).is_ok()
            }
            Act::Confirm { artifact } => desk.confirm(&answer(artifact, now.wall), now).is_ok(),
            Act::TimePasses => {
                // Answers are written in whole seconds.
                self.clock.advance(TRIAL + SECOND_NS as u64);
                desk.settle(calls, self.clock.read()).is_ok()
            }
            Act::PowerFails => {
                self.desk = None;
                self.disk = self.disk.after(Loss::All);
                let store = Store::on(self.disk.clone(), Path::new("/box"));
                let mut desk = Desk::open(store, site()).unwrap();
                desk.settle(&mut self.calls, now).unwrap();
                self.desk = Some(desk);
                true
            }
        }
    }

    fn page(&self) -> Page {
        let state = self.desk.as_ref().unwrap().state();
        let held = state.held().into_iter();
        let configs = held.filter(|(class, _)| *class == Class::Config);
        let name = |name: &str| name.strip_prefix("leave-").unwrap().parse().unwrap();
        Page {
            staged: state.staged().map(|kept| kept.digest()),
            applied: state.applied().map(|kept| kept.digest()),
            previous: state.previous().map(|kept| kept.digest()),
            highest: state.of(Class::Config).revision_highest,
            on_trial: matches!(state.phase(), Phase::Trial { .. }),
            held: configs.map(|(_, digest)| digest).collect(),
            used: state.used().iter().map(|used| name(&used.name)).collect(),
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % n
    }
}

/// Something that is often, but not always, what should come next.
fn draw(page: &Page, written: &mut Written, random: &mut Random) -> Act {
    let mostly = |random: &mut Random| random.below(4) > 0;
    let any: Vec<Digest> = written.keys().copied().collect();
    match random.below(10) {
        0..=2 => {
            let revision = if mostly(random) {
                page.highest + 1
            } else {
                1 + random.below(6)
            };
            let previous = if mostly(random) {
                page.applied
            } else {
                page.previous
            };
            written.insert(digest(revision, previous), (revision, previous));
            let by = if mostly(random) { "ann" } else { "mallory" };
            Act::Submit {
                revision,
                previous,
                by,
            }
        }
        3..=6 if !any.is_empty() => {
            let other = any[random.below(any.len() as u64) as usize];
            let artifact = page.staged.filter(|_| mostly(random)).unwrap_or(other);
            let is_next = page.staged == Some(artifact);
            let purpose = if is_next == mostly(random) {
                "apply"
            } else {
                "revert"
            };
            let by = if mostly(random) {
                "bob"
            } else {
                ["ann", "mallory"][random.below(2) as usize]
            };
            let fresh = page.used.last().map_or(1, |last| last + 1);
            let name = if mostly(random) {
                fresh
            } else {
                random.below(fresh)
            };
            Act::Release {
                artifact,
                purpose,
                name,
                by,
            }
        }
        7 if !any.is_empty() => {
            let other = any[random.below(any.len() as u64) as usize];
            let artifact = page.applied.filter(|_| mostly(random)).unwrap_or(other);
            Act::Confirm { artifact }
        }
        8 => Act::TimePasses,
        _ => Act::PowerFails,
    }
}

#[test]
fn r_cfg_25_a_box_is_a_function_of_what_was_signed() {
    let mut random = Random(0x1CE);
    let (mut done, mut refused, mut went_back) = (0, 0, 0);
    for _ in 0..40 {
        let (mut page, mut real, mut written) = (Page::default(), Real::new(), Written::new());
        let mut story = Vec::new();
        for _ in 0..25 {
            let act = draw(&page, &mut written, &mut random);
            story.push(act);
            went_back += usize::from(page.on_trial && matches!(act, Act::TimePasses));
            let want = page.act(act, &written);
            assert_eq!(real.act(act), want, "{story:#?}");
            assert_eq!(real.page(), page, "{story:#?}");
            if want { done += 1 } else { refused += 1 }
        }
    }
    assert!(
        done > 300 && refused > 100 && went_back > 10,
        "{done} {refused} {went_back}"
    );
}
