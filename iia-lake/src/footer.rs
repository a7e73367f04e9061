//! The description at the end of a Parquet file, looked through before it is read.
//!
//! The reader makes room for as many row groups, columns or words as the file states, and whoever wrote the file can state
//! more than any machine holds. It also takes the type of a field from its number and not from the file; so does this, and
//! refuses a file that says otherwise, lest the two see different descriptions.

mod shape;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use self::shape::{FILE, Shape};

/// Longest description in bytes.
pub(crate) const FOOTER_LEN_MAX: u64 = 4 * 1024 * 1024;
const MAGIC: [u8; 4] = *b"PAR1";

/// Opens a Parquet file whose description is of the known shape and states no more than it holds; the reason in words for
/// any other.
pub(crate) fn open(mut file: File) -> Result<File, String> {
    let footer = read(&mut file).map_err(|error| error.to_string())?;
    let footer = footer.ok_or("has no description of a table at its end")?;
    match Walk(&footer).value(&FILE) {
        Some(_) => Ok(file),
        None => Err("is not described as a table is, or states more than it holds".into()),
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

/// Bytes in Thrift's compact protocol that are still to be looked through; `None` where they end too early or are of
/// another shape.
struct Walk<'a>(&'a [u8]);

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, len: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(len).ok()?..)?;
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

    /// Looks through a value; gives the number of one that is a number.
    fn value(&mut self, shape: &Shape) -> Option<u64> {
        match shape {
            Shape::Truth => Some(0),
            Shape::Byte => self.byte().map(u64::from),
            Shape::Number(_) => self.varint(),
            Shape::Bytes => {
                let len = self.varint()?;
                self.skip(len)?;
                Some(0)
            }
            Shape::List(of) => {
                let len = self.list(of)?;
                (0..len).try_for_each(|_| self.value(of).map(drop))?;
                Some(0)
            }
            Shape::Schema(of) => {
                let len = self.list(of)?;
                (0..len).try_for_each(|_| self.element(of, len))?;
                Some(0)
            }
            Shape::Struct(fields) => {
                self.fields(fields, |_, _| Some(()))?;
                Some(0)
            }
        }
    }

    /// The number of values in a list, each of which takes a byte at least.
    fn list(&mut self, of: &Shape) -> Option<u64> {
        let head = self.byte()?;
        let len = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        (of.is(head & 15) && len <= self.0.len() as u64).then_some(len)
    }

    /// An element of the schema, whose field 5 states how many are below it: no more than there are.
    fn element(&mut self, shape: &Shape, len: u64) -> Option<()> {
        const BELOW: u8 = 5;
        let Shape::Struct(fields) = shape else {
            return None;
        };
        self.fields(fields, |number, value| {
            // Numbers have their sign in the lowest bit.
            let is_sound = number != BELOW || value & 1 == 0 && value >> 1 <= len;
            is_sound.then_some(())
        })
    }

    /// The fields of a structure, which are of these shapes and no other.
    fn fields(
        &mut self,
        fields: &[(u8, Shape)],
        mut judge: impl FnMut(u8, u64) -> Option<()>,
    ) -> Option<()> {
        let mut number = 0u8;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            // A number that is not told by how far it is from the last one does not occur.
            number = number.checked_add((head >> 4).checked_sub(1)? + 1)?;
            let (_, shape) = fields.iter().find(|(known, _)| *known == number)?;
            if !shape.is(head & 15) {
                return None;
            }
            let value = self.value(shape)?;
            judge(number, value)?;
        }
    }
}
