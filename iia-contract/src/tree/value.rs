//! The view of a value.

use super::Tree;
use super::node::{Piece, Plain, ValueNode};
use crate::raw::{Kind, Span};

/// One value: its kind, its text (a string without its quotes) and where it stands (a string with them).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "said above")]
pub struct Value<'t> {
    pub kind: Kind,
    pub text: &'t str,
    pub span: Span,
}

/// Kinds of values that are looked for in a whole entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kinds {
    /// URIs that are no SPIFFE IDs.
    Uris,
    /// Whatever could hold a secret: URIs, strings and atoms.
    Texts,
}

impl Kinds {
    #[inline]
    pub(super) const fn holds(self, kind: Plain) -> bool {
        match self {
            Self::Uris => matches!(kind, Plain::Uri),
            Self::Texts => matches!(kind, Plain::Uri | Plain::String | Plain::Atom),
        }
    }
}

impl ValueNode {
    #[inline]
    const fn piece(self) -> Piece {
        Piece {
            start: self.start,
            len: self.len,
        }
    }

    /// Its text.
    #[inline]
    pub(super) fn text(self, tree: &Tree) -> &str {
        self.piece().of(&tree.text)
    }

    /// Its kind.
    #[inline]
    pub(super) fn kind(self, tree: &Tree) -> Kind {
        self.kind.view(tree)
    }

    /// Where it ends, a string behind its quote.
    #[inline]
    pub(super) fn end(self) -> u32 {
        self.start + u32::from(self.len) + u32::from(self.kind == Plain::String)
    }

    #[inline]
    pub(super) fn view(self, tree: &Tree) -> Value<'_> {
        let kind = self.kind.view(tree);
        let mut span = self.piece().span();
        if kind == Kind::String {
            span = Span {
                start: span.start.saturating_sub(1),
                end: span.end + 1,
            };
        }
        Value {
            kind,
            text: self.text(tree),
            span,
        }
    }
}

impl Plain {
    #[inline]
    fn view(self, tree: &Tree) -> Kind {
        match self {
            Self::Number(index) => {
                let index = u32::from_le_bytes(index) as usize;
                let number = tree.nodes.numbers.get(index);
                number.map_or(Kind::Atom, |number| Kind::Number(*number))
            }
            Self::String => Kind::String,
            Self::Spiffe => Kind::Spiffe,
            Self::Uri => Kind::Uri,
            Self::Port => Kind::Port,
            Self::Net => Kind::Net,
            Self::Hash => Kind::Hash,
            Self::Pubkey => Kind::Pubkey,
            Self::Time => Kind::Time,
            Self::Version => Kind::Version,
            Self::Pattern => Kind::Pattern,
            Self::Atom => Kind::Atom,
        }
    }
}
