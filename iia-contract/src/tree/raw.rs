//! Entries that were made by hand, written as a tree over a text of their own.

use alloc::string::String;

use super::node::{Piece, count};
use super::{Growth, Key, Tree};
use crate::raw::{self, Kind};
use iia_core::SpiffeId;

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

    fn key<'k>(&mut self, text: &'k str) -> Key<'k> {
        let piece = self.piece(text);
        let text = text.as_bytes();
        Key { piece, text }
    }

    fn entry(&mut self, entry: &raw::Entry) {
        let (kind, name) = (self.key(&entry.kind), self.piece(&entry.name));
        self.nodes.open_entry(kind, name, entry.version);
        entry.fields.iter().for_each(|field| self.field(field));
        for block in &entry.blocks {
            let key = self.key(&block.key);
            let name = block.name.as_deref().map(|name| self.piece(name));
            self.nodes.open_block(key, name.unwrap_or_default());
            block.fields.iter().for_each(|field| self.field(field));
            self.nodes.close_block(count(self.text.len()));
        }
        self.nodes.close_entry(count(self.text.len()));
    }

    fn field(&mut self, field: &raw::Field) {
        let key = self.key(&field.key);
        self.nodes.field(key);
        for value in &field.values {
            let piece = self.piece(&value.text);
            self.nodes.value(sound(value), piece);
        }
    }
}

/// What a value is: in a tree, whatever is called a SPIFFE ID is one.
fn sound(value: &raw::Value) -> Kind {
    match value.kind {
        Kind::Spiffe if SpiffeId::check(&value.text).is_err() => Kind::Uri,
        kind => kind,
    }
}

impl From<&[raw::Entry]> for Tree {
    fn from(entries: &[raw::Entry]) -> Self {
        let mut writer = Writer::default();
        entries.iter().for_each(|entry| writer.entry(entry));
        writer.nodes.finish(writer.text.into_boxed_str())
    }
}
