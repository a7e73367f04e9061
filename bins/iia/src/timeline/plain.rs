//! What every form of the timeline says in the same sentences.

use super::{Options, Timeline};
use crate::table::counted;
use crate::words::{length, millis, seconds};

impl Timeline {
    /// What verification says: the verdict first.
    pub(super) fn evidence_lines(&self) -> Vec<String> {
        let mut lines = self.checked.lines();
        if self.redacted > 0 {
            lines.push(format!(
                "{} redacted: that it is there is all that is told",
                counted(self.redacted, "record")
            ));
        }
        let Options { since, until, .. } = &self.options;
        if since.is_some() || until.is_some() {
            let end = |at: &Option<_>, open: &str| at.map_or(open.into(), seconds);
            lines.push(format!(
                "ONLY A PART is told: what was written from {} to {}",
                end(since, "the first record"),
                end(until, "the last")
            ));
        }
        if !self.beats && self.last.is_some() {
            lines.push("this log does not beat: a silence in it would say nothing".into());
        }
        lines
    }

    /// What is said where no alarm is told.
    pub(super) fn none(&self) -> &'static str {
        let Options { since, until, .. } = &self.options;
        match self.checked.bad.is_some() || since.is_some() || until.is_some() {
            true => "no alarm is in what is told",
            false => "no alarm is on record",
        }
    }

    /// Why an act is suspected, or may be.
    pub(super) fn reason_lines(&self) -> Vec<String> {
        if self.reasons.is_empty() {
            return vec!["nothing in what is told points to it".into()];
        }
        let line = |one: &super::Reason| {
            let seq = one
                .seq
                .map_or_else(String::new, |seq| format!(", first as record {seq}"));
            let times = if one.count > 1 {
                format!(", {} times", one.count)
            } else {
                String::new()
            };
            let weight = if one.is_sure { "" } else { "may be: " };
            format!("{weight}{}{times}{seq}", one.words)
        };
        self.reasons.iter().map(line).collect()
    }

    /// What the operator states about borders.
    pub(super) fn border_line(&self) -> String {
        match &self.options.cross_border {
            None => "not stated: no record can say it (--cross-border)".into(),
            Some(stated) => {
                let words = if stated.words.is_empty() {
                    String::new()
                } else {
                    format!(": {}", stated.words)
                };
                format!("{}{words} (the operator's statement)", stated.answer.name())
            }
        }
    }

    /// The services that alarms are about.
    pub(super) fn affected_lines(&self) -> Vec<String> {
        let line = |(name, one): (&String, &super::Affected)| {
            format!(
                "{name}: {}, first as record {}",
                counted(one.count, "alarm"),
                one.first_seq
            )
        };
        let mut lines: Vec<String> = self.affected.iter().map(line).collect();
        if self.affected_more > 0 {
            lines.push(format!(
                "and {} about further services",
                counted(self.affected_more, "alarm")
            ));
        }
        if lines.is_empty() {
            lines.push("no alarm that is told names a service".into());
        }
        lines
    }

    /// What stands below the entries: what found no room, and how the record ends.
    pub(super) fn ending_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self
            .entries
            .iter()
            .any(|entry| entry.stamp.by_counter.is_some())
        {
            lines.push("* by the counter, from when the clock was last trusted; the clock said another time".into());
        }
        if self.left_out > 0 {
            lines.push(format!(
                "{} more found no room here",
                counted(self.left_out, "record")
            ));
        }
        if let Some((seq, stamp)) = &self.last {
            lines.push(format!(
                "the last good record is {seq}, written {}",
                millis(stamp.best())
            ));
        }
        if self.checked.missing > 0 {
            let missing = counted(self.checked.missing, "record");
            lines.push(format!(
                "{missing} behind it missing, over which a head was signed: the end was cut off"
            ));
        } else if self.checked.bad.is_some() {
            lines.push("what lies behind it is not told: the evidence does not hold there".into());
        }
        if let (Some(aware), Some(first)) = (&self.aware, &self.first)
            && aware.at.since_ns(first.at) > super::LATE_NS
        {
            let late = length(aware.at.since_ns(first.at));
            lines.push(format!("T+0 is {late} before the first alarm was on record: the time of its source, not of the log"));
        }
        lines
    }
}
