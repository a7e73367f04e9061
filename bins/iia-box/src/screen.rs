//! The terminal: lines that stay, and one status line below them that moves.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};

/// Columns left of a line's words, on every line of it.
const MARGIN: usize = 4;
const WIDTH_MIN: usize = 40;
const PLAIN_STATUS_EVERY: Duration = Duration::from_secs(2);

/// How a line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tone {
    /// A heading.
    Head,
    /// A step that went well.
    Good,
    /// Something that a contract forbids.
    Bad,
    /// Something to notice.
    Note,
    /// Detail.
    Quiet,
}

/// Where a box speaks to whoever watches it.
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
    /// Columns of the terminal; nothing elsewhere.
    width: Option<usize>,
    last_plain: Instant,
}

impl Screen {
    /// A moving status line on a terminal, plain lines elsewhere.
    pub(crate) fn new() -> Self {
        let width = std::io::stdout()
            .is_terminal()
            .then(|| usize::from(Term::stdout().size().1).max(WIDTH_MIN));
        let bar = width.map(|_| {
            let style = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            bar,
            width,
            last_plain: Instant::now(),
        }
    }

    /// Whether somebody sits there.
    pub(crate) const fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// Prints a line that stays.
    pub(crate) fn line(&self, tone: Tone, text: &str) {
        let shown = match self.width {
            Some(width) => colour(tone, &wrapped(text, width - MARGIN)),
            None => plain(tone, text),
        };
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&shown)),
            None => say(&shown),
        }
    }

    /// Prints something to copy, as it is.
    pub(crate) fn verbatim(&self, text: &str) {
        say(text);
    }

    /// Moves the status line.
    pub(crate) fn status(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.last_plain.elapsed() >= PLAIN_STATUS_EVERY => {
                self.last_plain = Instant::now();
                say(&format!("    {text}"));
            }
            None => {}
        }
    }

    /// Takes the status line away.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Breaks a line between words so that it stays within `width` columns; a word that is longer stays whole.
fn wrapped(text: &str, width: usize) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{}", " ".repeat(MARGIN)))
}

fn plain(tone: Tone, text: &str) -> String {
    match tone {
        Tone::Head => format!("\n== {text}"),
        Tone::Good => format!("  ok   {text}"),
        Tone::Bad => format!("  !!   {text}"),
        Tone::Note => format!("  >>   {text}"),
        Tone::Quiet => format!("       {text}"),
    }
}

fn colour(tone: Tone, text: &str) -> String {
    match tone {
        Tone::Head => format!("\n\x1b[1m{text}\x1b[0m"),
        Tone::Good => format!("  \x1b[32m✓\x1b[0m {text}"),
        Tone::Bad => format!("  \x1b[31m✗ {text}\x1b[0m"),
        Tone::Note => format!("  \x1b[33m▸\x1b[0m {text}"),
        Tone::Quiet => format!("    \x1b[2m{text}\x1b[0m"),
    }
}

/// Writes a line; where nobody reads any more, the box goes on all the same.
fn say(text: &str) {
    let _nobody_reads = writeln!(stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_every_word() {
        let text = "one two three four five";
        assert_eq!(wrapped(text, 9), "one two\n    three\n    four five");
        assert_eq!(wrapped(text, 100), text);
        assert_eq!(wrapped("overlong a", 3), "overlong\n    a");
    }
}
