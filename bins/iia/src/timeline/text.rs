//! The timeline for a terminal.

use std::fmt::Write as _;

use iia_core::Timestamp;

use super::{Entry, Moment, Timeline};
use crate::words::{error, length, millis, seconds};

/// Writes the timeline as text.
pub fn text(timeline: &Timeline) -> String {
    let mut text = String::new();
    let mut line = |label: &str, words: &str| {
        let _ = writeln!(text, "{label:<13}{words}");
    };
    line(
        "incident",
        &format!("{}, by its evidence alone", timeline.origin()),
    );
    for (at, words) in timeline.evidence_lines().iter().enumerate() {
        line(if at == 0 { "evidence" } else { "" }, words);
    }
    let dated = |_: &Moment| "as its source dates it".to_owned();
    let none = timeline.none();
    moment(&mut line, "T+0", (timeline.first.as_ref(), none), dated);
    let worth = |moment: &Moment| error(moment.stamp.error_us);
    moment(&mut line, "aware", (timeline.aware.as_ref(), none), worth);
    if let (Some(aware), Some(first)) = (&timeline.aware, &timeline.first) {
        let after = length(aware.at.since_ns(first.at));
        line(
            "",
            &format!(
                "T+{after}; a person may have learnt of it later, never earlier from this box"
            ),
        );
    }
    line(
        "malicious",
        &format!("suspected: {}", timeline.malicious.name()),
    );
    for reason in timeline.reason_lines() {
        line("", &reason);
    }
    line("cross-border", &timeline.border_line());
    let affected = timeline.affected_lines();
    for (at, words) in affected.iter().enumerate() {
        line(if at == 0 { "affected" } else { "" }, words);
    }
    for (at, (what, when, clause)) in timeline.deadline_rows().iter().enumerate() {
        let label = if at == 0 { "due" } else { "" };
        line(label, &format!("{:<22} {}  {clause}", what, seconds(*when)));
    }
    if let Some(words) = timeline.deadline_doubt() {
        line("", words);
    }
    text.push('\n');
    for entry in &timeline.entries {
        row(&mut text, timeline, entry);
    }
    for words in timeline.ending_lines() {
        let _ = writeln!(text, "{words}");
    }
    text
}

fn moment(
    line: &mut impl FnMut(&str, &str),
    label: &str,
    (moment, none): (Option<&Moment>, &str),
    worth: impl Fn(&Moment) -> String,
) {
    let Some(moment) = moment else {
        return line(label, none);
    };
    let (at, worth, seq) = (millis(moment.at), worth(moment), moment.link.seq);
    line(label, &format!("{at}, {worth}, record {seq}"));
    line("", &moment.words);
}

fn row(text: &mut String, timeline: &Timeline, entry: &Entry) {
    let mark = if entry.stamp.by_counter.is_some() {
        '*'
    } else {
        ' '
    };
    let _ = writeln!(
        text,
        "{:<13}{}{mark} {}, record {}, {}",
        timeline.since(entry),
        millis(entry.stamp.best()),
        entry.weight.name(),
        entry.link.seq,
        entry.link.vouched_words(),
    );
    let _ = writeln!(text, "{:<13}{}{}", "", entry.words, entry.times());
}

impl Entry {
    /// How often, and how far its source's time is from that of the log; empty where there is nothing to say.
    pub(super) fn times(&self) -> String {
        let mut words = match self.count {
            1 => String::new(),
            count => format!(" ({count} times, last as record {})", self.last_seq),
        };
        let late = self.stamp.best().since_ns(self.at);
        if late > super::STEP_NS {
            let _ = write!(words, " (happened {})", millis(self.at));
        }
        words
    }
}

impl Timeline {
    /// How long after T+0 an entry happened; empty without an alarm.
    pub(super) fn since(&self, entry: &Entry) -> String {
        self.since_first_ns(entry.at)
            .map_or_else(String::new, |ns| {
                let sign = if ns < 0 { "" } else { "+" };
                format!("T{sign}{}", length(ns))
            })
    }

    /// What the log is called.
    pub(super) fn origin(&self) -> String {
        match self.checked.origin.as_str() {
            "" => "a log without a name".into(),
            name => crate::words::tame(name),
        }
    }

    /// Every date that is due, with its clause.
    pub(super) fn deadline_rows(&self) -> Vec<(&'static str, Timestamp, &'static str)> {
        let Some(due) = &self.deadlines else {
            return Vec::new();
        };
        vec![
            (
                "early warning",
                due.early_warning,
                "24 h after awareness, NIS2 art. 23(4)(a)",
            ),
            (
                "incident notification",
                due.notification,
                "72 h after awareness, art. 23(4)(b)",
            ),
            (
                "final report",
                due.final_report,
                "one month after the notification, at the latest, art. 23(4)(d)",
            ),
        ]
    }

    /// Why the dates cannot be relied upon.
    pub(super) fn deadline_doubt(&self) -> Option<&'static str> {
        let aware = self.aware.as_ref()?;
        (!aware.stamp.is_known()).then_some(
            "the clock was not trusted at that moment: count from when a person learnt of it",
        )
    }
}
