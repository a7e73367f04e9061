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

    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + usize::from(self.len))
            .unwrap_or_default()
    }
}

/// A mark of a key: keys with different marks differ, so that a key is found without reading the others.
///
/// Known keys have marks of their own (a test reads the whole table). A key that is not known may have the mark of one
/// that is: [`crate::shape`] compares the text, once, and refuses it, whatever was read under its mark.
#[inline(always)]
pub const fn mark(bytes: &[u8]) -> u32 {
    let ends = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first).wrapping_mul(0x9E37_79B1) ^ u32::from_le_bytes(*last)
        }
        _ => match bytes {
            [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]),
            [a, b] => u32::from_le_bytes([*a, *b, 0, 0]),
            [a] => *a as u32,
            _ => 0,
        },
    };
    ends.wrapping_add(bytes.len() as u32)
}

/// One bit of 64 for a mark: whoever has not the bit of a key has not the key.
#[inline]
pub(super) const fn bit(mark: u32) -> u64 {
    1 << (mark.wrapping_mul(0x9E37_79B1) >> 26)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct EntryNode {
    pub(super) kind: Piece,
    pub(super) mark: u32,
    pub(super) name: Piece,
    pub(super) version: Option<Version>,
    pub(super) fields: (u32, u32),
    pub(super) blocks: (u32, u32),
    pub(super) values: (u32, u32),
    /// The bits of the keys of its fields and blocks.
    pub(super) keys: u64,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BlockNode {
    pub(super) key: Piece,
    pub(super) mark: u32,
    pub(super) name: Piece,
    pub(super) fields: (u32, u32),
    /// The bits of the keys of its fields.
    pub(super) keys: u64,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FieldNode {
    pub(super) start: u32,
    pub(super) values: u32,
    pub(super) mark: u32,
    pub(super) len: u16,
    pub(super) count: u16,
}

impl FieldNode {
    #[inline]
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
