//! The view of a block.

use super::node::{BlockNode, bit, count, mark};
use super::{Field, Tree};
use crate::raw::{BlockSpec, Span};

/// `key [name] { … }`.
#[derive(Clone, Copy, Debug)]
pub struct Block<'t> {
    /// Its key.
    pub key: &'t str,
    /// Its name.
    pub name: Option<&'t str>,
    /// From its key to its `}`.
    pub span: Span,
    mark: u32,
    tree: &'t Tree,
    fields: (u32, u32),
    keys: u64,
}

impl<'t> Block<'t> {
    /// Whether this row of the table is about it, told by the mark of its key ([`crate::tree::mark`]).
    #[inline]
    pub fn is(&self, spec: &BlockSpec) -> bool {
        self.mark == spec.mark
    }

    /// Where its key stands.
    pub fn head(&self) -> Span {
        let len = self.key.len() + self.name.map_or(0, |name| 1 + name.len());
        Span {
            start: self.span.start,
            end: self.span.start + count(len),
        }
    }

    /// Every field.
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

    /// Whether a switch is on.
    #[inline(always)]
    pub fn is_on(&self, key: &str) -> bool {
        self.text(key) == "on"
    }
}

impl BlockNode {
    #[inline]
    pub(super) fn view<'t>(&self, tree: &'t Tree) -> Block<'t> {
        Block {
            key: self.key.of(&tree.text),
            name: (self.name.len > 0).then(|| self.name.of(&tree.text)),
            span: Span {
                start: self.key.start,
                end: self.end,
            },
            mark: self.mark,
            tree,
            fields: self.fields,
            keys: self.keys,
        }
    }
}
