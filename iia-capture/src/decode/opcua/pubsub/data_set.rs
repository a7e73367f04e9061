//! A data set message (OPC 10000-14, 7.2.4.5.4 and following).

use iia_core::observe::Value;

use super::super::shape::Kind;
use super::super::status::status;
use super::super::value::Teller;

/// How fields are written.
const VARIANT: u8 = 0;
const RAW: u8 = 1;
const DATA_VALUE: u8 = 2;
/// What a message has.
const DELTA_FRAME: u8 = 1;
const EVENT: u8 = 2;
const KEEP_ALIVE: u8 = 3;

/// Tells one data set message; raw fields are told as bytes, because only their publisher knows what they are.
pub(super) fn tell(teller: &mut Teller<'_, '_>) -> Option<()> {
    let flags = teller.reader.u8()?;
    let second = match flags & 0x80 {
        0 => 0,
        _ => teller.reader.u8()?,
    };
    let (encoding, kind) = (flags >> 1 & 3, second & 0x0f);
    let fields = &mut *teller.fields;
    fields.add("iia.uadp.valid", Value::Bool(flags & 1 != 0));
    fields.code("iia.uadp.field_encoding", encoding, encoded(encoding));
    fields.code("iia.uadp.message_type", kind, typed(kind));
    if encoding > DATA_VALUE || kind > KEEP_ALIVE || second & 0xc0 != 0 {
        return None;
    }
    header(teller, flags, second)?;
    // A message that says that it is not valid has only its header.
    if flags & 1 == 0 || kind == KEEP_ALIVE {
        return Some(());
    }
    if encoding == RAW && kind != EVENT {
        let bytes = teller.reader.take(teller.reader.len())?;
        teller.fields.add("iia.uadp.raw", Value::Bytes(bytes));
        return Some(());
    }
    let count = teller.reader.le16()?;
    teller.fields.uint("iia.uadp.field_count", count);
    for _ in 0..count {
        if kind == DELTA_FRAME {
            teller.value(Kind::UInt16, "iia.uadp.field_index")?;
        }
        match encoding {
            DATA_VALUE if kind != EVENT => teller.data_value()?,
            _ => teller.variant()?,
        }
    }
    Some(())
}

/// When, in which order and by which configuration (OPC 10000-14, 7.2.4.5.4).
fn header(teller: &mut Teller<'_, '_>, flags: u8, second: u8) -> Option<()> {
    let name = "iia.uadp.data_set.sequence_number";
    if flags & 0x08 != 0 {
        teller.value(Kind::UInt16, name)?;
    }
    if second & 0x10 != 0 {
        teller.value(Kind::DateTime, "iia.uadp.data_set.timestamp")?;
    }
    if second & 0x20 != 0 {
        teller.value(Kind::UInt16, "iia.uadp.data_set.picoseconds")?;
    }
    if flags & 0x10 != 0 {
        // The upper half of a status code.
        let code = u32::from(teller.reader.le16()?) << 16;
        let name = "iia.uadp.data_set.status";
        teller.fields.code(name, code, status(code));
    }
    if flags & 0x20 != 0 {
        teller.value(Kind::UInt32, "iia.uadp.data_set.major_version")?;
    }
    if flags & 0x40 != 0 {
        teller.value(Kind::UInt32, "iia.uadp.data_set.minor_version")?;
    }
    Some(())
}

const fn encoded(encoding: u8) -> Option<&'static str> {
    Some(match encoding {
        VARIANT => "variant",
        RAW => "raw_data",
        DATA_VALUE => "data_value",
        _ => return None,
    })
}

const fn typed(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "key_frame",
        DELTA_FRAME => "delta_frame",
        EVENT => "event",
        KEEP_ALIVE => "keep_alive",
        _ => return None,
    })
}
