//! How often and how much: one bucket of tokens for each contract that states a rate.
//!
//! The verdict itself knows no time; the meter is asked after it, with the time of the observation or of a clock.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::Observation;
use iia_core::time::SECOND_NS;

use super::{Clause, Verdict};
use crate::catalog::Catalog;
use crate::raw::{Number, Unit};
use crate::scope::{Contract, Terms};

/// The buckets of a catalog: at most one a contract, all made at the start.
#[derive(Clone, Debug)]
pub struct Meter {
    /// By contract: its place among the buckets.
    places: Vec<u32>,
    buckets: Vec<Bucket>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Counted {
    Messages,
    Bytes,
    Bits,
}

/// A bucket that holds what may come in one period. Its level is counted in millionths times nanoseconds, so that
/// nothing is rounded and no rate drifts.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    counted: Counted,
    micros: i128,
    period_ns: i128,
    level: i128,
    last: Option<Timestamp>,
}

impl Meter {
    /// Full buckets for every contract of a catalog that states a rate.
    pub fn new(catalog: &Catalog) -> Self {
        Self::of(catalog.contracts())
    }

    /// Full buckets for contracts; the place of each is its index in verdicts.
    pub fn of(contracts: &[Contract]) -> Self {
        let mut meter = Self {
            places: Vec::with_capacity(contracts.len()),
            buckets: Vec::new(),
        };
        for contract in contracts {
            let bucket = rate(contract).and_then(Bucket::new);
            let place = bucket.map_or(usize::MAX, |_| meter.buckets.len());
            meter.places.push(u32::try_from(place).unwrap_or(u32::MAX));
            meter.buckets.extend(bucket);
        }
        meter
    }

    /// Counts an observation against the rate of the contract that covers it; beyond the rate that contract covers it
    /// no more. A clock that goes back gives nothing.
    pub fn count(
        &mut self,
        verdict: Verdict,
        observation: &Observation<'_>,
        now: Timestamp,
    ) -> Verdict {
        let Verdict::Covered { contract, .. } = verdict else {
            return verdict;
        };
        let place = self.places.get(contract as usize).copied();
        let bucket = place.and_then(|place| self.buckets.get_mut(place as usize));
        match bucket.is_none_or(|bucket| bucket.take(observation, now)) {
            true => verdict,
            false => Verdict::Violation {
                nearest: Some(contract),
                clause: Clause::Rate,
            },
        }
    }
}

/// The rate that a contract states.
pub(crate) fn rate(contract: &Contract) -> Option<Number> {
    match &contract.terms {
        Terms::Internal(terms) => terms.payload.rate,
        Terms::Boundary(terms) => terms.obligations.quota.queries,
        Terms::Device(terms) => terms.observed.as_ref()?.rate,
        Terms::Inbound(_) => None,
    }
}

impl Bucket {
    /// A full bucket; none for what is no rate, or more than anybody can count.
    fn new(rate: Number) -> Option<Self> {
        let counted = match rate.unit {
            Unit::None => Counted::Messages,
            unit if unit.is_size() => Counted::Bytes,
            Unit::Bps | Unit::Kbps | Unit::Mbps | Unit::Gbps => Counted::Bits,
            _ => return None,
        };
        let secs = rate.per.map_or(1, |per| per.secs());
        let (micros, period_ns) = (rate.in_smallest(), i128::from(secs) * i128::from(SECOND_NS));
        Some(Self {
            counted,
            micros,
            period_ns,
            level: micros.checked_mul(period_ns)?,
            last: None,
        })
    }

    fn take(&mut self, observation: &Observation<'_>, now: Timestamp) -> bool {
        self.fill(now);
        let cost = self.cost(observation);
        let left = self.level.checked_sub(cost).filter(|left| *left >= 0);
        self.level = left.unwrap_or(self.level);
        left.is_some()
    }

    fn fill(&mut self, now: Timestamp) {
        let last = self.last.unwrap_or(now);
        let passed = i128::from(now.as_ns()) - i128::from(last.as_ns());
        self.last = Some(now.max(last));
        let more = passed.clamp(0, self.period_ns) * self.micros;
        let full = self.micros * self.period_ns;
        self.level = self.level.saturating_add(more).min(full);
    }

    fn cost(&self, observation: &Observation<'_>) -> i128 {
        let count = match self.counted {
            Counted::Messages => 1,
            Counted::Bytes => i128::from(len(observation)),
            Counted::Bits => 8 * i128::from(len(observation)),
        };
        count.saturating_mul(1_000_000 * self.period_ns)
    }
}

/// Bytes of an observation, where it says how many it has.
const fn len(observation: &Observation<'_>) -> u64 {
    match observation {
        Observation::Frame(frame) => frame.payload_len,
        Observation::Session(session) => session.payload_len,
        Observation::Message(message) => message.payload_len,
        Observation::Conn(conn) => conn.orig_bytes.saturating_add(conn.resp_bytes),
        _ => 0,
    }
}
