//! Where the parts of a document stand: positions, no text.

use crate::raw::{Span, Version};

/// A piece of text: where it starts and how long it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Piece {
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u16,
}

impl Piece {
    pub(super) const fn span(self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.len as u32,
        }
    }

    pub(super) fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + usize::from(self.len))
            .unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct EntryNode {
    pub(super) kind: Piece,
    pub(super) name: Piece,
    pub(super) version: Option<Version>,
    pub(super) fields: (u32, u32),
    pub(super) blocks: (u32, u32),
    pub(super) values: (u32, u32),
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BlockNode {
    pub(super) key: Piece,
    pub(super) name: Piece,
    pub(super) fields: (u32, u32),
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FieldNode {
    pub(super) start: u32,
    pub(super) values: u32,
    pub(super) len: u16,
    pub(super) count: u16,
}

impl FieldNode {
    pub(super) const fn key(self) -> Piece {
        Piece {
            start: self.start,
            len: self.len,
        }
    }
}

/// The kind of a value, and for a number where it is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ValueNode {
    pub(super) start: u32,
    pub(super) len: u16,
    pub(super) kind: Plain,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Plain {
    String,
    Number(Index),
    Spiffe,
    Uri,
    Port,
    Net,
    Hash,
    Pubkey,
    Time,
    Version,
    Pattern,
    Atom,
}

/// An index of four bytes without alignment, so that a value takes twelve.
pub(super) type Index = [u8; 4];

pub(super) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
