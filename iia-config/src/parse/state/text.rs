//! What a line is made of: UTF-8, and characters that have a place in a document.

use iia_contract::raw::Span;

use super::State;
use crate::diagnostic::Diagnostic;
use crate::limits::DIAGNOSTICS_MAX;
use crate::parse::charset;
use crate::parse::line::{Line, at};

impl State {
    /// Bytes that are no UTF-8; told when their line is read.
    pub(in crate::parse) fn not_utf8(&mut self, place: usize, bytes: &[u8]) {
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

    /// Whether every character of a line has a place in a document.
    pub(super) fn readable(&mut self, line: Line<'_>) -> bool {
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
}
