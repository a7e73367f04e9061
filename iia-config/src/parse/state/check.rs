//! What a key, a name, a version, the space between two tokens and the size of an entry must be.

use iia_contract::raw::Span;
use iia_contract::tree::{Key, Piece};

use super::State;
use crate::limits::{ITEMS_MAX, KEY_LEN_MAX, NAME_LEN_MAX};
use crate::parse::line::{Line, cut, span};
use crate::parse::{grammar, mend};

impl State {
    pub(super) fn check_version(&mut self, line: Line<'_>, piece: Option<Piece>) {
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

    pub(super) fn check_key(&mut self, Key { piece, text }: Key<'_>) {
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

    pub(super) fn check_name(&mut self, line: Line<'_>, piece: Piece) {
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
    pub(super) fn count(&mut self, line: Line<'_>) -> bool {
        self.items += 1;
        if self.items == ITEMS_MAX + 1 {
            let message = format!("more than {ITEMS_MAX} fields and blocks in an entry");
            self.tell("P404", line.span(), message, "split the entry");
        }
        self.items <= ITEMS_MAX
    }

    /// Tokens are not separated by one space.
    pub(super) fn separated(&mut self, line: Line<'_>, rest: &[u8]) {
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
}
