//! The same fault again and again is told once a period, and counted at its end.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::Finding;

use super::period::PERIOD_NS;

/// Faults kept apart in one period at most; beyond it they are counted together.
pub const REPEATS_MAX: usize = 1024;

/// Stream, contract, clause, source, destination, operation.
type Key = [String; 6];

/// The faults of the period that runs.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    start: Timestamp,
    seen: BTreeMap<Key, (u64, Finding)>,
    others: u64,
}

impl Repeats {
    pub(super) const fn new(start: Timestamp) -> Self {
        Self {
            start,
            seen: BTreeMap::new(),
            others: 0,
        }
    }

    /// Counts a fault; tells whether it is the first of its kind in this period.
    pub(super) fn is_first(&mut self, finding: &Finding) -> bool {
        if self.seen.is_empty() && self.others == 0 {
            self.begin(Timestamp::from_ns(finding.ts_ns));
        }
        let f = finding;
        let key = [
            &f.stream,
            &f.contract,
            &f.clause,
            &f.source,
            &f.destination,
            &f.operation,
        ];
        let key = key.map(String::clone);
        if let Some((count, last)) = self.seen.get_mut(&key) {
            *count += 1;
            *last = finding.clone();
            return false;
        }
        if self.seen.len() >= REPEATS_MAX {
            self.others += 1;
            return false;
        }
        self.seen.insert(key, (0, finding.clone()));
        true
    }

    pub(super) fn end(&self) -> Option<Timestamp> {
        let counted = self.others > 0 || !self.seen.is_empty();
        counted.then(|| self.period_end())
    }

    pub(super) fn period_end(&self) -> Timestamp {
        self.start + PERIOD_NS
    }

    /// Begins the period that `now` lies in.
    fn begin(&mut self, now: Timestamp) {
        let periods = now.since_ns(self.start) / PERIOD_NS;
        self.start = self.start + periods.max(0).saturating_mul(PERIOD_NS);
    }

    /// Ends the period when it is over; gives one finding for each fault that came again.
    pub(super) fn close(&mut self, now: Timestamp) -> Vec<Finding> {
        let end = self.period_end();
        if now < end {
            return Vec::new();
        }
        let others = core::mem::take(&mut self.others);
        let seen = core::mem::take(&mut self.seen);
        self.begin(now);
        let mut last = None;
        let mut told: Vec<Finding> = Vec::new();
        for (again, finding) in seen.into_values() {
            if again > 0 {
                let reason = format!("{again} times more, the last time: {}", finding.reason);
                told.push(Finding {
                    ts_ns: end.as_ns(),
                    reason,
                    ..finding
                });
            } else {
                last = Some(finding);
            }
        }
        let any = told.first().cloned().or(last).filter(|_| others > 0);
        told.extend(any.map(|finding| Finding {
            ts_ns: end.as_ns(),
            reason: format!("{others} faults of further kinds"),
            contract: String::new(),
            source: String::new(),
            destination: String::new(),
            operation: String::new(),
            clause: String::new(),
            ..finding
        }));
        told
    }
}
