//! What stands open, cause by cause, and what was and is over.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::digest::{Context, Hasher};
use iia_core::finding::{Conclusion, Finding};
use iia_core::time::SECOND_NS;

use super::AGAIN_NS;
use super::accountable::Accountable;
use super::gravity::Gravity;
use super::told::{How, Told};

/// Causes that stand open at most, on each stream: a flood of one stream hides nothing of another. All but strangers have as much
/// room again, so that a flood of these hides no contract and nothing that is not seen.
pub const OPEN_MAX: usize = 1024;
/// Streams at most; findings of others find no room.
const STREAMS_MAX: usize = 16;
/// Different things said of one cause that are remembered with their words at most; the rest is counted.
pub const DELTAS_MAX: usize = 16;
/// Causes that are over and remembered at most; the oldest goes first.
pub const OVER_MAX: usize = 256;

/// How long what is said of a cause may change to and fro untold, in nanoseconds.
const FLAP_NS: i64 = SECOND_NS;

/// The clause of whoever no contract names, of whom there may be any number.
const CLAUSE_STRANGER: &str = "parties";

/// What a finding is about: the same again has the same cause.
type Cause = [String; 6];

/// One thing that is said of a cause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delta {
    /// In words.
    pub reason: String,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
}

impl Delta {
    fn new(finding: &Finding) -> Self {
        let at = Timestamp::from_ns(finding.ts_ns);
        Self {
            reason: finding.reason.clone(),
            first: at,
            last: at,
            count: 1,
        }
    }
}

/// A cause that stands open.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its name: eight hexadecimal digits.
    pub id: String,
    /// The newest finding of it.
    pub finding: Finding,
    /// The heaviest that was said of it.
    pub gravity: Gravity,
    /// When it was first seen, as its source dates it.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// What was said of it, oldest first.
    pub deltas: Vec<Delta>,
    /// Things said that found no room among them.
    pub deltas_more: u64,
    /// Who answers for it; empty where only the chain's own words are at hand.
    pub accountable: Vec<Accountable>,
    /// Repeats that are counted and not yet told, and since when.
    untold: Option<Timestamp>,
    told_at: Timestamp,
}

/// A cause that was open and is over.
#[derive(Clone, Debug)]
pub struct Over {
    /// What it was.
    pub open: Open,
    /// When it ended.
    pub ended: Timestamp,
    /// The words of its end.
    pub reason: String,
}

/// The causes, by stream.
#[derive(Clone, Debug, Default)]
pub struct Board {
    streams: BTreeMap<String, BTreeMap<Cause, Open>>,
    over: VecDeque<Over>,
    forgotten: u64,
    confirmed: BTreeMap<String, Timestamp>,
}

/// What becomes of a finding.
pub(super) enum Taken {
    /// It is told.
    Tell(How),
    /// It is counted and told later.
    Quiet,
    /// There is no room.
    Full,
}

fn cause(finding: &Finding) -> Cause {
    [
        finding.stream.clone(),
        finding.contract.clone(),
        finding.clause.clone(),
        finding.source.clone(),
        finding.destination.clone(),
        finding.operation.clone(),
    ]
}

/// The name of a finding's cause.
pub(super) fn id(finding: &Finding) -> String {
    let mut hasher = Hasher::new(Context::File);
    for part in cause(finding) {
        hasher.update_framed(part.as_bytes());
    }
    let digest = hasher.finish();
    let (head, _) = digest.as_bytes().split_at(4);
    iia_core::digest::hex(head)
}

impl Open {
    fn new(now: Timestamp, finding: &Finding) -> Self {
        let at = Timestamp::from_ns(finding.ts_ns);
        Self {
            id: id(finding),
            finding: finding.clone(),
            gravity: Gravity::of(finding.severity),
            first: at,
            last: at,
            count: 1,
            deltas: alloc::vec![Delta::new(finding)],
            deltas_more: 0,
            accountable: Vec::new(),
            untold: None,
            told_at: now,
        }
    }

    fn take(&mut self, now: Timestamp, finding: &Finding) -> Taken {
        if self.again(now, finding) {
            (self.untold, self.told_at) = (None, now);
            return Taken::Tell(How::Changed);
        }
        match self.tells(now) {
            true => Taken::Tell(How::Again),
            false => Taken::Quiet,
        }
    }

    /// The same cause again: whether something else is said of it that is news.
    fn again(&mut self, now: Timestamp, finding: &Finding) -> bool {
        let at = Timestamp::from_ns(finding.ts_ns);
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        self.count = self.count.saturating_add(1);
        self.gravity = self.gravity.max(Gravity::of(finding.severity));
        let differs = self.finding.reason != finding.reason;
        self.finding = finding.clone();
        let mut known = self.deltas.iter_mut();
        if let Some(delta) = known.find(|one| one.reason == finding.reason) {
            delta.last = delta.last.max(at);
            delta.count = delta.count.saturating_add(1);
            // What comes and goes is not told each time.
            return differs && now.since_ns(self.told_at) >= FLAP_NS;
        }
        let has_room = self.deltas.len() < DELTAS_MAX;
        if has_room {
            self.deltas.push(Delta::new(finding));
        } else {
            self.deltas_more = self.deltas_more.saturating_add(1);
        }
        has_room
    }

    /// Repeats are told at 10, 100, 1000 … and a minute after the last word at the latest.
    fn tells(&mut self, now: Timestamp) -> bool {
        let mut round = self.count;
        while round >= 10 && round.is_multiple_of(10) {
            round /= 10;
        }
        let is_round = round == 1 && self.count >= 10;
        if is_round || now.since_ns(self.told_at) >= AGAIN_NS {
            self.untold = None;
            self.told_at = now;
            return true;
        }
        self.untold = Some(self.told_at + AGAIN_NS);
        false
    }
}

impl Board {
    /// How many causes stand open.
    pub fn len(&self) -> usize {
        self.streams.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing stands open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What stands open: the gravest first, then what was seen last.
    pub fn open(&self) -> Vec<&Open> {
        let mut all: Vec<&Open> = self.streams.values().flat_map(BTreeMap::values).collect();
        all.sort_by(|one, two| {
            let by = (two.gravity, two.last).cmp(&(one.gravity, one.last));
            by.then_with(|| one.id.cmp(&two.id))
        });
        all
    }

    /// What was and is over, the newest first.
    pub fn over(&self) -> impl Iterator<Item = &Over> {
        self.over.iter().rev()
    }

    /// Causes that are over and were forgotten for want of room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// When a stream last said that all is well.
    pub fn confirmed(&self, stream: &str) -> Option<Timestamp> {
        self.confirmed.get(stream).copied()
    }

    /// Whether a finding was told already: these words of this cause, or a return of what does not stand open.
    pub fn knows(&self, finding: &Finding) -> bool {
        let said = |open: &Open| open.deltas.iter().any(|one| one.reason == finding.reason);
        match (self.at(finding), finding.conclusion) {
            (open, Conclusion::Converge) => open.is_none(),
            (Some(open), _) => said(open),
            (None, _) => {
                let mut over = self.over.iter().map(|over| &over.open);
                over.any(|open| cause(&open.finding) == cause(finding) && said(open))
            }
        }
    }

    /// Takes what the chain has of a finding, without telling it.
    pub fn recall(&mut self, told: &Told) {
        let now = Timestamp::from_ns(told.finding.ts_ns);
        // Repeats are told together: all but the one at hand are counted here.
        let missed = match self.at(&told.finding) {
            Some(open) => told.count.saturating_sub(open.count).saturating_sub(1),
            None => told.count.saturating_sub(1),
        };
        self.take_within(now, &told.finding, usize::MAX);
        let ended = self.over.back_mut().map(|over| &mut over.open);
        if let Some(open) = ended.filter(|open| cause(&open.finding) == cause(&told.finding)) {
            open.count = open.count.max(told.count);
        }
        if let Some(open) = self.at_mut(&told.finding) {
            open.count = open.count.saturating_add(missed);
            open.first = open.first.min(Timestamp::from_ns(told.first_ns));
            open.untold = None;
            open.told_at = now;
            let reason = &told.finding.reason;
            if let Some(delta) = open.deltas.iter_mut().find(|one| one.reason == *reason) {
                delta.count = delta.count.saturating_add(missed);
            }
            if !told.accountable.is_empty() {
                open.accountable.clone_from(&told.accountable);
            }
        }
    }

    /// Takes a finding.
    pub(super) fn take(&mut self, now: Timestamp, finding: &Finding) -> Taken {
        self.take_within(now, finding, OPEN_MAX)
    }

    /// Takes a finding of the aggregator's own, for which there is always room: there are few causes.
    pub(super) fn take_own(&mut self, now: Timestamp, finding: &Finding) -> Taken {
        self.take_within(now, finding, usize::MAX)
    }

    fn take_within(&mut self, now: Timestamp, finding: &Finding, max: usize) -> Taken {
        let at = Timestamp::from_ns(finding.ts_ns);
        if finding.conclusion == Conclusion::Converge {
            return Taken::Tell(self.close(at, finding));
        }
        let has_stream = self.streams.contains_key(&finding.stream);
        if !has_stream && self.streams.len() >= STREAMS_MAX && max != usize::MAX {
            return Taken::Full;
        }
        let of_stream = self.streams.entry(finding.stream.clone()).or_default();
        let is_stranger = finding.contract.is_empty() && finding.clause == CLAUSE_STRANGER;
        let max = match is_stranger {
            true => max,
            false => max.saturating_mul(2),
        };
        let is_full = of_stream.len() >= max;
        if let Some(open) = of_stream.get_mut(&cause(finding)) {
            return open.take(now, finding);
        }
        if is_full {
            return Taken::Full;
        }
        of_stream.insert(cause(finding), Open::new(now, finding));
        Taken::Tell(How::New)
    }

    /// A return ends the cause that it names.
    fn close(&mut self, at: Timestamp, finding: &Finding) -> How {
        let of_stream = self.streams.get_mut(&finding.stream);
        let Some(open) = of_stream.and_then(|open| open.remove(&cause(finding))) else {
            self.confirm(finding, at);
            return How::Confirmed;
        };
        if self.over.len() >= OVER_MAX {
            self.over.pop_front();
            self.forgotten += 1;
        }
        self.over.push_back(Over {
            open,
            ended: at,
            reason: finding.reason.clone(),
        });
        How::Over
    }

    fn confirm(&mut self, finding: &Finding, at: Timestamp) {
        let is_known = self.confirmed.contains_key(&finding.stream);
        if is_known || self.confirmed.len() < STREAMS_MAX {
            self.confirmed.insert(finding.stream.clone(), at);
        }
    }

    /// Repeats that are to be told now.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Finding> {
        let all = self.streams.values_mut().flat_map(BTreeMap::values_mut);
        let due = all.filter(|open| open.untold.is_some_and(|due| due <= now));
        let tell = |open: &mut Open| {
            (open.untold, open.told_at) = (None, now);
            open.finding.clone()
        };
        due.map(tell).collect()
    }

    /// When the next repeat is to be told.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let all = self.streams.values().flat_map(BTreeMap::values);
        all.filter_map(|open| open.untold).min()
    }

    /// How often a finding's cause was seen, and when first; also of the one that ended last.
    pub(super) fn counted(&self, finding: &Finding) -> (u64, i64) {
        let of = |open: &Open| (open.count, open.first.as_ns());
        if let Some(open) = self.at(finding) {
            return of(open);
        }
        let ended = self.over.back().map(|over| &over.open);
        let ended = ended.filter(|open| cause(&open.finding) == cause(finding));
        ended.map_or((1, finding.ts_ns), of)
    }

    fn at(&self, finding: &Finding) -> Option<&Open> {
        self.streams.get(&finding.stream)?.get(&cause(finding))
    }

    fn at_mut(&mut self, finding: &Finding) -> Option<&mut Open> {
        let of_stream = self.streams.get_mut(&finding.stream)?;
        of_stream.get_mut(&cause(finding))
    }
}
