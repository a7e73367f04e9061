//! A tree in the making: entries, blocks, fields and values as they are read.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Tree;
use super::node::{BlockNode, EntryNode, FieldNode, Piece, Plain, ValueNode, bit, count, mark};
use crate::raw::{Kind, Number, Version};

/// A key, or the kind of an entry: where it stands, and its text, of which the tree keeps a mark.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Where.
    pub piece: Piece,
    /// What stands there.
    pub text: &'a [u8],
}

/// A tree that grows while a document is read: positions only, no text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Growth {
    pub(super) entries: Vec<EntryNode>,
    pub(super) blocks: Vec<BlockNode>,
    pub(super) fields: Vec<FieldNode>,
    pub(super) values: Vec<ValueNode>,
    pub(super) numbers: Vec<Number>,
    own: Vec<FieldNode>,
    open: Option<BlockNode>,
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
    pub fn open_entry(&mut self, kind: Key<'_>, name: Piece, version: Option<Version>) {
        let blocks = count(self.blocks.len());
        self.own.clear();
        self.entries.push(EntryNode {
            kind: kind.piece,
            mark: mark(kind.text),
            name,
            version,
            fields: (0, 0),
            blocks: (blocks, blocks),
            values: (count(self.values.len()), 0),
            keys: 0,
            end: kind.piece.start,
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
    pub fn open_block(&mut self, key: Key<'_>, name: Piece) {
        let first = count(self.fields.len());
        self.open = Some(BlockNode {
            key: key.piece,
            mark: mark(key.text),
            name,
            fields: (first, first),
            keys: 0,
            end: key.piece.start,
        });
    }

    /// Ends the block whose `}` is at `end`.
    pub fn close_block(&mut self, end: u32) {
        if let Some(mut block) = self.open.take() {
            block.fields.1 = count(self.fields.len());
            block.end = end;
            if let Some(entry) = self.entries.last_mut() {
                entry.keys |= bit(block.mark);
            }
            self.blocks.push(block);
        }
    }

    /// Adds a field to the open block, or else to the open entry; its values follow.
    pub fn field(&mut self, key: Key<'_>) {
        let node = FieldNode {
            start: key.piece.start,
            len: key.piece.len,
            mark: mark(key.text),
            count: 0,
            values: count(self.values.len()),
        };
        match &mut self.open {
            Some(block) => {
                block.keys |= bit(node.mark);
                self.fields.push(node);
            }
            None => {
                if let Some(entry) = self.entries.last_mut() {
                    entry.keys |= bit(node.mark);
                }
                self.own.push(node);
            }
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

    /// Adds a value to the last field; the piece is its text, of a string without the quotes. What is called a SPIFFE
    /// ID has been checked to be one.
    pub fn value(&mut self, kind: Kind, piece: Piece) {
        let kind = self.plain(kind);
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

    /// The kind as a value keeps it; a number gets a place of its own.
    fn plain(&mut self, kind: Kind) -> Plain {
        match kind {
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
