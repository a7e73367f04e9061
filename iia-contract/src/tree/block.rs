//! The view of a block.

use super::node::{BlockNode, count};
use super::{Field, Tree};
use crate::raw::Span;

/// `key [name] { … }`.
#[derive(Clone, Copy, Debug)]
pub struct Block<'t> {
    /// Its key.
    pub key: &'t str,
    /// Its name.
    pub name: Option<&'t str>,
    /// From its key to its `}`.
    pub span: Span,
    tree: &'t Tree,
    fields: (u32, u32),
}

impl<'t> Block<'t> {
    /// Where its key stands.
    pub fn head(&self) -> Span {
        let len = self.key.len() + self.name.map_or(0, |name| 1 + name.len());
        Span {
            start: self.span.start,
            end: self.span.start + count(len),
        }
    }

    /// Every field.
    pub fn all(
        &self,
    ) -> impl ExactSizeIterator<Item = Field<'t>> + DoubleEndedIterator + Clone + use<'t> {
        self.tree.fields_in(self.fields)
    }

    /// The first field with this key.
    pub fn field(&self, key: &str) -> Option<Field<'t>> {
        self.all().find(|field| field.key == key)
    }

    /// Every field with this key.
    pub fn fields<'k>(
        &self,
        key: &'k str,
    ) -> impl Iterator<Item = Field<'t>> + Clone + use<'t, 'k> {
        self.all().filter(move |field| field.key == key)
    }

    /// The text of the first value of a field; empty when there is none.
    pub fn text(&self, key: &str) -> &'t str {
        self.field(key).map_or("", |field| field.text())
    }

    /// Whether a switch is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.text(key) == "on"
    }
}

impl BlockNode {
    pub(super) fn view<'t>(&self, tree: &'t Tree) -> Block<'t> {
        Block {
            key: self.key.of(&tree.text),
            name: (self.name.len > 0).then(|| self.name.of(&tree.text)),
            span: Span {
                start: self.key.start,
                end: self.end,
            },
            tree,
            fields: self.fields,
        }
    }
}
