//! The lossless tree of a document: flat arrays of positions over one text, and cheap views of them.
//!
//! Nothing is copied from the text, so the tree costs about as much as the text itself, whatever is written in it.

mod block;
mod entry;
mod field;
mod growth;
mod node;
mod raw;
mod value;

use alloc::boxed::Box;
use core::ops::Range;

pub use block::Block;
pub use entry::Entry;
pub use field::Field;
pub use growth::{Growth, Key};
pub use node::{Piece, mark};
pub use value::{Kinds, Value};

use crate::raw::Number;
use node::{BlockNode, EntryNode, FieldNode, ValueNode};

/// A whole document: its text and where everything stands in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    text: Box<str>,
    nodes: Growth,
}

impl Tree {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every entry, in order of the text.
    #[inline]
    pub fn entries(
        &self,
    ) -> impl ExactSizeIterator<Item = Entry<'_>> + DoubleEndedIterator + Clone {
        self.nodes.entries.iter().map(|node| node.view(self))
    }

    /// The entry at an index.
    #[inline]
    pub fn entry(&self, index: u32) -> Option<Entry<'_>> {
        let node = self.nodes.entries.get(index as usize)?;
        Some(node.view(self))
    }

    /// The entries of one kind.
    #[inline]
    pub fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = Entry<'t>> + Clone {
        let marked = mark(kind.as_bytes());
        let nodes = self.nodes.entries.iter();
        let wanted =
            nodes.filter(move |node| node.mark == marked && node.kind.of(&self.text) == kind);
        wanted.map(|node| node.view(self))
    }

    /// Where the entries of one kind stand among all.
    #[inline]
    pub fn places_of(&self, kind: &str) -> impl Iterator<Item = u32> {
        let marked = mark(kind.as_bytes());
        let nodes = (0..).zip(&self.nodes.entries);
        let wanted =
            nodes.filter(move |(_, node)| node.mark == marked && node.kind.of(&self.text) == kind);
        wanted.map(|(at, _)| at)
    }

    /// Bytes that the tree takes beside its text.
    pub fn heap_len(&self) -> usize {
        let nodes = &self.nodes;
        nodes.entries.capacity() * size_of::<EntryNode>()
            + nodes.blocks.capacity() * size_of::<BlockNode>()
            + nodes.fields.capacity() * size_of::<FieldNode>()
            + nodes.values.capacity() * size_of::<ValueNode>()
            + nodes.numbers.capacity() * size_of::<Number>()
    }
}

/// The bytes of a range of the text.
#[inline]
pub fn slice(text: &str, span: Range<u32>) -> &str {
    text.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}
