//! The flat tree that the configuration language delivers: entries, blocks, fields, values with spans.
//!
//! `iia-config` makes it from text, this crate gives contracts their meaning. Depth is fixed at entry, block, field.

use alloc::string::String;
use alloc::vec::Vec;

/// A byte range of the document.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// `major.minor.patch`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "semver's own names")]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The unit written behind a number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(missing_docs, reason = "the language's own units")]
pub enum Unit {
    None,
    Us,
    Ms,
    S,
    M,
    H,
    D,
    B,
    KiB,
    MiB,
    GiB,
    TiB,
    Percent,
    Ppm,
    Bps,
    Kbps,
    Mbps,
    Gbps,
}

/// The period of a rate.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(missing_docs, reason = "the language's own periods")]
pub enum Per {
    Second,
    Minute,
    Hour,
    Day,
}

/// A fixed-point number with its unit: `micros` millionths.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Number {
    /// The number times one million.
    pub micros: i64,
    /// Its unit.
    pub unit: Unit,
    /// `/s` and the like.
    pub per: Option<Per>,
}

/// What kind of value the text of a [`Value`] is; the lexer decides by the grammar.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own productions")]
pub enum Kind {
    String,
    Number(Number),
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

/// One value: its kind, its text (a string without its quotes) and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "said above")]
pub struct Value {
    pub kind: Kind,
    pub text: String,
    pub span: Span,
}

/// `key value {value}`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own parts")]
pub struct Field {
    pub key: String,
    pub values: Vec<Value>,
    pub span: Span,
}

/// `key [name] { fields }`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own parts")]
pub struct Block {
    pub key: String,
    pub name: Option<String>,
    pub fields: Vec<Field>,
    pub span: Span,
}

/// `key name [version] { fields and blocks }`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own parts")]
pub struct Entry {
    pub kind: String,
    pub name: String,
    pub version: Option<Version>,
    pub fields: Vec<Field>,
    pub blocks: Vec<Block>,
    pub span: Span,
}

/// A defect found in an entry, as data; several can be found at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Defect {
    /// The rule, such as `C033` (GRAMMAR section 8).
    pub rule: &'static str,
    /// Whether it rejects; otherwise it warns.
    pub rejects: bool,
    /// Where.
    pub span: Span,
    /// What is wrong, for people.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// What a field's values must be; a row of the schema table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the grammar's own productions")]
pub enum Type {
    Atom(&'static [&'static str]), // one of these words; empty = any atom
    Count,
    Duration,
    Size,
    Ratio,
    Rate,
    Any,
    String,
    Spiffe,
    Uri,
    Port,
    Net,
    Hash,
    Pubkey,
    Time,
    Version,
    Pattern,
    Name,
    Reference(&'static str),
}

/// How often an item may stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "said by the names")]
pub enum Times {
    Once,
    Optional,
    Repeated,
    OneOrMore,
}

/// A field of an entry or a block.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct FieldSpec {
    pub key: &'static str,
    pub values: &'static [Type],
    pub times: Times,
    pub doc: &'static str,
}

/// A block of an entry.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct BlockSpec {
    pub key: &'static str,
    /// Whether the block has a name.
    pub named: bool,
    pub times: Times,
    pub fields: &'static [FieldSpec],
    pub doc: &'static str,
}

/// A kind of entry. Order of fields and blocks is the canonical order.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct EntrySpec {
    pub kind: &'static str,
    pub versioned: bool,
    pub fields: &'static [FieldSpec],
    pub blocks: &'static [BlockSpec],
    pub doc: &'static str,
}

impl Unit {
    /// Nanoseconds of one of this unit, for durations.
    pub const fn duration_ns(self) -> Option<i64> {
        Some(match self {
            Self::Us => 1_000,
            Self::Ms => 1_000_000,
            Self::S => 1_000_000_000,
            Self::M => 60_000_000_000,
            Self::H => 3_600_000_000_000,
            Self::D => 86_400_000_000_000,
            _ => return None,
        })
    }

    /// Whether it measures time.
    pub const fn is_duration(self) -> bool {
        self.duration_ns().is_some()
    }

    /// Whether it measures bytes.
    pub const fn is_size(self) -> bool {
        matches!(
            self,
            Self::B | Self::KiB | Self::MiB | Self::GiB | Self::TiB
        )
    }
}

impl Number {
    /// The duration in nanoseconds; `None` when it is none or too long.
    pub fn as_ns(self) -> Option<i64> {
        let unit_ns = i128::from(self.unit.duration_ns()?);
        i64::try_from(i128::from(self.micros) * unit_ns / 1_000_000).ok()
    }

    /// The whole number; `None` when it has a unit or a fraction.
    pub fn as_count(self) -> Option<u64> {
        let whole = self.unit == Unit::None && self.per.is_none() && self.micros % 1_000_000 == 0;
        u64::try_from(self.micros / 1_000_000)
            .ok()
            .filter(|_| whole)
    }
}

impl Entry {
    /// The first field with this key.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Every field with this key.
    pub fn fields<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.key == key)
    }

    /// The first block with this key.
    pub fn block(&self, key: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.key == key)
    }
}

impl Block {
    /// The first field with this key.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Every field with this key.
    pub fn fields<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.key == key)
    }
}

impl Field {
    /// The first value.
    pub fn value(&self) -> Option<&Value> {
        self.values.first()
    }

    /// The text of the first value; empty when there is none.
    pub fn text(&self) -> &str {
        self.value().map_or("", |value| value.text.as_str())
    }

    /// The number at `index`.
    pub fn number(&self, index: usize) -> Option<Number> {
        match self.values.get(index)?.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }
}
