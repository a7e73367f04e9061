//! Lines with a key and its values.

use iia_contract::raw::Kind;
use iia_contract::tree::Key;

use super::{Open, State};
use crate::limits::VALUES_MAX;
use crate::parse::line::{Line, span};
use crate::parse::{grammar, mend};

impl State {
    pub(super) fn field(&mut self, line: Line<'_>) {
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
        let named = Key { piece, text: key };
        self.check_key(named);
        self.nodes.field(named);
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
}
