//! Readings of a frame at both its ends, one of each: which belongs to which.

use alloc::vec::Vec;

use super::super::point::Tolerance;
use super::super::reading::{Reading, Station};
use super::super::wire::Way;

/// Readings of one point that wait for their other half at most.
pub const PENDING_MAX: usize = 64;

/// A reading that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Held {
    pub(super) micros: i64,
    pub(super) at_ns: i64,
    /// When the observer got it.
    pub(super) came_ns: i64,
    pub(super) took_ns: Option<i64>,
    pub(super) end: End,
    pub(super) way: Way,
}

/// Which end of the way through the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    Device,
    Box,
}

impl End {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Device => Self::Box,
            Self::Box => Self::Device,
        }
    }

    pub(super) const fn station(self) -> Station {
        match self {
            Self::Device => Station::Device,
            Self::Box => Station::Box,
        }
    }

    /// Whether what goes `way` begins here.
    pub(super) const fn is_origin(self, way: Way) -> bool {
        matches!(
            (self, way),
            (Self::Device, Way::Said) | (Self::Box, Way::Told)
        )
    }
}

impl Held {
    pub(super) const fn new(now_ns: i64, reading: &Reading, end: End) -> Self {
        Self {
            micros: reading.micros,
            at_ns: reading.at.as_ns(),
            came_ns: now_ns,
            took_ns: reading.took_ns,
            end,
            way: reading.way,
        }
    }

    const fn apart_ns(&self, other: &Self) -> u64 {
        self.at_ns.abs_diff(other.at_ns)
    }

    fn may_join(&self, other: &Self, window_ns: i64) -> bool {
        let opposite = self.end != other.end && self.way == other.way;
        opposite && self.apart_ns(other) <= window_ns.unsigned_abs()
    }
}

/// What the times of the two ends of a frame say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Timing {
    /// No further apart than the clocks may be.
    InTime,
    /// It was held up: its answer took longer at the far end.
    Late,
    /// It came to the observer as much later as its time says.
    Later,
    /// Only the stamps lie apart.
    Skewed,
    /// The same value of another time: not the same frame.
    Stale,
}

/// What the times of a pair say.
pub(super) fn timing(one: &Held, other: &Held, skew_ns: i64) -> Timing {
    let (from, to) = if one.end.is_origin(one.way) {
        (one, other)
    } else {
        (other, one)
    };
    let apart = to.at_ns.saturating_sub(from.at_ns);
    if apart.unsigned_abs() <= skew_ns.unsigned_abs() {
        return Timing::InTime;
    }
    let took = to.took_ns.zip(from.took_ns);
    let longer = took.map(|(to, from)| to.saturating_sub(from));
    if longer.is_some_and(|longer| longer > skew_ns) {
        return Timing::Late;
    }
    let came = to.came_ns.saturating_sub(from.came_ns);
    let came_as_late = apart.abs_diff(came) <= apart.unsigned_abs() / 2;
    match (came_as_late, longer) {
        (false, _) => Timing::Skewed,
        (true, None) if apart > 0 => Timing::Later,
        (true, _) => Timing::Stale,
    }
}

/// Where the other half of a reading is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) window_ns: i64,
    pub(super) close_ns: i64,
    /// When device and box were first heard.
    pub(super) since_ns: [i64; 2],
}

impl Search {
    /// Whether it was read before the other end was heard, or so soon after that its other half may be from before: then
    /// nothing else explains it.
    pub(super) const fn is_early(&self, held: &Held, skew_ns: i64) -> bool {
        let [device, boxed] = self.since_ns;
        let first = match held.end {
            End::Device => boxed,
            End::Box => device,
        };
        held.at_ns < first.saturating_add(skew_ns)
    }
}

/// Readings of one point that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    held: Vec<Held>,
}

impl Pending {
    pub(super) const fn len(&self) -> usize {
        self.held.len()
    }

    /// The one that is the same value: nearest in time, or else one whose times can be explained. Where the nearest is
    /// further than `close_ns`, a nearer one may still come: then none.
    pub(super) fn same(
        &mut self,
        one: &Held,
        search: Search,
        tolerance: &Tolerance,
    ) -> Option<Held> {
        let window_ns = search.window_ns;
        let early = |held: &Held| search.is_early(held, tolerance.skew_ns);
        let rank = |other: &Held| {
            let equal = tolerance.holds(one.micros, other.micros);
            let joins = equal && one.may_join(other, window_ns);
            let times = joins.then(|| timing(one, other, tolerance.skew_ns))?;
            let in_time = times == Timing::InTime;
            let stale = times == Timing::Stale || !in_time && (early(one) || early(other));
            (!stale).then_some((!in_time, one.apart_ns(other)))
        };
        let all = self.held.iter().enumerate();
        let ranked = all.filter_map(|(place, other)| Some((rank(other)?, place)));
        let ((explained, apart_ns), place) = ranked.min()?;
        let sure = explained || apart_ns <= search.close_ns.unsigned_abs();
        sure.then(|| self.held.remove(place))
    }

    /// The one of another value that was there at the same time.
    pub(super) fn instead(&mut self, one: &Held, skew_ns: i64) -> Option<Held> {
        let all = self.held.iter().enumerate();
        let candidates = all.filter(|(_, other)| one.may_join(other, skew_ns));
        let (place, _) = candidates.min_by_key(|(_, other)| one.apart_ns(other))?;
        Some(self.held.remove(place))
    }

    /// Keeps a reading; whoever calls sees to [`PENDING_MAX`].
    pub(super) fn hold(&mut self, one: Held) {
        self.held.push(one);
    }

    /// Whether one that was read before waits still.
    pub(super) fn has_before(&self, at_ns: i64) -> bool {
        self.held.iter().any(|held| held.at_ns < at_ns)
    }

    /// When the oldest came.
    pub(super) fn oldest_ns(&self) -> Option<i64> {
        self.held.first().map(|held| held.came_ns)
    }

    /// Takes the oldest if it came at `until` or before.
    pub(super) fn overdue(&mut self, until_ns: i64) -> Option<Held> {
        let is = self
            .held
            .first()
            .is_some_and(|held| held.came_ns <= until_ns);
        is.then(|| self.held.remove(0))
    }

    /// Gives back what is not yet to be judged.
    pub(super) fn give_back(&mut self, one: Held) {
        self.held.insert(0, one);
    }
}
