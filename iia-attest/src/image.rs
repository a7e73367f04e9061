//! `ot.attestation.image`: the image that a machine's TPM attests, against the one that was intended.
//!
//! Each machine is asked with a nonce and has a time to answer. What its quote says becomes one finding: it agrees, it
//! does not and why, or nothing came. What the machine brought is published with it ([`Published`]), so that whoever has the
//! records judges it again.

mod published;
mod read;
mod registers;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

pub use self::published::{LOG_PUBLISHED_MAX, Published, name_of};
pub use self::read::{Attested, Reader};
pub use self::registers::{REGISTERS_LEN_MAX, Registers};

use crate::correlator::Correlator;
use crate::tpm::{AttestationResult, Tier, TpmError};

/// Machines that are waited for at most; one more is refused.
pub const MACHINES_MAX: usize = 1024;
/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 4096;
/// How often it is said of a machine that it is as intended, in nanoseconds.
pub const CONFIRM_EVERY_NS: i64 = 300 * SECOND_NS;

/// What the verifier said of a machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Appraised {
    /// The machine.
    pub machine: String,
    /// Its result.
    pub result: AttestationResult,
}

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct Image {
    due: BTreeMap<String, Timestamp>,
    /// Since when each machine was said to be as intended.
    confirmed: BTreeMap<String, Timestamp>,
    findings: VecDeque<Finding>,
    lost: u64,
}

impl Image {
    /// Says that `machine` was asked and has until `due` to answer; `false` when too many are waited for.
    #[must_use]
    pub fn asked(&mut self, machine: &str, due: Timestamp) -> bool {
        if self.due.len() >= MACHINES_MAX && !self.due.contains_key(machine) {
            return false;
        }
        self.due.insert(machine.into(), due);
        true
    }

    /// Says that `machine` does not answer, and why.
    pub fn silent(&mut self, now: Timestamp, machine: &str, why: &str) {
        self.due.remove(machine);
        let reason = format!("nothing attests which image runs: {why}");
        self.report(finding(now, Conclusion::Missing, machine, reason));
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Says what was found; what was well and still is, now and then.
    fn report(&mut self, finding: Finding) {
        let now = Timestamp::from_ns(finding.ts_ns);
        if finding.conclusion == Conclusion::Converge {
            let last = self.confirmed.get(&finding.source);
            if last.is_some_and(|last| now.since_ns(*last) < CONFIRM_EVERY_NS) {
                return;
            }
            self.confirmed.insert(finding.source.clone(), now);
        } else {
            self.confirmed.remove(&finding.source);
        }
        if self.findings.len() < WAITING_MAX {
            self.findings.push_back(finding);
        } else {
            self.lost += 1;
        }
    }
}

impl Correlator for Image {
    type Observation = Appraised;

    fn handle_observation(&mut self, now: Timestamp, seen: Appraised) {
        self.handle_timeout(now);
        // Nobody asked, or it is too late: an answer to no question says nothing.
        if self.due.remove(&seen.machine).is_none() {
            return;
        }
        let reasons: Vec<String> = seen.result.reasons.iter().map(told).collect();
        let (conclusion, reason) = match seen.result.tier() {
            Tier::Affirming => (
                Conclusion::Converge,
                "the attested image is the intended one".to_string(),
            ),
            tier => (
                Conclusion::Diverge,
                format!("{tier}: {}", reasons.join("; ")),
            ),
        };
        self.report(finding(now, conclusion, &seen.machine, reason));
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let over = self.due.iter().filter(|(_, due)| now >= **due);
        let over: Vec<(String, Timestamp)> =
            over.map(|(machine, due)| (machine.clone(), *due)).collect();
        for (machine, due) in over {
            self.due.remove(&machine);
            let reason = "asked for a quote, and none came in time".to_string();
            self.report(finding(due, Conclusion::Missing, &machine, reason));
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.due.values().min().copied()
    }
}

/// A reason, with its code.
fn told(reason: &TpmError) -> String {
    format!("{} {reason}", reason.code())
}

fn finding(now: Timestamp, conclusion: Conclusion, machine: &str, reason: String) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_IMAGE.as_str().into(),
        conclusion,
        // As grave as a detected threat (001:351).
        severity: Severity::High,
        contract: String::new(),
        clause: "image".into(),
        source: machine.into(),
        destination: String::new(),
        operation: String::new(),
        reason,
        evidence: Vec::new(),
    }
}
