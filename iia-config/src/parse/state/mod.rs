//! The state between lines: which entry and which block is open, and what was wrong so far.

mod check;
mod close;
mod field;
mod open;
mod text;

use iia_contract::raw::Span;
use iia_contract::tree::Growth;

use super::document::{Comment, Magic};
use super::line::{Line, at};
use super::{charset, mend};
use crate::diagnostic::Diagnostic;
use crate::limits::{DIAGNOSTICS_MAX, LINE_LEN_MAX};

/// What is open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Open {
    /// Nothing: entries begin here.
    #[default]
    Document,
    /// An entry.
    Entry,
    /// A block of an entry.
    Block,
}

#[derive(Debug, Default)]
pub(super) struct State {
    magic: Option<Magic>,
    nodes: Growth,
    comments: Vec<Comment>,
    /// Comments from here on wait for the item that they belong to.
    waiting: usize,
    damaged: Vec<u32>,
    diagnostics: Vec<Diagnostic>,
    open: Open,
    /// Where what is open begins.
    entry_at: Span,
    block_at: Span,
    /// Braces opened where none may be.
    deep: u32,
    items: usize,
    /// Places of bytes that are no UTF-8, in order.
    bad_bytes: Vec<u32>,
    returns: bool,
    plain: bool,
}

type Parts = (Magic, Growth, Vec<Comment>, Vec<u32>, Vec<Diagnostic>);

impl State {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        Self {
            nodes: Growth::for_lines(lines),
            ..Self::default()
        }
    }

    fn tell(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.damage();
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics
                .push(Diagnostic::error(code, span, message, help));
        }
    }

    /// The open entry is not whole.
    fn damage(&mut self) {
        let last = at(self.nodes.entries_len()).checked_sub(1);
        if let Some(last) =
            last.filter(|last| self.open != Open::Document && self.damaged.last() != Some(last))
        {
            self.damaged.push(last);
        }
    }

    pub(super) fn document(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.plain = self.bad_bytes.is_empty() && charset::is_plain(bytes);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            if self.diagnostics.len() >= DIAGNOSTICS_MAX {
                break;
            }
            let line = bytes.get(start..end).unwrap_or_default();
            self.line(Line {
                text: line,
                start: at(start),
            });
            start = end + 1;
        }
        let last = Line {
            text: bytes.get(start..).unwrap_or_default(),
            start: at(start),
        };
        if !last.text.is_empty() {
            self.tell(
                "P002",
                last.span(),
                "the last line has no line feed",
                "end the document with a line feed",
            );
            self.line(last);
        }
        if self.magic.is_none() {
            let help = "the first line is `iia-config 1`";
            self.tell("P003", Span::default(), "the document is empty", help);
        }
        self.end(at(bytes.len()));
    }

    fn line(&mut self, line: Line<'_>) {
        if line.text.len() > LINE_LEN_MAX {
            let message = format!("line of {} bytes, {LINE_LEN_MAX} allowed", line.text.len());
            self.tell("P402", line.span(), message, "say it in several lines");
            return self.braces(line);
        }
        if !self.plain && !self.readable(line) {
            self.magic = self.magic.or(Some(Magic::Config));
            return self.braces(line);
        }
        if self.magic.is_none() && self.first(line) {
            return;
        }
        let body = line.trimmed();
        match body.text {
            [] => {}
            [b'#', ..] => self.comment(body),
            [b'}'] => self.close(body),
            [b'}', behind @ ..] => {
                let help = "`}` stands alone on its line";
                self.tell(
                    "P024",
                    body.from(behind),
                    "something stands behind `}`",
                    help,
                );
                self.close(body);
            }
            [.., b'{'] => self.head(line, body),
            _ => self.field(body),
        }
    }

    /// A line that cannot be read still opens or closes what its braces say.
    fn braces(&mut self, line: Line<'_>) {
        let text = line.text.trim_ascii();
        match text {
            [b'}', ..] => self.close(line.trimmed()),
            [.., b'{'] => self.ghost(line.trimmed()),
            _ => {}
        }
    }

    /// Takes the first line; `false` when it is to be read as an ordinary one.
    fn first(&mut self, line: Line<'_>) -> bool {
        self.magic = Magic::of(line.text);
        if self.magic.is_some() {
            return true;
        }
        self.magic = Some(Magic::Config);
        let (message, help) = mend::magic(line.text);
        self.tell("P003", line.span(), message, help);
        line.text.is_empty() || line.text.starts_with(b"iia")
    }

    fn comment(&mut self, line: Line<'_>) {
        self.comments.push(Comment {
            start: line.start,
            len: u16::try_from(line.text.len()).unwrap_or(u16::MAX),
            before: 0,
        });
    }

    /// Comments that wait belong to what begins or ends here.
    fn attach(&mut self, before: u32) {
        let waiting = self.comments.get_mut(self.waiting..).unwrap_or_default();
        waiting
            .iter_mut()
            .for_each(|comment| comment.before = before);
        self.waiting = self.comments.len();
    }

    pub(super) fn finish(mut self) -> Parts {
        self.diagnostics.sort_by_key(|found| found.span.start);
        let magic = self.magic.unwrap_or_default();
        (
            magic,
            self.nodes,
            self.comments,
            self.damaged,
            self.diagnostics,
        )
    }
}
