//! Writes a table, group by group.

use alloc::string::String;
use alloc::vec::Vec;

use super::compact::{Out, kind};
use super::page::Page;
use super::schema::{COLUMNS, Cell, Column, Kind};
use super::{GROUP_ROWS, MAGIC};
use crate::AuditError;

/// A table under construction; its bytes go to `sink` as they come.
pub struct Writer<S: FnMut(&[u8])> {
    sink: S,
    /// Bytes so far.
    at: u64,
    pages: Vec<Page>,
    rows: usize,
    groups: Vec<Group>,
}

/// What the end of the file says of a group.
struct Group {
    rows: u64,
    /// Where each column starts, and its bytes.
    columns: Vec<(u64, u64)>,
}

impl<S: FnMut(&[u8])> Writer<S> {
    /// Begins a table.
    pub fn new(sink: S) -> Self {
        let mut writer = Self {
            sink,
            at: 0,
            pages: Vec::new(),
            rows: 0,
            groups: Vec::new(),
        };
        writer.give(&MAGIC);
        writer.begin();
        writer
    }

    fn give(&mut self, bytes: &[u8]) {
        (self.sink)(bytes);
        self.at += bytes.len() as u64;
    }

    fn begin(&mut self) {
        self.rows = 0;
        self.pages = COLUMNS.iter().map(|_| Page::default()).collect();
    }

    /// Adds a row, a cell for each column.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for a cell that its column does not hold.
    pub fn push(&mut self, row: &[Cell]) -> Result<(), AuditError> {
        let wrong = AuditError::Malformed {
            what: "row of a table",
        };
        if row.len() != COLUMNS.len() {
            return Err(wrong);
        }
        for ((page, column), cell) in self.pages.iter_mut().zip(&COLUMNS).zip(row) {
            page.push(column, cell).ok_or(wrong.clone())?;
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS {
            self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) {
        let rows = self.rows as u64;
        let pages = core::mem::take(&mut self.pages);
        let mut columns = Vec::new();
        for (page, column) in pages.iter().zip(&COLUMNS) {
            let bytes = page.finish(column);
            columns.push((self.at, bytes.len() as u64));
            self.give(&bytes);
        }
        self.groups.push(Group { rows, columns });
        self.begin();
    }

    /// Ends the table; `words` describe it.
    pub fn finish(mut self, words: &[(String, String)]) {
        if self.rows > 0 {
            self.flush();
        }
        let end = description(&self.groups, words);
        self.give(&end);
        let len = u32::try_from(end.len()).unwrap_or(u32::MAX);
        self.give(&len.to_le_bytes());
        self.give(&MAGIC);
    }
}

/// The description at the end of the file.
fn description(groups: &[Group], words: &[(String, String)]) -> Vec<u8> {
    let mut out = Out::default();
    out.begin();
    out.i32(1, 1); // version
    out.list(2, kind::STRUCT, 1 + COLUMNS.len());
    out.begin();
    out.text(4, "records");
    out.i32(5, COLUMNS.len() as u64);
    out.end();
    COLUMNS.iter().for_each(|column| schema(&mut out, column));
    out.i64(3, groups.iter().map(|group| group.rows).sum());
    out.list(4, kind::STRUCT, groups.len());
    groups.iter().for_each(|one| group(&mut out, one));
    out.list(5, kind::STRUCT, words.len());
    for (key, value) in words {
        out.begin();
        out.text(1, key);
        out.text(2, value);
        out.end();
    }
    out.end();
    out.bytes
}

/// The number of the stored type.
const fn stored(column: &Column) -> u64 {
    match column.kind {
        Kind::U32 => 1,
        Kind::U64 | Kind::Time => 2,
        Kind::Text | Kind::Bytes => 6,
        Kind::Fixed(_) => 7,
    }
}

fn schema(out: &mut Out, column: &Column) {
    out.begin();
    out.i32(1, stored(column));
    if let Kind::Fixed(len) = column.kind {
        out.i32(2, len.into());
    }
    out.i32(3, column.is_optional.into());
    out.text(4, column.name);
    // The older name of what the column means, then the newer.
    match column.kind {
        Kind::Text => {
            out.i32(6, 0);
            out.open(10);
            out.open(1);
            out.end();
            out.end();
        }
        Kind::U32 => whole(out, 13, 32),
        Kind::U64 => whole(out, 14, 64),
        Kind::Time => {
            out.open(10);
            out.open(8);
            out.field(1, kind::TRUE); // in UTC
            out.open(2);
            out.open(3); // nanoseconds
            out.end();
            out.end();
            out.end();
            out.end();
        }
        Kind::Fixed(_) | Kind::Bytes => {}
    }
    out.end();
}

fn whole(out: &mut Out, older: u64, bits: u8) {
    out.i32(6, older);
    out.open(10);
    out.open(10);
    out.field(1, kind::I8);
    out.bytes.push(bits);
    out.field(2, kind::FALSE); // without sign
    out.end();
    out.end();
}

fn group(out: &mut Out, group: &Group) {
    out.begin();
    out.list(1, kind::STRUCT, group.columns.len());
    for (column, (at, len)) in COLUMNS.iter().zip(&group.columns) {
        out.begin();
        out.i64(2, *at);
        out.open(3);
        out.i32(1, stored(column));
        out.list(2, kind::I32, 2);
        out.number(0); // plain
        out.number(3); // runs
        out.list(3, kind::BINARY, 1);
        out.binary(column.name.as_bytes());
        out.i32(4, 0); // not compressed
        out.i64(5, group.rows);
        out.i64(6, *len);
        out.i64(7, *len);
        out.i64(9, *at);
        out.end();
        out.end();
    }
    out.i64(2, group.columns.iter().map(|(_, len)| len).sum());
    out.i64(3, group.rows);
    out.end();
}
