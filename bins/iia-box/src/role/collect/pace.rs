//! The speed of a replay: capture time against the wall.

use std::time::{Duration, Instant};

use iia_core::Timestamp;

/// Longest single wait, so that time is announced even while nothing is on the wire.
const STEP_MAX: Duration = Duration::from_millis(200);

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

    /// How long to wait before a packet of capture time `ts` is due; `None` when it is.
    pub(super) fn wait(&mut self, ts: Timestamp) -> Option<Duration> {
        let (started, first) = *self.start.get_or_insert_with(|| (Instant::now(), ts));
        if self.speed <= 0.0 {
            return None;
        }
        let due = Duration::from_secs_f64((ts.since_ns(first).max(0) as f64 / 1e9) / self.speed);
        let left = due.checked_sub(started.elapsed())?;
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
