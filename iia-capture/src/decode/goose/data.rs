//! The values of a data set (IEC 61850-8-1, A.1, `Data`), each with its type.

use alloc::vec::Vec;

use iia_core::observe::Value;

use super::ber::Element;
use super::time;
use crate::decode::{Fields, Reader};

/// Arrays and structures within each other at most; what lies deeper is told as bytes.
pub const DEPTH_MAX: usize = 16;

/// The type of a value, by the number of its tag.
const fn word(choice: u8) -> Option<&'static str> {
    Some(match choice {
        1 => "array",
        2 => "structure",
        3 => "boolean",
        4 => "bit-string",
        5 => "integer",
        6 => "unsigned",
        7 => "floating-point",
        8 => "real",
        9 => "octet-string",
        10 => "visible-string",
        12 => "binary-time",
        13 => "bcd",
        14 => "booleanArray",
        15 => "objId",
        16 => "mMSString",
        17 => "utc-time",
        _ => return None,
    })
}

/// Elements that stand side by side, and whether the bytes are those and nothing else.
pub(super) fn count(bytes: &[u8]) -> (u64, bool) {
    let mut reader = Reader::new(bytes);
    let mut count = 0;
    while let Some(element) = Element::next(&mut reader) {
        if !element.whole {
            return (count, false);
        }
        count += 1;
    }
    (count, reader.is_empty())
}

/// Tells every value; whether each is whole and what its type says.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let mut sound = true;
    let mut open: Vec<Reader<'a>> = Vec::new();
    let mut reader = Reader::new(bytes);
    loop {
        let Some(element) = Element::next(&mut reader) else {
            sound &= reader.is_empty();
            match open.pop() {
                Some(outer) => reader = outer,
                None => return sound,
            }
            continue;
        };
        sound &= element.whole;
        let choice = element.tag & 0x1f;
        fields.code("goose.Data", choice, word(choice));
        match element.tag {
            0xa1 | 0xa2 => {
                let name = if choice == 1 {
                    "goose.array"
                } else {
                    "goose.structure"
                };
                fields.uint(name, count(element.body).0);
                if open.len() < DEPTH_MAX {
                    open.push(core::mem::replace(&mut reader, Reader::new(element.body)));
                } else {
                    fields.add("iia.goose.too_deep", Value::Bytes(element.body));
                    sound = false;
                }
            }
            _ => sound &= element.whole && value(fields, element),
        }
    }
}

/// Tells one value; whether it is what its type says.
fn value<'a>(fields: &mut Fields<'a>, element: Element<'a>) -> bool {
    let bytes = element.body;
    match element.tag {
        0x83 => match element.flag() {
            Some(flag) => fields.add("goose.boolean", Value::Bool(flag)),
            None => return other(fields, bytes),
        },
        0x84 | 0x8e => return bits(fields, element),
        0x85 => match element.int() {
            Some(number) => fields.add("goose.integer", Value::Int(number)),
            None => return other(fields, bytes),
        },
        0x86 => match element.uint() {
            Some(number) => fields.uint("goose.unsigned", number),
            None => return other(fields, bytes),
        },
        0x87 => return float(fields, bytes),
        0x88 => fields.add("iia.goose.real", Value::Bytes(bytes)),
        0x89 => fields.add("goose.octet_string", Value::Bytes(bytes)),
        0x8a => fields.text("goose.visible_string", bytes),
        0x8c => {
            fields.add("goose.binary_time", Value::Bytes(bytes));
            return matches!(bytes.len(), 4 | 6);
        }
        0x8d => match element.int() {
            Some(number) => fields.add("goose.bcd", Value::Int(number)),
            None => return other(fields, bytes),
        },
        0x8f => fields.add("iia.goose.objId", Value::Bytes(bytes)),
        0x90 => fields.text("goose.mMSString", bytes),
        0x91 => return time::tell(fields, "goose.utc_time", bytes),
        _ => return other(fields, bytes),
    }
    true
}

/// Bits, the first the highest of the first byte; before them, how many of the last byte are none.
fn bits<'a>(fields: &mut Fields<'a>, element: Element<'a>) -> bool {
    let name = match element.tag {
        0x84 => "goose.bit_string",
        _ => "goose.booleanArray",
    };
    let Some((unused, bits)) = element.body.split_first() else {
        return other(fields, element.body);
    };
    fields.uint("iia.goose.unused_bits", *unused);
    fields.add(name, Value::Bytes(bits));
    *unused < 8 && (*unused == 0 || !bits.is_empty())
}

/// The width of the exponent, then a number of IEEE 754.
fn float<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    fields.add("goose.floating_point", Value::Bytes(bytes));
    let number = match bytes {
        [8, a, b, c, d] => f64::from(f32::from_be_bytes([*a, *b, *c, *d])),
        [11, rest @ ..] => match <[u8; 8]>::try_from(rest) {
            Ok(bytes) => f64::from_be_bytes(bytes),
            Err(_) => return false,
        },
        _ => return false,
    };
    fields.add("goose.float_value", Value::Float(number));
    true
}

fn other<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    fields.add("iia.goose.bytes", Value::Bytes(bytes));
    false
}
