//! What happened between two in the last minutes, as often as matters.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_contract::scope::Text;
use iia_core::Timestamp;

use super::Session;
use super::tolerance::Tolerance;

/// Pairs between whom something happened that are told apart at most; those beyond it are counted.
pub const PAIRS_MAX: usize = 4096;
/// Times that one window keeps at most, whatever is tolerated.
const TIMES_MAX: usize = 1024;

/// Who with whom.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Pair {
    pub(super) source: Text,
    pub(super) destination: Text,
}

impl Pair {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            source: session.source.clone(),
            destination: session.destination.clone(),
        }
    }

    pub(super) fn turned(&self) -> Self {
        Self {
            source: self.destination.clone(),
            destination: self.source.clone(),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    Breaks,
    Failures,
    Shorts,
}

impl Kind {
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Breaks => "session_breaks",
            Self::Failures => "session_failures",
            Self::Shorts => "session_life",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Breaks => "broken sessions",
            Self::Failures => "failed handshakes",
            Self::Shorts => "sessions too short",
        }
    }

    pub(super) const fn most(self, tolerance: &Tolerance) -> u64 {
        match self {
            Self::Breaks => tolerance.breaks_max,
            Self::Failures => tolerance.failures_max,
            Self::Shorts => tolerance.short_max,
        }
    }
}

#[derive(Clone, Debug)]
struct Window {
    /// The last times, one more than are tolerated.
    times: VecDeque<Timestamp>,
    window_ns: i64,
    told: bool,
}

/// Windows by pair and kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    all: BTreeMap<(Pair, Kind), Window>,
    over: u64,
    /// No window grows calm before this.
    calm_at: Option<Timestamp>,
}

impl Windows {
    /// Counts; gives how many there were in the window, when that is more than is tolerated and not told yet.
    pub(super) fn count(
        &mut self,
        now: Timestamp,
        pair: &Pair,
        kind: Kind,
        (most, window_ns): (u64, i64),
    ) -> Option<u64> {
        let key = (pair.clone(), kind);
        if self.all.len() >= PAIRS_MAX && !self.all.contains_key(&key) {
            self.over += 1;
            return None;
        }
        let window = self.all.entry(key).or_insert_with(|| Window {
            times: VecDeque::new(),
            window_ns,
            told: false,
        });
        let most = usize::try_from(most).unwrap_or(TIMES_MAX).min(TIMES_MAX);
        window.times.push_back(now);
        while window.times.len() > most + 1 {
            window.times.pop_front();
        }
        let calm = now + window_ns;
        self.calm_at = Some(self.calm_at.map_or(calm, |at| at.min(calm)));
        let first = window.times.front().copied().unwrap_or(now);
        let is_over = window.times.len() > most && now.since_ns(first) < window_ns;
        let is_new = is_over && !core::mem::replace(&mut window.told, true);
        is_new.then_some(window.times.len() as u64)
    }

    /// That there was no room, each time that doubled.
    pub(super) fn overflow(&self) -> Option<String> {
        self.over.is_power_of_two().then(|| {
            format!(
                "more than {PAIRS_MAX} pairs with sessions that fail: {} failures beyond are counted and not told apart",
                self.over
            )
        })
    }

    /// Those that were told and in which nothing happened for a whole window.
    pub(super) fn calm(&mut self, now: Timestamp) -> Vec<(Pair, Kind)> {
        if self.calm_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        let mut calm = Vec::new();
        let mut next: Option<Timestamp> = None;
        self.all.retain(|(pair, kind), window| {
            let end = window.times.back().map(|last| *last + window.window_ns);
            if let Some(end) = end.filter(|end| now < *end) {
                next = Some(next.map_or(end, |next| next.min(end)));
                return true;
            }
            if window.told {
                calm.push((pair.clone(), *kind));
            }
            false
        });
        self.calm_at = next;
        calm
    }

    pub(super) const fn next(&self) -> Option<Timestamp> {
        self.calm_at
    }
}
