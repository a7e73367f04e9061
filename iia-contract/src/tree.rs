//! The lossless tree of a document: flat arrays of positions over one text, and cheap views of them.
//!
//! Nothing is copied from the text, so the tree costs about as much as the text itself, whatever is written in it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use crate::raw::{self, Kind, Number, Span, Version};

/// A whole document: its text and where everything stands in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    text: Box<str>,
    nodes: Growth,
}

/// A tree that grows while a document is read: positions only, no text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Growth {
    entries: Vec<EntryNode>,
    blocks: Vec<BlockNode>,
    fields: Vec<FieldNode>,
    values: Vec<ValueNode>,
    numbers: Vec<Number>,
    own: Vec<FieldNode>,
    open: Option<BlockNode>,
}

/// A piece of text: where it starts and how long it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Piece {
    /// First byte.
    pub start: u32,
    /// Bytes.
    pub len: u16,
}

impl Piece {
    const fn span(self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.len as u32,
        }
    }

    fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + usize::from(self.len))
            .unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct EntryNode {
    kind: Piece,
    name: Piece,
    version: Option<Version>,
    fields: (u32, u32),
    blocks: (u32, u32),
    values: (u32, u32),
    end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct BlockNode {
    key: Piece,
    name: Piece,
    fields: (u32, u32),
    end: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FieldNode {
    start: u32,
    values: u32,
    len: u16,
    count: u16,
}

impl FieldNode {
    const fn key(self) -> Piece {
        Piece {
            start: self.start,
            len: self.len,
        }
    }
}

/// The kind of a value, and for a number where it is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct ValueNode {
    start: u32,
    len: u16,
    kind: Plain,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Plain {
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

/// Kinds of values that are looked for in a whole entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kinds {
    /// URIs that are no SPIFFE IDs.
    Uris,
    /// Whatever could hold a secret: URIs, strings and atoms.
    Texts,
}

impl Kinds {
    const fn holds(self, kind: Plain) -> bool {
        match self {
            Self::Uris => matches!(kind, Plain::Uri),
            Self::Texts => matches!(kind, Plain::Uri | Plain::String | Plain::Atom),
        }
    }
}

/// An index of four bytes without alignment, so that a value takes twelve.
type Index = [u8; 4];

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Growth {
    /// Room for a document of this many lines: most of them are a field with one value.
    pub fn for_lines(lines: usize) -> Self {
        Self {
            fields: Vec::with_capacity(lines),
            values: Vec::with_capacity(lines),
            ..Self::default()
        }
    }

    /// How many entries there are.
    pub fn entries_len(&self) -> usize {
        self.entries.len()
    }

    /// Begins an entry.
    pub fn open_entry(&mut self, kind: Piece, name: Piece, version: Option<Version>) {
        let blocks = count(self.blocks.len());
        self.own.clear();
        self.entries.push(EntryNode {
            kind,
            name,
            version,
            fields: (0, 0),
            blocks: (blocks, blocks),
            values: (count(self.values.len()), 0),
            end: kind.start,
        });
    }

    /// Ends the entry whose `}` is at `end`.
    pub fn close_entry(&mut self, end: u32) {
        let first = count(self.fields.len());
        self.fields.append(&mut self.own);
        let (last, blocks) = (count(self.fields.len()), count(self.blocks.len()));
        let values = count(self.values.len());
        if let Some(entry) = self.entries.last_mut() {
            entry.fields = (first, last);
            entry.blocks.1 = blocks;
            entry.values.1 = values;
            entry.end = end;
        }
    }

    /// Begins a block of the open entry; a block without name has an empty piece.
    pub fn open_block(&mut self, key: Piece, name: Piece) {
        let first = count(self.fields.len());
        self.open = Some(BlockNode {
            key,
            name,
            fields: (first, first),
            end: key.start,
        });
    }

    /// Ends the block whose `}` is at `end`.
    pub fn close_block(&mut self, end: u32) {
        if let Some(mut block) = self.open.take() {
            block.fields.1 = count(self.fields.len());
            block.end = end;
            self.blocks.push(block);
        }
    }

    /// Adds a field to the open block, or else to the open entry; its values follow.
    pub fn field(&mut self, key: Piece) {
        let node = FieldNode {
            start: key.start,
            len: key.len,
            count: 0,
            values: count(self.values.len()),
        };
        match self.open {
            Some(_) => self.fields.push(node),
            None => self.own.push(node),
        }
    }

    /// Takes the last field and its values away again.
    pub fn forget_field(&mut self) {
        let fields = match self.open {
            Some(_) => &mut self.fields,
            None => &mut self.own,
        };
        if let Some(field) = fields.pop() {
            self.values.truncate(field.values as usize);
        }
    }

    /// Adds a value to the last field; the piece is its text, of a string without the quotes.
    pub fn value(&mut self, kind: Kind, piece: Piece) {
        let kind = match kind {
            Kind::Number(number) => {
                self.numbers.push(number);
                Plain::Number(count(self.numbers.len() - 1).to_le_bytes())
            }
            Kind::String => Plain::String,
            Kind::Spiffe => Plain::Spiffe,
            Kind::Uri => Plain::Uri,
            Kind::Port => Plain::Port,
            Kind::Net => Plain::Net,
            Kind::Hash => Plain::Hash,
            Kind::Pubkey => Plain::Pubkey,
            Kind::Time => Plain::Time,
            Kind::Version => Plain::Version,
            Kind::Pattern => Plain::Pattern,
            Kind::Atom => Plain::Atom,
        };
        let Piece { start, len } = piece;
        self.values.push(ValueNode { start, len, kind });
        let field = match self.open {
            Some(_) => self.fields.last_mut(),
            None => self.own.last_mut(),
        };
        if let Some(field) = field {
            field.count += 1;
        }
    }

    /// The finished tree over its text.
    pub fn finish(mut self, text: Box<str>) -> Tree {
        self.own = Vec::new();
        self.entries.shrink_to_fit();
        self.blocks.shrink_to_fit();
        self.fields.shrink_to_fit();
        self.values.shrink_to_fit();
        self.numbers.shrink_to_fit();
        Tree { text, nodes: self }
    }
}

impl Tree {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every entry, in order of the text.
    pub fn entries(
        &self,
    ) -> impl ExactSizeIterator<Item = Entry<'_>> + DoubleEndedIterator + Clone {
        self.nodes.entries.iter().map(|node| node.view(self))
    }

    /// The entry at an index.
    pub fn entry(&self, index: u32) -> Option<Entry<'_>> {
        let node = self.nodes.entries.get(index as usize)?;
        Some(node.view(self))
    }

    /// The entries of one kind.
    pub fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = Entry<'t>> + Clone {
        self.entries().filter(move |entry| entry.kind == kind)
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

    fn fields_in(
        &self,
        (first, last): (u32, u32),
    ) -> impl ExactSizeIterator<Item = Field<'_>> + DoubleEndedIterator + Clone {
        let nodes = self.nodes.fields.get(first as usize..last as usize);
        nodes.unwrap_or_default().iter().map(|node| Field {
            key: node.key().of(&self.text),
            tree: self,
            node: *node,
        })
    }
}

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

    /// Every field that is in no block.
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

    /// Every block.
    pub fn blocks(
        &self,
    ) -> impl ExactSizeIterator<Item = Block<'t>> + DoubleEndedIterator + Clone + use<'t> {
        let tree = self.tree;
        let nodes = tree
            .nodes
            .blocks
            .get(self.blocks.0 as usize..self.blocks.1 as usize);
        nodes.unwrap_or_default().iter().map(move |node| Block {
            key: node.key.of(&tree.text),
            name: (node.name.len > 0).then(|| node.name.of(&tree.text)),
            span: Span {
                start: node.key.start,
                end: node.end,
            },
            tree,
            fields: node.fields,
        })
    }

    /// The first block with this key.
    pub fn block(&self, key: &str) -> Option<Block<'t>> {
        self.blocks().find(|block| block.key == key)
    }

    /// The first block with this key and name.
    pub fn named(&self, key: &str, name: &str) -> Option<Block<'t>> {
        self.blocks()
            .find(|block| block.key == key && block.name == Some(name))
    }

    /// Every value of some kinds, in order of the text, also those in blocks.
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

/// One value: its kind, its text (a string without its quotes) and where it stands (a string with them).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "said above")]
pub struct Value<'t> {
    pub kind: Kind,
    pub text: &'t str,
    pub span: Span,
}

impl EntryNode {
    fn view<'t>(&self, tree: &'t Tree) -> Entry<'t> {
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
            blocks: self.blocks,
            values: self.values,
            head: self.name,
        }
    }
}

impl ValueNode {
    /// Where it ends, a string behind its quote.
    fn end(self) -> u32 {
        self.start + u32::from(self.len) + u32::from(self.kind == Plain::String)
    }

    fn view(self, tree: &Tree) -> Value<'_> {
        let kind = match self.kind {
            Plain::Number(index) => {
                let index = u32::from_le_bytes(index) as usize;
                let none = Kind::Atom;
                tree.nodes
                    .numbers
                    .get(index)
                    .map_or(none, |number| Kind::Number(*number))
            }
            Plain::String => Kind::String,
            Plain::Spiffe => Kind::Spiffe,
            Plain::Uri => Kind::Uri,
            Plain::Port => Kind::Port,
            Plain::Net => Kind::Net,
            Plain::Hash => Kind::Hash,
            Plain::Pubkey => Kind::Pubkey,
            Plain::Time => Kind::Time,
            Plain::Version => Kind::Version,
            Plain::Pattern => Kind::Pattern,
            Plain::Atom => Kind::Atom,
        };
        let piece = Piece {
            start: self.start,
            len: self.len,
        };
        let mut span = piece.span();
        if kind == Kind::String {
            span = Span {
                start: span.start.saturating_sub(1),
                end: span.end + 1,
            };
        }
        Value {
            kind,
            text: piece.of(&tree.text),
            span,
        }
    }
}

/// Writes entries that were made by hand as a tree over a text of their own.
#[derive(Default)]
struct Writer {
    text: String,
    nodes: Growth,
}

impl Writer {
    fn piece(&mut self, text: &str) -> Piece {
        let start = count(self.text.len());
        self.text.push_str(text);
        self.text.push(' ');
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        Piece { start, len }
    }

    fn entry(&mut self, entry: &raw::Entry) {
        let (kind, name) = (self.piece(&entry.kind), self.piece(&entry.name));
        self.nodes.open_entry(kind, name, entry.version);
        entry.fields.iter().for_each(|field| self.field(field));
        for block in &entry.blocks {
            let key = self.piece(&block.key);
            let name = block.name.as_deref().map(|name| self.piece(name));
            self.nodes.open_block(key, name.unwrap_or_default());
            block.fields.iter().for_each(|field| self.field(field));
            self.nodes.close_block(count(self.text.len()));
        }
        self.nodes.close_entry(count(self.text.len()));
    }

    fn field(&mut self, field: &raw::Field) {
        let key = self.piece(&field.key);
        self.nodes.field(key);
        for value in &field.values {
            let piece = self.piece(&value.text);
            self.nodes.value(value.kind, piece);
        }
    }
}

impl From<&[raw::Entry]> for Tree {
    fn from(entries: &[raw::Entry]) -> Self {
        let mut writer = Writer::default();
        entries.iter().for_each(|entry| writer.entry(entry));
        writer.nodes.finish(writer.text.into_boxed_str())
    }
}

/// The bytes of a range of the text.
pub fn slice(text: &str, span: Range<u32>) -> &str {
    text.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}
