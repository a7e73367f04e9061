//! Builds the timeline, record by record.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::event::EventKind;

use super::clock::{Clock, Irregular, Stamp};
use super::meaning::{self, Meaning, Points, Weight};
use super::{
    AFFECTED_MAX, Affected, Answer, ENTRIES_MAX, Entry, Link, Moment, Options, Reason, Timeline,
};
use crate::evidence::{Checked, Evidence, Outcome, Row};
use crate::words::{error, length, millis};

const SILENCE: &str = "silence";

/// What is alike is one entry.
type Alike = (Weight, String, String);

struct Builder {
    timeline: Timeline,
    clock: Clock,
    places: BTreeMap<Alike, usize>,
    state: String,
}

pub(super) fn read(evidence: &Evidence, options: Options) -> anyhow::Result<Timeline> {
    let mut builder = Builder::new(evidence.checked.clone(), options);
    evidence.each(|row| builder.take(row))?;
    Ok(builder.finish())
}

impl Builder {
    fn new(checked: Checked, options: Options) -> Self {
        let timeline = Timeline {
            checked,
            options,
            first: None,
            aware: None,
            deadlines: None,
            malicious: Answer::Unknown,
            reasons: Vec::new(),
            affected: BTreeMap::new(),
            affected_more: 0,
            entries: Vec::new(),
            left_out: 0,
            kinds: BTreeMap::new(),
            redacted: 0,
            beats: false,
            last: None,
        };
        Self {
            timeline,
            clock: Clock::default(),
            places: BTreeMap::new(),
            state: String::new(),
        }
    }

    fn take(&mut self, row: &Row<'_>) {
        let (stamp, irregular) = self.clock.see(row.seq, &row.written);
        self.timeline.last = Some((row.seq, stamp));
        self.timeline.beats |= row.kind == Some(EventKind::TimeState);
        if !self.is_within(stamp.best()) {
            return;
        }
        let kind = row.kind.map_or("unknown", EventKind::name);
        *self.timeline.kinds.entry(kind).or_default() += 1;
        if let Some(irregular) = irregular {
            self.irregular(irregular, row, stamp);
        }
        let Some(record) = row.record else {
            self.timeline.redacted += 1;
            return;
        };
        if let Some(meaning) = meaning::of(record) {
            self.meant(meaning, row, stamp);
        }
        if record.body.event.kind == EventKind::TimeState {
            self.time_state(
                record.body.event.field("state").unwrap_or_default(),
                row,
                stamp,
            );
        }
    }

    fn is_within(&self, at: Timestamp) -> bool {
        let Options { since, until, .. } = &self.timeline.options;
        since.is_none_or(|since| since <= at) && until.is_none_or(|until| at <= until)
    }

    fn link(&self, row: &Row<'_>) -> Link {
        Link::of(row, &self.timeline.checked)
    }

    fn meant(&mut self, meaning: Meaning, row: &Row<'_>, stamp: Stamp) {
        let stated = row.record.map_or(stamp.utc, |record| {
            Timestamp::from_ns(record.body.event.ts_ns)
        });
        if meaning.weight == Weight::Alarm {
            self.alarm(&meaning, (row, stamp), stated);
        }
        self.reason(meaning.points, meaning.because, Some(row.seq));
        let source = row.record.map_or("", |record| record.source()).to_owned();
        let alike = (meaning.weight, source, meaning.words);
        let known = self.places.get(&alike).copied();
        if let Some(entry) = known.and_then(|at| self.timeline.entries.get_mut(at)) {
            entry.count += 1;
            entry.last_seq = row.seq;
            return;
        }
        let (weight, source, words) = alike.clone();
        let kind = row.kind.map_or("unknown", EventKind::name);
        let entry = Entry {
            weight,
            kind,
            words,
            source,
            at: match weight {
                Weight::Alarm => stamp.happened(stated),
                _ => stamp.best(),
            },
            stated,
            stamp,
            link: self.link(row),
            count: 1,
            last_seq: row.seq,
        };
        if self.push(entry) {
            self.places.insert(alike, self.timeline.entries.len() - 1);
        }
    }

    fn push(&mut self, entry: Entry) -> bool {
        let has_room = self.timeline.entries.len() < ENTRIES_MAX;
        match has_room {
            true => self.timeline.entries.push(entry),
            false => self.timeline.left_out += 1,
        }
        has_room
    }

    fn alarm(&mut self, meaning: &Meaning, (row, stamp): (&Row<'_>, Stamp), stated: Timestamp) {
        let at = stamp.happened(stated);
        let moment = |at| Moment {
            at,
            stamp,
            words: meaning.words.clone(),
            link: self.link(row),
        };
        let first = self.timeline.first.as_ref();
        let first = first.is_none_or(|first| at < first.at).then(|| moment(at));
        let aware = self.timeline.aware.is_none().then(|| moment(stamp.best()));
        self.timeline.first = first.or(self.timeline.first.take());
        self.timeline.aware = aware.or(self.timeline.aware.take());
        if !meaning.about.is_empty() {
            self.affects(&meaning.about, row.seq);
        }
    }

    fn affects(&mut self, about: &str, seq: u64) {
        let affected = &mut self.timeline.affected;
        if let Some(known) = affected.get_mut(about) {
            known.count += 1;
        } else if affected.len() < AFFECTED_MAX {
            let new = Affected {
                first_seq: seq,
                count: 1,
            };
            affected.insert(about.to_owned(), new);
        } else {
            self.timeline.affected_more += 1;
        }
    }

    /// There are no more reasons than kinds of meaning.
    fn reason(&mut self, points: Points, words: &str, seq: Option<u64>) {
        if points == Points::No {
            return;
        }
        let is_sure = points == Points::Yes;
        let reasons = &mut self.timeline.reasons;
        match reasons.iter_mut().find(|one| one.words == words) {
            Some(known) => known.count += 1,
            None => reasons.push(Reason {
                is_sure,
                words: words.into(),
                seq,
                count: 1,
            }),
        }
    }

    fn clock_entry(&mut self, kind: &'static str, words: String, row: &Row<'_>, stamp: Stamp) {
        let entry = Entry {
            weight: Weight::Clock,
            kind,
            words,
            source: String::new(),
            at: stamp.best(),
            stated: stamp.utc,
            stamp,
            link: self.link(row),
            count: 1,
            last_seq: row.seq,
        };
        self.push(entry);
    }

    fn irregular(&mut self, irregular: Irregular, row: &Row<'_>, stamp: Stamp) {
        let (kind, words) = match irregular {
            Irregular::Step(ns) => {
                let back = ns < 0;
                if back {
                    self.reason(Points::Perhaps, "the clock was set back", Some(row.seq));
                }
                let way = if back { "back" } else { "forward" };
                let by = length(ns.saturating_abs());
                let counter = stamp.by_counter.map_or_else(String::new, |at| {
                    format!("; by the counter it is {}", millis(at))
                });
                (
                    "clock_step",
                    format!("the clock was set {way} by {by}{counter}"),
                )
            }
            Irregular::Silence(ns) => {
                let ns = i64::try_from(ns).unwrap_or(i64::MAX);
                let words = format!("nothing was written for {} before this", length(ns));
                (SILENCE, words)
            }
            Irregular::Reopened(ns) => {
                let after = length(ns.saturating_abs());
                let words = match ns < 0 {
                    true => format!(
                        "the log was opened again; its clock stands {after} earlier than before"
                    ),
                    false => format!("the log was opened again, {after} later by its clock alone"),
                };
                if ns < 0 {
                    self.reason(Points::Perhaps, "the clock was set back", Some(row.seq));
                }
                ("reopened", words)
            }
        };
        self.clock_entry(kind, words, row, stamp);
    }

    /// The state of the clock is told when it changes.
    fn time_state(&mut self, state: &str, row: &Row<'_>, stamp: Stamp) {
        if self.state != state {
            self.state = state.into();
            let words = format!(
                "the clock is {}, {}",
                crate::words::tame(state),
                error(stamp.error_us)
            );
            self.clock_entry("time_state", words, row, stamp);
        }
    }

    fn finish(mut self) -> Timeline {
        if !self.timeline.beats {
            self.timeline.entries.retain(|entry| entry.kind != SILENCE);
        }
        let silent = self
            .timeline
            .entries
            .iter()
            .find(|entry| entry.kind == SILENCE);
        if let Some(seq) = silent.map(|entry| entry.link.seq) {
            self.reason(Points::Perhaps, "the log was silent", Some(seq));
        }
        let checked = &self.timeline.checked;
        let (missing, is_rewritten, told) = (checked.missing, checked.is_rewritten, checked.told);
        if checked.outcome == Outcome::Failed {
            if is_rewritten {
                let words = "records are not those over which a head was signed";
                self.reason(Points::Yes, words, Some(told));
            } else if missing > 0 {
                let words = "records are missing over which a head was signed";
                self.reason(Points::Yes, words, Some(told));
            } else {
                self.reason(Points::Perhaps, "the evidence does not verify", None);
            }
        }
        self.timeline.reasons.sort_by_key(|reason| !reason.is_sure);
        self.timeline.malicious = match self.timeline.reasons.first() {
            Some(reason) if reason.is_sure => Answer::Yes,
            Some(_) => Answer::Unknown,
            None => Answer::No,
        };
        self.timeline.deadlines = self.timeline.aware.as_ref().map(earliest);
        self.timeline
    }
}

/// Deadlines from the earliest moment that the clock's error leaves open.
fn earliest(aware: &Moment) -> super::Deadlines {
    let error_ns = i64::from(aware.stamp.error_us.unwrap_or(0)).saturating_mul(1000);
    super::Deadlines::from(aware.at - error_ns)
}
