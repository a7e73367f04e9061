//! Paths: the segments that say which object, attribute, tag or port is meant (CIP Volume 1, appendix C).

use iia_core::observe::Value;

use super::{attribute, names};
use crate::decode::{Fields, Reader};

/// Segments of one path that are looked at; a path has 255 words at most, and a segment one at least.
pub const SEGMENTS_MAX: usize = 255;

/// What a path leads to, as far as what follows depends on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Target {
    /// The class.
    pub class: Option<u32>,
    /// The instance.
    pub instance: Option<u32>,
    /// The attribute.
    pub attribute: Option<u32>,
    /// The last two connection points: in an I/O connection's path that of the target's input and that of its output.
    pub points: [Option<u32>; 2],
    /// Whether it begins with a symbol, as a tag's does.
    pub symbol: bool,
}

impl Target {
    /// Whether it leads to a tag: by name, or by its instance of the symbol class.
    pub const fn is_tag(&self) -> bool {
        self.symbol && self.class.is_none() || matches!(self.class, Some(names::class::SYMBOL))
    }
}

/// One segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Segment<'a> {
    /// Through a port to an address.
    Port(u16, &'a [u8], bool),
    /// A number of a kind: class, instance, member, connection point, attribute, service.
    Logical(u8, u32),
    /// A key that the device must have: its format and what is in it.
    Key(u8, &'a [u8]),
    /// An extended number: its type and the number.
    Extended(u8, u32),
    /// Of a network: its subtype and data.
    Network(u8, &'a [u8]),
    /// A symbol in one byte a character.
    Symbol(&'a [u8]),
    /// A symbol in more bytes a character, or a number: its format and the bytes.
    Coded(u8, &'a [u8]),
    /// Data.
    Data(&'a [u8]),
}

/// Goes over the segments of a padded path; tells whether all of it could be read.
pub(super) fn walk<'a>(bytes: &'a [u8], mut each: impl FnMut(Segment<'a>)) -> bool {
    let mut reader = Reader::new(bytes);
    for _ in 0..SEGMENTS_MAX {
        if reader.is_empty() {
            return true;
        }
        match segment(&mut reader) {
            Some(found) => each(found),
            None => return false,
        }
    }
    reader.is_empty()
}

fn segment<'a>(reader: &mut Reader<'a>) -> Option<Segment<'a>> {
    let before = reader.len();
    let kind = reader.u8()?;
    let found = match kind >> 5 {
        0 => port(reader, kind)?,
        1 => logical(reader, kind)?,
        2 => network(reader, kind)?,
        3 => symbolic(reader, kind)?,
        4 => data(reader, kind)?,
        _ => return None,
    };
    if (before - reader.len()) % 2 == 1 {
        reader.u8(); // A pad; the last one of a path is missing in some.
    }
    Some(found)
}

/// C-1.4.1: a port below 15 stands in the segment, a larger one behind it; an address longer than a byte has its size.
fn port<'a>(reader: &mut Reader<'a>, kind: u8) -> Option<Segment<'a>> {
    let long = kind & 0x10 != 0;
    let size = if long { reader.u8()? } else { 1 };
    let port = match kind & 0x0f {
        15 => reader.le16()?,
        port => u16::from(port),
    };
    Some(Segment::Port(port, reader.take(usize::from(size))?, long))
}

/// C-1.4.2: a number of one, two or four bytes; the longer ones begin at an even place.
fn logical<'a>(reader: &mut Reader<'a>, kind: u8) -> Option<Segment<'a>> {
    let (what, format) = (kind >> 2 & 7, kind & 3);
    if what == 5 {
        let format = reader.u8()?;
        let len = match format {
            4 => 8,
            5 => 12,
            _ => return None,
        };
        return Some(Segment::Key(format, reader.take(len)?));
    }
    let extended = (what == 7).then(|| reader.u8());
    if extended.is_none() && format > 0 {
        reader.u8()?;
    }
    let number = match format {
        0 => u32::from(reader.u8()?),
        1 => u32::from(reader.le16()?),
        2 => reader.le32()?,
        _ => return None,
    };
    Some(match extended {
        Some(kind) => Segment::Extended(kind?, number),
        None => Segment::Logical(what, number),
    })
}

/// C-1.4.3: a byte, or a number of words and those.
fn network<'a>(reader: &mut Reader<'a>, kind: u8) -> Option<Segment<'a>> {
    let subtype = kind & 0x1f;
    let len = match subtype {
        0..=0x0f => 1,
        _ => usize::from(reader.u8()?) * 2,
    };
    Some(Segment::Network(subtype, reader.take(len)?))
}

/// C-1.4.4: characters whose number stands in the segment; 0 means that a format of its own follows.
fn symbolic<'a>(reader: &mut Reader<'a>, kind: u8) -> Option<Segment<'a>> {
    let size = usize::from(kind & 0x1f);
    if size > 0 {
        return Some(Segment::Symbol(reader.take(size)?));
    }
    let format = reader.u8()?;
    let count = usize::from(format & 0x1f);
    let len = match format >> 5 {
        1 => count * 2,
        2 => count * 3,
        6 => match count {
            6 => 1,
            7 => 2,
            8 => 4,
            _ => return None,
        },
        _ => return None,
    };
    Some(Segment::Coded(format, reader.take(len)?))
}

/// C-1.4.5: words of data, or a symbol as tags have them.
fn data<'a>(reader: &mut Reader<'a>, kind: u8) -> Option<Segment<'a>> {
    let size = usize::from(reader.u8()?);
    match kind {
        0x80 => Some(Segment::Data(reader.take(size * 2)?)),
        0x91 => Some(Segment::Symbol(reader.take(size)?)),
        _ => None,
    }
}

/// Where a path leads to.
pub(super) fn target(bytes: &[u8]) -> (Target, bool) {
    let mut target = Target::default();
    let sound = walk(bytes, |segment| match segment {
        Segment::Logical(0, number) => target.class = Some(number),
        Segment::Logical(1, number) => target.instance = Some(number),
        Segment::Logical(3, number) => target.points = [target.points[1], Some(number)],
        Segment::Logical(4, number) => target.attribute = Some(number),
        Segment::Symbol(_) | Segment::Coded(..) => target.symbol = true,
        _ => {}
    });
    (target, sound)
}

/// The fields of a path; tells whether all of it could be read.
pub(super) fn fields<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let (mut class, mut instance) = (None, None);
    walk(bytes, |segment| match segment {
        Segment::Port(port, link, long) => {
            let name = (port == 1).then_some("backplane");
            fields.code("cip.port", port, name);
            match link {
                [link] if !long => fields.uint("cip.linkaddress.byte", *link),
                link => fields.text("cip.linkaddress.string", trimmed(link)),
            }
        }
        Segment::Logical(kind, number) => {
            let (name, word) = match kind {
                0 => {
                    class = Some(number);
                    ("cip.class", names::class_name(number))
                }
                1 => {
                    instance = Some(number);
                    ("cip.instance", None)
                }
                2 => ("cip.member", None),
                3 => ("cip.connpoint", None),
                4 => ("cip.attribute", attribute::name((class, instance), number)),
                _ => ("cip.serviceid", None),
            };
            fields.code(name, number, word);
        }
        Segment::Key(format, bytes) => key(fields, format, bytes),
        Segment::Extended(kind, number) => {
            fields.uint("cip.extlogical.type", kind);
            fields.uint("cip.extlogical", number);
        }
        Segment::Network(subtype, bytes) => subnet(fields, subtype, bytes),
        Segment::Symbol(name) => fields.text("cip.symbol", name),
        Segment::Coded(format, bytes) => {
            fields.uint("cip.symbol.format", format >> 5);
            fields.add("iia.cip.symbol_bytes", Value::Bytes(bytes));
        }
        Segment::Data(bytes) => fields.add("cip.data_segment.data", Value::Bytes(bytes)),
    })
}

fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != 0);
    text.get(..end.map_or(0, |end| end + 1)).unwrap_or(text)
}

/// What a device must be for the path to go on (C-1.4.2, table C-1.4).
fn key(fields: &mut Fields<'_>, format: u8, bytes: &[u8]) {
    fields.uint("cip.ekey.format", format);
    let mut reader = Reader::new(bytes);
    let _ = identity(fields, &mut reader);
    if let Some(serial) = reader.le32() {
        fields.uint("cip.ekey.serial_number", serial);
    }
}

fn identity(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let vendor = reader.le16()?;
    fields.code("cip.ekey.vendor", vendor, names::vendor(vendor));
    let device = reader.le16()?;
    fields.code("cip.ekey.devtype", device, names::device_type(device));
    fields.uint("cip.ekey.product_code", reader.le16()?);
    let major = reader.u8()?;
    fields.add("cip.ekey.comp_bit", Value::Bool(major & 0x80 != 0));
    fields.uint("cip.ekey.major_rev", major & 0x7f);
    fields.uint("cip.ekey.minor_rev", reader.u8()?);
    Some(())
}

fn subnet<'a>(fields: &mut Fields<'a>, subtype: u8, bytes: &'a [u8]) {
    let word = match subtype {
        1 => Some("schedule"),
        2 => Some("fixed_tag"),
        3 => Some("production_inhibit_time"),
        0x10 => Some("safety"),
        0x1f => Some("extended"),
        _ => None,
    };
    fields.code("cip.network_segment.type", subtype, word);
    match (subtype, bytes) {
        (1, [number]) => fields.uint("cip.network_segment.schedule", *number),
        (2, [number]) => fields.uint("cip.network_segment.fixed_tag", *number),
        (3, [number]) => fields.uint("cip.network_segment.prod_inhibit", *number),
        (0x1f, [low, high, ..]) => {
            let kind = u16::from_le_bytes([*low, *high]);
            fields.uint("cip.network_segment.subtype", kind);
            fields.add("iia.cip.network_segment", Value::Bytes(bytes));
        }
        _ => fields.add("iia.cip.network_segment", Value::Bytes(bytes)),
    }
}
