//! Values of CIP's data types (CIP Volume 1, appendix C-6).

use iia_core::observe::Value;

use crate::decode::{Fields, Reader};

/// The type of a structure, whose handle follows it (1756-PM020).
pub(super) const STRUCTURE: u16 = 0x02a0;

/// A data type's name.
pub(super) const fn type_name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        0xc1 => "BOOL",
        0xc2 => "SINT",
        0xc3 => "INT",
        0xc4 => "DINT",
        0xc5 => "LINT",
        0xc6 => "USINT",
        0xc7 => "UINT",
        0xc8 => "UDINT",
        0xc9 => "ULINT",
        0xca => "REAL",
        0xcb => "LREAL",
        0xcc => "STIME",
        0xcd => "DATE",
        0xce => "TIME_OF_DAY",
        0xcf => "DATE_AND_TIME",
        0xd0 => "STRING",
        0xd1 => "BYTE",
        0xd2 => "WORD",
        0xd3 => "DWORD",
        0xd4 => "LWORD",
        0xd5 => "STRING2",
        0xd6 => "FTIME",
        0xd7 => "LTIME",
        0xd8 => "ITIME",
        0xd9 => "STRINGN",
        0xda => "SHORT_STRING",
        0xdb => "TIME",
        0xdc => "EPATH",
        0xdd => "ENGUNIT",
        0xde => "STRINGI",
        STRUCTURE => "STRUCT",
        _ => return None,
    })
}

/// One value of a type that has a fixed length, or a text; `None` where the type is another or bytes are missing.
pub(super) fn value<'a>(kind: u16, reader: &mut Reader<'a>) -> Option<Value<'a>> {
    Some(match kind {
        0xc1 => Value::Bool(reader.u8()? != 0),
        0xc2 => Value::Int(i64::from(reader.u8()? as i8)),
        0xc3 | 0xd8 => Value::Int(i64::from(reader.le16()? as i16)),
        0xc4 | 0xd6 | 0xdb => Value::Int(i64::from(reader.le32()? as i32)),
        0xc5 | 0xd7 | 0xcc => Value::Int(reader.le64()? as i64),
        0xc6 | 0xd1 => Value::Uint(u64::from(reader.u8()?)),
        0xc7 | 0xd2 | 0xcd | 0xdd => Value::Uint(u64::from(reader.le16()?)),
        0xc8 | 0xd3 | 0xce => Value::Uint(u64::from(reader.le32()?)),
        0xc9 | 0xd4 => Value::Uint(reader.le64()?),
        0xca => Value::Float(f64::from(f32::from_bits(reader.le32()?))),
        0xcb => Value::Float(f64::from_bits(reader.le64()?)),
        0xd0 => {
            let len = reader.le16()?;
            Value::text(reader.take(usize::from(len))?)
        }
        0xda => {
            let len = reader.u8()?;
            Value::text(reader.take(usize::from(len))?)
        }
        _ => return None,
    })
}

/// Values of one type up to the end, each a field; what is of no known type, or left over, as bytes. Tells whether
/// nothing was left over.
pub(super) fn values<'a>(
    fields: &mut Fields<'a>,
    name: &'static str,
    kind: u16,
    bytes: &'a [u8],
) -> bool {
    let known = type_name(kind).is_some() && kind != STRUCTURE;
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let before = reader;
        match value(kind, &mut reader) {
            Some(value) => fields.add(name, value),
            None => {
                fields.add(name, Value::Bytes(before.rest()));
                return !known || !has_length(kind);
            }
        }
    }
    true
}

/// Whether all values of a type can be read here.
const fn has_length(kind: u16) -> bool {
    !matches!(kind, 0xcf | 0xd5 | 0xd9 | 0xdc | 0xde)
}
