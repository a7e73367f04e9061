//! The view of a field.

use super::node::{FieldNode, ValueNode};
use super::{Tree, Value, slice};
use crate::raw::{FieldSpec, Kind, Number, Span};

/// `key value {value}`.
#[derive(Clone, Copy, Debug)]
pub struct Field<'t> {
    /// Its key.
    pub key: &'t str,
    tree: &'t Tree,
    node: FieldNode,
}

impl<'t> Field<'t> {
    /// From its key to its last value.
    #[inline]
    pub fn span(&self) -> Span {
        let key = self.node.key().span();
        let last = (self.node.values as usize + usize::from(self.node.count)).checked_sub(1);
        let last = last.filter(|_| self.node.count > 0);
        let last = last.and_then(|at| self.tree.nodes.values.get(at));
        Span {
            start: key.start,
            end: last.map_or(key.end, |value| value.end()),
        }
    }

    /// Whether this row of the table is about it, told by the mark of its key ([`crate::tree::mark`]).
    #[inline]
    pub fn is(&self, spec: &FieldSpec) -> bool {
        self.node.mark == spec.mark
    }

    /// Its line, from its key to its last value.
    pub fn line(&self) -> &'t str {
        let span = self.span();
        slice(&self.tree.text, span.start..span.end)
    }

    /// Every value.
    #[inline]
    pub fn values(
        &self,
    ) -> impl ExactSizeIterator<Item = Value<'t>> + DoubleEndedIterator + Clone + use<'t> {
        let tree = self.tree;
        self.value_nodes().iter().map(move |node| node.view(tree))
    }

    #[inline]
    fn value_nodes(&self) -> &'t [ValueNode] {
        let first = self.node.values as usize;
        let last = first + usize::from(self.node.count);
        self.tree.nodes.values.get(first..last).unwrap_or_default()
    }

    /// The kind of every value.
    #[inline]
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = Kind> + use<'t> {
        let tree = self.tree;
        self.value_nodes().iter().map(move |node| node.kind(tree))
    }

    /// The text of the value at `index`; empty when there is none.
    #[inline]
    pub fn text_at(&self, index: usize) -> &'t str {
        let node = self.value_nodes().get(index);
        node.map_or("", |node| node.text(self.tree))
    }

    /// The value at `index`.
    #[inline]
    pub fn value(&self, index: usize) -> Option<Value<'t>> {
        Some(self.value_nodes().get(index)?.view(self.tree))
    }

    /// The text of the first value; empty when there is none.
    #[inline]
    pub fn text(&self) -> &'t str {
        self.text_at(0)
    }

    /// The number at `index`.
    #[inline]
    pub fn number(&self, index: usize) -> Option<Number> {
        match self.value_nodes().get(index)?.kind(self.tree) {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The first value as a duration in nanoseconds.
    pub fn ns(&self) -> Option<i64> {
        self.number(0).and_then(Number::as_ns)
    }

    /// The first value as a whole number.
    pub fn count(&self) -> Option<u64> {
        self.number(0).and_then(Number::as_count)
    }
}

impl FieldNode {
    #[inline]
    fn view(self, tree: &Tree) -> Field<'_> {
        Field {
            key: self.key().of(&tree.text),
            tree,
            node: self,
        }
    }
}

impl Tree {
    #[inline]
    fn field_nodes(&self, (first, last): (u32, u32)) -> &[FieldNode] {
        let nodes = self.nodes.fields.get(first as usize..last as usize);
        nodes.unwrap_or_default()
    }

    pub(super) fn field_in(&self, run: (u32, u32), marked: u32) -> Option<Field<'_>> {
        let mut nodes = self.field_nodes(run).iter();
        let node = nodes.find(|node| node.mark == marked)?;
        Some(node.view(self))
    }

    #[inline]
    pub(super) fn fields_of(
        &self,
        run: (u32, u32),
        marked: u32,
    ) -> impl Iterator<Item = Field<'_>> + Clone {
        let nodes = self.field_nodes(run).iter();
        let wanted = nodes.filter(move |node| node.mark == marked);
        wanted.map(|node| node.view(self))
    }

    #[inline]
    pub(super) fn fields_in(
        &self,
        run: (u32, u32),
    ) -> impl ExactSizeIterator<Item = Field<'_>> + DoubleEndedIterator + Clone {
        self.field_nodes(run).iter().map(|node| node.view(self))
    }
}
