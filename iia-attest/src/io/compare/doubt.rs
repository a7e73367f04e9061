//! What one stretch of a point's way looks like: agreeing, in doubt, or known to differ.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::point::Tolerance;
use super::class::Class;
use super::fit::{self, Fit, Line, Pair};

/// Differing pairs of the last sixteen from which on it is no accident.
pub const PERSISTS: u32 = 5;
/// Agreeing pairs after which a few that differed are told as such.
pub const CALM: u8 = 2;
/// Agreeing pairs after which a stretch that differed again and again is well again.
pub const WELL: u8 = 8;
/// Pairs that are kept to judge by at most.
pub const PAIRS_MAX: usize = 16;

/// A pair and when it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Differs {
    pub(super) pair: Pair,
    /// When it was read upstream and downstream.
    pub(super) at_ns: (i64, i64),
}

/// What is told of a stretch.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// So many frames were changed, the first of them this one.
    Few(Differs, u64),
    /// It differs again and again: in this class, on this line.
    Persists(Class, Option<Line>, Differs),
    /// It is well again: it was of this class, from then on, in so many readings.
    Well(Class, i64, u64),
}

impl Verdict {
    /// Whether it is more than a few readings: of a signal that is sampled, few are the sampling's own.
    pub(super) const fn lasts(&self) -> bool {
        !matches!(self, Self::Few(..))
    }
}

#[derive(Clone, Debug)]
struct Doubt {
    first: Differs,
    pairs: Vec<Differs>,
    count: u64,
    calm: u8,
    since_ns: i64,
    /// What it is when it persists and is no scaling.
    class: Class,
    /// What it was found to be.
    known: Option<Class>,
}

impl Doubt {
    /// Keeps a pair to judge by: the first ones, then such as tell something new.
    fn keep(&mut self, differs: Differs, tolerance: &Tolerance) {
        if self.pairs.len() < PAIRS_MAX / 2 {
            self.pairs.push(differs);
            return;
        }
        let (from, to) = (differs.pair.from, differs.pair.to);
        let same = |other: &Differs| {
            tolerance.holds(other.pair.from, from) && tolerance.holds(other.pair.to, to)
        };
        if self.pairs.iter().any(same) {
            return;
        }
        if self.pairs.len() < PAIRS_MAX {
            self.pairs.push(differs);
            return;
        }
        // The second half goes round.
        let half = PAIRS_MAX as u64 / 2;
        let place = usize::try_from(half + self.count % half).unwrap_or_default();
        if let Some(old) = self.pairs.get_mut(place) {
            *old = differs;
        }
    }

    fn pairs(&self) -> Vec<Pair> {
        self.pairs.iter().map(|differs| differs.pair).collect()
    }

    fn fit(&self, tolerance: &Tolerance) -> Fit {
        fit::line(&self.pairs(), tolerance)
    }

    /// Whether what was sent rose and fell: what still lies on a line then depends on the value, and not on the time.
    fn turned(&self, tolerance: &Tolerance) -> bool {
        let mut pairs: Vec<&Differs> = self.pairs.iter().collect();
        pairs.sort_by_key(|differs| differs.at_ns.0);
        let (mut least, mut most, mut rise, mut fall) = (i64::MAX, i64::MIN, 0, 0);
        for Differs { pair, .. } in pairs {
            least = least.min(pair.from);
            most = most.max(pair.from);
            rise = rise.max(pair.from.saturating_sub(least));
            fall = fall.max(most.saturating_sub(pair.from));
        }
        rise.min(fall) > tolerance.around(most).saturating_mul(4)
    }

    /// What differs again and again is on a line or not; where that cannot be said yet it is said at the end.
    fn judge(&mut self, tolerance: &Tolerance, at_last: bool) -> Option<Verdict> {
        let fit = self.fit(tolerance);
        let known = match fit {
            Fit::Sure(_) => true,
            Fit::Maybe(_) => self.turned(tolerance),
            Fit::Not => fit::distinct(&self.pairs(), tolerance) > 2,
        };
        if !known && !at_last {
            return None;
        }
        let line = fit.line();
        let class = match line {
            Some(_) => Class::WrongScaling,
            None => self.class,
        };
        self.known = Some(class);
        Some(Verdict::Persists(class, line, self.first))
    }
}

/// One stretch of one point.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretch {
    /// The last sixteen pairs, 1 where they differ.
    history: u16,
    doubt: Option<Box<Doubt>>,
}

impl Stretch {
    /// Two readings that are the same, with nothing older that is still to be judged.
    pub(super) fn agree(&mut self) -> Option<Verdict> {
        self.history <<= 1;
        let doubt = self.doubt.as_deref_mut()?;
        doubt.calm = doubt.calm.saturating_add(1);
        let enough = if doubt.known.is_some() { WELL } else { CALM };
        (doubt.calm >= enough).then(|| self.end()).flatten()
    }

    /// Two readings that differ, of which the first came at `since`; `class` is what it is when it persists and is no scaling.
    pub(super) fn differ(
        &mut self,
        since_ns: i64,
        differs: Differs,
        (tolerance, class): (&Tolerance, Class),
    ) -> Option<Verdict> {
        self.history = self.history << 1 | 1;
        let persists = self.history.count_ones() >= PERSISTS;
        let doubt = self.doubt.get_or_insert_with(|| {
            Box::new(Doubt {
                first: differs,
                pairs: Vec::new(),
                count: 0,
                calm: 0,
                since_ns,
                class,
                known: None,
            })
        });
        doubt.count += 1;
        doubt.calm = 0;
        doubt.keep(differs, tolerance);
        doubt.class = class;
        match doubt.known {
            // What was a scaling until now is none when a value leaves its line.
            Some(Class::WrongScaling) if doubt.fit(tolerance) == Fit::Not => {
                doubt.known = Some(class);
                Some(Verdict::Persists(class, None, differs))
            }
            None if persists => doubt.judge(tolerance, false),
            _ => None,
        }
    }

    /// When a doubt that nothing resolves is judged.
    pub(super) fn due_ns(&self, window_ns: i64) -> Option<i64> {
        let doubt = self
            .doubt
            .as_deref()
            .filter(|doubt| doubt.known.is_none())?;
        // A window until it was known to differ, and one for what comes after it.
        Some(doubt.since_ns.saturating_add(window_ns.saturating_mul(2)))
    }

    /// Judges a doubt that is due.
    pub(super) fn handle_timeout(
        &mut self,
        (now_ns, window_ns): (i64, i64),
        tolerance: &Tolerance,
    ) -> Option<Verdict> {
        if self.due_ns(window_ns)? > now_ns {
            return None;
        }
        if self.history.count_ones() < PERSISTS {
            return self.end();
        }
        self.doubt.as_deref_mut()?.judge(tolerance, true)
    }

    fn end(&mut self) -> Option<Verdict> {
        let doubt = self.doubt.take()?;
        Some(match doubt.known {
            Some(class) => {
                self.history = 0;
                Verdict::Well(class, doubt.first.at_ns.0, doubt.count)
            }
            None => Verdict::Few(doubt.first, doubt.count),
        })
    }
}
