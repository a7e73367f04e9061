//! The view of an entry.

use super::node::{BlockNode, EntryNode, Piece, bit, mark};
use super::{Block, Field, Kinds, Tree, Value};
use crate::raw::{Span, Version};

/// `kind name [version] { … }`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'t> {
    /// What it is.
    pub kind: &'t str,
    /// Its name.
    pub name: &'t str,
    /// Its version.
    pub version: Option<Version>,
    /// From its kind to its `}`.
    pub span: Span,
    tree: &'t Tree,
    fields: (u32, u32),
    keys: u64,
    blocks: (u32, u32),
    values: (u32, u32),
    head: Piece,
}

impl<'t> Entry<'t> {
    /// Where its name stands.
    pub const fn name_span(&self) -> Span {
        self.head.span()
    }

    /// Where its first line stands: kind and name.
    pub const fn head(&self) -> Span {
        Span {
            start: self.span.start,
            end: self.head.span().end,
        }
    }

    /// Its text as it stands, from its kind to its `}`.
    pub fn source(&self) -> &'t str {
        super::slice(&self.tree.text, self.span.start..self.span.end)
    }

    /// Every field that is in no block.
    #[inline]
    pub fn all(
        &self,
    ) -> impl ExactSizeIterator<Item = Field<'t>> + DoubleEndedIterator + Clone + use<'t> {
        self.tree.fields_in(self.fields)
    }

    /// The first field with this key.
    #[inline(always)]
    pub fn field(&self, key: &str) -> Option<Field<'t>> {
        let marked = mark(key.as_bytes());
        match self.keys & bit(marked) {
            0 => None,
            _ => self.tree.field_in(self.fields, marked),
        }
    }

    /// Every field with this key.
    #[inline(always)]
    pub fn fields(&self, key: &str) -> impl Iterator<Item = Field<'t>> + Clone + use<'t> {
        let marked = mark(key.as_bytes());
        let run = match self.keys & bit(marked) {
            0 => (0, 0),
            _ => self.fields,
        };
        self.tree.fields_of(run, marked)
    }

    /// The text of the first value of a field; empty when there is none.
    #[inline(always)]
    pub fn text(&self, key: &str) -> &'t str {
        self.field(key).map_or("", |field| field.text())
    }

    /// Every block.
    #[inline]
    pub fn blocks(
        &self,
    ) -> impl ExactSizeIterator<Item = Block<'t>> + DoubleEndedIterator + Clone + use<'t> {
        let tree = self.tree;
        self.block_nodes().iter().map(move |node| node.view(tree))
    }

    #[inline]
    fn block_nodes(&self) -> &'t [BlockNode] {
        let (first, last) = self.blocks;
        let nodes = self.tree.nodes.blocks.get(first as usize..last as usize);
        nodes.unwrap_or_default()
    }

    /// Every block with this key.
    #[inline(always)]
    pub fn blocks_of(&self, key: &str) -> impl Iterator<Item = Block<'t>> + Clone + use<'t> {
        let (tree, marked) = (self.tree, mark(key.as_bytes()));
        let nodes = match self.keys & bit(marked) {
            0 => [].iter(),
            _ => self.block_nodes().iter(),
        };
        let wanted = nodes.filter(move |node| node.mark == marked);
        wanted.map(move |node| node.view(tree))
    }

    /// The first block with this key.
    #[inline(always)]
    pub fn block(&self, key: &str) -> Option<Block<'t>> {
        self.blocks_of(key).next()
    }

    /// The first block with this key and name.
    pub fn named(&self, key: &str, name: &str) -> Option<Block<'t>> {
        self.blocks_of(key).find(|block| block.name == Some(name))
    }

    /// Every value of some kinds, in order of the text, also those in blocks.
    #[inline]
    pub fn values_of(&self, kinds: Kinds) -> impl Iterator<Item = Value<'t>> + use<'t> {
        let tree = self.tree;
        let (first, last) = (self.values.0 as usize, self.values.1 as usize);
        let nodes = tree.nodes.values.get(first..last).unwrap_or_default();
        let wanted = nodes.iter().filter(move |node| kinds.holds(node.kind));
        wanted.map(move |node| node.view(tree))
    }

    /// The field that holds a value of this entry.
    pub fn holder(&self, value: &Value<'t>) -> Option<Field<'t>> {
        let at = value.span.start;
        self.every_field()
            .find(|field| field.span().start <= at && at < field.span().end)
    }

    /// Every field, also those in blocks.
    pub fn every_field(&self) -> impl Iterator<Item = Field<'t>> + use<'t> {
        let blocks = self.blocks().flat_map(|block| block.all());
        self.all().chain(blocks)
    }
}

impl EntryNode {
    #[inline]
    pub(super) fn view<'t>(&self, tree: &'t Tree) -> Entry<'t> {
        Entry {
            tree,
            kind: self.kind.of(&tree.text),
            name: self.name.of(&tree.text),
            version: self.version,
            span: Span {
                start: self.kind.start,
                end: self.end,
            },
            fields: self.fields,
            keys: self.keys,
            blocks: self.blocks,
            values: self.values,
            head: self.name,
        }
    }
}
