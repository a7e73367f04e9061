//! One line with its place, and the positions of its parts.

use iia_contract::raw::Span;
use iia_contract::tree::{Key, Piece};

/// One line without its line feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a [u8],
    pub(super) start: u32,
}

pub(super) fn at(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl<'a> Line<'a> {
    pub(super) fn span(self) -> Span {
        Span {
            start: self.start,
            end: self.start + at(self.text.len()),
        }
    }

    /// Where the rest of the line begins.
    pub(super) fn behind(self, rest: &[u8]) -> u32 {
        self.start + at(self.text.len().saturating_sub(rest.len()))
    }

    /// From where the rest begins to the end of the line.
    pub(super) fn from(self, rest: &[u8]) -> Span {
        Span {
            start: self.behind(rest),
            end: self.span().end,
        }
    }

    /// A part that ends where the rest begins.
    pub(super) fn piece(self, part: &[u8], rest: &[u8]) -> Piece {
        let len = u16::try_from(part.len()).unwrap_or(u16::MAX);
        Piece {
            start: self.behind(rest).saturating_sub(u32::from(len)),
            len,
        }
    }

    /// A part that is a key.
    pub(super) fn key(self, piece: Piece) -> Key<'a> {
        let text = cut(self, piece);
        Key { piece, text }
    }

    pub(super) fn trimmed(self) -> Self {
        let indent = self.text.iter().take_while(|b| **b == b' ').count();
        let text = self.text.get(indent..).unwrap_or_default();
        Line {
            text,
            start: self.start + at(indent),
        }
    }

    /// The text for a message; long ones are cut.
    pub(super) fn shown(text: &[u8]) -> String {
        const SHOWN_MAX: usize = 60;
        let text = String::from_utf8_lossy(text);
        match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text.into_owned(),
        }
    }
}

pub(super) fn span(piece: Piece) -> Span {
    Span {
        start: piece.start,
        end: piece.start + u32::from(piece.len),
    }
}

/// The text of a part of the line.
pub(super) fn cut<'a>(line: Line<'a>, piece: Piece) -> &'a [u8] {
    let start = piece.start.saturating_sub(line.start) as usize;
    let range = start..start + usize::from(piece.len);
    line.text.get(range).unwrap_or_default()
}
