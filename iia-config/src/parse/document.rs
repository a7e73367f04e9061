//! A document as it stands: every byte of it has a place.

use iia_contract::raw::Span;
use iia_contract::tree::{Entry, Tree};

/// What kind of document it is, by its first line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Magic {
    /// `iia-config 1`
    #[default]
    Config,
    /// `iia-approval 1`
    Approval,
    /// `iia-manifest 1`
    Manifest,
    /// `iia-state 1`
    State,
}

impl Magic {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Config, Self::Approval, Self::Manifest, Self::State];

    /// The first line.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Config => "iia-config 1",
            Self::Approval => "iia-approval 1",
            Self::Manifest => "iia-manifest 1",
            Self::State => "iia-state 1",
        }
    }

    pub(super) fn of(line: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|magic| magic.line().as_bytes() == line)
    }
}

/// A comment line, which belongs to the item that begins, or the block that ends, at `before`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Comment {
    /// Where its `#` stands.
    pub start: u32,
    /// Bytes with the `#`.
    pub len: u16,
    /// Where the next item starts, or the block, the entry or the document ends.
    pub before: u32,
}

/// A document: its entries with spans, its comments, and its text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Document {
    /// What it is.
    pub magic: Magic,
    pub(super) tree: Tree,
    pub(super) comments: Vec<Comment>,
    pub(super) damaged: Vec<u32>,
}

impl Document {
    /// The text.
    pub fn text(&self) -> &str {
        self.tree.text()
    }

    /// The tree of its entries.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Every entry, in order of the text.
    pub fn entries(
        &self,
    ) -> impl ExactSizeIterator<Item = Entry<'_>> + DoubleEndedIterator + Clone {
        self.tree.entries()
    }

    /// The entries of one kind.
    pub fn of_kind<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = Entry<'d>> + Clone {
        self.tree.of_kind(kind)
    }

    /// The entry, when there is one and no other.
    pub fn only(&self) -> Option<Entry<'_>> {
        let mut entries = self.entries();
        entries.next().filter(|_| entries.next().is_none())
    }

    /// Every comment, in order of the text.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The text of a comment with its `#`.
    pub fn comment(&self, comment: &Comment) -> &str {
        let start = comment.start as usize;
        let range = start..start + usize::from(comment.len);
        self.text().get(range).unwrap_or_default()
    }

    /// Entries in which a line could not be read, by position; only a document of [`super::parse_partial`] has some.
    pub fn damaged(&self) -> &[u32] {
        &self.damaged
    }

    /// Entries in which every line could be read.
    pub fn whole_entries(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        let whole = |at: u32| self.damaged.binary_search(&at).is_err();
        let entries = (0..).zip(self.entries());
        entries
            .filter(move |(at, _)| whole(*at))
            .map(|(_, entry)| entry)
    }

    /// Bytes that it takes beside its text.
    pub fn heap_len(&self) -> usize {
        self.tree.heap_len() + self.comments.capacity() * size_of::<Comment>()
    }

    /// The line and column, both from one, of a byte; the column counts characters.
    pub fn place(&self, at: u32) -> (usize, usize) {
        place(self.text(), at)
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        iia_contract::tree::slice(self.text(), span.start..span.end)
    }
}

/// The line and column, both from one, of a byte of a text; the column counts characters.
pub fn place(text: &str, at: u32) -> (usize, usize) {
    let mut at = (at as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |lf| lf + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
