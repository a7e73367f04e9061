//! Variables that a controller publishes to others on the same network (ETG.1000.4, 5.5), without a ring.

use iia_core::observe::Value;

use crate::decode::{Fields, Reader};

/// Tells who publishes, and each variable; whether everything that was announced is there.
pub(crate) fn tell<'a>(fields: &mut Fields<'a>, body: &'a [u8]) -> bool {
    let mut reader = Reader::new(body);
    all(fields, &mut reader).is_some()
}

/// Whether a body is variables and nothing else.
pub(crate) fn sound(body: &[u8]) -> bool {
    let mut reader = Reader::new(body);
    all(&mut Fields::new(), &mut reader).is_some() && reader.is_empty() && body.len() > HEAD_LEN
}

const HEAD_LEN: usize = 12;

fn all<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let publisher = reader.take(6)?;
    fields.add("iia.nv.publisher", Value::Bytes(publisher));
    let (count, cycle) = (reader.le16()?, reader.le16()?);
    fields.uint("iia.nv.count", count);
    fields.uint("iia.nv.cycleindex", cycle);
    reader.take(2)?;
    for _ in 0..count {
        variable(fields, reader)?;
    }
    Some(())
}

fn variable<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let (id, hash) = (reader.le16()?, reader.le16()?);
    let (len, quality) = (reader.le16()?, reader.le16()?);
    fields.uint("iia.nv.id", id);
    fields.uint("iia.nv.hash", hash);
    fields.uint("iia.nv.length", len);
    fields.uint("iia.nv.quality", quality);
    let data = reader.take(len.into())?;
    fields.add("iia.nv.data", Value::Bytes(data));
    Some(())
}
