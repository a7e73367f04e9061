//! What one stretch of a point's way looks like: agreeing, in doubt, or known to differ.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::point::Tolerance;
use super::class::Class;
use super::fit::{self, Fit, Line, Pair, WIDE};

/// Differing pairs of the last sixteen from which on it is no accident.
pub const PERSISTS: u32 = 5;
/// Agreeing pairs after which a stretch is well again.
pub const WELL: u8 = 8;
/// Tolerances over which a value must have moved, and come back, to say something of what it moves with.
pub const MOVED: i64 = 8;
/// Windows for which a stretch that was well again is remembered: what differs in them is what it was before.
pub const REMEMBERED: i64 = 12;
/// Windows after which it is said that values differ, whatever they do; where they may lie on a line as many again.
pub const WINDOWS: i64 = 2;
/// Pairs that are kept to judge by at most.
pub const PAIRS_MAX: usize = 16;

/// A pair and when it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Differs {
    pub(super) pair: Pair,
    /// When it was read upstream and downstream.
    pub(super) at_ns: (i64, i64),
}

/// How values that differ lie to each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proportion {
    /// On a line.
    Fixed(Line),
    /// On none.
    None,
    /// They have moved too little to say.
    Unknown,
}

impl Proportion {
    const fn of(line: Option<Line>, fit: Fit) -> Self {
        match (line, fit) {
            (Some(line), _) => Self::Fixed(line),
            (None, Fit::Not) => Self::None,
            (None, _) => Self::Unknown,
        }
    }
}

/// What is told of a stretch.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// So many frames were changed, the first of them this one.
    Few(Differs, u64),
    /// It differs again and again: in this class, in this proportion.
    Persists(Class, Proportion, Differs),
    /// It is well again: it was of this class, from then on, in so many readings.
    Well(Class, i64, u64),
}

impl Verdict {
    /// Whether it is more than a few readings: of a signal that is sampled, few are the sampling's own.
    pub(super) const fn lasts(&self) -> bool {
        !matches!(self, Self::Few(..))
    }
}

/// How far a value has moved: what depends on the value, and not on the time, shows when it comes back.
#[derive(Clone, Copy, Debug)]
struct Course {
    least: i64,
    most: i64,
    rise: i64,
    fall: i64,
}

impl Course {
    const NONE: Self = Self {
        least: i64::MAX,
        most: i64::MIN,
        rise: 0,
        fall: 0,
    };

    fn see(&mut self, value: i64) {
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.rise = self.rise.max(value.saturating_sub(self.least));
        self.fall = self.fall.max(self.most.saturating_sub(value));
    }

    /// So many tolerances.
    fn far(self, times: i64, tolerance: &Tolerance) -> i64 {
        tolerance.around(self.most).saturating_mul(times)
    }

    /// Whether it rose and fell.
    fn turned(self, tolerance: &Tolerance) -> bool {
        self.rise.min(self.fall) > self.far(MOVED, tolerance)
    }

    fn moved(self, times: i64, tolerance: &Tolerance) -> bool {
        self.rise.max(self.fall) > self.far(times, tolerance)
    }
}

#[derive(Clone, Debug)]
struct Doubt {
    first: Differs,
    pairs: Vec<Differs>,
    count: u64,
    /// Whether so many of the last differed that it is no accident.
    persists: bool,
    /// What was sent since it is in doubt, where it came otherwise.
    course: Course,
    /// Agreeing pairs since the last that differed, when the first of them came, and what they had.
    calm: u8,
    calm_since_ns: i64,
    calm_course: Course,
    since_ns: i64,
    /// Windows after which it is judged.
    windows: i64,
    /// What it is when it persists and is no scaling.
    class: Class,
    /// What it was found to be, and whether that was said for want of evidence.
    known: Option<Class>,
    is_open: bool,
}

impl Doubt {
    const fn new(since_ns: i64, first: Differs, class: Class) -> Self {
        Self {
            first,
            pairs: Vec::new(),
            count: 0,
            persists: false,
            course: Course::NONE,
            calm: 0,
            calm_since_ns: since_ns,
            calm_course: Course::NONE,
            since_ns,
            windows: WINDOWS,
            class,
            known: None,
            is_open: false,
        }
    }

    fn see(&mut self, differs: Differs, tolerance: &Tolerance) {
        self.count += 1;
        (self.calm, self.calm_course) = (0, Course::NONE);
        self.course.see(differs.pair.from);
        self.keep(differs, tolerance);
    }

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

    fn fit(&self, tolerance: &Tolerance) -> Fit {
        let pairs: Vec<Pair> = self.pairs.iter().map(|differs| differs.pair).collect();
        fit::line(&pairs, tolerance)
    }

    fn say(&mut self, proportion: Proportion, at: Differs) -> Verdict {
        let class = match proportion {
            Proportion::Fixed(_) => Class::WrongScaling,
            Proportion::None | Proportion::Unknown => self.class,
        };
        self.known = Some(class);
        self.is_open = proportion == Proportion::Unknown;
        Verdict::Persists(class, proportion, at)
    }

    /// What differs again and again is scaled, or is not; nothing where that cannot be said yet.
    fn judge(&mut self, tolerance: &Tolerance) -> Option<Verdict> {
        let fit = self.fit(tolerance);
        let line = fit.line().filter(|_| self.course.turned(tolerance));
        let is_known = line.is_some() || fit == Fit::Not;
        is_known.then(|| self.say(Proportion::of(line, fit), self.first))
    }

    /// What is said at the end of the time, by what is there: a line that may be one only for now is waited for once more.
    fn judge_late(&mut self, tolerance: &Tolerance) -> Option<Verdict> {
        let fit = self.fit(tolerance);
        let is_last = self.windows > WINDOWS && self.course.moved(WIDE, tolerance);
        let is_line = is_last || matches!(fit, Fit::Sure(_)) || self.course.turned(tolerance);
        let line = fit.line().filter(|_| is_line);
        if line.is_none() && fit.line().is_some() && self.windows == WINDOWS {
            self.windows += WINDOWS;
            return None;
        }
        Some(self.say(Proportion::of(line, fit), self.first))
    }

    /// Another pair of what is known to differ: it leaves the line, or is on one after all.
    fn judge_again(&mut self, differs: Differs, tolerance: &Tolerance) -> Option<Verdict> {
        let is_scaling = self.known == Some(Class::WrongScaling);
        if !is_scaling && !self.is_open {
            return None;
        }
        let fit = self.fit(tolerance);
        let moved = self.course.turned(tolerance) || self.course.moved(2 * WIDE, tolerance);
        let line = fit.line().filter(|_| moved);
        match (is_scaling, line) {
            (true, _) if fit == Fit::Not => {}
            (false, Some(_)) => {}
            (false, None) => {
                self.is_open = fit != Fit::Not;
                return None;
            }
            (true, _) => return None,
        }
        Some(self.say(Proportion::of(line, fit), differs))
    }
}

/// One stretch of one point.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretch {
    /// The last sixteen pairs, 1 where they differ.
    history: u16,
    doubt: Option<Box<Doubt>>,
    /// What it was when it was well again last, and when that was.
    before: Option<(Class, i64)>,
}

impl Stretch {
    /// Two readings that are the same, with nothing older that is still to be judged.
    pub(super) fn agree(
        &mut self,
        micros: i64,
        (now_ns, window_ns): (i64, i64),
        tolerance: &Tolerance,
    ) -> Option<Verdict> {
        self.history <<= 1;
        let doubt = self.doubt.as_deref_mut()?;
        if doubt.calm == 0 {
            doubt.calm_since_ns = now_ns;
        }
        doubt.calm = doubt.calm.saturating_add(1);
        doubt.calm_course.see(micros);
        // Old values meet the present ones for a moment: those are right again that agree while they move, or for long.
        let lasts = now_ns.saturating_sub(doubt.calm_since_ns) / WINDOWS >= window_ns;
        let is_right = lasts || doubt.calm_course.moved(MOVED, tolerance);
        if doubt.calm < WELL || !is_right {
            return None;
        }
        match (doubt.known, doubt.persists) {
            (Some(_), _) => self.end(now_ns),
            // It is over before it could be known what it was: that is told by what there is.
            (None, true) => {
                doubt.windows = WINDOWS * 2;
                doubt.judge_late(tolerance)
            }
            (None, false) => None,
        }
    }

    /// Two readings that differ, of which the first came at `since`; `class` is what it is when it persists and is no scaling.
    pub(super) fn differ(
        &mut self,
        (since_ns, window_ns): (i64, i64),
        differs: Differs,
        (tolerance, class): (&Tolerance, Class),
    ) -> Option<Verdict> {
        self.history = self.history << 1 | 1;
        let persists = self.history.count_ones() >= PERSISTS;
        let recent = window_ns.saturating_mul(REMEMBERED);
        let recalls = self.before.is_some_and(|(class, at_ns)| {
            class != Class::WrongScaling && since_ns.saturating_sub(at_ns) <= recent
        });
        let new = || Box::new(Doubt::new(since_ns, differs, class));
        let doubt = self.doubt.get_or_insert_with(new);
        doubt.class = class;
        doubt.see(differs, tolerance);
        doubt.persists |= persists;
        match doubt.known {
            Some(_) => doubt.judge_again(differs, tolerance),
            None if recalls => Some(doubt.say(Proportion::Unknown, differs)),
            None if persists => doubt.judge(tolerance),
            None => None,
        }
    }

    /// When a doubt that nothing resolves is judged.
    pub(super) fn due_ns(&self, window_ns: i64) -> Option<i64> {
        let doubt = self
            .doubt
            .as_deref()
            .filter(|doubt| doubt.known.is_none())?;
        // A window until it was known to differ, and one for what comes after it.
        Some(
            doubt
                .since_ns
                .saturating_add(window_ns.saturating_mul(doubt.windows)),
        )
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
        let doubt = self.doubt.as_deref_mut()?;
        if doubt.persists {
            return doubt.judge_late(tolerance);
        }
        if doubt.calm < WELL && doubt.windows == WINDOWS {
            doubt.windows += WINDOWS;
            return None;
        }
        self.end(now_ns)
    }

    fn end(&mut self, now_ns: i64) -> Option<Verdict> {
        let doubt = self.doubt.take()?;
        Some(match doubt.known {
            Some(class) => {
                (self.history, self.before) = (0, Some((class, now_ns)));
                Verdict::Well(class, doubt.first.at_ns.0, doubt.count)
            }
            None => Verdict::Few(doubt.first, doubt.count),
        })
    }
}
