//! What can be measured under a contract, and how a measurement is held against a threshold.

use alloc::string::{String, ToString as _};
use core::cmp::Ordering;

use iia_core::stream::Stream;

use super::spread::Spread;
use crate::raw::{Number, Per, Unit};

/// Something that is counted, each time for one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "said by the names in the table")]
pub enum Count {
    AuthFailures,
    Deprecated,
    Mismatches,
    QuotaHits,
    Gaps,
    Replays,
    HeadFailures,
    Violations,
}

/// What a metric is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Measure {
    /// Share of the known time that the link was there.
    Uptime,
    /// Time that the link was away.
    Downtime,
    /// Round trips, at a percentile.
    Latency(u8),
    /// Bits moved in the time that it took to move them.
    Throughput,
    /// From a message to its acknowledgement, at a percentile; what waits at the end and is beyond the bound counts.
    AckLatency(u8),
    /// From a record to its acknowledgement, at a percentile.
    Lag(u8),
    /// From a question of the other side to its answer, at a percentile.
    Answer(u8),
    /// Records acknowledged in a time, of those that were due in it: less than was offered and less than was agreed is
    /// too little.
    Absorbed,
    /// Share of the records whose fate is known that was acknowledged.
    Acked,
    /// Share of them that was refused.
    Rejected,
    /// Share of them that was given up before it was sent.
    Dropped,
    /// Things a time.
    Rate(Count),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metric {
    /// Its name in a contract, without `ot.contract.`.
    pub name: &'static str,
    /// What it is made of.
    pub measure: Measure,
}

const fn metric(name: &'static str, measure: Measure) -> Metric {
    Metric { name, measure }
}

/// Everything that can be measured (001:280-289).
pub const METRICS: &[Metric] = &[
    metric("audit_verify.failures", Measure::Rate(Count::HeadFailures)),
    metric("auth.failures", Measure::Rate(Count::AuthFailures)),
    metric("connectivity.downtime", Measure::Downtime),
    metric("connectivity.latency_max", Measure::Latency(100)),
    metric("connectivity.latency_p50", Measure::Latency(50)),
    metric("connectivity.latency_p95", Measure::Latency(95)),
    metric("connectivity.latency_p99", Measure::Latency(99)),
    metric("connectivity.throughput", Measure::Throughput),
    metric("connectivity.uptime", Measure::Uptime),
    metric("delivery.absorbed", Measure::Absorbed),
    metric("delivery.ack_latency_max", Measure::AckLatency(100)),
    metric("delivery.ack_latency_p50", Measure::AckLatency(50)),
    metric("delivery.ack_latency_p95", Measure::AckLatency(95)),
    metric("delivery.ack_latency_p99", Measure::AckLatency(99)),
    metric("delivery.acked", Measure::Acked),
    metric("delivery.answer_max", Measure::Answer(100)),
    metric("delivery.answer_p99", Measure::Answer(99)),
    metric("delivery.dropped", Measure::Dropped),
    metric("delivery.lag_max", Measure::Lag(100)),
    metric("delivery.lag_p99", Measure::Lag(99)),
    metric("delivery.rejected", Measure::Rejected),
    metric("quota.hits", Measure::Rate(Count::QuotaHits)),
    metric("reconciliation.gaps", Measure::Rate(Count::Gaps)),
    metric("reconciliation.replays", Measure::Rate(Count::Replays)),
    metric("schema.deprecated", Measure::Rate(Count::Deprecated)),
    metric("schema.mismatches", Measure::Rate(Count::Mismatches)),
    metric("violation.attempts", Measure::Rate(Count::Violations)),
];

impl Measure {
    /// Whether a bound is of its kind.
    pub fn fits(self, bound: Number) -> bool {
        let example = match self {
            Self::Downtime
            | Self::Latency(_)
            | Self::AckLatency(_)
            | Self::Lag(_)
            | Self::Answer(_) => number(0, Unit::Us, None),
            Self::Uptime | Self::Acked | Self::Rejected | Self::Dropped => {
                number(0, Unit::Ppm, None)
            }
            Self::Throughput => number(0, Unit::Bps, None),
            Self::Absorbed | Self::Rate(_) => number(0, Unit::None, Some(Per::Day)),
        };
        bound.same_kind(example)
    }

    /// What it is measured in.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Downtime
            | Self::Latency(_)
            | Self::AckLatency(_)
            | Self::Lag(_)
            | Self::Answer(_) => "a duration, such as 500ms",
            Self::Uptime | Self::Acked | Self::Rejected | Self::Dropped => "a share, such as 99.5%",
            Self::Throughput => "bits a second, such as 10Mbps",
            Self::Absorbed | Self::Rate(_) => "so many in a time, such as 3/d",
        }
    }
}

impl Metric {
    /// The metric of this name, with or without `ot.contract.`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.strip_prefix("ot.contract.").unwrap_or(name);
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// The stream on which it is told.
    pub fn stream(&self) -> &'static Stream {
        let family = self.name.split('.').next().unwrap_or_default();
        let mut known = Stream::KNOWN.iter();
        let same = |stream: &&Stream| stream.as_str().strip_prefix("ot.contract.") == Some(family);
        known.find(same).unwrap_or(&Stream::SLA_BREACH)
    }
}

/// The smallest and the largest value that is kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    /// The smallest.
    pub min: Option<Number>,
    /// The largest.
    pub max: Option<Number>,
}

impl Bounds {
    pub(super) fn max_ns(&self) -> Option<i64> {
        self.max?.as_ns()
    }

    pub(super) fn min_ns(&self) -> Option<i64> {
        self.min?.as_ns()
    }

    /// Whether a value is beyond one of them; a value of another kind is beyond none.
    pub(super) fn are_crossed_by(&self, value: Number) -> bool {
        let is = |bound: Option<Number>, order| bound.and_then(|b| value.order(b)) == Some(order);
        is(self.max, Ordering::Greater) || is(self.min, Ordering::Less)
    }
}

impl core::fmt::Display for Bounds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (min, max) = (self.min.map(text), self.max.map(text));
        match (min, max) {
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "{min} at least"),
            (None, Some(max)) => write!(f, "{max} at most"),
            (None, None) => f.write_str("no bound"),
        }
    }
}

/// What one window has gathered for one metric.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Gathered {
    pub(super) hits: u64,
    pub(super) of: u64,
    pub(super) spread: Spread,
}

impl Gathered {
    /// The value of the metric over a window; `None` when nothing was there to measure.
    pub(super) fn value(&self, measure: Measure, window_ns: i64) -> Option<Number> {
        match measure {
            Measure::Latency(percent)
            | Measure::AckLatency(percent)
            | Measure::Lag(percent)
            | Measure::Answer(percent) => self.spread.at(percent).map(duration),
            Measure::Absorbed => (self.of > 0).then(|| daily(self.hits, window_ns))?,
            Measure::Uptime | Measure::Acked | Measure::Rejected | Measure::Dropped => {
                share(self.hits, self.of)
            }
            Measure::Downtime => {
                (self.of > 0).then(|| duration(i64::try_from(self.hits).unwrap_or(i64::MAX)))
            }
            Measure::Throughput => bits_per_second(self.hits, self.of),
            Measure::Rate(_) => daily(self.hits, window_ns),
        }
    }

    /// Whether the window crossed its bounds; `None` when nothing was there to measure.
    pub(super) fn crossed(
        &self,
        measure: Measure,
        window_ns: i64,
        bounds: &Bounds,
    ) -> Option<bool> {
        match measure {
            Measure::Latency(percent)
            | Measure::AckLatency(percent)
            | Measure::Lag(percent)
            | Measure::Answer(percent) => self.spread.is_beyond(percent),
            // Whoever takes all that is offered takes enough.
            Measure::Absorbed if self.of > 0 && self.hits >= self.of => Some(false),
            _ => Some(bounds.are_crossed_by(self.value(measure, window_ns)?)),
        }
    }
}

fn number(micros: i128, unit: Unit, per: Option<Per>) -> Number {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Number { micros, unit, per }
}

/// A duration as a number: microseconds, or seconds where those find no room.
pub fn duration(ns: i64) -> Number {
    match ns.checked_mul(1000) {
        Some(micros) => number(micros.into(), Unit::Us, None),
        None => number(i128::from(ns / 1000), Unit::S, None),
    }
}

fn share(part: u64, whole: u64) -> Option<Number> {
    let micros = (i128::from(part) * 1_000_000_000_000).checked_div(i128::from(whole))?;
    Some(number(micros, Unit::Ppm, None))
}

fn bits_per_second(bytes: u64, ns: u64) -> Option<Number> {
    let bits = i128::from(bytes) * 8 * 1_000_000 * 1_000_000_000;
    Some(number(bits.checked_div(ns.into())?, Unit::Bps, None))
}

fn daily(count: u64, window_ns: i64) -> Option<Number> {
    let day = i128::from(count) * 1_000_000 * 86_400_000_000_000;
    Some(number(
        day.checked_div(window_ns.into())?,
        Unit::None,
        Some(Per::Day),
    ))
}

/// A number as people write it: the largest unit in which it is one at least, three places at most.
pub fn text(value: Number) -> String {
    let smallest = value.in_smallest();
    let family = value.unit.family().iter();
    let fits = |unit: &&Unit| smallest.abs() >= i128::from(unit.factor()) * 1_000_000;
    let unit = family.clone().find(fits).or_else(|| family.clone().last());
    let unit = unit.copied().unwrap_or(value.unit);
    let micros = smallest / i128::from(unit.factor());
    let mut text = plain(micros);
    text.push_str(unit.text());
    if let Some(per) = value.per {
        text.push('/');
        text.push(per.text());
    }
    text
}

fn plain(micros: i128) -> String {
    let thousandths = micros.abs() / 1000;
    let sign = if micros < 0 { "-" } else { "" };
    let text = alloc::format!("{sign}{}.{:03}", thousandths / 1000, thousandths % 1000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (ns, want) in [
            (4_200_000_000, "4.2s"),
            (500_000_000, "500ms"),
            (0, "0us"),
            (90, "0.09us"),
        ] {
            assert_eq!(text(duration(ns)), want);
        }
        assert_eq!(share(995, 1000).map(text).as_deref(), Some("99.5%"));
        assert_eq!(share(1, 0), None);
        assert_eq!(
            bits_per_second(1_000_000, 1_000_000_000)
                .map(text)
                .as_deref(),
            Some("8Mbps")
        );
        assert_eq!(
            daily(3, 3_600_000_000_000).map(text).as_deref(),
            Some("72/d")
        );
    }

    #[test]
    fn every_metric_has_a_stream_of_its_family() {
        for metric in METRICS {
            let family = metric.stream().as_str().strip_prefix("ot.contract.");
            assert_eq!(family, metric.name.split('.').next());
            assert_eq!(
                Metric::named(metric.name).map(|m| m.name),
                Some(metric.name)
            );
        }
        assert!(METRICS.is_sorted_by_key(|metric| metric.name));
    }
}
