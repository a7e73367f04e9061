//! What was told already, so that it is told once; bounded, and forgotten when it has long not come again.

use alloc::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// After so long without coming again, and twice as long at most, a thing is new when it comes, in nanoseconds.
pub const FORGET_NS: i64 = 3600 * SECOND_NS;
/// How often is told how many things found no room, in nanoseconds.
pub const OVER_EVERY_NS: i64 = 60 * SECOND_NS;

/// Things by what tells them apart, in two generations.
#[derive(Clone, Debug)]
pub(super) struct Known<K> {
    max: usize,
    young: BTreeMap<K, u64>,
    old: BTreeMap<K, u64>,
    turned: Option<Timestamp>,
    others: u64,
    untold: u64,
    said: Option<Timestamp>,
}

/// What a thing is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum News {
    /// It was not there before.
    New,
    /// It was told before.
    Told,
    /// It may be new, and there is no room.
    NoRoom,
}

impl<K: Ord> Known<K> {
    /// Keeps `max` things of each generation at most.
    pub(super) const fn new(max: usize) -> Self {
        Self {
            max,
            young: BTreeMap::new(),
            old: BTreeMap::new(),
            turned: None,
            others: 0,
            untold: 0,
            said: None,
        }
    }

    /// Counts a thing.
    pub(super) fn meet(&mut self, now: Timestamp, key: K, count: u64) -> News {
        self.turn(now);
        if let Some(before) = self.young.get_mut(&key) {
            *before = before.saturating_add(count);
            return News::Told;
        }
        let before = self.old.get(&key).copied();
        if self.young.len() >= self.max {
            if before.is_some() {
                return News::Told;
            }
            self.others = self.others.saturating_add(count);
            self.untold = self.untold.saturating_add(count);
            return News::NoRoom;
        }
        let sum = before.unwrap_or_default().saturating_add(count);
        self.young.insert(key, sum);
        match before {
            Some(_) => News::Told,
            None => News::New,
        }
    }

    /// How many found no room since this was last asked; nothing where that was just told.
    pub(super) fn overflow(&mut self, now: Timestamp) -> Option<u64> {
        let is_due = self
            .said
            .is_none_or(|said| now.since_ns(said) >= OVER_EVERY_NS || now < said);
        if self.untold == 0 || !is_due {
            return None;
        }
        self.said = Some(now);
        Some(core::mem::take(&mut self.untold))
    }

    /// When [`Self::overflow`] has something to say.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let said = self.said.filter(|_| self.untold > 0)?;
        Some(said + OVER_EVERY_NS)
    }

    /// How many found no room at all.
    pub(super) const fn others(&self) -> u64 {
        self.others
    }

    fn turn(&mut self, now: Timestamp) {
        let turned = *self.turned.get_or_insert(now);
        if now.since_ns(turned) >= FORGET_NS {
            self.turned = Some(now);
            self.old = core::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ns: i64) -> Timestamp {
        Timestamp::from_ns(ns)
    }

    #[test]
    fn a_thing_is_new_again_only_when_it_stayed_away() {
        let mut known = Known::new(8);
        for (hours, want) in [
            (0, News::New),
            (1, News::Told),
            (2, News::Told),
            (3, News::Told),
            (5, News::Told),
            (6, News::Told),
            (9, News::Told),
        ] {
            assert_eq!(known.meet(at(hours * FORGET_NS), 1, 1), want, "{hours}");
        }
        // Two turns without it.
        assert_eq!(known.meet(at(10 * FORGET_NS), 2, 1), News::New);
        assert_eq!(known.meet(at(11 * FORGET_NS), 2, 1), News::Told);
        assert_eq!(known.meet(at(12 * FORGET_NS), 1, 1), News::New);
    }

    #[test]
    fn at_most_so_many_are_kept_and_the_rest_is_told_now_and_then() {
        let mut known = Known::new(3);
        for key in 0..3 {
            assert_eq!(known.meet(at(0), key, 1), News::New);
        }
        assert_eq!(known.overflow(at(0)), None);
        assert_eq!(known.meet(at(0), 3, 5), News::NoRoom);
        assert_eq!(known.overflow(at(0)), Some(5));
        assert_eq!(known.meet(at(1), 4, 2), News::NoRoom);
        assert_eq!((known.overflow(at(1)), known.others()), (None, 7));
        let due = known.due().unwrap();
        assert_eq!(known.overflow(due - 1), None);
        assert_eq!(known.overflow(due), Some(2));
        assert_eq!((known.overflow(due), known.due()), (None, None));
        assert_eq!(known.meet(at(2), 0, 1), News::Told);
    }
}
