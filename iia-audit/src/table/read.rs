//! Reads a table, and writes it again to see that it is the same.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::compact::{In, kind};
use super::page::Cells;
use super::schema::{COLUMNS, Cell};
use super::write::Writer;
use super::{GROUP_ROWS, MAGIC, WORDS_MAX};
use crate::note::NOTE_LEN_MAX;

/// Where reading stopped: the row, the byte near which it shows, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// The row.
    pub row: u64,
    /// The byte.
    pub offset: usize,
    /// Why, in words.
    pub why: String,
}

/// A table whose description was read; its rows come with [`Self::rows`].
#[derive(Clone, Debug)]
pub struct Table<'a> {
    bytes: &'a [u8],
    /// Where the description starts.
    end: usize,
    /// Rows, as the description says.
    pub rows: u64,
    /// The words, in their order.
    pub words: Vec<(String, String)>,
}

/// Reads the description of a table.
///
/// # Errors
/// [`Stopped`] for bytes that have none.
pub fn read(bytes: &[u8]) -> Result<Table<'_>, Stopped> {
    let wrong = |offset, why: &str| Stopped {
        row: 0,
        offset,
        why: why.to_string(),
    };
    let inner = bytes
        .strip_prefix(&MAGIC)
        .and_then(|rest| rest.strip_suffix(&MAGIC));
    let inner = inner.ok_or(wrong(0, "does not begin and end as a table does"))?;
    let cut = wrong(bytes.len(), "is cut short");
    let (rest, len) = inner.split_last_chunk::<4>().ok_or(cut.clone())?;
    let len = u32::from_le_bytes(*len) as usize;
    let end = rest.len().checked_sub(len).ok_or(cut)?;
    let described = description(rest.get(end..).unwrap_or_default());
    let (rows, words) =
        described.ok_or(wrong(end + MAGIC.len(), "is not described as a table is"))?;
    let end = end + MAGIC.len();
    Ok(Table {
        bytes,
        end,
        rows,
        words,
    })
}

type Words = Vec<(String, String)>;

fn description(bytes: &[u8]) -> Option<(u64, Words)> {
    let mut input = In { bytes };
    let (mut rows, mut words) = (None, Vec::new());
    input.fields(|input, number, kind| match (number, kind) {
        (3, kind::I64) => {
            rows = Some(input.number()?);
            Some(true)
        }
        (5, kind::LIST) => {
            let (kind, len) = input.list()?;
            if kind != kind::STRUCT || len > WORDS_MAX {
                return None;
            }
            for _ in 0..len {
                words.push(word(input)?);
            }
            Some(true)
        }
        _ => Some(false),
    })?;
    Some((rows?, words))
}

fn word(input: &mut In<'_>) -> Option<(String, String)> {
    let (mut key, mut value) = (None, None);
    input.fields(|input, number, _| {
        let text = core::str::from_utf8(input.binary()?).ok()?;
        let text = (text.len() <= NOTE_LEN_MAX).then(|| text.to_string())?;
        match number {
            1 => key = Some(text),
            2 => value = Some(text),
            _ => return None,
        }
        Some(true)
    })?;
    key.zip(value)
}

impl Table<'_> {
    /// Gives every row in order, then sees that the whole file is the one that [`Writer`] writes for them.
    ///
    /// # Errors
    /// [`Stopped`] for the first row that cannot be read or that `take` refuses, and for a file of any other form.
    pub fn rows(&self, mut take: impl FnMut(&[Cell]) -> Result<(), String>) -> Result<(), Stopped> {
        let mut same = Same {
            rest: self.bytes,
            at: 0,
            differs: None,
        };
        let mut writer = Writer::new(|bytes: &[u8]| same.hold(bytes));
        let mut rest = self.bytes.get(MAGIC.len()..self.end).unwrap_or_default();
        let mut row = 0;
        while row < self.rows {
            let offset = self.end - rest.len();
            let stopped = |row, why: &str| Stopped {
                row,
                offset,
                why: why.to_string(),
            };
            let pages = COLUMNS.iter().map(|column| Cells::take(*column, &mut rest));
            let pages: Option<Vec<Cells<'_>>> = pages.collect();
            let mut pages = pages.ok_or(stopped(row, "a page is not where it must be"))?;
            for _ in 0..GROUP_ROWS.min(usize::try_from(self.rows - row).unwrap_or(GROUP_ROWS)) {
                let cells: Option<Vec<Cell>> = pages.iter_mut().map(Cells::read).collect();
                let cells = cells.ok_or(stopped(row, "a cell is cut short"))?;
                take(&cells).map_err(|why| stopped(row, &why))?;
                writer
                    .push(&cells)
                    .map_err(|error| stopped(row, &error.to_string()))?;
                row += 1;
            }
        }
        writer.finish(&self.words);
        match same.end() {
            None => Ok(()),
            Some(offset) => Err(Stopped {
                row,
                offset,
                why: "is not the form that a table has".to_string(),
            }),
        }
    }
}

/// Holds bytes that come piece by piece against those that are there.
struct Same<'a> {
    rest: &'a [u8],
    at: usize,
    differs: Option<usize>,
}

impl Same<'_> {
    fn hold(&mut self, bytes: &[u8]) {
        let (there, rest) = self.rest.split_at(bytes.len().min(self.rest.len()));
        self.rest = rest;
        if self.differs.is_none() && there != bytes {
            let alike = there.iter().zip(bytes).take_while(|(a, b)| a == b);
            self.differs = Some(self.at + alike.count());
        }
        self.at += bytes.len();
    }

    /// The first byte that differs, or that is one too many or too few.
    fn end(&self) -> Option<usize> {
        let more = (!self.rest.is_empty()).then_some(self.at);
        self.differs.or(more)
    }
}
