//! Tags of Logix controllers: read, written and listed with their types (1756-PM020).

use iia_core::observe::Value;

use super::message::{Reply, Request, rest};
use super::template::Help;
use super::{attribute, names, value};
use crate::decode::{Fields, Reader};

const READ: u8 = 0x4c;
const WRITE: u8 = 0x4d;
const READ_MODIFY_WRITE: u8 = 0x4e;
const READ_FRAGMENTED: u8 = 0x52;
const WRITE_FRAGMENTED: u8 = 0x53;
const LIST: u8 = 0x55;
/// The handle of the controller's own STRING: a length of four bytes, and 82 characters.
const STRING_HANDLE: u16 = 0x0fce;

/// The fields of a request; tells whether it keeps the rules.
pub(super) fn asked<'a>(fields: &mut Fields<'a>, request: &Request<'a>, help: &'a Help) -> bool {
    let mut reader = Reader::new(request.data);
    let sound = match request.service {
        READ => elements(fields, &mut reader),
        READ_FRAGMENTED => elements(fields, &mut reader)
            .and_then(|()| reader.le32())
            .map(|offset| fields.uint("iia.cip.offset", offset)),
        WRITE | WRITE_FRAGMENTED => {
            return write(fields, &mut reader, (request.service, help)).is_some();
        }
        READ_MODIFY_WRITE => return modify(fields, &mut reader).is_some(),
        LIST => list(fields, &mut reader),
        _ => Some(()),
    };
    rest(fields, reader.rest());
    sound.is_some() && (reader.is_empty() || names::tag_service(request.service).is_none())
}

/// The fields of an answer; tells whether it keeps the rules.
pub(super) fn answered<'a>(
    fields: &mut Fields<'a>,
    (reply, request): (&Reply<'a>, &Request<'_>),
    help: &'a Help,
) -> bool {
    let mut reader = Reader::new(reply.data);
    if reply.is_success() {
        match reply.service {
            READ | READ_FRAGMENTED => return typed(fields, &mut reader, help).is_some(),
            LIST => return listed(fields, &mut reader, request.data).is_some(),
            _ => {}
        }
    }
    rest(fields, reader.rest());
    true
}

fn elements(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    fields.uint("iia.cip.elements", reader.le16()?);
    Some(())
}

/// A type, and a structure's handle.
fn kind(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<(u16, Option<u16>)> {
    let kind = reader.le16()?;
    fields.code("iia.cip.data_type", kind, value::type_name(kind));
    if kind != value::STRUCTURE {
        return Some((kind, None));
    }
    let handle = reader.le16()?;
    fields.uint("iia.cip.structure_handle", handle);
    Some((kind, Some(handle)))
}

fn typed<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, help: &'a Help) -> Option<()> {
    let kind = kind(fields, reader)?;
    values(fields, kind, (reader.rest(), help))
}

fn write<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    (service, help): (u8, &'a Help),
) -> Option<()> {
    let kind = kind(fields, reader)?;
    elements(fields, reader)?;
    if service == WRITE_FRAGMENTED {
        fields.uint("iia.cip.offset", reader.le32()?);
    }
    values(fields, kind, (reader.rest(), help))
}

fn values<'a>(
    fields: &mut Fields<'a>,
    (kind, handle): (u16, Option<u16>),
    (bytes, help): (&'a [u8], &'a Help),
) -> Option<()> {
    if handle == Some(STRING_HANDLE)
        && let Some(text) = string(bytes)
    {
        fields.text("iia.cip.value", text);
        return Some(());
    }
    let layout = help.layout.as_ref().filter(|_| handle.is_some());
    if layout.is_some_and(|layout| layout.values(fields, bytes).is_some()) {
        return Some(());
    }
    value::values(fields, "iia.cip.value", kind, bytes).then_some(())
}

/// The handle of the structure that a message writes, or that its answer brings; none where it is not told from its beginning.
pub(super) fn handle(request: &Request<'_>, reply: Option<&Reply<'_>>) -> Option<u16> {
    let bytes = match request.service {
        WRITE => request.data,
        READ => reply.filter(|reply| reply.is_success())?.data,
        READ_FRAGMENTED => {
            let mut asked = Reader::new(request.data);
            (asked.le16().is_some() && asked.le32() == Some(0)).then_some(())?;
            reply.filter(|reply| reply.is_success())?.data
        }
        _ => return None,
    };
    let mut reader = Reader::new(bytes);
    (reader.le16()? == value::STRUCTURE).then(|| reader.le16())?
}

/// One STRING of the controller and no more.
fn string(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let len = usize::try_from(reader.le32()?).ok()?;
    let text = reader.take(len)?;
    (bytes.len() <= 4 + 82 + 2).then_some(text)
}

/// A mask of bits to set and one of bits to keep.
fn modify<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let size = reader.le16()?;
    fields.uint("iia.cip.mask_size", size);
    for name in ["iia.cip.or_mask", "iia.cip.and_mask"] {
        let mask = reader.take(usize::from(size))?;
        fields.add(name, Value::Bytes(mask));
    }
    reader.is_empty().then_some(())
}

fn list(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let count = reader.le16()?;
    fields.uint("cip.getlist.attr_count", count);
    for _ in 0..count {
        let id = u32::from(reader.le16()?);
        fields.code("cip.attribute", id, attribute::name(SYMBOLS, id));
    }
    Some(())
}

/// Whose the listed attributes are: any instance of the symbol class.
const SYMBOLS: attribute::Owner = (Some(names::class::SYMBOL), Some(1));

/// Each instance with the attributes that were asked for, without their numbers.
fn listed<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, asked: &[u8]) -> Option<()> {
    while !reader.is_empty() {
        fields.uint("cip.instance", reader.le32()?);
        let mut ids = Reader::new(asked);
        ids.le16();
        let mut any = false;
        while let Some(id) = ids.le16() {
            any = true;
            let id = u32::from(id);
            if attribute::read(fields, (SYMBOLS, id), reader).is_none() {
                rest(fields, reader.rest());
                return (id != 1).then_some(());
            }
        }
        if !any {
            rest(fields, reader.rest());
            return Some(());
        }
    }
    Some(())
}
