//! Attributes of objects that the standard defines: their names, and what stands in them.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::{Mac, Value};

use super::{attributes, attributes_network, names, path};
use crate::decode::{Fields, Reader};

/// What a part of an attribute is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    U8,
    U16,
    U32,
    U64,
    I64,
    Flag,
    /// A number of one byte, of two or four, that has names.
    Named(u8, fn(u64) -> Option<&'static str>),
    /// An IP address as a number.
    Ip,
    Mac,
    /// Text behind a byte that says how long it is.
    Short,
    /// Text behind two, and a pad where it is odd.
    Text,
    /// Text behind two, without a pad.
    Unpadded,
    /// A path behind its number of words.
    Path,
    /// Numbers of two bytes behind how many there are, which has a name of its own.
    List(&'static str),
    /// Bytes.
    Bytes(usize),
    /// A number of bits, and the bytes for them.
    Bits,
    /// Microseconds since 1970.
    Micros,
}

/// A part: Wireshark's name of it, and what it is.
pub(super) type Part = (&'static str, Kind);

/// An attribute: its class, its number, its name, its parts.
pub(super) type Row = (u32, u32, &'static str, &'static [Part]);

/// The attributes of a class itself, which all classes may have (CIP Volume 1, table 4-4.2).
static OF_CLASS: &[Row] = &[
    (0, 1, "revision", &[("cip.class_revision", Kind::U16)]),
    (0, 2, "max_instance", &[("cip.max_instance", Kind::U16)]),
    (
        0,
        3,
        "number_of_instances",
        &[("cip.num_instance", Kind::U16)],
    ),
    (
        0,
        4,
        "optional_attribute_list",
        &[("cip.attr_num", Kind::List("cip.num_attr"))],
    ),
    (
        0,
        5,
        "optional_service_list",
        &[("cip.service_code", Kind::List("cip.num_service"))],
    ),
    (
        0,
        6,
        "max_id_number_class_attributes",
        &[("cip.num_class_attr", Kind::U16)],
    ),
    (
        0,
        7,
        "max_id_number_instance_attributes",
        &[("cip.num_inst_attr", Kind::U16)],
    ),
];

/// Whose an attribute is: class and instance; instance 0 is the class itself.
pub(super) type Owner = (Option<u32>, Option<u32>);

fn row((class, instance): Owner, number: u32) -> Option<&'static Row> {
    if instance == Some(0) {
        return OF_CLASS.iter().find(|row| row.1 == number);
    }
    let class = class?;
    let mut rows = attributes::ROWS.iter().chain(attributes_network::ROWS);
    rows.find(|row| (row.0, row.1) == (class, number))
}

/// The name of an attribute.
pub(super) fn name(owner: Owner, number: u32) -> Option<&'static str> {
    row(owner, number).map(|row| row.2)
}

/// Reads one attribute. `None` where it is not known here, or its bytes are not all there; then nothing was taken.
pub(super) fn read<'a>(
    fields: &mut Fields<'a>,
    (owner, number): (Owner, u32),
    reader: &mut Reader<'a>,
) -> Option<()> {
    // Seen first, so that half an attribute is not told as a whole one.
    let row = known(owner, number, &mut reader.clone())?;
    for (name, kind) in row.3 {
        part(fields, name, *kind, reader)?;
    }
    Some(())
}

/// The row of an attribute whose bytes are all there.
fn known(owner: Owner, number: u32, reader: &mut Reader<'_>) -> Option<&'static Row> {
    let row = row(owner, number)?;
    for (_, kind) in row.3 {
        pass(*kind, reader)?;
    }
    Some(row)
}

/// All attributes of an instance, one behind the other, as far as they are known; gives what is left.
pub(super) fn all<'a>(fields: &mut Fields<'a>, owner: Owner, bytes: &'a [u8]) -> &'a [u8] {
    let mut reader = Reader::new(bytes);
    for number in order(owner) {
        let mut ahead = reader;
        if reader.is_empty() || known(owner, *number, &mut ahead).is_none() {
            break;
        }
        fields.code("cip.attribute", *number, name(owner, *number));
        let _ = read(fields, (owner, *number), &mut reader);
    }
    reader.rest()
}

/// Which attributes come in an answer to Get_Attributes_All, by class, as far as all before them have a fixed form.
const fn order((class, instance): Owner) -> &'static [u32] {
    let (Some(class), Some(instance)) = (class, instance) else {
        return &[];
    };
    match (class, instance) {
        (names::class::IDENTITY, 0) => &[1, 2, 6, 7],
        (names::class::IDENTITY, _) => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        (names::class::MESSAGE_ROUTER, 1..) => &[1, 2, 3],
        (names::class::CONNECTION_MANAGER, 0) => &[1, 2, 3, 4],
        (names::class::CONNECTION_MANAGER, _) => &[1, 2, 3, 4, 5, 6, 7, 8],
        (0xf5, 0) => &[1, 2, 3],
        (0xf5, _) => &[1, 2, 3, 4, 5, 6],
        (0xf6, 0) => &[1, 2, 3],
        (0xf6, _) => &[1, 2, 3, 4, 5, 6],
        (0x48, 0) => &[1, 2],
        (0x48, _) => &[1, 2, 3, 4, 5, 6, 7, 8],
        (0xf4, 0) => &[1, 2, 3, 8],
        _ => &[],
    }
}

/// Takes a part without telling it.
fn pass(kind: Kind, reader: &mut Reader<'_>) -> Option<()> {
    let len = match kind {
        Kind::U8 | Kind::Flag => 1,
        Kind::U16 => 2,
        Kind::U32 | Kind::Ip => 4,
        Kind::U64 | Kind::I64 | Kind::Micros => 8,
        Kind::Named(len, _) => usize::from(len),
        Kind::Mac => 6,
        Kind::Bytes(len) => len,
        Kind::Short => usize::from(reader.u8()?),
        Kind::Text => text_len(reader)?,
        Kind::Unpadded => usize::from(reader.le16()?),
        Kind::Path | Kind::List(_) => usize::from(reader.le16()?) * 2,
        Kind::Bits => usize::from(reader.le16()?).div_ceil(8),
    };
    reader.take(len).map(|_| ())
}

fn text_len(reader: &mut Reader<'_>) -> Option<usize> {
    let len = usize::from(reader.le16()?);
    Some(len.next_multiple_of(2).min(reader.len().max(len)))
}

fn part<'a>(
    fields: &mut Fields<'a>,
    name: &'static str,
    kind: Kind,
    reader: &mut Reader<'a>,
) -> Option<()> {
    match kind {
        Kind::U8 => fields.uint(name, reader.u8()?),
        Kind::U16 => fields.uint(name, reader.le16()?),
        Kind::U32 => fields.uint(name, reader.le32()?),
        Kind::U64 => fields.uint(name, reader.le64()?),
        Kind::I64 => fields.add(name, Value::Int(reader.le64()? as i64)),
        Kind::Flag => fields.add(name, Value::Bool(reader.u8()? & 1 != 0)),
        Kind::Named(len, word) => {
            let number = match len {
                1 => u64::from(reader.u8()?),
                2 => u64::from(reader.le16()?),
                _ => u64::from(reader.le32()?),
            };
            fields.code(name, number, word(number));
        }
        Kind::Ip => {
            let address = Ipv4Addr::from_bits(reader.le32()?);
            fields.add(name, Value::Ip(IpAddr::V4(address)));
        }
        Kind::Mac => fields.add(name, Value::Mac(Mac(reader.array()?))),
        Kind::Short => {
            let len = reader.u8()?;
            fields.text(name, reader.take(usize::from(len))?);
        }
        Kind::Text => {
            let mut ahead = *reader;
            let len = usize::from(ahead.le16()?);
            let taken = text_len(reader)?;
            let padded = reader.take(taken)?;
            fields.text(name, padded.get(..len).unwrap_or(padded));
        }
        Kind::Unpadded => {
            let len = reader.le16()?;
            fields.text(name, reader.take(usize::from(len))?);
        }
        Kind::Path => {
            let words = reader.le16()?;
            path::fields(fields, reader.take(usize::from(words) * 2)?);
        }
        Kind::List(count_name) => {
            let count = reader.le16()?;
            fields.uint(count_name, count);
            for _ in 0..count {
                fields.uint(name, reader.le16()?);
            }
        }
        Kind::Bytes(len) => fields.add(name, Value::Bytes(reader.take(len)?)),
        Kind::Bits => {
            let len = usize::from(reader.le16()?).div_ceil(8);
            fields.add(name, Value::Bytes(reader.take(len)?));
        }
        Kind::Micros => {
            let micros = i64::try_from(reader.le64()?).unwrap_or(i64::MAX);
            let ns = micros.saturating_mul(1000);
            fields.add(name, Value::Time(iia_core::Timestamp::from_ns(ns)));
        }
    }
    Some(())
}
