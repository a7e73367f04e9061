//! The figures of a period, told whether or not anything was promised about them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::metric::{Bounds, Metric, text};
use super::note::Note;
use super::threshold::{Threshold, Watch};

/// Figures are told once in so many nanoseconds: a minute.
pub const PERIOD_NS: i64 = 60_000_000_000;

/// What is told of a period.
const FIGURES: &[&str] = &[
    "connectivity.latency_p50",
    "connectivity.latency_p99",
    "connectivity.throughput",
    "connectivity.uptime",
    "delivery.ack_latency_p50",
    "delivery.ack_latency_p99",
];

/// The period that runs.
#[derive(Clone, Debug)]
pub(super) struct Period {
    pub(super) start: Timestamp,
    pub(super) messages: u64,
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) resent: u64,
    pub(super) rejected: u64,
    pub(super) dropped: u64,
    /// Messages and questions that found no room to be waited for.
    pub(super) untimed: u64,
    figures: Vec<Watch>,
}

impl Period {
    pub(super) fn new(start: Timestamp) -> Self {
        let watch = |metric| {
            let threshold = Threshold {
                name: String::new(),
                metric,
                bounds: Bounds::default(),
                window_ns: PERIOD_NS,
            };
            Watch::new(threshold, start)
        };
        let metrics = FIGURES.iter().filter_map(|name| Metric::named(name));
        Self {
            start,
            messages: 0,
            sent: 0,
            acked: 0,
            resent: 0,
            rejected: 0,
            dropped: 0,
            untimed: 0,
            figures: metrics.map(watch).collect(),
        }
    }

    pub(super) fn figures_mut(&mut self) -> impl Iterator<Item = &mut Watch> {
        self.figures.iter_mut()
    }

    pub(super) fn end(&self) -> Timestamp {
        self.start + PERIOD_NS
    }

    /// What the period has to tell: one line a stream, and none for a stream on which nothing happened.
    pub(super) fn tell(&self, end: Timestamp) -> Vec<Note> {
        let line = |stream: &'static Stream, before: String| {
            let figures = self
                .figures
                .iter()
                .filter(|one| one.threshold.metric.stream() == stream);
            let line = figures.fold(before, |mut line, watch| {
                let metric = watch.threshold.metric;
                if let Some(value) = watch.gathered.value(metric.measure, PERIOD_NS) {
                    let name = metric.name.split_once('.').map_or("", |(_, name)| name);
                    let and = if line.is_empty() { "" } else { ", " };
                    line.push_str(&format!("{and}{name} {}", text(value)));
                }
                line
            });
            (!line.is_empty()).then(|| Note::good(end, stream, "period", line))
        };
        let connectivity = line(&Stream::CONNECTIVITY, String::new());
        let delivery = line(&Stream::DELIVERY, self.counts());
        connectivity.into_iter().chain(delivery).collect()
    }

    fn counts(&self) -> String {
        let Self {
            messages,
            sent,
            acked,
            resent,
            rejected,
            dropped,
            untimed,
            ..
        } = self;
        if messages + acked + resent + rejected + dropped + untimed == 0 {
            return String::new();
        }
        format!(
            "{messages} messages with {sent} records sent, {acked} records acknowledged, {resent} messages sent again, \
             {rejected} records rejected, {dropped} dropped, {untimed} messages not timed"
        )
    }
}
