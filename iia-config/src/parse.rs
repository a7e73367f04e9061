//! ICL/1: one line is one statement, depth is fixed, recovery is at the line feed. No recursion, no allocation beyond
//! the input's own size.

use iia_contract::raw::{Block, Entry, Field, Kind, Span, Value, Version};
use nom::bytes::complete::{tag, take_till1, take_while};
use nom::character::complete::char;
use nom::sequence::delimited;
use nom::{IResult, Parser as _};

use crate::diagnostic::Diagnostic;
use crate::limits::{
    DIAGNOSTICS_MAX, DOCUMENT_LEN_MAX, ENTRIES_MAX, ITEMS_MAX, KEY_LEN_MAX, LINE_LEN_MAX,
    NAME_LEN_MAX, VALUES_MAX,
};
use crate::value;

/// What kind of document it is, by its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Magic {
    /// `iia-config 1`
    Config,
    /// `iia-approval 1`
    Approval,
    /// `iia-manifest 1`
    Manifest,
    /// `iia-state 1`
    State,
}

impl Magic {
    /// The first line.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Config => "iia-config 1",
            Self::Approval => "iia-approval 1",
            Self::Manifest => "iia-manifest 1",
            Self::State => "iia-state 1",
        }
    }

    fn of(line: &str) -> Option<Self> {
        [Self::Config, Self::Approval, Self::Manifest, Self::State]
            .into_iter()
            .find(|magic| magic.line() == line)
    }
}

/// A comment line, which belongs to the item that begins or ends at `before`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comment {
    /// The text with its `#`.
    pub text: String,
    /// Where the next item starts, or the block or entry ends.
    pub before: u32,
}

/// A document as it stands: entries with spans, and every comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// What it is.
    pub magic: Magic,
    /// Its entries in order.
    pub entries: Vec<Entry>,
    /// Its comments in order.
    pub comments: Vec<Comment>,
}

/// Parses a document of at most `len_max` bytes.
///
/// # Errors
/// Up to 64 independent diagnostics; a mistake in one line leaves the others intact.
pub fn parse(bytes: &[u8], len_max: usize) -> Result<Document, Vec<Diagnostic>> {
    let max = len_max.min(DOCUMENT_LEN_MAX);
    if bytes.len() > max {
        let message = format!("document of {} bytes, {max} allowed", bytes.len());
        return Err(vec![Diagnostic::error(
            "P401",
            Span::default(),
            message,
            "",
        )]);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = u32::try_from(error.valid_up_to()).unwrap_or(0);
        vec![Diagnostic::error(
            "P001",
            Span {
                start: at,
                end: at + 1,
            },
            "not UTF-8",
            "",
        )]
    })?;
    let mut parser = Parser::default();
    parser.document(text);
    parser.finish()
}

#[derive(Default)]
struct Parser {
    magic: Option<Magic>,
    entries: Vec<Entry>,
    comments: Vec<Comment>,
    waiting: Vec<String>,
    entry: Option<Entry>,
    block: Option<Block>,
    diagnostics: Vec<Diagnostic>,
    end: u32,
}

/// One line with its place.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: u32,
}

impl<'a> Line<'a> {
    fn span(self) -> Span {
        Span {
            start: self.start,
            end: self.start + u32::try_from(self.text.len()).unwrap_or(0),
        }
    }

    fn token_span(self, token: &str) -> Span {
        let offset = token.as_ptr() as usize - self.text.as_ptr() as usize;
        let start = self.start + u32::try_from(offset).unwrap_or(0);
        Span {
            start,
            end: start + u32::try_from(token.len()).unwrap_or(0),
        }
    }

    fn trimmed(self) -> Self {
        let text = self.text.trim_start_matches(' ');
        Line {
            text,
            start: self.start + u32::try_from(self.text.len() - text.len()).unwrap_or(0),
        }
    }
}

impl Parser {
    fn tell(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics
                .push(Diagnostic::error(code, span, message, help));
        }
    }

    fn document(&mut self, text: &str) {
        let mut start = 0u32;
        for raw in text.split_inclusive('\n') {
            let line = Line {
                text: raw.strip_suffix('\n').unwrap_or(raw),
                start,
            };
            start += u32::try_from(raw.len()).unwrap_or(0);
            if !raw.ends_with('\n') {
                self.tell(
                    "P002",
                    line.span(),
                    "the last line has no line feed",
                    "end the document with a line feed",
                );
            }
            self.line(line);
        }
        self.end = start;
        if text.is_empty() {
            self.tell(
                "P003",
                Span::default(),
                "the document is empty",
                "begin with `iia-config 1`",
            );
        }
    }

    fn line(&mut self, line: Line<'_>) {
        if line.text.len() > LINE_LEN_MAX {
            let message = format!("line of {} bytes, {LINE_LEN_MAX} allowed", line.text.len());
            return self.tell("P402", line.span(), message, "");
        }
        if let Some(bad) = line.text.chars().find(|c| forbidden(*c)) {
            let message = format!("character U+{:04X} is not allowed", bad as u32);
            return self.tell(
                "P004",
                line.span(),
                message,
                "no tabs, carriage returns, control or invisible characters",
            );
        }
        if self.magic.is_none() {
            return self.first(line);
        }
        let line = line.trimmed();
        match line.text {
            "" => {}
            "}" => self.close(line),
            text if text.starts_with('#') => self.waiting.push(text.to_owned()),
            text if text.ends_with(" {") => self.open(line),
            _ => self.field(line),
        }
    }

    fn first(&mut self, line: Line<'_>) {
        self.magic = Magic::of(line.text);
        if self.magic.is_none() {
            self.tell(
                "P003",
                line.span(),
                "the first line does not say what the document is",
                "write `iia-config 1`",
            );
            self.magic = Some(Magic::Config);
        }
    }

    /// Comments that wait belong to what begins or ends here.
    fn attach(&mut self, before: u32) {
        self.comments
            .extend(self.waiting.drain(..).map(|text| Comment { text, before }));
    }

    fn open(&mut self, line: Line<'_>) {
        self.attach(line.start);
        let tokens = match tokens(line.text.strip_suffix(" {").unwrap_or_default()) {
            Ok(tokens) => tokens,
            Err(at) => return self.bad_token(line, at),
        };
        let names: Vec<&str> = tokens.iter().map(|token| token.text).collect();
        match (&self.entry, &self.block, names.as_slice()) {
            (None, _, [kind, name]) => self.open_entry(line, (kind, name), None),
            (None, _, [kind, name, version]) => self.open_entry(line, (kind, name), Some(version)),
            (Some(_), None, [key]) => self.open_block(line, key, None),
            (Some(_), None, [key, name]) => self.open_block(line, key, Some(name)),
            (Some(_), Some(_), _) => self.tell(
                "P010",
                line.span(),
                "a block inside a block",
                "depth ends at the block",
            ),
            _ => self.tell(
                "P011",
                line.span(),
                "neither `kind name [version] {` nor `key [name] {`",
                "",
            ),
        }
    }

    fn open_entry(&mut self, line: Line<'_>, (kind, name): (&str, &str), version: Option<&&str>) {
        if self.entries.len() >= ENTRIES_MAX {
            return self.tell(
                "P403",
                line.span(),
                format!("more than {ENTRIES_MAX} entries"),
                "",
            );
        }
        self.check_key(line, kind);
        self.check_name(line, name);
        let parsed = version.and_then(|text| value::version(text));
        if let (Some(text), None) = (version, parsed) {
            self.tell(
                "P012",
                line.token_span(text),
                format!("`{text}` is no version"),
                "write major.minor.patch",
            );
        }
        self.entry = Some(entry(line, kind, name, parsed));
    }

    fn open_block(&mut self, line: Line<'_>, key: &str, name: Option<&&str>) {
        self.check_key(line, key);
        if let Some(name) = name {
            self.check_name(line, name);
        }
        self.check_room(line);
        let name = name.map(|name| (*name).to_owned());
        self.block = Some(Block {
            key: key.to_owned(),
            name,
            fields: Vec::new(),
            span: line.span(),
        });
    }

    fn check_key(&mut self, line: Line<'_>, key: &str) {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let sound = key.starts_with(|c: char| c.is_ascii_lowercase()) && key.bytes().all(legal);
        if !sound || key.len() > KEY_LEN_MAX {
            self.tell(
                "P013",
                line.token_span(key),
                format!("`{key}` is no key"),
                "lower case, digits, `_`; 32 bytes at most",
            );
        }
    }

    fn check_name(&mut self, line: Line<'_>, name: &str) {
        if !value::is_name(name) {
            let help = format!("letters, digits, `.`, `_`, `-`; {NAME_LEN_MAX} bytes at most");
            self.tell(
                "P014",
                line.token_span(name),
                format!("`{name}` is no name"),
                &help,
            );
        }
    }

    fn check_room(&mut self, line: Line<'_>) {
        let items = self.entry.as_ref().map_or(0, |entry| {
            entry.fields.len()
                + entry
                    .blocks
                    .iter()
                    .map(|block| 1 + block.fields.len())
                    .sum::<usize>()
        });
        let open = self.block.as_ref().map_or(0, |block| block.fields.len());
        if items + open >= ITEMS_MAX {
            self.tell(
                "P404",
                line.span(),
                format!("more than {ITEMS_MAX} items in an entry"),
                "",
            );
        }
    }

    fn close(&mut self, line: Line<'_>) {
        self.attach(line.start);
        match (self.block.take(), &mut self.entry) {
            (Some(mut block), Some(entry)) => {
                block.span.end = line.start;
                entry.blocks.push(block);
            }
            (None, Some(_)) => {
                if let Some(mut entry) = self.entry.take() {
                    entry.span.end = line.start;
                    self.entries.push(entry);
                }
            }
            _ => self.tell("P015", line.span(), "`}` closes nothing", ""),
        }
    }

    fn field(&mut self, line: Line<'_>) {
        self.attach(line.start);
        self.check_room(line);
        let mut tokens = match tokens(line.text) {
            Ok(tokens) => tokens.into_iter(),
            Err(at) => return self.bad_token(line, at),
        };
        let Some(key) = tokens.next() else { return };
        self.check_key(line, key.text);
        let values: Vec<Value> = tokens.filter_map(|token| self.value(line, token)).collect();
        if values.is_empty() && self.diagnostics.is_empty() {
            self.tell(
                "P016",
                line.span(),
                format!("`{}` has no value", key.text),
                "write `key value`",
            );
        }
        if values.len() > VALUES_MAX {
            self.tell(
                "P405",
                line.span(),
                format!("more than {VALUES_MAX} values"),
                "",
            );
        }
        let field = Field {
            key: key.text.to_owned(),
            values,
            span: line.span(),
        };
        match (&mut self.block, &mut self.entry) {
            (Some(block), _) => block.fields.push(field),
            (None, Some(entry)) => entry.fields.push(field),
            _ => self.tell(
                "P017",
                line.span(),
                "a field outside an entry",
                "entries begin with `kind name {`",
            ),
        }
    }

    fn value(&mut self, line: Line<'_>, token: Token<'_>) -> Option<Value> {
        let span = line.token_span(token.text);
        let kind = if token.quoted {
            Some(Kind::String)
        } else {
            value::kind(token.text)
        };
        if kind.is_none() {
            self.tell(
                "P018",
                span,
                format!("`{}` is no value", token.text),
                "strings stand in quotes",
            );
        }
        Some(Value {
            kind: kind?,
            text: token.text.to_owned(),
            span,
        })
    }

    fn bad_token(&mut self, line: Line<'_>, at: usize) {
        let start = line.start + u32::try_from(at).unwrap_or(0);
        let help = "values are separated by one space; a string ends on its line and holds no quote or backslash";
        self.tell(
            "P019",
            Span {
                start,
                end: line.span().end,
            },
            "cannot be read from here",
            help,
        );
    }

    fn finish(mut self) -> Result<Document, Vec<Diagnostic>> {
        self.attach(self.end);
        if let Some(entry) = self.entry.take() {
            let message = format!("{} {} is not closed", entry.kind, entry.name);
            self.tell("P020", entry.span, message, "add `}`");
        }
        match (self.magic, self.diagnostics.is_empty()) {
            (Some(magic), true) => Ok(Document {
                magic,
                entries: self.entries,
                comments: self.comments,
            }),
            _ => Err(self.diagnostics),
        }
    }
}

fn entry(line: Line<'_>, kind: &str, name: &str, version: Option<Version>) -> Entry {
    let (fields, blocks) = (Vec::new(), Vec::new());
    Entry {
        kind: kind.to_owned(),
        name: name.to_owned(),
        version,
        fields,
        blocks,
        span: line.span(),
    }
}

/// Control characters, bidirectional marks, zero-width characters, line and paragraph separators, byte order mark.
const fn forbidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    quoted: bool,
}

/// The tokens of a line, separated by single spaces; the error is where it cannot be read.
fn tokens(line: &str) -> Result<Vec<Token<'_>>, usize> {
    let (mut found, mut rest) = (Vec::new(), line);
    loop {
        let at = line.len() - rest.len();
        let (behind, token) = token(rest).map_err(|_| at)?;
        found.push(token);
        if behind.is_empty() || found.len() > VALUES_MAX + 1 {
            return Ok(found);
        }
        rest = separator(behind).map_err(|_| line.len() - behind.len())?.0;
    }
}

fn separator(input: &str) -> IResult<&str, &str> {
    tag(" ").parse(input)
}

fn token(input: &str) -> IResult<&str, Token<'_>> {
    if input.starts_with('"') {
        let (rest, text) =
            delimited(char('"'), take_while(|c| c != '"' && c != '\\'), char('"')).parse(input)?;
        return Ok((rest, Token { text, quoted: true }));
    }
    let (rest, text) = take_till1(|c| c == ' ' || c == '"').parse(input)?;
    Ok((
        rest,
        Token {
            text,
            quoted: false,
        },
    ))
}
