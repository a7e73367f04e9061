//! The view of a field.

use super::node::FieldNode;
use super::{Tree, Value, slice};
use crate::raw::{Kind, Number, Span};

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

    /// Its line, from its key to its last value.
    pub fn line(&self) -> &'t str {
        let span = self.span();
        slice(&self.tree.text, span.start..span.end)
    }

    /// Every value.
    pub fn values(
        &self,
    ) -> impl ExactSizeIterator<Item = Value<'t>> + DoubleEndedIterator + Clone + use<'t> {
        let tree = self.tree;
        let first = self.node.values as usize;
        let nodes = tree
            .nodes
            .values
            .get(first..first + usize::from(self.node.count));
        nodes
            .unwrap_or_default()
            .iter()
            .map(move |node| node.view(tree))
    }

    /// The value at `index`.
    pub fn value(&self, index: usize) -> Option<Value<'t>> {
        self.values().nth(index)
    }

    /// The text of the first value; empty when there is none.
    pub fn text(&self) -> &'t str {
        self.value(0).map_or("", |value| value.text)
    }

    /// The number at `index`.
    pub fn number(&self, index: usize) -> Option<Number> {
        match self.value(index)?.kind {
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
    fn view(self, tree: &Tree) -> Field<'_> {
        Field {
            key: self.key().of(&tree.text),
            tree,
            node: self,
        }
    }
}

impl Tree {
    pub(super) fn fields_in(
        &self,
        (first, last): (u32, u32),
    ) -> impl ExactSizeIterator<Item = Field<'_>> + DoubleEndedIterator + Clone {
        let nodes = self.nodes.fields.get(first as usize..last as usize);
        nodes.unwrap_or_default().iter().map(|node| node.view(self))
    }
}
