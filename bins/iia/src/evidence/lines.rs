//! What verification says of evidence, in sentences.

use super::{Checked, Form, Outcome};
use crate::table::counted;
use crate::words::{cut, millis, tame, witnessed};

/// Longest reason why evidence fails, in characters.
const WHY_MAX: usize = 300;

impl Checked {
    /// The verdict, then what it rests upon.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.verdict()];
        if !self.pinned {
            lines
                .push("whose log it is rests on the key in the evidence itself: give --key".into());
        }
        lines.push(match self.cosigned.last() {
            None => "no witness cosigned a head of it".into(),
            Some((size, at)) => format!(
                "witnesses had seen the first {} by {}",
                counted(*size, "record"),
                millis(witnessed(*at))
            ),
        });
        // What verification did not come to is not there to be told.
        if self.bad.is_some() && self.seals == 0 {
            return lines;
        }
        lines.push(match (self.form, self.sealed, self.seals) {
            (Form::Bundle | Form::Table, ..) => {
                "seals are in the directory, not in this file".into()
            }
            (_, Some(sealed), _) => {
                format!("seals hold over the first {}", counted(sealed, "record"))
            }
            (_, None, 0) => "there are no seals".into(),
            (_, None, seals) => format!("{} NOT CHECKED: give --seal-key", counted(seals, "seal")),
        });
        if self.retired > 0 {
            lines.push(format!(
                "the first {} were retired: they are not here, and nothing is said of them",
                counted(self.retired, "record")
            ));
        }
        let hidden: u64 = self.hidden.iter().map(|(from, to)| to - from + 1).sum();
        if hidden > 0 {
            lines.push(format!(
                "{} of the log not shown here: nothing is said of them",
                counted(hidden, "record")
            ));
        }
        lines
    }

    fn verdict(&self) -> String {
        let records = counted(self.records, "record");
        match (&self.bad, self.outcome) {
            (Some(bad), _) => {
                let why = cut(&tame(&bad.why), WHY_MAX);
                let (seq, file, offset) = (bad.seq, tame(&bad.file), bad.offset);
                let told = self.told;
                format!(
                    "FAILED: record {seq}, {file} at byte {offset}: {why}; nothing from record {told} on is told"
                )
            }
            (None, Outcome::Verified) => format!("VERIFIED: {records}, all witnessed"),
            (None, _) => {
                let tail = self.records - self.witnessed().min(self.records);
                format!(
                    "GOOD, NOT ALL WITNESSED: {records}, the last {tail} under no cosigned head"
                )
            }
        }
    }
}
