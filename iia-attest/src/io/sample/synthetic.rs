//! A converter that is none: counts of a signal that is given, with noise from a seed, at a rate.

use iia_core::Timestamp;

use super::signal::Converter;
use super::{Sample, Source};

/// A synthetic converter.
#[derive(Clone, Debug)]
pub struct Synthetic<F> {
    converter: Converter,
    period_ns: i64,
    noise_counts: u32,
    seed: u64,
    next: Timestamp,
    signal: F,
}

impl<F: FnMut(Timestamp) -> f64> Synthetic<F> {
    /// Samples `signal`, which gives the electrical value at a time, from `start` on, each `period_ns`; each count is
    /// off by `noise_counts` at most.
    pub const fn new(
        converter: Converter,
        (start, period_ns): (Timestamp, i64),
        (noise_counts, seed): (u32, u64),
        signal: F,
    ) -> Self {
        Self {
            converter,
            period_ns,
            noise_counts,
            seed,
            next: start,
            signal,
        }
    }

    /// The next number of a xorshift generator, from -noise to +noise.
    fn noise(&mut self) -> i32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        let wide = u64::from(self.noise_counts) * 2 + 1;
        let drawn = i64::try_from(self.seed % wide).unwrap_or_default();
        i32::try_from(drawn - i64::from(self.noise_counts)).unwrap_or_default()
    }
}

impl<F: FnMut(Timestamp) -> f64> Source for Synthetic<F> {
    fn poll_sample(&mut self, now: Timestamp) -> Option<Sample> {
        if now < self.next {
            return None;
        }
        let at = self.next;
        self.next = at + self.period_ns.max(1);
        let exact = self.converter.counts((self.signal)(at));
        let counts = exact.saturating_add(self.noise());
        Some(Sample { at, counts })
    }
}
