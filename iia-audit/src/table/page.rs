//! A page: the cells of one column and one group, one after the other; before them, where cells may be empty, runs that say
//! which are.

use alloc::vec::Vec;

use super::compact::{In, Out};
use super::schema::{Cell, Column, Kind};

/// Cells of one column under construction.
#[derive(Default)]
pub(super) struct Page {
    /// Runs of empty and of full cells.
    runs: Vec<(bool, u64)>,
    values: Vec<u8>,
    rows: u64,
}

impl Page {
    /// Adds a cell, which must be of the column's kind; `None` when it is not.
    pub(super) fn push(&mut self, column: &Column, cell: &Cell) -> Option<()> {
        match (column.kind, cell) {
            (_, Cell::Empty) if column.is_optional => {}
            (Kind::U64 | Kind::Time, Cell::Number(value)) => {
                self.values.extend_from_slice(&value.to_le_bytes());
            }
            (Kind::U32, Cell::Number(value)) => {
                let value = u32::try_from(*value).ok()?;
                self.values.extend_from_slice(&value.to_le_bytes());
            }
            (Kind::Fixed(len), Cell::Bytes(bytes)) if bytes.len() == usize::from(len) => {
                self.values.extend_from_slice(bytes);
            }
            (Kind::Text | Kind::Bytes, Cell::Bytes(bytes)) => {
                let len = u32::try_from(bytes.len()).ok()?;
                self.values.extend_from_slice(&len.to_le_bytes());
                self.values.extend_from_slice(bytes);
            }
            _ => return None,
        }
        let is_full = *cell != Cell::Empty;
        match self.runs.last_mut() {
            Some((full, len)) if *full == is_full => *len += 1,
            _ => self.runs.push((is_full, 1)),
        }
        self.rows += 1;
        Some(())
    }

    /// The page with its header.
    pub(super) fn finish(&self, column: &Column) -> Vec<u8> {
        let mut runs = Out::default();
        for (is_full, len) in &self.runs {
            runs.varint(len << 1);
            runs.bytes.push(u8::from(*is_full));
        }
        let runs = match column.is_optional {
            true => [&length(&runs.bytes), runs.bytes.as_slice()].concat(),
            false => Vec::new(),
        };
        let len = (runs.len() + self.values.len()) as u64;
        let mut page = Out::default();
        page.begin();
        page.i32(1, 0); // a data page
        page.i32(2, len);
        page.i32(3, len);
        page.open(5);
        page.i32(1, self.rows);
        page.i32(2, 0); // plain
        page.i32(3, 3); // runs
        page.i32(4, 3);
        page.end();
        page.end();
        [page.bytes, runs, self.values.clone()].concat()
    }
}

fn length(bytes: &[u8]) -> [u8; 4] {
    // A group has so few rows that its runs are shorter than 4 GiB.
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// Cells of one column that are read.
pub(super) struct Cells<'a> {
    column: Column,
    runs: In<'a>,
    run: (bool, u64),
    values: In<'a>,
}

impl<'a> Cells<'a> {
    /// Takes a page with its header off `rest`.
    pub(super) fn take(column: Column, rest: &mut &'a [u8]) -> Option<Self> {
        let mut header = In { bytes: rest };
        let mut len = None;
        header.fields(|input, number, _| match number {
            3 => {
                len = Some(input.number()?);
                Some(true)
            }
            _ => Some(false),
        })?;
        let data = header.take(usize::try_from(len?).ok()?)?;
        *rest = header.bytes;
        let mut values = In { bytes: data };
        let mut runs = In { bytes: &[] };
        if column.is_optional {
            let len = u32::from_le_bytes(values.take(4)?.try_into().ok()?);
            runs.bytes = values.take(usize::try_from(len).ok()?)?;
        }
        Some(Self {
            column,
            runs,
            run: (true, 0),
            values,
        })
    }

    /// The next cell.
    pub(super) fn read(&mut self) -> Option<Cell> {
        if self.column.is_optional && !self.is_full()? {
            return Some(Cell::Empty);
        }
        let bytes = match self.column.kind {
            Kind::U64 | Kind::Time => {
                let bytes = self.values.take(8)?.try_into().ok()?;
                return Some(Cell::Number(u64::from_le_bytes(bytes)));
            }
            Kind::U32 => {
                let bytes = self.values.take(4)?.try_into().ok()?;
                return Some(Cell::Number(u32::from_le_bytes(bytes).into()));
            }
            Kind::Fixed(len) => self.values.take(usize::from(len))?,
            Kind::Text | Kind::Bytes => {
                let len = u32::from_le_bytes(self.values.take(4)?.try_into().ok()?);
                self.values.take(usize::try_from(len).ok()?)?
            }
        };
        Some(Cell::Bytes(bytes.to_vec()))
    }

    fn is_full(&mut self) -> Option<bool> {
        if self.run.1 == 0 {
            let head = self.runs.varint()?;
            let full = self.runs.byte()?;
            if head & 1 != 0 || head == 0 || full > 1 {
                return None;
            }
            self.run = (full == 1, head >> 1);
        }
        self.run.1 -= 1;
        Some(self.run.0)
    }
}
