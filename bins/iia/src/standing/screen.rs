//! What stands, for a terminal.

use std::fmt::Write as _;

use iia_attest::aggregate::{Gravity, Open, Over};

use super::Standing;
use super::lines::{next, short, times, who, words};
use crate::words::{length, millis};

/// Findings that are over and shown at most.
const OVER_SHOWN_MAX: usize = 8;
/// Columns left of the words.
const MARGIN: usize = 13;
/// Columns at least.
const WIDTH_MIN: usize = 40;

/// How it is put on the screen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Look {
    /// Columns; lines are broken between words.
    pub width: usize,
    /// Whether in colours.
    pub colours: bool,
}

impl Look {
    /// As it is where nobody looks: no colours, and no line is broken.
    pub const PLAIN: Self = Self {
        width: usize::MAX,
        colours: false,
    };

    fn tint(self, code: &str, text: &str) -> String {
        match self.colours {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.into(),
        }
    }

    /// Words behind a label, broken between words so that they stand below one another.
    fn row(self, out: &mut String, (label, code): (&str, &str), text: &str) {
        let room = self.width.max(WIDTH_MIN).saturating_sub(MARGIN);
        for (at, line) in broken(text, room).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let padded = format!("{label:<MARGIN$}");
            let _ = writeln!(out, "{}{line}", self.tint(code, &padded));
        }
    }
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";
const DIM: &str = "2";
const BOLD: &str = "1";

/// Breaks between words; a word that is longer than a line is broken where the line ends.
fn broken(text: &str, room: usize) -> Vec<String> {
    let (mut lines, mut line, mut len) = (Vec::new(), String::new(), 0);
    for word in text.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        if len > 0 && len + 1 + letters.len() > room {
            lines.push(std::mem::take(&mut line));
            len = 0;
        }
        while letters.len() > room {
            lines.push(letters.drain(..room).collect());
        }
        if len > 0 {
            line.push(' ');
            len += 1;
        }
        len += letters.len();
        line.extend(letters);
    }
    lines.push(line);
    lines
}

/// What stands, as text.
pub fn text(standing: &Standing, look: Look) -> String {
    let mut out = String::new();
    let open = standing.board.open();
    let code = match open.first().map(|one| one.gravity) {
        Some(Gravity::Critical) => RED,
        Some(Gravity::High) => YELLOW,
        None => GREEN,
    };
    let name = match standing.origin.as_str() {
        "" => "a box".into(),
        name => crate::words::tame(name),
    };
    let _ = writeln!(
        out,
        "{}  {}",
        look.tint(BOLD, &name),
        look.tint(code, &standing.tally())
    );
    head(&mut out, standing, look);
    for one in open {
        out.push('\n');
        entry(&mut out, standing, look, one);
    }
    over(&mut out, standing, look);
    observers(&mut out, standing, look);
    out
}

fn head(out: &mut String, standing: &Standing, look: Look) {
    if let Some((seq, at)) = standing.last {
        let words = format!(
            "record {seq}, written {} ({})",
            millis(at),
            standing.ago(at)
        );
        look.row(out, ("read up to", DIM), &words);
    }
    if let Some(checked) = &standing.checked {
        for (at, line) in checked.lines().iter().enumerate() {
            look.row(out, (if at == 0 { "evidence" } else { "" }, DIM), line);
        }
    }
    if let Some(words) = standing.age() {
        look.row(out, ("beware", RED), &words);
    }
}

fn entry(out: &mut String, standing: &Standing, look: Look, open: &Open) {
    let (label, code) = match open.gravity {
        Gravity::Critical => ("CRITICAL", RED),
        Gravity::High => ("HIGH", YELLOW),
    };
    look.row(out, (label, code), &words(&open.finding.reason));
    let since = format!(
        "{}  {}, since {} ({}), {}, {}",
        open.id,
        short(&open.finding.stream),
        millis(open.first),
        length(standing.now.since_ns(open.first).max(0)),
        times(open),
        standing.records_of(&open.id)
    );
    look.row(out, ("", DIM), &since);
    if !open.finding.contract.is_empty() {
        look.row(out, ("contract", DIM), &words(&open.finding.contract));
    }
    look.row(out, ("accountable", DIM), &who(&open.accountable));
    look.row(out, ("first do", DIM), next(open));
}

fn over(out: &mut String, standing: &Standing, look: Look) {
    let all: Vec<&Over> = standing.board.over().collect();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", look.tint(BOLD, "over"));
    for one in all.iter().take(OVER_SHOWN_MAX) {
        let lasted = one.ended.since_ns(one.open.first).max(0);
        let text = format!(
            "{} ({}, {}, {}; ended {})",
            words(&one.open.finding.reason),
            short(&one.open.finding.stream),
            length(lasted),
            times(&one.open),
            millis(one.ended)
        );
        look.row(out, (&one.open.id, DIM), &text);
    }
    let more = all.len().saturating_sub(OVER_SHOWN_MAX);
    if more > 0 {
        look.row(out, ("", DIM), &format!("and {more} more"));
    }
}

fn observers(out: &mut String, standing: &Standing, look: Look) {
    let _ = writeln!(out, "\n{}", look.tint(BOLD, "observers"));
    for [stream, says, _] in standing.observer_rows() {
        let code = if says.contains("NOT ") { YELLOW } else { DIM };
        look.row(out, (&stream, code), &says);
    }
    let sinks = standing.sink_rows();
    if !sinks.is_empty() {
        let _ = writeln!(out, "\n{}", look.tint(BOLD, "alert sinks"));
    }
    for (is_well, [name, says]) in sinks {
        look.row(out, (&name, if is_well { GREEN } else { RED }), &says);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_and_no_letter_is_lost() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(broken("", 4), [""]);
        let long = "wörter ".repeat(50) + &"x".repeat(500);
        let joined: String = broken(&long, 17).concat().replace(' ', "");
        assert_eq!(joined, long.replace(' ', ""));
    }
}
