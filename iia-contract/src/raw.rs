//! What the configuration language is made of: kinds of values, numbers, and the rows of the schema table.
//!
//! `iia-config` reads a text into a [`crate::tree::Tree`], this crate gives the contracts in it their meaning. The
//! owned [`Entry`] here is for entries made by hand. Depth is fixed at entry, block, field.

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

impl Version {
    /// Before every other.
    pub const NONE: Self = Self {
        major: 0,
        minor: 0,
        patch: 0,
    };
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

/// Defects of one run; further ones are not told.
pub const DEFECTS_MAX: usize = 64;

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
    Number,
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

/// In contracts of which scopes an item may stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope, and every entry that is no contract.
    pub const ALL: Self = Self(0b1111);
    /// Between workloads of a box.
    pub const INTERNAL: Self = Self(0b0001);
    /// With another organisation or box.
    pub const BOUNDARY: Self = Self(0b0010);
    /// On the control network.
    pub const DEVICE: Self = Self(0b0100);
    /// What the box pulls.
    pub const INBOUND: Self = Self(0b1000);

    /// Both.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have one in common.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The scope of this name; every scope when there is none.
    pub fn named(scope: &str) -> Self {
        let known = Self::NAMES.iter().find(|(name, _)| *name == scope);
        known.map_or(Self::ALL, |(_, scopes)| *scopes)
    }

    /// The scopes by name.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("internal", Self::INTERNAL),
        ("boundary", Self::BOUNDARY),
        ("device", Self::DEVICE),
        ("inbound", Self::INBOUND),
    ];
}

/// A field of an entry or a block.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct FieldSpec {
    pub key: &'static str,
    /// [`crate::tree::mark`] of the key.
    pub mark: u32,
    pub values: &'static [Type],
    pub times: Times,
    pub doc: &'static str,
    pub scopes: Scopes,
}

/// A block of an entry.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "said above")]
pub struct BlockSpec {
    pub key: &'static str,
    /// [`crate::tree::mark`] of the key.
    pub mark: u32,
    /// Whether the block has a name.
    pub named: bool,
    pub times: Times,
    pub fields: &'static [FieldSpec],
    pub doc: &'static str,
    pub scopes: Scopes,
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

/// Millionths of one.
const MICROS: i64 = 1_000_000;

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
        if self.per.is_some() {
            return None;
        }
        // Every unit is a whole part of a millisecond, or a whole number of them.
        let unit_ns = self.unit.duration_ns()?;
        match unit_ns / MICROS {
            0 => Some(self.micros / (MICROS / unit_ns)),
            whole => self.micros.checked_mul(whole),
        }
    }

    /// The whole number; `None` when it has a unit or a fraction.
    pub fn as_count(self) -> Option<u64> {
        let whole = self.unit == Unit::None && self.per.is_none() && self.micros % 1_000_000 == 0;
        u64::try_from(self.micros / 1_000_000)
            .ok()
            .filter(|_| whole)
    }
}

impl Unit {
    /// How many of the smallest unit of its kind it is: microseconds, bytes, ppm, bits a second.
    pub const fn factor(self) -> i64 {
        match self {
            Self::None | Self::Us | Self::B | Self::Ppm | Self::Bps => 1,
            Self::Ms | Self::Kbps => 1000,
            Self::S | Self::Mbps => 1_000_000,
            Self::M => 60_000_000,
            Self::H => 3_600_000_000,
            Self::D => 86_400_000_000,
            Self::KiB => 1 << 10,
            Self::MiB => 1 << 20,
            Self::GiB => 1 << 30,
            Self::TiB => 1 << 40,
            Self::Percent => 10_000,
            Self::Gbps => 1_000_000_000,
        }
    }

    /// How it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Us => "us",
            Self::Ms => "ms",
            Self::S => "s",
            Self::M => "m",
            Self::H => "h",
            Self::D => "d",
            Self::B => "B",
            Self::KiB => "KiB",
            Self::MiB => "MiB",
            Self::GiB => "GiB",
            Self::TiB => "TiB",
            Self::Percent => "%",
            Self::Ppm => "ppm",
            Self::Bps => "bps",
            Self::Kbps => "Kbps",
            Self::Mbps => "Mbps",
            Self::Gbps => "Gbps",
        }
    }

    /// Units of one kind, the largest first.
    pub const FAMILIES: [&'static [Self]; 4] = [
        &[Self::D, Self::H, Self::M, Self::S, Self::Ms, Self::Us],
        &[Self::TiB, Self::GiB, Self::MiB, Self::KiB, Self::B],
        &[Self::Gbps, Self::Mbps, Self::Kbps, Self::Bps],
        &[Self::Percent, Self::Ppm],
    ];

    /// Units that measure the same, the largest first; none for a plain number.
    pub fn family(self) -> &'static [Self] {
        let mut families = Self::FAMILIES.into_iter();
        families
            .find(|family| family.contains(&self))
            .unwrap_or_default()
    }
}

impl Per {
    /// Seconds of the period.
    pub const fn secs(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }

    /// How it is written behind the `/`.
    pub const fn text(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
        }
    }
}

impl Number {
    /// The value in millionths of the smallest unit of its kind, so that numbers of one kind compare.
    pub fn in_smallest(self) -> i128 {
        i128::from(self.micros) * i128::from(self.unit.factor())
    }

    /// Whether two numbers measure the same kind of thing.
    pub fn same_kind(self, other: Self) -> bool {
        self.unit.family() == other.unit.family() && self.per.is_some() == other.per.is_some()
    }

    /// The order of two numbers of one kind, rates by what they come to in a day; `None` for different kinds.
    pub fn order(self, other: Self) -> Option<core::cmp::Ordering> {
        let daily = |number: Self| {
            let times = number.per.map_or(1, |per| 86_400 / per.secs());
            number.in_smallest() * i128::from(times)
        };
        self.same_kind(other)
            .then(|| daily(self).cmp(&daily(other)))
    }

    /// Whether it is below, at or above zero.
    pub const fn signum(self) -> i64 {
        self.micros.signum()
    }

    /// The whole number of bytes; `None` when it is no size.
    pub fn as_bytes(self) -> Option<u64> {
        let sound = self.unit.is_size() && self.per.is_none();
        u64::try_from(self.in_smallest() / 1_000_000)
            .ok()
            .filter(|_| sound)
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
