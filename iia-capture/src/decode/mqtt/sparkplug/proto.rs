//! Messages of Protocol Buffers, field by field, without copying (the wire format: tags, varints, lengths).

use super::super::super::Reader;

/// The value of a field, as its wire type holds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Eight(u64),
    /// Wire type 2: text, bytes or a message.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Four(u32),
}

impl<'a> Wire<'a> {
    /// What has a length.
    pub(super) const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The fields of a message that are still to come.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    reader: Reader<'a>,
    is_broken: bool,
}

impl<'a> Message<'a> {
    /// A message.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
            is_broken: false,
        }
    }

    /// Whether something was met that is no field.
    pub(super) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let reader = &mut self.reader;
        let tag = varint(reader)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0)?;
        let value = match tag & 7 {
            0 => Wire::Varint(varint(reader)?),
            1 => Wire::Eight(reader.le64()?),
            2 => {
                let len = usize::try_from(varint(reader)?).ok()?;
                Wire::Bytes(reader.take(len)?)
            }
            5 => Wire::Four(reader.le32()?),
            _ => return None,
        };
        Some((number, value))
    }
}

impl<'a> Iterator for Message<'a> {
    type Item = (u32, Wire<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken || self.reader.is_empty() {
            return None;
        }
        let field = self.field();
        self.is_broken = field.is_none();
        field
    }
}

/// Seven bits a byte, the lowest first; ten bytes at most.
fn varint(reader: &mut Reader<'_>) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let byte = reader.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
