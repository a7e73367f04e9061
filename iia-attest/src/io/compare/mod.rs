//! The comparison: readings of one value at several places of its way.
//!
//! A reading that is the same at both ends costs a look at what waits and no more. What differs is not judged at
//! once: its other half may be on its way to the observer. It is judged a window later at the latest, by what the
//! readings around it did: a few that differ were changed, many on a straight line are scaled, many on none have
//! somebody between. What happens to frames, and not to values, is told once a contract.

mod class;
mod doubt;
mod expire;
mod fit;
mod known;
mod level;
mod pairs;
mod traffic;
mod words;

use alloc::collections::{BTreeMap, BinaryHeap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::time::SECOND_NS;

use super::point::Point;
use super::reading::{Observation, PointId, Reading, Station};
use crate::correlator::Correlator;

pub use class::Class;
pub use doubt::{MOVED, PAIRS_MAX, PERSISTS, REMEMBERED, WELL, WINDOWS};
pub use pairs::PENDING_MAX;
pub use traffic::PERIOD_MAX_NS;

use known::Known;
use pairs::{End, Held};
use traffic::Traffic;

/// How long the other half of a reading may take to the observer, beside the skew of clocks.
pub const SETTLE_NS: i64 = SECOND_NS;
/// Windows of skew in which a shifted reading is still found.
pub const SKEWS: i64 = 4;
/// Readings that wait at most, of all points together; what comes beyond is counted and not compared.
pub const PENDING_ALL_MAX: usize = 200_000;
/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 8192;

/// What the observer did and did not see.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Pairs of readings that were the same.
    pub agreed: u64,
    /// Pairs that were not.
    pub differed: u64,
    /// Readings of points that it does not know.
    pub unknown: u64,
    /// Readings that found no room, or whose other half is known to be lost: not compared.
    pub unseen: u64,
    /// Findings that nobody took in time.
    pub lost: u64,
}

/// What is to be looked at again, and when.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Due {
    Point(u32),
    Contract(u32),
}

/// The observer of IO.
#[derive(Clone, Debug)]
pub struct Io {
    points: Vec<Known>,
    contracts: Vec<(String, Traffic)>,
    queue: BinaryHeap<Reverse<(i64, Due)>>,
    window_ns: i64,
    now_ns: i64,
    pending: usize,
    /// Until when what an end says is known to have holes.
    holes: [Option<i64>; 2],
    /// When an end last said that it hears anything at all.
    alive: [Option<i64>; 2],
    full: bool,
    findings: VecDeque<Finding>,
    counts: Counts,
}

impl Io {
    /// An observer of these points; a point's number is its place in the list.
    pub fn new(points: &[Point]) -> Self {
        let mut numbers = BTreeMap::<&str, u32>::new();
        let mut contracts = Vec::new();
        let mut known = Vec::with_capacity(points.len());
        for point in points {
            let next = u32::try_from(contracts.len()).unwrap_or(u32::MAX);
            let contract = *numbers.entry(&point.contract).or_insert(next);
            if contract == next {
                contracts.push((point.contract.clone(), Traffic::default()));
            }
            known.push(Known::new(point, contract));
        }
        let skews = points.iter().map(|point| point.tolerance.skew_ns.max(0));
        let skew_ns = skews.max().unwrap_or_default();
        Self {
            points: known,
            contracts,
            queue: BinaryHeap::new(),
            window_ns: skew_ns.saturating_mul(SKEWS).saturating_add(SETTLE_NS),
            now_ns: i64::MIN,
            pending: 0,
            holes: [None; 2],
            alive: [None; 2],
            full: false,
            findings: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// What it did and did not see.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How long after a reading what became of it is known at the latest.
    pub const fn window_ns(&self) -> i64 {
        self.window_ns
    }

    /// Says that whoever reads at a station hears frames at all, of these points or of anything else: what is missing
    /// then was taken out, and the tap is not cut off.
    pub fn handle_alive(&mut self, now: Timestamp, station: Station) {
        self.handle_timeout(now);
        let now_ns = self.now_ns;
        if let Some(alive) = end(station).and_then(|end| self.alive.get_mut(end as usize)) {
            *alive = Some(now_ns);
        }
    }

    fn report(&mut self, finding: Finding) {
        if self.findings.len() < WAITING_MAX {
            self.findings.push_back(finding);
        } else {
            self.counts.lost += 1;
        }
    }

    fn reading(&mut self, reading: &Reading) {
        let Some(known) = self.points.get_mut(reading.point.0 as usize) else {
            self.counts.unknown += 1;
            return;
        };
        let now_ns = self.now_ns;
        match end(reading.station) {
            None => {
                let finding = known.sample((now_ns, self.window_ns), reading, &self.contracts);
                self.told(reading.point, finding);
            }
            Some(End::Device) => {
                let finding = known.device((now_ns, self.window_ns), reading, &self.contracts);
                self.told(reading.point, finding);
                self.frame(reading, End::Device);
            }
            Some(End::Box) => self.frame(reading, End::Box),
        }
    }

    fn told(&mut self, point: PointId, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.report(finding);
        }
        self.enqueue(point);
    }

    /// One end of a frame: joined with the other, or kept.
    fn frame(&mut self, reading: &Reading, end: End) {
        let (now_ns, window_ns) = (self.now_ns, self.window_ns);
        let Some(known) = self.points.get_mut(reading.point.0 as usize) else {
            return;
        };
        // Two frames in a row are never mistaken for each other within half the time between them.
        let Some((_, traffic)) = self.contracts.get_mut(known.contract as usize) else {
            return;
        };
        traffic.see(end, (now_ns, reading.at.as_ns()), window_ns);
        let close_ns = traffic.heard(end).period_ns / 2;
        let search = traffic.search(window_ns, close_ns);
        let held = Held::new(now_ns, reading, end);
        let other = known.pending.same(&held, search, &known.tolerance);
        if let Some(other) = other {
            self.pending -= 1;
            self.agreed(reading.point, &held, &other);
            return;
        }
        // No room: the oldest is judged before its time.
        let oldest = (known.pending.len() >= PENDING_MAX)
            .then(|| known.pending.overdue(i64::MAX))
            .flatten();
        if let Some(oldest) = oldest {
            self.pending -= 1;
            let undecided = self.judge(reading.point, oldest).is_some();
            self.counts.unseen += u64::from(undecided);
        }
        if self.pending < PENDING_ALL_MAX {
            if let Some(known) = self.points.get_mut(reading.point.0 as usize) {
                known.pending.hold(held);
                self.pending += 1;
            }
            self.enqueue(reading.point);
            return;
        }
        self.counts.unseen += 1;
        if !core::mem::replace(&mut self.full, true) {
            let what = format!(
                "more readings wait for their other half than are kept ({PENDING_ALL_MAX}): some are not compared"
            );
            self.report(words::blind(reading.at, what));
        }
    }

    fn enqueue(&mut self, point: PointId) {
        let window_ns = self.window_ns;
        let Some(known) = self
            .points
            .get_mut(point.0 as usize)
            .filter(|one| !one.queued)
        else {
            return;
        };
        if let Some(due) = known.due_ns(window_ns) {
            known.queued = true;
            self.queue.push(Reverse((due, Due::Point(point.0))));
        }
    }
}

/// Which end of the network a station is.
const fn end(station: Station) -> Option<End> {
    match station {
        Station::Device => Some(End::Device),
        Station::Box => Some(End::Box),
        Station::Sensor | Station::Wire => None,
    }
}

impl Correlator for Io {
    type Observation = Observation;

    fn handle_observation(&mut self, now: Timestamp, observation: Observation) {
        self.handle_timeout(now);
        match observation {
            Observation::Reading(reading) => self.reading(&reading),
            Observation::Unsound {
                point,
                at,
                fault,
                micros,
            } => {
                let Some(known) = self.points.get_mut(point.0 as usize) else {
                    self.counts.unknown += 1;
                    return;
                };
                let finding = known.unsound(at, (fault, micros), &self.contracts);
                self.told(point, finding);
            }
            Observation::Lost { station, count } => self.hole(station, count),
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        // A clock that goes back moves nothing.
        self.now_ns = self.now_ns.max(now.as_ns());
        self.expire();
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let Reverse((due, _)) = self.queue.peek()?;
        Some(Timestamp::from_ns(*due))
    }
}
