//! The speed of a replay: capture time against the wall.

use std::time::{Duration, Instant};

use iia_core::Timestamp;

/// Longest single wait, so that time is announced even while nothing is on the wire.
const STEP_MAX: Duration = Duration::from_millis(200);

/// Longest pause that is waited out.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Paces a replay.
pub(super) struct Pace {
    speed: f64,
    start: Option<(Instant, Timestamp)>,
    flushed: Instant,
}

impl Pace {
    /// `speed` times as fast as it was; 0 does not wait at all.
    pub(super) fn new(speed: f64) -> Self {
        Self {
            speed,
            start: None,
            flushed: Instant::now(),
        }
    }

    /// How long to wait before a packet of capture time `ts` is due; `None` when it is. A pause in the capture that
    /// would take longer than [`PAUSE_MAX`] is passed over.
    pub(super) fn wait(&mut self, ts: Timestamp) -> Option<Duration> {
        let (started, first) = *self.start.get_or_insert_with(|| (Instant::now(), ts));
        if self.speed <= 0.0 {
            return None;
        }
        let due = (ts.since_ns(first).max(0) as f64 / 1e9) / self.speed;
        let due = Duration::try_from_secs_f64(due).unwrap_or(Duration::MAX);
        let left = due.checked_sub(started.elapsed())?;
        if left > PAUSE_MAX {
            self.start = Some((Instant::now(), ts));
            return None;
        }
        (left > Duration::from_millis(1)).then(|| left.min(STEP_MAX))
    }

    /// The capture time that the replay has reached, `next` at most.
    pub(super) fn reached(&self, next: Timestamp) -> Timestamp {
        let Some((started, first)) = self.start.filter(|_| self.speed > 0.0) else {
            return next;
        };
        let passed = started.elapsed().as_secs_f64() * self.speed * 1e9;
        (first + passed as i64).min(next)
    }

    /// Whether the last time this said yes is at least `period` ago.
    pub(super) fn is_due(&mut self, period: Duration) -> bool {
        let due = self.flushed.elapsed() >= period;
        if due {
            self.flushed = Instant::now();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_due_in_their_time_and_absurd_times_do_not_hold_it_up() {
        let at = Timestamp::from_ns;
        let mut pace = Pace::new(1.0);
        assert_eq!(pace.wait(at(0)), None);
        assert!(
            pace.wait(at(10_000_000_000))
                .is_some_and(|wait| wait <= STEP_MAX)
        );
        assert_eq!(pace.wait(at(-5)), None);
        assert_eq!(pace.wait(at(i64::MAX)), None);
        assert_eq!(pace.wait(at(i64::MAX)), None);
        let mut slow = Pace::new(1e-300);
        assert_eq!((slow.wait(at(0)), slow.wait(at(1))), (None, None));
        let mut fast = Pace::new(0.0);
        assert_eq!((fast.wait(at(0)), fast.wait(at(i64::MAX))), (None, None));
    }
}
