//! What a box's evidence shows of the system requirements of IEC 62443-3-3 that it claims: which records, how many, the
//! first and the last. A claim without records says so.
//!
//! Records show that a control acted, not that it always acts: that is what the tests of the requirement named are for.

mod aim;
mod claims;
mod html;
mod json;
mod text;

use iia_core::Timestamp;
use iia_core::event::EventKind;

pub use self::aim::{Aim, target};
pub use self::claims::{CLAIMS, Claim, FOUNDATIONAL, Shows};
pub use self::html::html;
pub use self::json::json;
pub use self::text::text;
use crate::evidence::{Checked, Evidence, Outcome, Row};
use crate::timeline::Link;
use crate::words::tame;

/// A record, and when it was written.
#[derive(Clone, Debug)]
pub struct Seen {
    /// By the log's clock.
    pub written: Timestamp,
    /// The record.
    pub link: Link,
}

/// Records of one sort.
#[derive(Clone, Debug)]
pub struct Count {
    /// Which.
    pub shows: Shows,
    /// How many.
    pub count: u64,
    /// The first and the last of them.
    pub ends: Option<(Seen, Seen)>,
}

/// A claim with what shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The claim.
    pub claim: Claim,
    /// The records, sort by sort.
    pub counts: Vec<Count>,
}

impl Shown {
    /// How many records show it.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|one| one.count).sum()
    }
}

/// What was put in force last.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Its class.
    pub class: String,
    /// The digest of the artifact.
    pub artifact: String,
    /// Whether an observer confirmed it after that.
    pub is_confirmed: bool,
    /// The record that put it in force.
    pub seen: Seen,
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// What verification found.
    pub checked: Checked,
    /// Only what was written at or after this time.
    pub since: Option<Timestamp>,
    /// Only what was written at or before this time.
    pub until: Option<Timestamp>,
    /// Records read.
    pub records: u64,
    /// Of these redacted: their kind counts, but not where a field matters.
    pub redacted: u64,
    /// The first and the last of them.
    pub ends: Option<(Seen, Seen)>,
    /// What was in force at the end, class by class.
    pub in_force: Vec<InForce>,
    /// What the configuration aims at that the reader holds beside the evidence.
    pub aim: Option<Aim>,
    /// The claims, in the order of the standard.
    pub shown: Vec<Shown>,
}

/// The requirement that verification itself shows.
const VERIFIES: &str = "SR 3.9";
/// Classes of artifacts that are told at most; there are fewer.
const CLASSES_MAX: usize = 16;

impl Report {
    /// Counts what shows each claim.
    ///
    /// # Errors
    /// When the evidence cannot be read any more.
    pub fn read(
        evidence: &Evidence,
        (since, until): (Option<Timestamp>, Option<Timestamp>),
    ) -> anyhow::Result<Self> {
        let empty = |shows: &Shows| Count {
            shows: *shows,
            count: 0,
            ends: None,
        };
        let shown = CLAIMS.map(|claim| Shown {
            claim,
            counts: claim.shows.iter().map(empty).collect(),
        });
        let mut report = Self {
            checked: evidence.checked.clone(),
            since,
            until,
            records: 0,
            redacted: 0,
            ends: None,
            in_force: Vec::new(),
            aim: None,
            shown: shown.into(),
        };
        evidence.each(|row| report.take(row))?;
        Ok(report)
    }

    fn take(&mut self, row: &Row<'_>) {
        let written = Timestamp::from_ns(row.written.utc_ns);
        if self.since.is_some_and(|since| written < since)
            || self.until.is_some_and(|until| until < written)
        {
            return;
        }
        self.records += 1;
        self.redacted += u64::from(row.record.is_none());
        let seen = Seen {
            written,
            link: Link::of(row, &self.checked),
        };
        count(&mut self.ends, &seen);
        for one in self.shown.iter_mut().flat_map(|shown| &mut shown.counts) {
            let is_shown = match row.record {
                Some(record) => one.shows.is_shown_by(&record.body.event),
                None => row.kind == Some(one.shows.kind) && one.shows.which.is_empty(),
            };
            if is_shown {
                one.count += 1;
                count(&mut one.ends, &seen);
            }
        }
        self.force(row, seen);
    }

    fn force(&mut self, row: &Row<'_>, seen: Seen) {
        let Some(record) = row.record else {
            return;
        };
        let event = &record.body.event;
        let field = |key| tame(event.field(key).unwrap_or_default());
        let (class, artifact) = (field("class"), field("artifact"));
        match event.kind {
            EventKind::ArtifactApplied => {
                self.in_force.retain(|one| one.class != class);
                if self.in_force.len() < CLASSES_MAX {
                    self.in_force.push(InForce {
                        class,
                        artifact,
                        is_confirmed: false,
                        seen,
                    });
                }
            }
            EventKind::ArtifactConfirmed => {
                let known = self.in_force.iter_mut();
                known
                    .filter(|one| one.class == class && one.artifact == artifact)
                    .for_each(|one| one.is_confirmed = true);
            }
            _ => {}
        }
    }

    /// Whether a configuration was in force at the end.
    pub fn was_in_force(&self, aim: &Aim) -> bool {
        let mut configs = self.in_force.iter().filter(|one| one.class == "config");
        configs.any(|one| one.artifact == aim.artifact)
    }

    /// Whether something shows a claim: records, or of SR 3.9 that the evidence verifies.
    pub fn has_evidence(&self, one: &Shown) -> bool {
        let verifies = self.checked.outcome != Outcome::Failed && self.records > 0;
        one.count() > 0 || one.claim.sr == VERIFIES && verifies
    }

    /// How many claims have something that shows them.
    pub fn with_evidence(&self) -> usize {
        let shown = self.shown.iter();
        shown.filter(|one| self.has_evidence(one)).count()
    }
}

fn count(ends: &mut Option<(Seen, Seen)>, seen: &Seen) {
    match ends {
        Some((_, last)) => *last = seen.clone(),
        None => *ends = Some((seen.clone(), seen.clone())),
    }
}
