//! The state between lines: which entry and which block is open, and what was wrong so far.

use iia_contract::raw::{Kind, Span, Version};
use iia_contract::tree::{Growth, Piece};

use super::charset;
use super::document::{Comment, Magic};
use super::grammar;
use super::line::{Line, at, span};
use super::mend;
use crate::diagnostic::Diagnostic;
use crate::limits::{
    DIAGNOSTICS_MAX, ENTRIES_MAX, ITEMS_MAX, KEY_LEN_MAX, LINE_LEN_MAX, NAME_LEN_MAX, VALUES_MAX,
};

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
    pub(super) fn new(len: usize) -> Self {
        Self {
            nodes: Growth::for_len(len),
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

    /// Bytes that are no UTF-8; told when their line is read.
    pub(super) fn not_utf8(&mut self, place: usize, bytes: &[u8]) {
        if self.bad_bytes.len() < DIAGNOSTICS_MAX {
            self.bad_bytes.push(at(place));
        }
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
            let span = Span {
                start: at(place),
                end: at(place + bytes.len()),
            };
            let message = format!("byte {} is not UTF-8", hex.join(" "));
            let found = Diagnostic::error("P001", span, message, "save the document as UTF-8");
            self.diagnostics.push(found);
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

    /// Whether every character of a line has a place in a document.
    fn readable(&mut self, line: Line<'_>) -> bool {
        let span = line.span();
        if self
            .bad_bytes
            .iter()
            .any(|place| (span.start..span.end).contains(place))
        {
            self.damage();
            return false;
        }
        let text = std::str::from_utf8(line.text).unwrap_or_default();
        let found = text
            .char_indices()
            .find_map(|(place, c)| Some((place, c, charset::judge(c)?)));
        let Some((place, c, bad)) = found else {
            return true;
        };
        let start = line.start + at(place);
        let span = Span {
            start,
            end: start + at(c.len_utf8()),
        };
        if c == '\u{feff}' && start == 0 {
            let help = "save the document as UTF-8 without a mark";
            self.tell("P009", span, "a byte order mark", help);
        } else if c == '\r' && self.returns {
            self.damage();
        } else {
            self.returns |= c == '\r';
            self.tell(
                bad.code,
                span,
                format!("{} (U+{:04X})", bad.name, c as u32),
                bad.help,
            );
        }
        false
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

    /// Opens something that cannot be named.
    fn ghost(&mut self, line: Line<'_>) {
        let none = Piece {
            start: line.start,
            len: 0,
        };
        match self.open {
            Open::Document => self.open_entry(line, (none, none), None),
            Open::Entry => self.open_block(line, none, none),
            Open::Block => self.deep = self.deep.saturating_add(1),
        }
        self.damage();
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

    fn head(&mut self, whole: Line<'_>, line: Line<'_>) {
        if self.deep > 0 {
            self.deep = self.deep.saturating_add(1);
            return;
        }
        let Some(text) = line.text.strip_suffix(b" {") else {
            self.tell(
                "P023",
                line.span(),
                "no space before `{`",
                "write one space before `{`",
            );
            return self.ghost(line);
        };
        let outermost = whole.start == line.start;
        let line = Line { text, ..line };
        let head = match parts(line) {
            Ok(head) => head,
            Err(rest) => {
                self.separated(line, rest);
                return self.ghost(line);
            }
        };
        let entry_like = self.open == Open::Block || matches!(head, (_, Some(_), Some(_)));
        if outermost && entry_like && self.open != Open::Document {
            self.unclosed(line.start);
        }
        self.opens(line, head);
    }

    fn opens(&mut self, line: Line<'_>, head: Head) {
        match (self.open, head) {
            (Open::Document, (kind, Some(name), version)) => {
                let text = version.map(|piece| cut(line, piece));
                self.open_entry(line, (kind, name), text.and_then(grammar::version));
                self.check_version(line, version);
                self.check_key(line, kind);
                self.check_name(line, name);
            }
            (Open::Entry, (key, name, None)) => {
                self.open_block(line, key, name.unwrap_or_default());
                self.check_key(line, key);
                if let Some(name) = name {
                    self.check_name(line, name);
                }
            }
            (Open::Block, _) => {
                let help = "an entry has blocks, a block has fields, and there it ends; close the block first";
                self.tell("P010", line.span(), "a block inside a block", help);
                self.deep = 1;
            }
            (Open::Document, _) => {
                self.tell(
                    "P011",
                    line.span(),
                    "an entry without name",
                    "write `kind name {`",
                );
                self.ghost(line);
            }
            (Open::Entry, _) => {
                self.tell(
                    "P011",
                    line.span(),
                    "a block has no version",
                    "write `key {` or `key name {`",
                );
                self.ghost(line);
            }
        }
    }

    /// An entry begins at the margin while another is open: its `}` was forgotten.
    fn unclosed(&mut self, end: u32) {
        let (what, span) = match self.open {
            Open::Block => ("a block", self.block_at),
            _ => ("an entry", self.entry_at),
        };
        let message = format!("{what} is not closed before the next entry begins");
        self.tell("P020", span, message, "add `}`");
        self.attach(end);
        self.shut(end);
    }

    /// Closes whatever is open.
    fn shut(&mut self, end: u32) {
        if self.open == Open::Block {
            self.nodes.close_block(end);
        }
        if self.open != Open::Document {
            self.nodes.close_entry(end);
        }
        (self.open, self.deep) = (Open::Document, 0);
    }

    fn open_entry(
        &mut self,
        line: Line<'_>,
        (kind, name): (Piece, Piece),
        version: Option<Version>,
    ) {
        self.attach(line.start);
        if self.nodes.entries_len() >= ENTRIES_MAX {
            let message = format!("more than {ENTRIES_MAX} entries");
            self.tell("P403", line.span(), message, "split the document");
        }
        self.nodes.open_entry(kind, name, version);
        (self.open, self.items, self.entry_at) = (Open::Entry, 0, line.span());
    }

    fn open_block(&mut self, line: Line<'_>, key: Piece, name: Piece) {
        self.attach(line.start);
        if self.count(line) {
            self.nodes.open_block(key, name);
        }
        (self.open, self.block_at) = (Open::Block, line.span());
    }

    fn check_version(&mut self, line: Line<'_>, piece: Option<Piece>) {
        let Some(piece) = piece else { return };
        let text = cut(line, piece);
        if grammar::version(text).is_none() {
            let message = format!("`{}` is no version", Line::shown(text));
            self.tell(
                "P012",
                span(piece),
                message,
                "write major.minor.patch, such as 1.0.0",
            );
        }
    }

    fn check_key(&mut self, line: Line<'_>, piece: Piece) {
        let text = cut(line, piece);
        let whole = matches!(grammar::key(text), Ok(([], _)));
        if !whole {
            let help = mend::key(text);
            self.tell(
                "P013",
                span(piece),
                format!("`{}` is no key", Line::shown(text)),
                &help,
            );
        } else if text.len() > KEY_LEN_MAX {
            let message = format!("a key of {} bytes, {KEY_LEN_MAX} allowed", text.len());
            self.tell("P406", span(piece), message, "");
        }
    }

    fn check_name(&mut self, line: Line<'_>, piece: Piece) {
        let text = cut(line, piece);
        let whole = matches!(grammar::name(text), Ok(([], _)));
        if !whole {
            let help = mend::name(text);
            self.tell(
                "P014",
                span(piece),
                format!("`{}` is no name", Line::shown(text)),
                &help,
            );
        } else if text.len() > NAME_LEN_MAX {
            let message = format!("a name of {} bytes, {NAME_LEN_MAX} allowed", text.len());
            self.tell("P407", span(piece), message, "");
        }
    }

    /// Counts the fields and blocks of an entry; `false` when there is no room for one more.
    fn count(&mut self, line: Line<'_>) -> bool {
        self.items += 1;
        if self.items == ITEMS_MAX + 1 {
            let message = format!("more than {ITEMS_MAX} fields and blocks in an entry");
            self.tell("P404", line.span(), message, "split the entry");
        }
        self.items <= ITEMS_MAX
    }

    fn close(&mut self, line: Line<'_>) {
        if self.deep > 0 {
            self.deep -= 1;
            return;
        }
        self.attach(line.start);
        match self.open {
            Open::Block => {
                self.nodes.close_block(line.start);
                self.open = Open::Entry;
            }
            Open::Entry => {
                self.nodes.close_entry(line.start);
                self.open = Open::Document;
            }
            Open::Document => self.tell("P015", line.span(), "`}` closes nothing", "take it out"),
        }
    }

    fn field(&mut self, line: Line<'_>) {
        if self.deep > 0 {
            return;
        }
        self.attach(line.start);
        if self.open == Open::Document {
            let help = mend::outside(line.text);
            return self.tell("P017", line.span(), "a field outside an entry", help);
        }
        let (mut rest, key) = match grammar::token(line.text) {
            Ok(read) => read,
            Err(_) => return self.separated(line, line.text),
        };
        let piece = line.piece(key, rest);
        if !self.count(line) {
            return;
        }
        self.check_key(line, piece);
        self.nodes.field(piece);
        if rest.is_empty() {
            let message = format!("`{}` has no value", Line::shown(key));
            return self.tell("P016", line.span(), message, "write `key value`");
        }
        let mut count = 0;
        while !rest.is_empty() {
            count += 1;
            match self.value(line, rest) {
                Some(behind) => rest = behind,
                None => return,
            }
        }
        if count > VALUES_MAX {
            let message = format!("{count} values, {VALUES_MAX} allowed");
            self.tell("P405", line.span(), message, "lists are repeated lines");
        }
    }

    /// Reads one space and one value; gives what stands behind it, or nothing when the line is lost.
    fn value<'a>(&mut self, line: Line<'a>, rest: &'a [u8]) -> Option<&'a [u8]> {
        let before = rest;
        let Ok((rest, _)) = grammar::space(rest) else {
            self.separated(line, before);
            return None;
        };
        if rest.first() == Some(&b'"') {
            let Ok((behind, text)) = grammar::string(rest) else {
                let (span, message, help) = mend::string(line, rest);
                self.tell("P021", span, message, help);
                return None;
            };
            let mut piece = line.piece(text, behind);
            piece.start = piece.start.saturating_sub(1);
            self.nodes.value(Kind::String, piece);
            return Some(behind);
        }
        let Ok((behind, token)) = grammar::token(rest) else {
            self.separated(line, before);
            return None;
        };
        let piece = line.piece(token, behind);
        match grammar::word(token) {
            Some(kind) => self.nodes.value(kind, piece),
            None if token.first() == Some(&b'#') => {
                let help = "a comment stands on a line of its own, before what it is about";
                self.tell("P022", line.from(rest), "a comment behind a value", help);
                return None;
            }
            None => {
                let (message, help) = mend::value(token);
                self.tell("P018", span(piece), message, &help);
            }
        }
        Some(behind)
    }

    /// Tokens are not separated by one space.
    fn separated(&mut self, line: Line<'_>, rest: &[u8]) {
        let behind = rest.trim_ascii_start();
        let message = match behind {
            [] => "a space at the end of the line",
            _ if behind.len() < rest.len() => "more than one space",
            _ => "no space between two values",
        };
        let start = line.behind(rest);
        let span = Span {
            start,
            end: line.behind(behind).max(start.saturating_add(1)),
        };
        let help = "one space stands between two parts of a line";
        self.tell("P019", span, message, help);
    }

    fn end(&mut self, end: u32) {
        self.attach(end);
        let (what, span) = match self.open {
            Open::Document => return,
            Open::Block => ("a block", self.block_at),
            Open::Entry => ("an entry", self.entry_at),
        };
        let message = format!("{what} is not closed at the end of the document");
        self.tell("P020", span, message, "add `}`");
        self.shut(end);
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

type Head = (Piece, Option<Piece>, Option<Piece>);

/// One to three tokens separated by one space; the error is what cannot be read.
fn parts(line: Line<'_>) -> Result<Head, &[u8]> {
    let token = |input| grammar::token(input).map_err(|_| input);
    let (mut rest, first) = token(line.text)?;
    let kind = line.piece(first, rest);
    let mut more = [None, None];
    for slot in &mut more {
        if rest.is_empty() {
            break;
        }
        let (behind, _) = grammar::space(rest).map_err(|_| rest)?;
        let (behind, text) = grammar::token(behind).map_err(|_| rest)?;
        *slot = Some(line.piece(text, behind));
        rest = behind;
    }
    let [name, version] = more;
    match rest {
        [] => Ok((kind, name, version)),
        _ => Err(rest),
    }
}

fn cut<'a>(line: Line<'a>, piece: Piece) -> &'a [u8] {
    let start = piece.start.saturating_sub(line.start) as usize;
    let range = start..start + usize::from(piece.len);
    line.text.get(range).unwrap_or_default()
}
