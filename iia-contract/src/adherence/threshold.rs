//! The thresholds of a contract: what its `sla` blocks say, the numbers of its upstream connectivity and capacity, and
//! the freshness that the box promises.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;

use super::metric::{Bounds, Count, Gathered, Measure, Metric};
use crate::raw::Number;
use crate::scope::{Boundary, Sla, Text};

/// Over how long promises are measured for which the contract names no window: an hour.
pub const PROMISE_WINDOW_NS: i64 = 3_600_000_000_000;

/// Something that is measured and must stay within bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The name of the `sla` block, or the field of `upstream connectivity`.
    pub name: String,
    /// What is measured.
    pub metric: &'static Metric,
    /// What is kept.
    pub bounds: Bounds,
    /// Over how long, in nanoseconds.
    pub window_ns: i64,
}

impl Threshold {
    /// The thresholds of a contract. Every metric is known: rule C064 refuses others.
    pub fn of(boundary: &Boundary) -> Vec<Self> {
        let sla = |(name, sla): (&Text, &Sla)| {
            Some(Self {
                name: name.to_string(),
                metric: Metric::named(&sla.metric)?,
                bounds: Bounds {
                    min: sla.min,
                    max: sla.max,
                },
                window_ns: Some(sla.window_ns).filter(|ns| *ns > 0)?,
            })
        };
        let slas = boundary.obligations.slas.iter();
        let mut thresholds: Vec<Self> = slas.filter_map(sla).collect();
        let upstream = &boundary.obligations.upstream;
        let latency = upstream.latency_p99_max_ns.map(super::metric::duration);
        let freshness = &boundary.obligations.freshness;
        let (lag, answer) = (freshness.lag_max_ns, freshness.query_p99_max_ns);
        thresholds.extend(promise(
            "freshness lag_max",
            "delivery.lag_max",
            None,
            lag.map(super::metric::duration),
        ));
        thresholds.extend(promise(
            "freshness query_latency_p99_max",
            "delivery.answer_p99",
            None,
            answer.map(super::metric::duration),
        ));
        thresholds.extend(promise(
            "sustained_rows",
            "delivery.absorbed",
            upstream.sustained_rows,
            None,
        ));
        thresholds.extend(promise(
            "bandwidth_min",
            "connectivity.throughput",
            upstream.bandwidth_min,
            None,
        ));
        thresholds.extend(promise(
            "latency_p99_max",
            "connectivity.latency_p99",
            None,
            latency,
        ));
        thresholds.extend(promise(
            "uptime_min",
            "connectivity.uptime",
            upstream.uptime_min,
            None,
        ));
        thresholds
    }
}

fn promise(
    name: &str,
    metric: &str,
    min: Option<Number>,
    max: Option<Number>,
) -> Option<Threshold> {
    let metric = Metric::named(metric)?;
    (min.is_some() || max.is_some()).then(|| Threshold {
        name: name.to_string(),
        metric,
        bounds: Bounds { min, max },
        window_ns: PROMISE_WINDOW_NS,
    })
}

/// A fact that some thresholds measure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    Latency(i64),
    Transfer(u64, i64),
    AckLatency(i64),
    Lag(i64),
    Served(i64),
    /// Records whose time for an acknowledgement is over.
    Overdue(u64),
    /// Records whose fate is known: acknowledged, refused, given up.
    Fates([u64; 3]),
    Counted(Count),
    /// Time that passed with the link there or away.
    Passed {
        ns: i64,
        up: bool,
    },
}

/// A threshold and its window that runs.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) threshold: Threshold,
    pub(super) start: Timestamp,
    pub(super) gathered: Gathered,
    /// Up to when the time with and without the link is counted.
    passed: Timestamp,
}

impl Watch {
    pub(super) fn new(threshold: Threshold, start: Timestamp) -> Self {
        Self {
            threshold,
            start,
            gathered: Gathered::default(),
            passed: start,
        }
    }

    /// Counts the time up to `now` as time with or without the link; not at all while that is not known.
    pub(super) fn pass(&mut self, now: Timestamp, link: Option<bool>) {
        let ns = now.since_ns(self.passed);
        self.passed = self.passed.max(now);
        if let Some(up) = link {
            self.feed(Fact::Passed { ns, up });
        }
    }

    /// The next window begins.
    pub(super) fn begin(&mut self, start: Timestamp) {
        self.start = start;
        self.passed = start;
        self.gathered = Gathered::default();
    }

    pub(super) fn end(&self) -> Timestamp {
        self.start + self.threshold.window_ns
    }

    pub(super) fn feed(&mut self, fact: Fact) {
        let Self {
            threshold,
            gathered,
            ..
        } = self;
        let mut add = |hits: u64, of: u64| {
            gathered.hits = gathered.hits.saturating_add(hits);
            gathered.of = gathered.of.saturating_add(of);
        };
        match (threshold.metric.measure, fact) {
            (Measure::Latency(_), Fact::Latency(ns))
            | (Measure::AckLatency(_), Fact::AckLatency(ns))
            | (Measure::Lag(_), Fact::Lag(ns))
            | (Measure::Answer(_), Fact::Served(ns)) => {
                gathered.spread.add(ns, &threshold.bounds);
            }
            (Measure::Throughput, Fact::Transfer(len, ns)) => add(len, ns.max(0).unsigned_abs()),
            (Measure::Uptime, Fact::Passed { ns, up }) => {
                let ns = ns.max(0).unsigned_abs();
                add(if up { ns } else { 0 }, ns);
            }
            (Measure::Downtime, Fact::Passed { ns, up }) => {
                let ns = ns.max(0).unsigned_abs();
                add(if up { 0 } else { ns }, ns);
            }
            (Measure::Absorbed, Fact::Fates([taken, refused, _])) => {
                add(taken, taken.saturating_add(refused));
            }
            (Measure::Absorbed, Fact::Overdue(records)) => add(0, records),
            (Measure::Acked, Fact::Fates([hits, other, another]))
            | (Measure::Rejected, Fact::Fates([other, hits, another]))
            | (Measure::Dropped, Fact::Fates([other, another, hits])) => {
                add(hits, hits.saturating_add(other).saturating_add(another));
            }
            (Measure::Rate(count), Fact::Counted(counted)) if count == counted => add(1, 1),
            _ => {}
        }
    }
}
