//! Thrift's compact protocol, as much of it as the descriptions in a Parquet file need.

use alloc::vec::Vec;

/// Structures within structures at most.
const DEPTH_MAX: usize = 8;

/// Types of values.
pub(super) mod kind {
    pub(crate) const TRUE: u8 = 1;
    pub(crate) const FALSE: u8 = 2;
    pub(crate) const I8: u8 = 3;
    pub(crate) const I32: u8 = 5;
    pub(crate) const I64: u8 = 6;
    pub(crate) const BINARY: u8 = 8;
    pub(crate) const LIST: u8 = 9;
    pub(crate) const STRUCT: u8 = 12;
}

/// Writes values one after the other.
#[derive(Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
    /// The number of the last field in each open structure.
    last: Vec<u8>,
}

impl Out {
    /// Begins a structure; fields follow with rising numbers, then [`Self::end`].
    pub(super) fn begin(&mut self) {
        self.last.push(0);
    }

    pub(super) fn end(&mut self) {
        self.last.pop();
        self.bytes.push(0);
    }

    pub(super) fn field(&mut self, number: u8, kind: u8) {
        if let Some(last) = self.last.last_mut() {
            let apart = number - *last;
            *last = number;
            self.bytes.push(apart << 4 | kind);
        }
    }

    /// A field that is a structure.
    pub(super) fn open(&mut self, number: u8) {
        self.field(number, kind::STRUCT);
        self.begin();
    }

    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }

    /// A number that is never negative here, in the form of numbers with a sign.
    pub(super) fn number(&mut self, value: u64) {
        self.varint(value << 1);
    }

    pub(super) fn i32(&mut self, number: u8, value: u64) {
        self.field(number, kind::I32);
        self.number(value);
    }

    pub(super) fn i64(&mut self, number: u8, value: u64) {
        self.field(number, kind::I64);
        self.number(value);
    }

    pub(super) fn binary(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, number: u8, text: &str) {
        self.field(number, kind::BINARY);
        self.binary(text.as_bytes());
    }

    /// A field that is a list of `len` values, which follow.
    pub(super) fn list(&mut self, number: u8, kind: u8, len: usize) {
        self.field(number, kind::LIST);
        match u8::try_from(len) {
            Ok(short @ 0..15) => self.bytes.push(short << 4 | kind),
            _ => {
                self.bytes.push(0xf0 | kind);
                self.varint(len as u64);
            }
        }
    }
}

/// Reads values one after the other; `None` for whatever does not end within the bytes.
pub(super) struct In<'a> {
    pub(super) bytes: &'a [u8],
}

impl<'a> In<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
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

    /// A number that is not negative.
    pub(super) fn number(&mut self) -> Option<u64> {
        let value = self.varint()?;
        (value & 1 == 0).then_some(value >> 1)
    }

    pub(super) fn binary(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.varint()?).ok()?;
        self.take(len)
    }

    /// The type and length of a list.
    pub(super) fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let len = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            short => usize::from(short),
        };
        // A value takes a byte at least.
        (len <= self.bytes.len()).then_some((head & 15, len))
    }

    /// Calls `take` with the number and type of each field of a structure, up to its end; `take` reads the value, or
    /// answers `false` to have it skipped.
    pub(super) fn fields(
        &mut self,
        mut take: impl FnMut(&mut Self, u64, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut number = 0u64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            // Numbers further apart than 15 do not occur.
            number += u64::from(head >> 4).checked_sub(1)? + 1;
            let kind = head & 15;
            if !take(self, number, kind)? {
                self.skip(kind, DEPTH_MAX)?;
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => Some(()),
            kind::I8 => self.byte().map(drop),
            4..=kind::I64 => self.varint().map(drop),
            kind::BINARY => self.binary().map(drop),
            kind::LIST => {
                let deeper = depth.checked_sub(1)?;
                let (kind, len) = self.list()?;
                // A truth value of a list takes a byte.
                let kind = if kind <= kind::FALSE { kind::I8 } else { kind };
                (0..len).try_for_each(|_| self.skip(kind, deeper))
            }
            kind::STRUCT => {
                let deeper = depth.checked_sub(1)?;
                loop {
                    match self.byte()? {
                        0 => return Some(()),
                        head => self.skip(head & 15, deeper)?,
                    }
                }
            }
            _ => None,
        }
    }
}
