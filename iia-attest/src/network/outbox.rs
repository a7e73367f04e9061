//! Findings that wait to be taken; what found no room is itself told.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 8192;

/// What waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Finding>,
    lost: u64,
    /// Those of them that are not told yet, and when the last of them was.
    untold: Option<(u64, Timestamp)>,
}

impl Outbox {
    pub(super) fn say(&mut self, finding: Finding) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(finding);
            return;
        }
        self.lost += 1;
        let untold = self.untold.map_or(0, |(untold, _)| untold);
        self.untold = Some((untold + 1, Timestamp::from_ns(finding.ts_ns)));
    }

    /// The next finding; behind the last one, how many were lost.
    pub(super) fn poll(&mut self) -> Option<Finding> {
        if let Some(finding) = self.waiting.pop_front() {
            return Some(finding);
        }
        let (count, at) = self.untold.take()?;
        let reason = format!("{count} findings of this observer found no room and are lost");
        Some(sight(at, reason))
    }

    /// Findings that nobody took in time.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }
}

/// A finding about a contract, or about none.
pub(super) fn finding(
    now: Timestamp,
    conclusion: Conclusion,
    (contract, clause): (&str, &str),
    reason: String,
) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_NETWORK.as_str().into(),
        conclusion,
        // As grave as a detected threat (001:351).
        severity: Severity::High,
        contract: contract.into(),
        clause: clause.into(),
        source: String::new(),
        destination: String::new(),
        operation: String::new(),
        reason,
        evidence: Vec::new(),
    }
}

/// The observer no longer sees something that it should.
pub(super) fn sight(now: Timestamp, reason: String) -> Finding {
    finding(now, Conclusion::Missing, ("", "sight"), reason)
}
