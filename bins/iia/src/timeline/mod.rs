//! The timeline of an incident, reconstructed from evidence alone: what an early warning by article 23 of Directive (EU)
//! 2022/2555 (NIS2) has to say, each entry with the record that proves it.
//!
//! Evidence is verified first; what lies behind the first bad record is not told.

mod build;
mod clock;
mod deadline;
mod html;
mod json;
mod meaning;
mod plain;
mod text;

use std::collections::BTreeMap;

use iia_core::Timestamp;

pub use self::clock::{SILENCE_NS, STEP_NS, Stamp};
pub use self::deadline::Deadlines;
pub use self::html::html;
pub use self::json::json;
pub(crate) use self::json::{evidence as evidence_json, link as link_json};
pub use self::meaning::{Points, Weight};
pub use self::text::text;
use crate::evidence::{Checked, Evidence, Row};
use crate::words::witnessed;

/// Entries of a timeline at most; what is beyond is counted.
pub const ENTRIES_MAX: usize = 2000;
/// Services listed as affected at most; what is beyond is counted.
pub const AFFECTED_MAX: usize = 64;

/// Between T+0 and awareness at most, in nanoseconds, before it is said that these are two clocks.
pub const LATE_NS: i64 = 3_600_000_000_000;

/// An answer that may be open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nobody can tell from what is here.
    Unknown,
}

impl Answer {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether an incident has an impact across borders, as the operator states: no record can say it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CrossBorder {
    /// The answer.
    pub answer: Answer,
    /// The operator's words; may be empty.
    pub words: String,
}

impl CrossBorder {
    /// Reads `yes`, `no` or `unknown`, with words behind a colon or without.
    pub fn parse(text: &str) -> Option<Self> {
        let (answer, said) = text.split_once(':').unwrap_or((text, ""));
        let answer = match answer.trim() {
            "yes" => Answer::Yes,
            "no" => Answer::No,
            "unknown" => Answer::Unknown,
            _ => return None,
        };
        let words = crate::words::tame(said.trim());
        Some(Self { answer, words })
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the operator states about borders.
    pub cross_border: Option<CrossBorder>,
    /// Only what was written at or after this time.
    pub since: Option<Timestamp>,
    /// Only what was written at or before this time.
    pub until: Option<Timestamp>,
}

/// The record that proves something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// Its number.
    pub seq: u64,
    /// Its chain hash, as text.
    pub hash: String,
    /// The file, or the entry of a bundle.
    pub file: String,
    /// The byte at which it starts.
    pub offset: u64,
    /// Who vouches for it besides the chain: `witness`, `log` or `nobody`.
    pub vouched: &'static str,
    /// When witnesses had seen it at the latest, by their clocks.
    pub existed_by: Option<Timestamp>,
}

impl Link {
    /// The link of a record that is read.
    pub fn of(row: &Row<'_>, checked: &Checked) -> Self {
        Self {
            seq: row.seq,
            hash: row.hash.to_string(),
            file: row.file.into(),
            offset: row.offset,
            vouched: checked.vouched(row.seq),
            existed_by: checked.existed_by(row.seq).map(witnessed),
        }
    }

    /// Who vouches for it, in words.
    pub const fn vouched_words(&self) -> &'static str {
        match self.vouched.as_bytes() {
            b"witness" => "witnessed",
            b"log" => "signed by the log alone",
            _ => "under no signed head",
        }
    }
}

/// One entry: what happened, and how often.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How much it weighs.
    pub weight: Weight,
    /// The kind of the record, or `clock_step`, `silence`, `reopened`.
    pub kind: &'static str,
    /// What it says.
    pub words: String,
    /// Who stated it: a SPIFFE ID.
    pub source: String,
    /// When it happened: an alarm as its source states, with the log's clock put right; all else when it was written.
    pub at: Timestamp,
    /// When it happened, as its source states.
    pub stated: Timestamp,
    /// When it was written.
    pub stamp: Stamp,
    /// The record.
    pub link: Link,
    /// How many records say the same.
    pub count: u64,
    /// The number of the last of them.
    pub last_seq: u64,
}

/// A moment that counts, with its record.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// When its record was written.
    pub stamp: Stamp,
    /// What the record says.
    pub words: String,
    /// The record.
    pub link: Link,
}

/// Why an act is suspected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// Whether it does not come about by accident.
    pub is_sure: bool,
    /// In words.
    pub words: String,
    /// The first record that says so.
    pub seq: Option<u64>,
    /// How many say so.
    pub count: u64,
}

/// A service that alarms are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Affected {
    /// The first record.
    pub first_seq: u64,
    /// How many records.
    pub count: u64,
}

/// The timeline.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What verification found.
    pub checked: Checked,
    /// What was asked for.
    pub options: Options,
    /// T+0: the earliest time at which an alarm happened, as its source states.
    pub first: Option<Moment>,
    /// The first alarm on record: the earliest moment at which anybody could know.
    pub aware: Option<Moment>,
    /// What is due when.
    pub deadlines: Option<Deadlines>,
    /// Whether an unlawful or malicious act is suspected.
    pub malicious: Answer,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The services that alarms are about, by name.
    pub affected: BTreeMap<String, Affected>,
    /// How many services more there are.
    pub affected_more: u64,
    /// What happened, in the order of the log.
    pub entries: Vec<Entry>,
    /// Records whose entries found no room.
    pub left_out: u64,
    /// Records read, by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Redacted records, of which nothing is told but that they are there.
    pub redacted: u64,
    /// Whether the log says each minute that it lives.
    pub beats: bool,
    /// When the last good record was written, and its number.
    pub last: Option<(u64, Stamp)>,
}

impl Timeline {
    /// Reconstructs it.
    ///
    /// # Errors
    /// When the evidence cannot be read any more.
    pub fn read(evidence: &Evidence, options: Options) -> anyhow::Result<Self> {
        build::read(evidence, options)
    }

    /// How long after T+0 something was, in nanoseconds.
    pub fn since_first_ns(&self, at: Timestamp) -> Option<i64> {
        Some(at.since_ns(self.first.as_ref()?.at))
    }
}
