//! A whole log as one table, a Parquet file, that every tool for tables opens and that verifies alone.
//!
//! The format stands in the README of this crate. Of the many forms that a Parquet file may have, one is written and read:
//! no compression, no statistics, one page a column and group. A file is right when it is the one that this crate writes for its
//! rows and words; so no byte of it can differ unseen, and no statistics make a tool leave out rows. Whatever else reads
//! the file sees what was verified.

mod check;
mod compact;
mod json;
mod make;
mod page;
mod read;
mod row;
mod schema;
mod write;

pub use check::{Report, verify};
pub use make::{Made, make};
pub use read::{Stopped, Table, read};
pub use schema::{COLUMNS, Cell, Column, Kind};
pub use write::Writer;

/// Longest table in bytes.
pub const TABLE_LEN_MAX: u64 = 1024 * 1024 * 1024;
/// Rows of a group; all but the last have so many.
pub const GROUP_ROWS: usize = 4096;
/// Words in the file's own description at most: format, genesis, policy and heads.
pub const WORDS_MAX: usize = 3 + crate::bundle::HEADS_MAX;
/// The first four bytes, and the last.
pub const MAGIC: [u8; 4] = *b"PAR1";
/// The word that names the format, and what it says.
pub const FORMAT: (&str, &str) = ("iia.format", "iia-audit-table 1");
/// The word that holds genesis.
pub const GENESIS: &str = "iia.genesis";
/// The word that holds the policy.
pub const POLICY: &str = "iia.policy";
/// What the words begin with that hold signed heads; the size in 16 hexadecimal digits follows.
pub const HEAD: &str = "iia.head.";
