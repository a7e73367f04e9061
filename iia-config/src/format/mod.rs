//! The canonical text of a document: one form for one meaning, comments kept.

mod canonical;
mod value;

use iia_contract::raw::{BlockSpec, FieldSpec, Times};
use iia_contract::shape::Cursor;
use iia_contract::tree::{Block, Entry, Field};

pub use canonical::{Difference, first_difference, is_canonical, not_canonical};

use crate::parse::Document;
use crate::schema;

/// The canonical text. Formatting it again gives the same text.
///
/// ```
/// use iia_config::{format, parse::parse};
/// let document = parse(b"iia-config 1\nparty ops {\n contact oncall://site/ops\n# who\n side acs\n}\n", 1024).unwrap();
/// let text = "iia-config 1\n\nparty ops {\n  # who\n  side acs\n  contact oncall://site/ops\n}\n";
/// assert_eq!(format::canonical(&document), text);
/// assert!(format::is_canonical(&parse(text.as_bytes(), 1024).unwrap()));
/// ```
pub fn canonical(document: &Document) -> String {
    let mut out = Out {
        text: String::with_capacity(document.text().len() + 64),
        document,
    };
    out.line(0, document.magic.line());
    let mut entries: Vec<Entry<'_>> = document.entries().collect();
    entries.sort_by_key(|entry| (rank(entry.kind), entry.kind, entry.name, entry.version));
    for entry in &entries {
        out.entry(entry);
    }
    let end = u32::try_from(document.text().len()).unwrap_or(u32::MAX);
    if document
        .comments()
        .last()
        .is_some_and(|comment| comment.before == end)
    {
        out.text.push('\n');
        out.comments(0, end);
    }
    out.text
}

/// The place of a kind in the canonical order; unknown kinds come last.
fn rank(kind: &str) -> usize {
    let found = schema::TABLE.iter().position(|spec| spec.kind == kind);
    found.unwrap_or(schema::TABLE.len())
}

struct Out<'d> {
    text: String,
    document: &'d Document,
}

impl<'d> Out<'d> {
    fn line(&mut self, depth: usize, text: &str) {
        (0..depth).for_each(|_| self.text.push_str("  "));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn comments(&mut self, depth: usize, before: u32) {
        let document = self.document;
        let all = document.comments();
        let first = all.partition_point(|comment| comment.before < before);
        let mine = all.get(first..).unwrap_or_default().iter();
        for comment in mine.take_while(|comment| comment.before == before) {
            self.line(depth, document.comment(comment));
        }
    }

    fn entry(&mut self, entry: &Entry<'d>) {
        self.text.push('\n');
        self.comments(0, entry.span.start);
        let version = entry
            .version
            .map_or_else(String::new, |version| format!(" {version}"));
        self.line(0, &format!("{} {}{version} {{", entry.kind, entry.name));
        let spec = schema::spec(entry.kind);
        let (fields, blocks) = spec.map_or((&[][..], &[][..]), |spec| (spec.fields, spec.blocks));
        self.fields(1, entry.all(), fields);
        self.blocks(entry, blocks);
        self.comments(1, entry.span.end);
        self.line(0, "}");
    }

    fn blocks(&mut self, entry: &Entry<'d>, specs: &[BlockSpec]) {
        let mut cursor = Cursor::default();
        let mut rank = |block: &Block<'_>| {
            let found = cursor.find(specs, |spec| block.is(spec));
            found.map_or(specs.len(), |(at, _)| at)
        };
        let mut blocks: Vec<(usize, Block<'d>)> =
            entry.blocks().map(|block| (rank(&block), block)).collect();
        blocks.sort_by_key(|(rank, block)| (*rank, block.key, block.name));
        for (rank, block) in blocks {
            self.comments(1, block.span.start);
            let name = block
                .name
                .map_or_else(String::new, |name| format!(" {name}"));
            self.line(1, &format!("{}{name} {{", block.key));
            let fields = specs.get(rank).map_or(&[][..], |spec| spec.fields);
            self.fields(2, block.all(), fields);
            self.comments(2, block.span.end);
            self.line(1, "}");
        }
    }

    fn fields(
        &mut self,
        depth: usize,
        fields: impl Iterator<Item = Field<'d>>,
        specs: &[FieldSpec],
    ) {
        let mut cursor = Cursor::default();
        let mut lines: Vec<(usize, String, u32)> = fields
            .map(|field| {
                let found = cursor.find(specs, |spec| field.is(spec));
                let rank = found.map_or(specs.len(), |(at, _)| at);
                (rank, value::line(&field), field.span().start)
            })
            .collect();
        lines.sort();
        let mut before: Option<(usize, String)> = None;
        for (rank, text, start) in lines {
            self.comments(depth, start);
            let again = before
                .as_ref()
                .is_some_and(|(other, last)| *other == rank && *last == text);
            if !(again && is_set(specs, rank)) {
                self.line(depth, &text);
            }
            before = Some((rank, text));
        }
    }
}

/// What an entry or a block says: its canonical lines in order of their text, of a set each once.
pub(crate) fn meaning<'d>(
    fields: impl Iterator<Item = Field<'d>>,
    specs: &[FieldSpec],
) -> Vec<String> {
    let mut cursor = Cursor::default();
    let mut lines: Vec<(String, bool)> = fields
        .map(|field| {
            let found = cursor.find(specs, |spec| field.is(spec));
            let set = found.is_some_and(|(rank, _)| is_set(specs, rank));
            (value::line(&field), set)
        })
        .collect();
    lines.sort();
    lines.dedup_by(|next, before| next.1 && next == before);
    lines.into_iter().map(|(line, _)| line).collect()
}

/// Whether a key may stand several times, so that the same line twice says nothing more.
fn is_set(specs: &[FieldSpec], rank: usize) -> bool {
    let times = specs.get(rank).map(|spec| spec.times);
    matches!(times, Some(Times::Repeated | Times::OneOrMore))
}
