//! The report for a terminal.

use std::fmt::Write as _;

use super::{CLAIMS, Count, FOUNDATIONAL, InForce, Report, Seen, Shown, VERIFIES};
use crate::table::counted;
use crate::words::{seconds, tame};

/// Writes the report as text.
pub fn text(report: &Report) -> String {
    let mut text = format!(
        "IEC 62443-3-3: what the evidence of {} shows\n\
         claims are the design's; records show that a control acted, the tests of docs/requirements.md that it always does\n\n",
        tame(&report.checked.origin)
    );
    for line in report.head_lines() {
        let _ = writeln!(text, "{line}");
    }
    for (fr, name) in FOUNDATIONAL {
        let _ = writeln!(text, "\n{fr} {name}");
        for one in report.of(fr) {
            claim(&mut text, report, one);
        }
    }
    text
}

fn claim(text: &mut String, report: &Report, one: &Shown) {
    let claim = &one.claim;
    let _ = writeln!(text, "  {:<12} {}{}", claim.sr, claim.name, one.label());
    let _ = writeln!(text, "  {:<12} {} ({})", "", claim.does, claim.id);
    for line in report.lines_of(one) {
        let _ = writeln!(text, "  {:<12} - {line}", "");
    }
}

impl Shown {
    /// What the design calls it, in brackets; empty where it has the same number and name.
    pub(super) fn label(&self) -> String {
        match self.claim.label {
            "" => String::new(),
            label => format!(" [design: {label}]"),
        }
    }
}

impl Seen {
    fn words(&self) -> String {
        format!("record {} at {}", self.link.seq, seconds(self.written))
    }
}

impl Count {
    fn words(&self) -> String {
        let kind = self.shows.kind.name();
        let which = match self.shows.which {
            "" => String::new(),
            which => format!(" {which}"),
        };
        let count = counted(self.count, "record");
        match &self.ends {
            None => format!("{kind}{which}: none"),
            Some((first, _)) if self.count == 1 => format!("{kind}{which}: {}", first.words()),
            Some((first, last)) => {
                format!(
                    "{kind}{which}: {count}, {} to {}",
                    first.words(),
                    last.words()
                )
            }
        }
    }
}

impl InForce {
    fn words(&self) -> String {
        let confirmed = match self.is_confirmed {
            true => "confirmed by an observer",
            false => "NOT CONFIRMED by an observer since",
        };
        format!(
            "in force: {} {} as {}, {confirmed}",
            self.class,
            self.artifact,
            self.seen.words()
        )
    }
}

impl Report {
    /// The claims of a foundational requirement.
    pub(super) fn of(&self, fr: &str) -> impl Iterator<Item = &Shown> {
        let sr = fr.replace("FR", "SR");
        self.shown
            .iter()
            .filter(move |one| one.claim.sr.starts_with(&sr))
    }

    /// What stands above the claims.
    pub(super) fn head_lines(&self) -> Vec<String> {
        let mut lines = self.checked.lines();
        lines.push(match &self.ends {
            None => "no record in this period".into(),
            Some((first, last)) => format!(
                "{} in this period, {} to {}",
                counted(self.records, "record"),
                first.words(),
                last.words()
            ),
        });
        if self.redacted > 0 {
            let redacted = counted(self.redacted, "record");
            lines.push(format!("{redacted} redacted: counted by kind alone"));
        }
        lines.extend(self.in_force.iter().map(InForce::words));
        let aim = self.aim.iter();
        lines.extend(aim.flat_map(|aim| aim.lines(self.was_in_force(aim))));
        lines.push(format!(
            "{} of {} requirements claimed have evidence in this period",
            self.with_evidence(),
            CLAIMS.len()
        ));
        lines
    }

    /// What shows a claim.
    pub(super) fn lines_of(&self, one: &Shown) -> Vec<String> {
        let mut lines = Vec::new();
        if one.claim.sr == VERIFIES {
            lines.extend(self.checked.lines());
        }
        let counts = one.counts.iter().filter(|count| count.count > 0);
        lines.extend(counts.map(Count::words));
        if !self.has_evidence(one) {
            lines.push("no evidence in this period".into());
        }
        lines
    }
}
