//! What differs, told once: what is new diverges, what is gone converges, and silence is told at its window's end.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

/// Differences that one look tells; the last one says how many more there are.
pub const DIFFERENCES_MAX: usize = 64;
/// How long nothing may be seen of the policy before that is a finding, in nanoseconds.
pub const SILENCE_NS: i64 = 30 * SECOND_NS;
/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 4096;

/// One thing that is not as agreed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Difference {
    /// Nothing, where no contract is concerned.
    pub(super) contract: String,
    pub(super) clause: &'static str,
    pub(super) words: String,
    /// Who can do too much or too little.
    pub(super) who: String,
    /// What it can do, or cannot.
    pub(super) operation: String,
    /// Where it stands, such as `/etc/mosquitto/cell.acl:12`.
    pub(super) evidence: Vec<String>,
}

/// Differences by what they are about.
pub(super) type Found = BTreeMap<String, Difference>;

/// Adds a difference; the last one there is room for says that there are more.
pub(super) fn add(found: &mut Found, key: String, difference: Difference) {
    if found.len() < DIFFERENCES_MAX {
        found.entry(key).or_insert(difference);
        return;
    }
    let more = Difference {
        clause: "limit",
        words: format!("there is more than these {DIFFERENCES_MAX} differences"),
        ..Difference::default()
    };
    found.insert("\u{10ffff}".into(), more);
}

/// What one observer has told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// What is watched, such as `the policy`.
    what: &'static str,
    /// What differs now.
    differs: Found,
    changed_by: Option<String>,
    /// When something was last seen, and whether its absence is told.
    last: Option<Timestamp>,
    silent: bool,
    is_seen: bool,
    findings: VecDeque<Finding>,
    lost: u64,
}

impl Told {
    pub(super) const fn new(what: &'static str) -> Self {
        Self {
            what,
            differs: BTreeMap::new(),
            changed_by: None,
            last: None,
            silent: false,
            is_seen: false,
            findings: VecDeque::new(),
            lost: 0,
        }
    }

    /// Whether it was seen and was what is agreed when it was last seen.
    pub(super) fn converges(&self) -> bool {
        self.is_seen && !self.silent && self.differs.is_empty()
    }

    /// Somebody changed it; whatever differs next is said with who it was.
    pub(super) fn changed(&mut self, by: String) {
        self.changed_by = Some(by);
    }

    /// It is seen.
    pub(super) fn seen(&mut self, now: Timestamp) {
        self.last = Some(now);
        self.is_seen = true;
        if core::mem::take(&mut self.silent) {
            let difference = Difference {
                clause: "sight",
                words: format!("{} is seen again", self.what),
                ..Difference::default()
            };
            self.report(now, Conclusion::Converge, difference);
        }
    }

    /// It cannot be seen; told once.
    pub(super) fn blind(&mut self, now: Timestamp, why: &str) {
        if !core::mem::replace(&mut self.silent, true) {
            let difference = Difference {
                clause: "sight",
                words: format!("{} cannot be seen: {why}", self.what),
                ..Difference::default()
            };
            self.report(now, Conclusion::Missing, difference);
        }
    }

    /// What is new diverges, what is gone converges; both name who made the last change, where that is known.
    pub(super) fn tell(&mut self, now: Timestamp, found: Found, last_change: Option<String>) {
        let by = self
            .changed_by
            .take()
            .map(|by| format!("; changed by {by}"));
        let by = by.or(last_change).unwrap_or_default();
        let was = core::mem::replace(&mut self.differs, found);
        let mut told = Vec::new();
        for (key, difference) in &self.differs {
            if was.get(key).is_none_or(|was| was.words != difference.words) {
                told.push((Conclusion::Diverge, key.clone(), difference.clone()));
            }
        }
        for (key, difference) in was {
            if !self.differs.contains_key(&key) {
                let words = format!("as agreed again: {}", difference.words);
                let difference = Difference {
                    words,
                    ..difference
                };
                told.push((Conclusion::Converge, key, difference));
            }
        }
        for (conclusion, about, mut difference) in told {
            difference.words += &by;
            self.report(now, conclusion, difference);
            // Its return ends this and nothing else.
            if let Some(last) = self.findings.back_mut() {
                last.destination = about;
            }
        }
    }

    /// Tells something that is so at a moment and not for a time.
    pub(super) fn report(
        &mut self,
        now: Timestamp,
        conclusion: Conclusion,
        difference: Difference,
    ) {
        if self.findings.len() >= WAITING_MAX {
            self.lost += 1;
            return;
        }
        self.findings
            .push_back(finding(now, conclusion, difference));
    }

    pub(super) fn handle_timeout(&mut self, now: Timestamp) {
        let started = *self.last.get_or_insert(now);
        if now >= started + SILENCE_NS {
            let seconds = SILENCE_NS / SECOND_NS;
            self.blind(now, &format!("nothing was told of it for {seconds} s"));
        }
    }

    pub(super) fn poll_finding(&mut self) -> Option<Finding> {
        let next = self.findings.pop_front();
        if next.is_some() || self.lost == 0 {
            return next;
        }
        let lost = core::mem::take(&mut self.lost);
        let difference = Difference {
            clause: "limit",
            words: format!(
                "{lost} findings about {} were lost: nobody took them",
                self.what
            ),
            ..Difference::default()
        };
        let now = self.last.unwrap_or_default();
        Some(finding(now, Conclusion::Missing, difference))
    }

    pub(super) fn poll_timeout(&self) -> Option<Timestamp> {
        self.last.map(|last| last + SILENCE_NS)
    }
}

fn finding(now: Timestamp, conclusion: Conclusion, difference: Difference) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_POLICY_DRIFT.as_str().to_string(),
        conclusion,
        severity: match conclusion {
            Conclusion::Converge => Severity::High,
            // What should prevent does not.
            _ => Severity::Critical,
        },
        contract: difference.contract,
        clause: difference.clause.into(),
        source: difference.who,
        destination: String::new(),
        operation: difference.operation,
        reason: difference.words,
        evidence: difference.evidence,
    }
}
