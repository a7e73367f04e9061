//! The receipt: what was sent under a contract, how it fared, and what was agreed (001:291).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use iia_core::Timestamp;

use super::message::{Fate, Message};
use super::metric::{Measure, duration, text};
use super::threshold::{Fact, Threshold, Watch};
use crate::raw::{Number, Version};
use crate::scope::{Contract, Terms};

/// What a threshold says, and what was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The threshold.
    pub threshold: Threshold,
    /// What was observed; exact, over the messages of the statement.
    pub value: Number,
    /// Whether the threshold was crossed.
    pub crossed: bool,
}

/// What was sent under one contract between two times, and how it fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The contract.
    pub contract: String,
    /// Its version.
    pub version: Version,
    /// The other side.
    pub consumer: String,
    /// The edge profile.
    pub profile: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when, that moment not included.
    pub until: Timestamp,
    /// Records sent, each counted once.
    pub sent: u64,
    /// Records that the other side acknowledged.
    pub acked: u64,
    /// Records that wait for an acknowledgement.
    pub waiting: u64,
    /// Records that the other side refused, or left out of an acknowledgement.
    pub rejected: u64,
    /// Records given up before they were sent.
    pub dropped: u64,
    /// Further tries of messages.
    pub resent: u64,
    /// Thresholds about delivery, and what was observed.
    pub observed: Vec<Observed>,
    /// One line a message.
    pub log: Vec<Message>,
    /// Messages that are missing in the log, because there was no room for them.
    pub left_out: u64,
}

impl Statement {
    /// Counts the messages that were sent in `from..until`. `None` when it is no boundary contract.
    pub fn of(
        contract: &Contract,
        messages: impl Iterator<Item = Message>,
        (from, until): (Timestamp, Timestamp),
    ) -> Option<Self> {
        let Terms::Boundary(boundary) = &contract.terms else {
            return None;
        };
        let mut log: Vec<Message> = messages
            .filter(|one| (from..until).contains(&one.sent))
            .collect();
        log.sort_by_key(|message| (message.sent, message.ticket));
        let mut statement = Self {
            contract: contract.id.as_str().into(),
            version: contract.version,
            consumer: boundary.consumer.to_string(),
            profile: boundary.obligations.profile.kind.as_str().into(),
            from,
            until,
            sent: 0,
            acked: 0,
            waiting: 0,
            rejected: 0,
            dropped: 0,
            resent: 0,
            observed: Vec::new(),
            log: Vec::new(),
            left_out: 0,
        };
        log.iter().for_each(|message| statement.count(message));
        let thresholds = Threshold::of(boundary);
        statement.observed = thresholds
            .into_iter()
            .filter_map(|one| observe(one, &log, until))
            .collect();
        statement.log = log;
        Some(statement)
    }

    /// Says how many messages the log does not have.
    #[must_use]
    pub fn without(self, left_out: u64) -> Self {
        Self { left_out, ..self }
    }

    fn count(&mut self, message: &Message) {
        let records = message.records;
        if message.fate == Fate::Dropped {
            self.dropped += records;
            return;
        }
        self.sent += records;
        self.resent += u64::from(message.tries.saturating_sub(1));
        match message.fate {
            Fate::Acked(_, acked) => {
                self.acked += acked;
                self.rejected += records.saturating_sub(acked);
            }
            Fate::Part(_, acked) => {
                self.acked += acked;
                self.waiting += records.saturating_sub(acked);
            }
            Fate::Rejected(_) => self.rejected += records,
            Fate::Waiting | Fate::Dropped => self.waiting += records,
        }
    }

    /// Thousandths of a record a second.
    pub fn rate_millis(&self) -> u64 {
        let ns = u128::from(self.until.since_ns(self.from).max(1).unsigned_abs());
        let rate = u128::from(self.sent) * 1_000_000_000_000 / ns;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// A threshold over the messages that were sent in the window.
fn observe(threshold: Threshold, log: &[Message], until: Timestamp) -> Option<Observed> {
    let (measure, bounds) = (threshold.metric.measure, threshold.bounds);
    let Measure::AckLatency(percent) = measure else {
        return shares(threshold, log);
    };
    let mut latencies: Vec<i64> = log
        .iter()
        .filter_map(|message| match message.fate {
            Fate::Waiting | Fate::Part(..) => {
                let age = until.since_ns(message.sent);
                bounds.max_ns().is_some_and(|max| age > max).then_some(age)
            }
            _ => message.latency_ns(),
        })
        .collect();
    latencies.sort_unstable();
    let rank = (latencies.len() * usize::from(percent))
        .div_ceil(100)
        .max(1);
    let value = duration(*latencies.get(rank - 1)?);
    Some(Observed {
        crossed: bounds.are_crossed_by(value),
        threshold,
        value,
    })
}

fn shares(threshold: Threshold, log: &[Message]) -> Option<Observed> {
    let measure = threshold.metric.measure;
    if !matches!(
        measure,
        Measure::Acked | Measure::Rejected | Measure::Dropped
    ) {
        return None;
    }
    let mut watch = Watch::new(threshold, Timestamp::default());
    for message in log {
        watch.feed(Fact::Fates(match message.fate {
            Fate::Waiting | Fate::Part(..) => [0; 3],
            Fate::Acked(_, acked) => [acked, message.records.saturating_sub(acked), 0],
            Fate::Rejected(_) => [0, message.records, 0],
            Fate::Dropped => [0, 0, message.records],
        }));
    }
    let value = watch.gathered.value(measure, watch.threshold.window_ns)?;
    let crossed = watch.threshold.bounds.are_crossed_by(value);
    Some(Observed {
        threshold: watch.threshold,
        value,
        crossed,
    })
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.rate_millis();
        writeln!(
            f,
            "We sent {} records on profile {} at {}.{:03} a second between {} and {}, under {} {}.",
            self.sent,
            self.profile,
            rate / 1000,
            rate % 1000,
            self.from,
            self.until,
            self.contract,
            self.version
        )?;
        writeln!(
            f,
            "{} acknowledged {}: {} fewer, of which {} wait and {} were refused. {} messages went out again, {} \
             records were given up before they were sent.",
            self.consumer,
            self.acked,
            self.sent.saturating_sub(self.acked),
            self.waiting,
            self.rejected,
            self.resent,
            self.dropped
        )?;
        for one in &self.observed {
            let Observed {
                threshold,
                value,
                crossed,
            } = one;
            let verdict = if *crossed { "crossed" } else { "kept" };
            let (metric, bounds) = (threshold.metric.name, threshold.bounds);
            let observed = text(*value);
            writeln!(
                f,
                "{}: {metric}, {bounds}; observed {observed}: {verdict}.",
                threshold.name
            )?;
        }
        write!(
            f,
            "The log has a line for each of {} messages",
            self.log.len()
        )?;
        match self.left_out {
            0 => f.write_str("."),
            some => write!(f, "; {some} older or further ones are not in it."),
        }
    }
}
