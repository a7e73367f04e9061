//! Whether a document is canonical, told from positions alone: nothing is written to be compared.

use iia_contract::raw::{BlockSpec, FieldSpec, Span};
use iia_contract::shape::Cursor;
use iia_contract::tree::{Block, Entry, Field};

use super::{is_set, rank, value};
use crate::diagnostic::Diagnostic;
use crate::parse::{Comment, Document};
use crate::schema;

/// Whether [`super::canonical`] would give the very same text.
pub fn is_canonical(document: &Document) -> bool {
    let mut check = Check {
        at: document.magic.line().len() + 1,
        comments: document.comments(),
        text: document.text().as_bytes(),
    };
    check.document(document).is_some()
}

/// The first line that the formatter would write differently.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Its number, from one.
    pub line: usize,
    /// What stands there.
    pub have: String,
    /// What the formatter writes there.
    pub want: String,
}

/// The first line that the formatter would write differently; nothing for a canonical document.
pub fn first_difference(document: &Document) -> Option<Difference> {
    if is_canonical(document) {
        return None;
    }
    let canonical = super::canonical(document);
    let (mut have, mut want) = (document.text().split('\n'), canonical.split('\n'));
    for line in 1.. {
        let pair = (have.next(), want.next());
        if pair.0 != pair.1 {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let (have, want) = (text(pair.0), text(pair.1));
            return Some(Difference { line, have, want });
        }
        if pair.0.is_none() {
            break;
        }
    }
    None
}

/// The diagnostic of a document that is not canonical, which no box takes.
pub fn not_canonical(document: &Document) -> Option<Diagnostic> {
    let Difference { line, want, .. } = first_difference(document)?;
    let text = document.text();
    let start: usize = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let end = start
        + text
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .map_or(0, str::len);
    let at = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let span = Span {
        start: at(start),
        end: at(end),
    };
    let help = match want.as_str() {
        "" => "the formatter writes an empty line here, or nothing; run `iia config fmt`".into(),
        want => format!("the formatter writes `{want}`; run `iia config fmt`"),
    };
    let message = "not canonical from here on, so it cannot be signed";
    Some(Diagnostic::error("P025", span, message, &help))
}

/// Where the next line must begin, and the comments that are still to come.
struct Check<'d> {
    at: usize,
    comments: &'d [Comment],
    text: &'d [u8],
}

/// Nothing means: not canonical.
type Canonical = Option<()>;

fn when(holds: bool) -> Canonical {
    holds.then_some(())
}

impl<'d> Check<'d> {
    fn document(&mut self, document: &'d Document) -> Canonical {
        let mut before = None;
        for entry in document.entries() {
            let key = (rank(entry.kind), entry.kind, entry.name, entry.version);
            when(before.replace(key).is_none_or(|before| before <= key))?;
            self.blank()?;
            self.entry(&entry)?;
        }
        let len = document.text().len();
        if !self.comments.is_empty() {
            self.blank()?;
            self.comments(0, u32::try_from(len).ok()?)?;
        }
        when(self.at == len)
    }

    /// A line begins here with this indentation; as many line feeds would take as much room.
    fn begins(&self, start: u32, indent: usize) -> Canonical {
        let spaces = self.text.get(self.at..start as usize)?;
        when(spaces.len() == indent && spaces.iter().all(|b| *b == b' '))
    }

    fn blank(&mut self) -> Canonical {
        when(self.text.get(self.at) == Some(&b'\n'))?;
        self.at += 1;
        Some(())
    }

    fn comments(&mut self, indent: usize, before: u32) -> Canonical {
        while let [comment, rest @ ..] = self.comments {
            if comment.before != before {
                break;
            }
            self.begins(comment.start, indent)?;
            self.at = comment.start as usize + usize::from(comment.len) + 1;
            self.comments = rest;
        }
        Some(())
    }

    fn entry(&mut self, entry: &Entry<'d>) -> Canonical {
        self.comments(0, entry.span.start)?;
        self.begins(entry.span.start, 0)?;
        let version = entry.version.map_or(0, |version| 1 + version_len(version));
        let head = entry.kind.len() + 1 + entry.name.len() + version;
        self.at = entry.span.start as usize + head + " {\n".len();
        let spec = schema::spec(entry.kind);
        let (fields, blocks) = spec.map_or((&[][..], &[][..]), |spec| (spec.fields, spec.blocks));
        self.fields(2, entry.all(), fields)?;
        self.blocks(entry, blocks)?;
        self.comments(2, entry.span.end)?;
        self.begins(entry.span.end, 0)?;
        self.at += "}\n".len();
        Some(())
    }

    fn blocks(&mut self, entry: &Entry<'d>, specs: &[BlockSpec]) -> Canonical {
        let mut cursor = Cursor::default();
        let mut before: Option<(usize, Block<'d>)> = None;
        for block in entry.blocks() {
            let found = cursor.find(specs, |spec| block.is(spec));
            let rank = found.map_or(specs.len(), |(at, _)| at);
            let fields = found.map_or(&[][..], |(_, spec)| spec.fields);
            let key = (rank, block.key, block.name);
            when(before.is_none_or(|(rank, block)| (rank, block.key, block.name) <= key))?;
            before = Some((rank, block));
            self.comments(2, block.span.start)?;
            self.begins(block.span.start, 2)?;
            let name = block.name.map_or(0, |name| 1 + name.len());
            self.at = block.span.start as usize + block.key.len() + name + " {\n".len();
            self.fields(4, block.all(), fields)?;
            self.comments(4, block.span.end)?;
            self.begins(block.span.end, 2)?;
            self.at += "  }\n".len();
        }
        Some(())
    }

    fn fields(
        &mut self,
        indent: usize,
        fields: impl Iterator<Item = Field<'d>>,
        specs: &[FieldSpec],
    ) -> Canonical {
        let mut cursor = Cursor::default();
        let mut before: Option<(usize, Field<'d>)> = None;
        for field in fields {
            let found = cursor.find(specs, |spec| field.is(spec));
            let rank = found.map_or(specs.len(), |(at, _)| at);
            if let Some((other, last)) = before {
                when(
                    other < rank || other == rank && in_order(&last, &field, is_set(specs, rank)),
                )?;
            }
            before = Some((rank, field));
            let span = field.span();
            self.comments(indent, span.start)?;
            self.begins(span.start, indent)?;
            when(field.values().all(|value| value::is_canonical(&value)))?;
            self.at = span.end as usize + 1;
        }
        Some(())
    }
}

/// Whether two lines of one key stand in bytewise order; of a set, never the same line twice.
fn in_order(left: &Field<'_>, right: &Field<'_>, set: bool) -> bool {
    match left.line().cmp(right.line()) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Equal => !set,
        std::cmp::Ordering::Greater => false,
    }
}

fn version_len(version: iia_contract::raw::Version) -> usize {
    let digits = |number: u32| number.checked_ilog10().map_or(1, |log| log as usize + 1);
    digits(version.major) + digits(version.minor) + digits(version.patch) + 2
}
