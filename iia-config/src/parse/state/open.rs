//! Lines that end in `{`: entries and blocks begin.

use iia_contract::raw::Version;
use iia_contract::tree::Piece;

use super::{Open, State};
use crate::limits::ENTRIES_MAX;
use crate::parse::grammar;
use crate::parse::line::{Line, cut};

/// What a line opens: kind and name and version, or key and name.
type Head = (Piece, Option<Piece>, Option<Piece>);

impl State {
    pub(super) fn head(&mut self, whole: Line<'_>, line: Line<'_>) {
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
                self.check_key(line.key(kind));
                self.check_name(line, name);
            }
            (Open::Entry, (key, name, None)) => {
                self.open_block(line, key, name.unwrap_or_default());
                self.check_key(line.key(key));
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

    /// Opens something that cannot be named.
    pub(super) fn ghost(&mut self, line: Line<'_>) {
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
        self.nodes.open_entry(line.key(kind), name, version);
        (self.open, self.items, self.entry_at) = (Open::Entry, 0, line.span());
    }

    fn open_block(&mut self, line: Line<'_>, block: Piece, name: Piece) {
        self.attach(line.start);
        if self.count(line) {
            self.nodes.open_block(line.key(block), name);
        }
        (self.open, self.block_at) = (Open::Block, line.span());
    }
}

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
