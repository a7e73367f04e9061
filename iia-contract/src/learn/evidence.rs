//! What a proposed contract rests on.

use alloc::collections::BTreeSet;

use iia_core::Timestamp;

use crate::adherence::spread::Spread;

/// Captures named as evidence of one contract at most; further ones are counted.
pub const CAPTURES_MAX: usize = 8;
/// Exchanges of one kind must have come again so often before a cadence is proposed.
const GAPS_MIN: u64 = 8;

/// How often it was seen, when, and where.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Exchanges, or flows.
    pub count: u64,
    /// Those of them that were the only one of their kind.
    pub once: u64,
    /// The first and the last of them.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The captures, by the order in which they were read.
    pub captures: BTreeSet<usize>,
    /// Captures that are not among them, because there was no room.
    pub more_captures: bool,
    gaps: Spread,
}

impl Evidence {
    pub(super) fn observe(&mut self, first: Timestamp, last: Timestamp, capture: usize) {
        self.count += 1;
        let (from, until) = self.span.unwrap_or((first, last));
        self.span = Some((from.min(first), until.max(last)));
        self.seen_in(capture);
    }

    fn seen_in(&mut self, capture: usize) {
        if self.captures.len() < CAPTURES_MAX || self.captures.contains(&capture) {
            self.captures.insert(capture);
        } else {
            self.more_captures = true;
        }
    }

    /// A kind of exchange came again after so many nanoseconds.
    pub(super) fn gap(&mut self, ns: i64) {
        self.gaps.add(ns, &Default::default());
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.once += other.once;
        self.span = match (self.span, other.span) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        self.more_captures |= other.more_captures;
        other
            .captures
            .iter()
            .for_each(|capture| self.seen_in(*capture));
        self.gaps.join(&other.gaps);
    }

    /// How sure it is that the next exchange is of a kind that was seen, in millionths: one less the share of those
    /// that were the only one of their kind (Good and Turing).
    pub const fn confidence_ppm(&self) -> u64 {
        if self.count == 0 {
            return 0;
        }
        let once = if self.once < self.count {
            self.once
        } else {
            self.count
        };
        1_000_000 - once.saturating_mul(1_000_000) / self.count
    }

    /// How often a kind of exchange comes, in nanoseconds, where it comes regularly: four of five gaps lie within a
    /// factor of two.
    pub fn cadence_ns(&self) -> Option<i64> {
        let at = |percent| self.gaps.at(percent);
        let (short, middle, long) = (at(10)?, at(50)?, at(90)?);
        let regular = short > 0 && long / 2 <= short && self.gaps.count() >= GAPS_MIN;
        regular.then_some(middle)
    }
}
