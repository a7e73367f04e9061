//! Types of Sparkplug (3.0.0, 6.4.16) and what the numbers on the wire mean in them.

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::proto::Wire;

/// The name of a type.
pub(super) const fn name(datatype: u32) -> Option<&'static str> {
    Some(match datatype {
        0 => "Unknown",
        1 => "Int8",
        2 => "Int16",
        3 => "Int32",
        4 => "Int64",
        5 => "UInt8",
        6 => "UInt16",
        7 => "UInt32",
        8 => "UInt64",
        9 => "Float",
        10 => "Double",
        11 => "Boolean",
        12 => "String",
        13 => "DateTime",
        14 => "Text",
        15 => "UUID",
        16 => "DataSet",
        17 => "Bytes",
        18 => "File",
        19 => "Template",
        20 => "PropertySet",
        21 => "PropertySetList",
        22 => "Int8Array",
        23 => "Int16Array",
        24 => "Int32Array",
        25 => "Int64Array",
        26 => "UInt8Array",
        27 => "UInt16Array",
        28 => "UInt32Array",
        29 => "UInt64Array",
        30 => "FloatArray",
        31 => "DoubleArray",
        32 => "BooleanArray",
        33 => "StringArray",
        34 => "DateTimeArray",
        _ => return None,
    })
}

/// A type with its name.
pub(super) fn datatype(datatype: u32) -> Value<'static> {
    let number = u64::from(datatype);
    name(datatype).map_or(Value::Uint(number), |name| Value::Code(number, name))
}

/// Which member of a `oneof value` a field is; all messages have them in this order from some number on.
pub(super) const INT: u32 = 0;
const LONG: u32 = 1;
const FLOAT: u32 = 2;
const DOUBLE: u32 = 3;
const BOOLEAN: u32 = 4;
const STRING: u32 = 5;

/// A plain value, `member` of its `oneof`; `None` for what is no plain value or has another wire type.
pub(super) fn plain<'a>(member: u32, wire: Wire<'a>, datatype: Option<u32>) -> Option<Value<'a>> {
    Some(match (member, wire) {
        (INT | LONG, Wire::Varint(number)) => integer(number, datatype),
        (FLOAT, Wire::Four(bits)) => Value::Float(f64::from(f32::from_bits(bits))),
        (DOUBLE, Wire::Eight(bits)) => Value::Float(f64::from_bits(bits)),
        (BOOLEAN, Wire::Varint(number)) => Value::Bool(number != 0),
        (STRING, Wire::Bytes(text)) => Value::text(text),
        _ => return None,
    })
}

/// Numbers with a sign are two's complement in fields without one.
fn integer(number: u64, datatype: Option<u32>) -> Value<'static> {
    match datatype {
        Some(1) => Value::Int(i64::from(number as u8 as i8)),
        Some(2) => Value::Int(i64::from(number as u16 as i16)),
        Some(3) => Value::Int(i64::from(number as u32 as i32)),
        Some(4) => Value::Int(number as i64),
        Some(11) => Value::Bool(number != 0),
        Some(13) => time(number),
        _ => Value::Uint(number),
    }
}

/// Milliseconds since 1970 (6.4.4); the number where that is no moment.
pub(super) fn time(millis: u64) -> Value<'static> {
    let ns = i64::try_from(millis).ok();
    let ns = ns.and_then(|millis| millis.checked_mul(1_000_000));
    ns.map_or(Value::Uint(millis), |ns| {
        Value::Time(Timestamp::from_ns(ns))
    })
}

/// The size of an element of an array, whose elements lie one behind the other, the lowest byte first (6.4.17).
const fn element(datatype: u32) -> Option<usize> {
    Some(match datatype {
        22 | 26 => 1,
        23 | 27 => 2,
        24 | 28 | 30 => 4,
        25 | 29 | 31 | 34 => 8,
        _ => return None,
    })
}

/// The elements of an array of numbers; `None` for what is none.
pub(super) fn array(
    datatype: u32,
    bytes: &[u8],
) -> Option<impl Iterator<Item = Value<'static>> + '_> {
    let size = element(datatype)?;
    let number = move |element: &[u8]| {
        let number = (element.iter().rev()).fold(0, |number, byte| number << 8 | u64::from(*byte));
        match datatype {
            30 => Value::Float(f64::from(f32::from_bits(number as u32))),
            31 => Value::Float(f64::from_bits(number)),
            34 => time(number),
            22..=25 => integer(number, Some(datatype - 21)),
            _ => Value::Uint(number),
        }
    };
    Some(bytes.chunks_exact(size).map(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn numbers_with_a_sign_are_read_as_such_however_wide_they_were_written() {
        for (number, datatype, want) in [
            (0xff, 1, Value::Int(-1)),
            (0xffff_ffff, 1, Value::Int(-1)),
            (0xfffe, 2, Value::Int(-2)),
            (0xffff_fffd, 3, Value::Int(-3)),
            (u64::MAX, 4, Value::Int(-1)),
            (0xffff_ffff, 7, Value::Uint(0xffff_ffff)),
            (1, 11, Value::Bool(true)),
            (1500, 13, Value::Time(Timestamp::from_ns(1_500_000_000))),
            (u64::MAX, 13, Value::Uint(u64::MAX)),
        ] {
            let got = plain(INT, Wire::Varint(number), Some(datatype));
            assert_eq!(got, Some(want), "{datatype}");
        }
    }

    #[test]
    fn arrays_are_read_element_by_element() {
        let values =
            |datatype, bytes: &[u8]| array(datatype, bytes).map(Iterator::collect::<Vec<_>>);
        assert_eq!(
            values(23, &[0xd0, 0x8a, 1, 0]),
            Some(alloc::vec![Value::Int(-30_000), Value::Int(1)])
        );
        assert_eq!(
            values(30, &[0, 0, 0xc0, 0x3f, 9]),
            Some(alloc::vec![Value::Float(1.5)])
        );
        assert_eq!(values(33, b"text\0"), None);
    }
}
