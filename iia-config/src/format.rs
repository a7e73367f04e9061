//! The canonical text of a document: one form for one meaning, comments kept.

use iia_contract::raw::{BlockSpec, Entry, Field, FieldSpec, Kind};

use crate::parse::{Comment, Document};
use crate::{number, schema};

/// The canonical text. Formatting it again gives the same text.
pub fn canonical(document: &Document) -> String {
    let mut out = Out {
        text: format!("{}\n", document.magic.line()),
        comments: &document.comments,
    };
    let mut entries: Vec<&Entry> = document.entries.iter().collect();
    entries.sort_by(|left, right| {
        let rank = |entry: &Entry| {
            schema::TABLE
                .iter()
                .position(|spec| spec.kind == entry.kind)
                .unwrap_or(schema::TABLE.len())
        };
        (rank(left), &left.kind, &left.name, left.version).cmp(&(
            rank(right),
            &right.kind,
            &right.name,
            right.version,
        ))
    });
    for entry in entries {
        out.entry(entry);
    }
    let end = document.comments.iter().rev().take_while(|comment| {
        document
            .entries
            .iter()
            .all(|entry| entry.span.end < comment.before && entry.span.start < comment.before)
    });
    let tail: Vec<&Comment> = end.collect();
    if !tail.is_empty() {
        out.text.push('\n');
    }
    tail.into_iter()
        .rev()
        .for_each(|comment| out.line(0, &comment.text));
    out.text
}

struct Out<'a> {
    text: String,
    comments: &'a [Comment],
}

impl Out<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        (0..depth).for_each(|_| self.text.push_str("  "));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn comments_at(&mut self, depth: usize, at: u32) {
        let comments = self.comments;
        let here = comments.partition_point(|comment| comment.before < at);
        let mine = comments
            .get(here..)
            .unwrap_or_default()
            .iter()
            .take_while(|comment| comment.before == at);
        mine.for_each(|comment| self.line(depth, &comment.text));
    }

    fn entry(&mut self, entry: &Entry) {
        self.text.push('\n');
        self.comments_at(0, entry.span.start);
        let version = entry
            .version
            .map_or_else(String::new, |version| format!(" {version}"));
        self.line(0, &format!("{} {}{version} {{", entry.kind, entry.name));
        let spec = schema::spec(&entry.kind);
        self.fields(1, &entry.fields, spec.map_or(&[], |spec| spec.fields));
        let specs: &[BlockSpec] = spec.map_or(&[], |spec| spec.blocks);
        let mut blocks: Vec<_> = entry.blocks.iter().collect();
        blocks.sort_by_key(|block| {
            let rank = specs
                .iter()
                .position(|spec| spec.key == block.key)
                .unwrap_or(specs.len());
            (rank, block.key.clone(), block.name.clone())
        });
        for block in blocks {
            self.comments_at(1, block.span.start);
            let name = block
                .name
                .as_ref()
                .map_or_else(String::new, |name| format!(" {name}"));
            self.line(1, &format!("{}{name} {{", block.key));
            let fields = specs
                .iter()
                .find(|spec| spec.key == block.key)
                .map_or(&[][..], |spec| spec.fields);
            self.fields(2, &block.fields, fields);
            self.comments_at(2, block.span.end);
            self.line(1, "}");
        }
        self.comments_at(1, entry.span.end);
        self.line(0, "}");
    }

    fn fields(&mut self, depth: usize, fields: &[Field], specs: &[FieldSpec]) {
        let mut lines: Vec<(usize, String, u32)> = fields
            .iter()
            .map(|field| {
                let rank = specs
                    .iter()
                    .position(|spec| spec.key == field.key)
                    .unwrap_or(specs.len());
                (rank, text(field), field.span.start)
            })
            .collect();
        lines.sort();
        for (_, text, start) in lines {
            self.comments_at(depth, start);
            self.line(depth, &text);
        }
    }
}

fn text(field: &Field) -> String {
    let mut text = field.key.clone();
    for value in &field.values {
        text.push(' ');
        match value.kind {
            Kind::String => text.push_str(&format!("\"{}\"", value.text)),
            Kind::Number(number) => text.push_str(&number::canonical(number)),
            _ => text.push_str(&value.text),
        }
    }
    text
}
