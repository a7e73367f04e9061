//! Time as others tell it, and what to do when it goes back.
//!
//! An observer that followed every time it is told could be made to forget its windows, and one that never went back
//! could be stopped for good by one time of the far future. So it keeps its time until it was told so often in order that
//! it is another.

use alloc::format;
use alloc::string::String;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// How far time may go back without a word, in nanoseconds: what is reported late, in another order, or once more after
/// a fall of whoever reports it.
pub const BACK_MAX_NS: i64 = 600 * SECOND_NS;
/// How far ahead of the time that is told something may have been seen, in nanoseconds.
pub const AHEAD_MAX_NS: i64 = 60 * SECOND_NS;
/// How often in order an earlier time is told at least before it is believed.
const AGREE_MIN: usize = 16;

/// The observer's time.
#[derive(Clone, Debug, Default)]
pub(super) struct Time {
    latest: Option<Timestamp>,
    /// The last of the earlier times that were told in order, and how many.
    earlier: Option<(Timestamp, usize)>,
    lies: u64,
}

/// What became of a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It is as late as this now.
    On(Timestamp),
    /// It goes back, which is not believed: it stays as late as this, and this is to be said.
    Kept(Timestamp, Option<String>),
    /// It goes back, and that was told often enough: windows begin anew.
    Back(Timestamp, String),
}

impl Time {
    /// Takes a time that is told, of an observer with so many windows: the more it has to begin anew, the more often it
    /// wants to be told.
    pub(super) fn step(&mut self, now: Timestamp, windows: usize) -> Step {
        let latest = *self.latest.get_or_insert(now);
        if latest.since_ns(now) <= BACK_MAX_NS {
            self.earlier = None;
            let now = latest.max(now);
            self.latest = Some(now);
            return Step::On(now);
        }
        let in_order = self.earlier.filter(|(earlier, _)| now >= *earlier);
        let count = in_order.map_or(0, |(_, count)| count) + 1;
        self.earlier = Some((now, count));
        let seconds = latest.since_ns(now) / SECOND_NS;
        if count >= AGREE_MIN.max(windows / 64) {
            (self.latest, self.earlier) = (Some(now), None);
            let words = format!(
                "time has gone back by {seconds} s, as told {count} times in order: what stayed away in \
                 between is not known, and every window begins anew"
            );
            return Step::Back(now, words);
        }
        // Each lie of a thousand need not be told.
        self.lies = self.lies.saturating_add(1);
        let words = self.lies.is_power_of_two().then(|| {
            format!(
                "time is told that goes back by {seconds} s ({} times so far): it is not believed, and until \
                 it comes right what stays away is told late",
                self.lies
            )
        });
        Step::Kept(latest, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn a_little_disorder_is_none() {
        let mut time = Time::default();
        for (told, want) in [(1000, 1000), (400, 1000), (1001, 1001), (401, 1001)] {
            assert_eq!(time.step(at(told), 0), Step::On(at(want)));
        }
        assert!(matches!(time.step(at(400), 0), Step::Kept(_, Some(_))));
    }

    #[test]
    fn one_time_of_the_far_future_does_not_stop_it_for_good() {
        let mut time = Time::default();
        time.step(at(0), 0);
        time.step(at(1 << 30), 0);
        let steps: Vec<Step> = (1..=16).map(|second| time.step(at(second), 0)).collect();
        let kept = |step: &&Step| matches!(step, Step::Kept(now, _) if *now == at(1 << 30));
        assert_eq!(steps.iter().filter(kept).count(), 15);
        assert!(matches!(&steps[15], Step::Back(now, _) if *now == at(16)));
        assert_eq!(time.step(at(17), 0), Step::On(at(17)));
    }

    #[test]
    fn a_thousand_lies_are_told_ten_times() {
        let mut time = Time::default();
        let mut told = 0;
        for round in 0..1000 {
            // Never in order.
            for second in [10_000 + round, 5000 - round] {
                let step = time.step(at(second), 0);
                told += usize::from(matches!(step, Step::Kept(_, Some(_))));
                assert!(!matches!(step, Step::Back(..)));
            }
        }
        assert_eq!(told, 10);
    }
}
