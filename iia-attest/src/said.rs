//! Findings that wait to be taken: bounded, and what found no room is itself a finding.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

/// Findings that wait to be taken at most; how many found no room is said behind them.
pub const WAITING_MAX: usize = 4096;

/// The findings of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    stream: Stream,
    /// Who or what they are about, and the contract that asks for it.
    about: (String, String),
    waiting: VecDeque<Finding>,
    lost: u64,
    lost_at: Timestamp,
}

/// What a finding says, before it is one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Word {
    pub(crate) conclusion: Conclusion,
    pub(crate) severity: Severity,
    pub(crate) clause: &'static str,
    /// To whom it matters beside the one it is about; empty for nobody.
    pub(crate) other: String,
    pub(crate) reason: String,
    pub(crate) evidence: Vec<String>,
}

impl Word {
    /// A word as grave as a detected threat (001:351), with nothing beside it.
    pub(crate) const fn new(conclusion: Conclusion, clause: &'static str, reason: String) -> Self {
        Self {
            conclusion,
            severity: Severity::High,
            clause,
            other: String::new(),
            reason,
            evidence: Vec::new(),
        }
    }
}

impl Said {
    pub(crate) const fn new(stream: Stream, about: String, contract: String) -> Self {
        Self {
            stream,
            about: (about, contract),
            waiting: VecDeque::new(),
            lost: 0,
            lost_at: Timestamp::from_ns(0),
        }
    }

    pub(crate) fn say(&mut self, now: Timestamp, word: Word) {
        if self.waiting.len() < WAITING_MAX {
            let finding = self.finding(now, word);
            self.waiting.push_back(finding);
        } else {
            self.lost = self.lost.saturating_add(1);
            self.lost_at = now;
        }
    }

    /// The next one; behind the last that found room, how many did not.
    pub(crate) fn next(&mut self) -> Option<Finding> {
        if let Some(next) = self.waiting.pop_front() {
            return Some(next);
        }
        let lost = core::mem::take(&mut self.lost);
        (lost > 0).then(|| {
            let reason = format!("{lost} findings found no room because nobody took them in time");
            self.finding(
                self.lost_at,
                Word::new(Conclusion::Missing, "observer", reason),
            )
        })
    }

    fn finding(&self, now: Timestamp, word: Word) -> Finding {
        Finding {
            ts_ns: now.as_ns(),
            stream: self.stream.as_str().into(),
            conclusion: word.conclusion,
            severity: word.severity,
            contract: self.about.1.clone(),
            clause: word.clause.into(),
            source: self.about.0.clone(),
            destination: word.other,
            operation: String::new(),
            reason: word.reason,
            evidence: word.evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_found_no_room_is_said_behind_the_rest() {
        let mut said = Said::new(Stream::ATTEST_CONFIG, "a".into(), String::new());
        let word = || Word::new(Conclusion::Diverge, "c", String::new());
        for more in [0, 1, 7] {
            (0..WAITING_MAX + more).for_each(|_| said.say(Timestamp::from_secs(1), word()));
            for _ in 0..WAITING_MAX {
                assert_eq!(said.next().unwrap().clause, "c");
            }
            let last = said.next().map(|finding| finding.reason);
            let want = format!("{more} findings found no room because nobody took them in time");
            assert_eq!(last, (more > 0).then_some(want));
            assert_eq!(said.next(), None);
        }
    }
}
