//! Lines with `}`: entries and blocks end, also those whose `}` was forgotten.

use super::{Open, State};
use crate::parse::line::Line;

impl State {
    pub(super) fn close(&mut self, line: Line<'_>) {
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

    /// An entry begins at the margin while another is open: its `}` was forgotten.
    pub(super) fn unclosed(&mut self, end: u32) {
        let (what, span) = match self.open {
            Open::Block => ("a block", self.block_at),
            _ => ("an entry", self.entry_at),
        };
        let message = format!("{what} is not closed before the next entry begins");
        self.tell("P020", span, message, "add `}`");
        self.attach(end);
        self.shut(end);
    }

    pub(super) fn end(&mut self, end: u32) {
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
}
