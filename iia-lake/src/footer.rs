//! The description at the end of a Parquet file, looked through before it is read: the reader makes room for as many row
//! groups, columns or words as the file states, and whoever wrote the file can state more than any machine holds.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// Longest description in bytes.
pub(crate) const FOOTER_LEN_MAX: u64 = 4 * 1024 * 1024;
/// Structures within structures at most.
const DEPTH_MAX: usize = 16;
const MAGIC: [u8; 4] = *b"PAR1";

/// Types of Thrift's compact protocol.
const FALSE: u8 = 2;
const I8: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// Opens a Parquet file whose description states no more than it holds; the reason in words for any other.
pub(crate) fn open(mut file: File) -> Result<File, String> {
    let footer = read(&mut file).map_err(|error| error.to_string())?;
    let footer = footer.ok_or("has no description of a table at its end")?;
    let mut walk = Walk(&footer);
    match walk.file() {
        Some(()) => Ok(file),
        None => Err("states more than it holds".into()),
    }
}

fn read(file: &mut File) -> std::io::Result<Option<Vec<u8>>> {
    let len = file.seek(SeekFrom::End(0))?;
    let Some(end) = len.checked_sub(8) else {
        return Ok(None);
    };
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    let footer_len = u64::from(u32::from_le_bytes([a, b, c, d]));
    if magic != MAGIC || footer_len > FOOTER_LEN_MAX || footer_len > end {
        return Ok(None);
    }
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(end - footer_len))?;
    file.take(footer_len).read_to_end(&mut footer)?;
    Ok(Some(footer))
}

/// Bytes that are still to be looked through; `None` where they end too early.
struct Walk<'a>(&'a [u8]);

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.0 = self.0.get(len..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The type and number of a list's values; each takes a byte at least.
    fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let len = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            short => usize::from(short),
        };
        (len <= self.0.len()).then_some((head & 15, len))
    }

    /// Calls `take` for each field of a structure, which answers whether it took the value.
    fn fields(&mut self, mut take: impl FnMut(&mut Self, u64, u8) -> Option<bool>) -> Option<()> {
        let mut number = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => self.varint()? >> 1,
                apart => u64::saturating_add(number, apart.into()),
            };
            if !take(self, number, head & 15)? {
                self.value(head & 15, DEPTH_MAX)?;
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        match kind {
            1 | FALSE => Some(()),
            I8 => self.skip(1),
            4..=I64 => self.varint().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let len = usize::try_from(self.varint()?).ok()?;
                self.skip(len)
            }
            LIST | SET => {
                let (kind, len) = self.list()?;
                // A truth value of a list takes a byte.
                let kind = if kind <= FALSE { I8 } else { kind };
                (0..len).try_for_each(|_| self.value(kind, deeper))
            }
            STRUCT => loop {
                match self.byte()? {
                    0 => return Some(()),
                    head => {
                        if head >> 4 == 0 {
                            self.varint()?;
                        }
                        self.value(head & 15, deeper)?;
                    }
                }
            },
            _ => None,
        }
    }

    /// The whole description; its schema is field 2.
    fn file(&mut self) -> Option<()> {
        self.fields(|walk, number, kind| match (number, kind) {
            (2, LIST) => walk.schema().map(|()| true),
            _ => Some(false),
        })
    }

    /// No element of the schema, whose field 5 states how many are below it, states more than there are.
    fn schema(&mut self) -> Option<()> {
        let (kind, len) = self.list()?;
        if kind != STRUCT {
            return None;
        }
        (0..len).try_for_each(|_| {
            self.fields(|walk, number, kind| match (number, kind) {
                (5, I32) => {
                    let below = walk.varint()?;
                    (below & 1 == 0 && below >> 1 <= len as u64).then_some(true)
                }
                _ => Some(false),
            })
        })
    }
}
