//! The columns.

use alloc::vec::Vec;

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A number of 64 bits without sign.
    U64,
    /// A number of 32 bits without sign.
    U32,
    /// Nanoseconds since 1970-01-01T00:00:00Z, with sign.
    Time,
    /// UTF-8.
    Text,
    /// So many bytes.
    Fixed(u8),
    /// Bytes.
    Bytes,
}

/// One column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a cell may be empty, as it is in a redacted record.
    pub is_optional: bool,
}

const fn of(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_optional: false,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_optional: true,
    }
}

/// The columns, in order. Those from `envelope` on are the record as stored; all before repeat what it says.
pub const COLUMNS: [Column; 14] = [
    of("seq", Kind::U64),
    of("written", Kind::Time),
    of("error_us", Kind::U32),
    of("boottime_ns", Kind::U64),
    of("boot", Kind::U32),
    of("kind", Kind::Text),
    optional("source", Kind::Text),
    optional("stated", Kind::Time),
    optional("source_seq", Kind::U64),
    optional("fields", Kind::Text),
    of("rec_hash", Kind::Fixed(32)),
    of("envelope", Kind::Fixed(96)),
    optional("salt", Kind::Fixed(16)),
    optional("body", Kind::Bytes),
];

/// One cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// The bits of a number or a time.
    Number(u64),
    /// Text or bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    /// The bytes; none of a number.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }
}
