//! Limits of fair use: rates in whole periods, and caps of single messages.

use alloc::format;
use alloc::string::String;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::metric::text;
use crate::raw::Number;
use crate::scope::Quota;

/// A rate and its period that runs; a crossing is told once a period.
#[derive(Clone, Debug)]
struct Rate {
    allowed: Option<Number>,
    start: Timestamp,
    count: u64,
}

impl Rate {
    const fn new(allowed: Option<Number>, start: Timestamp) -> Self {
        Self {
            allowed,
            start,
            count: 0,
        }
    }

    /// Counts; tells the limit when this crosses it.
    fn count(&mut self, now: Timestamp, more: u64) -> Option<Number> {
        let allowed = self.allowed?;
        let period_ns = allowed.per?.secs().saturating_mul(SECOND_NS);
        let passed = now.since_ns(self.start).checked_div(period_ns)?;
        if passed > 0 {
            self.start = self.start + passed.saturating_mul(period_ns);
            self.count = 0;
        }
        let most = u64::try_from(allowed.in_smallest() / 1_000_000).unwrap_or(u64::MAX);
        let before = self.count;
        self.count = before.saturating_add(more);
        (before <= most && self.count > most).then_some(allowed)
    }
}

/// The limits of one contract, as they are used.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    quota: Quota,
    rows: Rate,
    queries: Rate,
}

impl Limits {
    pub(super) const fn new(quota: Quota, now: Timestamp) -> Self {
        Self {
            rows: Rate::new(quota.rows, now),
            queries: Rate::new(quota.queries, now),
            quota,
        }
    }

    /// Counts what the box sent; tells which clause it crosses, and how.
    pub(super) fn sent(&mut self, now: Timestamp, rows: u64, len: u64) -> Option<Crossing> {
        let rate = self
            .rows
            .count(now, rows)
            .map(|most| ("quota rows", format!("more than {}", text(most))));
        rate.or_else(|| self.payload(len))
    }

    /// Counts a question of the consumer; tells which clause it crosses, and how.
    pub(super) fn queried(&mut self, now: Timestamp, rows: u64, len: u64) -> Option<Crossing> {
        let rate = self.queries.count(now, 1);
        let rate = rate.map(|most| ("quota queries", format!("more than {}", text(most))));
        let most = self.quota.rows_max.filter(|most| rows > *most);
        let many = most.map(|most| ("quota rows_max", format!("{rows} rows, {most} at most")));
        rate.or(many).or_else(|| self.payload(len))
    }

    fn payload(&self, len: u64) -> Option<Crossing> {
        let most = self.quota.payload_len_max.filter(|most| len > *most)?;
        Some(("quota payload_max", format!("{len} bytes, {most} at most")))
    }
}

/// The clause, and how it was crossed.
pub(super) type Crossing = (&'static str, String);
