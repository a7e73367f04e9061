//! Durations of a window: the verdict about a bound is exact, the figure beside it has a named resolution.

use alloc::collections::BTreeMap;

use super::metric::Bounds;

/// Steps of one doubling: a figure is at most one part in 32 too high.
pub const STEPS: u64 = 32;

/// How durations are spread. Its size is bounded: 64 doublings of [`STEPS`] steps at most.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Spread {
    steps: BTreeMap<u16, u64>,
    count: u64,
    over: u64,
    under: u64,
    longest_ns: i64,
}

impl Spread {
    pub(crate) fn add(&mut self, ns: i64, bounds: &Bounds) {
        let ns = ns.max(0);
        *self.steps.entry(step(ns)).or_default() += 1;
        self.count += 1;
        self.over += u64::from(bounds.max_ns().is_some_and(|max| ns > max));
        self.under += u64::from(bounds.min_ns().is_some_and(|min| ns < min));
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes those of another one.
    pub(crate) fn join(&mut self, other: &Self) {
        for (step, count) in &other.steps {
            *self.steps.entry(*step).or_default() += count;
        }
        self.count += other.count;
        self.over += other.over;
        self.under += other.under;
        self.longest_ns = self.longest_ns.max(other.longest_ns);
    }

    /// How many of `count` must not be longer than the value at `percent`: the nearest rank, never none.
    fn rank(&self, percent: u8) -> u64 {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        u64::try_from(rank).unwrap_or(u64::MAX).max(1)
    }

    /// Whether the value at `percent` is beyond a bound; exact. `None` when nothing was measured.
    pub(crate) fn is_beyond(&self, percent: u8) -> Option<bool> {
        let rank = self.rank(percent);
        (self.count > 0).then(|| self.count - self.over < rank || self.under >= rank)
    }

    /// The value at `percent`, at most one part in [`STEPS`] too high. `None` when nothing was measured.
    pub(crate) fn at(&self, percent: u8) -> Option<i64> {
        let rank = self.rank(percent);
        let mut seen = 0;
        let found = self.steps.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map(|(step, _)| top(*step).min(self.longest_ns))
    }
}

/// The step that a duration lies in: exact below [`STEPS`] nanoseconds, then [`STEPS`] a doubling.
fn step(ns: i64) -> u16 {
    let ns = ns.unsigned_abs();
    if ns < STEPS {
        return u16::try_from(ns).unwrap_or(0);
    }
    let doubling = u64::from(ns.ilog2() - STEPS.ilog2());
    let within = (ns >> doubling) - STEPS;
    u16::try_from(STEPS * (doubling + 1) + within).unwrap_or(u16::MAX)
}

/// The longest duration of a step.
fn top(step: u16) -> i64 {
    let step = u64::from(step);
    let Some(doubling) = (step / STEPS).checked_sub(1) else {
        return i64::try_from(step).unwrap_or(i64::MAX);
    };
    let first = u128::from(STEPS + step % STEPS + 1) << doubling;
    i64::try_from(first - 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_its_durations_and_no_others() {
        let mut last = None;
        let powers = (0..63).map(|shift| 1i64 << shift);
        let around = powers.flat_map(|p| [p - 1, p, p + 1]).chain([i64::MAX]);
        for ns in around.chain(0..5000) {
            let at = step(ns);
            assert!(ns <= top(at), "{ns}");
            assert!(at == 0 || ns > top(at - 1), "{ns}");
            assert!(top(at) - ns <= ns / 32, "{ns}");
            last = last.max(Some(at));
        }
        assert!(last.unwrap_or(0) < 64 * 32);
    }

    #[test]
    fn the_nearest_rank_is_taken() {
        let mut spread = Spread::default();
        let bounds = Bounds::default();
        assert_eq!(spread.at(99), None);
        for ns in 1..=100 {
            spread.add(ns, &bounds);
        }
        assert_eq!(
            [50, 99, 100].map(|p| spread.at(p)),
            [Some(50), Some(99), Some(100)]
        );
    }
}
