//! Expected traffic that stays away: of a whole contract, and of each of the devices that are expected under it.
//!
//! Each window has one place in a queue of ends, looked at when it comes and put back where the window has moved on:
//! however many contracts there are, an observation costs the same.

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Reverse;

use iia_contract::catalog::Catalog;
use iia_contract::scope::{Terms, Text};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;
use iia_core::time::SECOND_NS;

use super::deed::Who;
use super::fleet::Fleet;
use super::outbox::{Outbox, finding};
use super::pace::Pace;
use super::time::AHEAD_MAX_NS;

/// Windows of contracts by their place in the list.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    watched: Vec<Watched>,
    ends: BinaryHeap<Reverse<(Timestamp, u32, Kind)>>,
    started: Option<Timestamp>,
    /// The last time at which anything was seen, as it was told.
    furthest: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Silence,
    Fleet,
    Pace,
}

/// What is heard under a contract.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// Whoever counts as a device there.
    pub(super) client: Who,
    /// Where it was answered.
    pub(super) server: Who,
    /// How many exchanges or messages.
    pub(super) count: u64,
    /// When the first of them was.
    pub(super) from: Timestamp,
    /// When the last of them was.
    pub(super) until: Timestamp,
}

/// What a contract expects, and what was heard of it: what changes with each thing that is heard lies together.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Watched {
    last: Option<Timestamp>,
    silent: bool,
    fleet: Option<Box<Fleet>>,
    pace: Option<Box<Pace>>,
    expects: Box<Expects>,
}

/// What a contract expects.
#[derive(Clone, Debug)]
struct Expects {
    contract: Text,
    /// When it goes out of force, and nothing is expected any more.
    until: Option<Timestamp>,
    silence_ns: Option<i64>,
}

impl Watched {
    /// When its window ends, unless it may be silent, is known to be, or each of its devices has a window of its own.
    fn end(&self, started: Timestamp) -> Option<Timestamp> {
        let silence_ns = self.expects.silence_ns.filter(|_| !self.silent)?;
        let own = self.fleet.is_none();
        own.then(|| self.last.unwrap_or(started) + silence_ns)
    }
}

impl Presence {
    /// Expects what the device contracts say, each at its place among them.
    pub(super) fn of(catalog: &Catalog) -> Self {
        let contracts = catalog.contracts().iter();
        let watched = contracts.filter_map(|contract| match &contract.terms {
            Terms::Device(device) => Some(Watched {
                expects: Box::new(Expects {
                    contract: contract.id.clone(),
                    until: contract.deprecated,
                    silence_ns: device.silence_ns,
                }),
                last: None,
                silent: false,
                fleet: Fleet::of(device).map(Box::new),
                pace: Pace::of(device).map(Box::new),
            }),
            _ => None,
        });
        Self {
            watched: watched.collect(),
            ..Self::default()
        }
    }

    /// How many windows there may be.
    pub(super) const fn len(&self) -> usize {
        self.watched.len()
    }

    /// Time begins, at the first thing that the observer is told.
    pub(super) fn start(&mut self, now: Timestamp) {
        if self.started.is_none() {
            self.begin(now);
        }
    }

    /// Every window begins anew.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.started = Some(now);
        self.furthest = None;
        self.ends.clear();
        for (index, watched) in (0..).zip(&mut self.watched) {
            watched.last = None;
            if let Some(pace) = &mut watched.pace {
                pace.begin();
            }
            if let Some(fleet) = &mut watched.fleet {
                let end = fleet.begin(now);
                self.ends.push(Reverse((end, index, Kind::Fleet)));
            }
            if let Some(end) = watched.end(now) {
                self.ends.push(Reverse((end, index, Kind::Silence)));
            }
        }
    }

    /// Something was heard under a contract.
    pub(super) fn heard(&mut self, index: u32, heard: &Heard, out: &mut Outbox) {
        let Some(watched) = self.watched.get_mut(index as usize) else {
            return;
        };
        let until = heard.until;
        // A report that comes twice says nothing new.
        let is_new = watched.last.is_none_or(|last| until > last);
        if let Some(fleet) = &mut watched.fleet {
            let device = fleet.device(heard);
            if let Some(end) = fleet.heard(&watched.expects.contract, device, until, out) {
                self.ends.push(Reverse((end, index, Kind::Fleet)));
            }
        }
        if let Some(pace) = &mut watched.pace
            && is_new
            && let Some(end) = pace.heard(&watched.expects.contract, heard, out)
        {
            self.ends.push(Reverse((end, index, Kind::Pace)));
        }
        if !is_new {
            return;
        }
        watched.last = Some(until);
        self.furthest = self.furthest.max(Some(until));
        if core::mem::take(&mut watched.silent) {
            let contract = watched.expects.contract.as_str();
            let reason = format!("traffic of contract {contract} is back");
            let about = (contract, "silence");
            out.say(finding(until, Conclusion::Converge, about, reason));
            if let Some(end) = watched.end(until) {
                self.ends.push(Reverse((end, index, Kind::Silence)));
            }
        }
    }

    /// Time has come so far: whatever has ended by now is told.
    pub(super) fn pass(&mut self, now: Timestamp, out: &mut Outbox) {
        let started = self.started.unwrap_or(now);
        while let Some(Reverse((end, index, kind))) = self.ends.peek().copied() {
            if now < end {
                return;
            }
            self.ends.pop();
            let Some(watched) = self.watched.get_mut(index as usize) else {
                continue;
            };
            if watched.expects.until.is_some_and(|until| end >= until) {
                continue;
            }
            let next = match kind {
                Kind::Silence => watched.silence((started, now), out),
                Kind::Fleet => {
                    let fleet = watched.fleet.as_mut();
                    fleet.and_then(|fleet| fleet.pass(&watched.expects.contract, now, out))
                }
                Kind::Pace => {
                    let last = watched.last.unwrap_or(started);
                    let pace = watched.pace.as_mut();
                    pace.and_then(|pace| pace.pass(&watched.expects.contract, (last, now), out))
                }
            };
            if let Some(next) = next {
                self.ends.push(Reverse((next, index, kind)));
            }
        }
    }

    /// Nothing can have been seen after now: whatever was told of such a time is taken back.
    pub(super) fn cut(&mut self, now: Timestamp, out: &mut Outbox) {
        let Some(furthest) = self.furthest.filter(|at| at.since_ns(now) > AHEAD_MAX_NS) else {
            return;
        };
        self.furthest = Some(now);
        for watched in &mut self.watched {
            watched.last = watched.last.map(|last| last.min(now));
            if let Some(fleet) = &mut watched.fleet {
                fleet.cut(now);
            }
        }
        let started = self.started.unwrap_or(now);
        self.ends.clear();
        self.arm(started);
        let seconds = furthest.since_ns(now) / SECOND_NS;
        let reason = format!(
            "traffic was reported as seen {seconds} s ahead of time, which cannot be: it counts as seen now"
        );
        let about = ("", "time");
        out.say(finding(now, Conclusion::Diverge, about, reason));
    }

    fn arm(&mut self, started: Timestamp) {
        for (index, watched) in (0..).zip(&self.watched) {
            let fleet = watched.fleet.as_ref();
            if let Some(end) = fleet.and_then(|fleet| fleet.end()) {
                self.ends.push(Reverse((end, index, Kind::Fleet)));
            }
            if let Some(end) = watched.pace.as_ref().and_then(|pace| pace.end()) {
                self.ends.push(Reverse((end, index, Kind::Pace)));
            }
            if let Some(end) = watched.end(started) {
                self.ends.push(Reverse((end, index, Kind::Silence)));
            }
        }
    }

    /// No window ends before this.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.ends.peek().map(|Reverse((end, ..))| *end)
    }
}

impl Watched {
    /// Tells silence at its end; gives the end where the window has moved on.
    fn silence(
        &mut self,
        (started, now): (Timestamp, Timestamp),
        out: &mut Outbox,
    ) -> Option<Timestamp> {
        let end = self.end(started)?;
        if now < end {
            return Some(end);
        }
        self.silent = true;
        let contract = self.expects.contract.as_str();
        let seconds = self.expects.silence_ns.unwrap_or_default() as f64 / 1e9;
        let reason =
            format!("contract {contract} expects traffic, and none was seen for {seconds} s");
        let about = (contract, "silence");
        out.say(finding(end, Conclusion::Missing, about, reason));
        None
    }
}
