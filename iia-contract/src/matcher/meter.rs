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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::Per;
    use iia_core::observe::{Act, Address, Frame, Mac, Message, Protocol};

    fn message(payload_len: u64) -> Observation<'static> {
        Observation::Message(Message {
            ts: Timestamp::default(),
            client: "",
            act: Act::Publish,
            address: Address::Topic("a"),
            payload_len,
        })
    }

    fn frame(payload_len: u64) -> Observation<'static> {
        let nobody = Mac([0; 6]);
        Observation::Frame(Frame {
            ts: Timestamp::default(),
            source: nobody,
            destination: nobody,
            vlan: 0,
            ethertype: 0x88f7,
            protocol: Protocol::Unknown,
            func: None,
            payload_len,
        })
    }

    /// Every kind of observation that says how many bytes it has.
    #[test]
    fn bytes_are_those_that_an_observation_says() {
        use iia_core::observe::{Conn, Flow, Session, Transport};
        let anybody = core::net::IpAddr::from([0, 0, 0, 0]);
        let conn = Observation::Conn(Conn {
            ts: Timestamp::default(),
            last: Timestamp::default(),
            flow: Flow {
                orig_h: anybody,
                orig_p: 0,
                resp_h: anybody,
                resp_p: 0,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::Unknown,
            orig_pkts: 1,
            resp_pkts: 1,
            orig_bytes: 3,
            resp_bytes: 4,
            missed_bytes: 0,
        });
        let session = Observation::Session(Session {
            ts: Timestamp::default(),
            source: "",
            destination: "",
            source_zone: "",
            protocol: "",
            listener: None,
            operation: "",
            stream: "",
            payload_len: 9,
        });
        let lens = [&conn, &session, &message(5), &frame(6)].map(len);
        assert_eq!(lens, [7, 9, 5, 6]);
    }

    /// The generic cell rate algorithm (ITU-T I.371), which keeps a time and no level: an independent reckoning.
    struct Gcra {
        /// Units of one second times nanoseconds, so that nothing is rounded.
        expected: i128,
        units: i128,
        period_ns: i128,
        newest: i128,
    }

    impl Gcra {
        fn take(&mut self, count: i128, now_ns: i128) -> bool {
            self.newest = self.newest.max(now_ns);
            let now = self.newest * self.units;
            let next = self.expected.max(now) + count * self.period_ns;
            let fits = next - now <= self.units * self.period_ns;
            self.expected = if fits { next } else { self.expected };
            fits
        }
    }

    #[test]
    fn a_bucket_says_what_the_generic_cell_rate_algorithm_says() {
        let rate = |count: i64, unit, per| Number {
            micros: count * 1_000_000,
            unit,
            per: Some(per),
        };
        let bits = |count: i64| Number {
            per: None,
            ..rate(count, Unit::Kbps, Per::Second)
        };
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for (stated, units, period, bits_a_byte) in [
            (rate(5, Unit::None, Per::Second), 5, 1, 0),
            (rate(90, Unit::None, Per::Minute), 90, 60, 0),
            (rate(3, Unit::KiB, Per::Second), 3_072, 1, 1),
            (rate(64, Unit::KiB, Per::Hour), 65_536, 3_600, 1),
            (bits(9), 9_000, 1, 8),
        ] {
            let mut bucket = Bucket::new(stated).unwrap();
            let mut naive = Gcra {
                expected: i128::MIN,
                units,
                period_ns: period * 1_000_000_000,
                newest: i128::MIN,
            };
            let (mut now, mut taken, mut left) = (1_000_000i64, 0, 0);
            for step in 0..4_000 {
                let len = random(900);
                let seen = if step % 2 == 0 {
                    message(len)
                } else {
                    frame(len)
                };
                let count = match bits_a_byte {
                    0 => 1,
                    bits => bits * i128::from(len),
                };
                let got = bucket.take(&seen, Timestamp::from_ns(now));
                assert_eq!(got, naive.take(count, now.into()), "{stated:?} step {step}");
                (taken, left) = (taken + u32::from(got), left + u32::from(!got));
                // Sometimes back, and on the whole a little more often than the rate.
                let mean = naive.period_ns * count.max(1) / units;
                let gap = random(2 * u64::try_from(mean).unwrap() * 9 / 10) as i64;
                now += if random(8) == 0 { -(gap / 100) } else { gap };
            }
            assert!(
                taken > 100 && left > 20,
                "{stated:?}: {taken} taken, {left} left"
            );
        }
    }
}
