//! What a log's clocks say of its times: steps of the wall clock, silences, and when the log was opened again.

use iia_audit::beat::HEAD_PERIOD_NS;
use iia_audit::frame::Written;
use iia_core::Timestamp;

/// Wall clock and counter may differ so much between two records, in nanoseconds; more is a step.
pub const STEP_NS: i64 = 1_000_000_000;
/// A log that beats each minute and writes nothing for so long was silent, in nanoseconds.
pub const SILENCE_NS: u64 = HEAD_PERIOD_NS + HEAD_PERIOD_NS / 2;
/// The error that says that nothing is known of the clock.
const UNKNOWN_US: u32 = u32::MAX;

/// The time of a record, and what it is worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// What the wall clock of the log said.
    pub utc: Timestamp,
    /// Its largest error in microseconds; nothing when the clock was not trusted.
    pub error_us: Option<u32>,
    /// What the counter says since the clock was last trusted, where a step makes that another time.
    pub by_counter: Option<Timestamp>,
}

impl Stamp {
    /// The better of the two times.
    pub fn best(&self) -> Timestamp {
        self.by_counter.unwrap_or(self.utc)
    }

    /// When something happened that its source dates so. A source that keeps to a clock of the log that was set is put
    /// right with it; nobody can have seen what was not yet.
    pub fn happened(&self, stated: Timestamp) -> Timestamp {
        let far = |from: Timestamp| stated.since_ns(from).saturating_abs();
        let at = match self.by_counter {
            Some(counter) if far(self.utc) < far(counter) => counter + stated.since_ns(self.utc),
            _ => stated,
        };
        at.min(self.best())
    }

    /// Whether a time can be relied upon: the clock was trusted, or the counter goes on from when it was.
    pub const fn is_known(&self) -> bool {
        self.error_us.is_some() || self.by_counter.is_some()
    }
}

/// What is not as it should be between a record and the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Irregular {
    /// The wall clock was set by so many nanoseconds.
    Step(i64),
    /// Nothing was written for so many nanoseconds by the counter.
    Silence(u64),
    /// The log was opened again; so much later by the wall clock, in nanoseconds.
    Reopened(i64),
}

/// The clocks of a log, record by record.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    last: Option<(u64, Written)>,
    /// The newest record before any step at which the clock was trusted.
    anchor: Option<Written>,
    is_stepped: bool,
}

impl Clock {
    /// Takes the clocks of record `seq`.
    pub(super) fn see(&mut self, seq: u64, now: &Written) -> (Stamp, Option<Irregular>) {
        let found = self
            .last
            .and_then(|(before, last)| self.between((before, &last), (seq, now)));
        match found {
            Some(Irregular::Reopened(_)) => (self.anchor, self.is_stepped) = (None, false),
            Some(Irregular::Step(_)) => self.is_stepped |= self.anchor.is_some(),
            _ => {}
        }
        if now.error_us != UNKNOWN_US && !self.is_stepped {
            self.anchor = Some(*now);
        }
        self.last = Some((seq, *now));
        let stamp = Stamp {
            utc: Timestamp::from_ns(now.utc_ns),
            error_us: (now.error_us != UNKNOWN_US).then_some(now.error_us),
            by_counter: self.by_counter(now),
        };
        (stamp, found)
    }

    fn between(
        &self,
        (before, last): (u64, &Written),
        (seq, now): (u64, &Written),
    ) -> Option<Irregular> {
        let wall = now.utc_ns.saturating_sub(last.utc_ns);
        if now.boot != last.boot {
            return Some(Irregular::Reopened(wall));
        }
        let elapsed = now.boottime_ns.saturating_sub(last.boottime_ns);
        let step = wall.saturating_sub(i64::try_from(elapsed).unwrap_or(i64::MAX));
        if step.saturating_abs() > STEP_NS {
            return Some(Irregular::Step(step));
        }
        // Where a bundle leaves records out, nobody can say that there were none.
        (seq == before + 1 && elapsed > SILENCE_NS).then_some(Irregular::Silence(elapsed))
    }

    fn by_counter(&self, now: &Written) -> Option<Timestamp> {
        let anchor = self.anchor.filter(|_| self.is_stepped)?;
        let since = now.boottime_ns.saturating_sub(anchor.boottime_ns);
        let at = Timestamp::from_ns(anchor.utc_ns) + i64::try_from(since).unwrap_or(i64::MAX);
        let differs = at.since_ns(Timestamp::from_ns(now.utc_ns)).saturating_abs() > STEP_NS;
        differs.then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn at(wall: i64, counter: i64, boot: u32, error_us: u32) -> Written {
        Written {
            utc_ns: wall * S,
            boottime_ns: u64::try_from(counter * S).unwrap(),
            boot,
            error_us,
        }
    }

    #[test]
    fn a_clock_set_back_is_told_and_the_counter_goes_on() {
        let mut clock = Clock::default();
        assert_eq!(clock.see(0, &at(1000, 1, 1, 50)).1, None);
        let (stamp, found) = clock.see(1, &at(400, 11, 1, 50));
        assert_eq!(found, Some(Irregular::Step(-610 * S)));
        assert_eq!(stamp.best(), Timestamp::from_secs(1010));
        // It stays wrong: no further step, and still by the counter.
        let (stamp, found) = clock.see(2, &at(420, 31, 1, 50));
        assert_eq!((stamp.best(), found), (Timestamp::from_secs(1030), None));
        // It is put right again.
        let (stamp, found) = clock.see(3, &at(1040, 41, 1, 50));
        assert_eq!(found, Some(Irregular::Step(610 * S)));
        assert_eq!(stamp.by_counter, None);
    }

    #[test]
    fn a_source_with_the_same_wrong_clock_is_put_right_and_no_other() {
        let stamp = Stamp {
            utc: Timestamp::from_secs(400),
            error_us: Some(50),
            by_counter: Some(Timestamp::from_secs(1000)),
        };
        for (stated, happened) in [
            (399, 999),
            (400, 1000),
            (401, 1000),
            (990, 990),
            (1001, 1000),
            (0, 600),
        ] {
            let stated = Timestamp::from_secs(stated);
            assert_eq!(stamp.happened(stated), Timestamp::from_secs(happened));
        }
    }

    #[test]
    fn a_clock_that_was_never_trusted_is_not_what_others_are_held_against() {
        let mut clock = Clock::default();
        let (stamp, _) = clock.see(0, &at(5, 1, 1, UNKNOWN_US));
        assert!(!stamp.is_known());
        let (stamp, found) = clock.see(1, &at(1000, 2, 1, 50));
        assert_eq!(found, Some(Irregular::Step(994 * S)));
        assert_eq!((stamp.by_counter, stamp.is_known()), (None, true));
    }

    #[test]
    fn silence_and_reopening_are_told_apart() {
        let mut clock = Clock::default();
        clock.see(0, &at(0, 0, 1, 0));
        assert_eq!(clock.see(1, &at(90, 90, 1, 0)).1, None);
        assert_eq!(
            clock.see(2, &at(181, 181, 1, 0)).1,
            Some(Irregular::Silence(91_000_000_000))
        );
        // Records between are not shown.
        assert_eq!(clock.see(9, &at(900, 900, 1, 0)).1, None);
        assert_eq!(
            clock.see(10, &at(890, 1, 2, 0)).1,
            Some(Irregular::Reopened(-10 * S))
        );
    }

    #[test]
    fn the_ends_of_time_do_not_bring_it_down() {
        let mut clock = Clock::default();
        let ends = [i64::MIN, i64::MAX, 0, i64::MIN];
        for (seq, utc_ns) in (0..).zip(ends) {
            let boottime_ns = if seq % 2 == 0 { u64::MAX } else { 0 };
            clock.see(
                seq,
                &Written {
                    utc_ns,
                    boottime_ns,
                    boot: 1,
                    error_us: 7,
                },
            );
        }
    }
}
