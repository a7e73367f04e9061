//! What a contract promises that is held against what happens, in one list: thresholds, duties, answers, limits.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::duty::{Duty, Waits};
use super::metric::{duration, text};
use super::threshold::Threshold;
use crate::scope::{Contract, Quota, Terms};

/// One promise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Promise {
    /// The stream on which it is told that it was broken.
    pub stream: &'static Stream,
    /// The clause, as findings name it.
    pub clause: String,
    /// What is agreed, in words.
    pub agreed: String,
    /// Over how long, in nanoseconds; 0 for a limit that holds at every moment.
    pub window_ns: i64,
}

impl Promise {
    /// The promises of a contract; none when it is no boundary contract.
    pub fn of(contract: &Contract) -> Vec<Self> {
        let Terms::Boundary(boundary) = &contract.terms else {
            return Vec::new();
        };
        let within = |ns| format!("within {}", text(duration(ns)));
        let thresholds = Threshold::of(boundary).into_iter().map(|one| Self {
            stream: &Stream::SLA_BREACH,
            agreed: format!("{} {}", one.metric.name, one.bounds),
            clause: one.name,
            window_ns: one.window_ns,
        });
        let duties = Duty::of(boundary, Timestamp::default()).into_iter();
        let duties = duties.map(|duty| (duty.what, duty.every_ns, "again "));
        let waits = Waits::of(boundary).into_iter();
        let waits = waits.map(|waits| (waits.what, waits.window_ns, ""));
        let timed = duties.chain(waits).map(|(what, window_ns, again)| {
            let (stream, clause, _) = what.words();
            Self {
                stream,
                clause: clause.to_string(),
                agreed: format!("{again}{}", within(window_ns)),
                window_ns,
            }
        });
        thresholds
            .chain(timed)
            .chain(limits(boundary.obligations.quota))
            .collect()
    }
}

fn limits(quota: Quota) -> impl Iterator<Item = Promise> {
    let rows = [
        ("quota rows", quota.rows.map(text)),
        ("quota queries", quota.queries.map(text)),
        (
            "quota rows_max",
            quota.rows_max.map(|most| format!("{most} rows")),
        ),
        (
            "quota payload_max",
            quota.payload_len_max.map(|most| format!("{most} bytes")),
        ),
    ];
    rows.into_iter().filter_map(|(clause, most)| {
        Some(Promise {
            stream: &Stream::QUOTA,
            clause: clause.to_string(),
            agreed: format!("{} at most", most?),
            window_ns: 0,
        })
    })
}
