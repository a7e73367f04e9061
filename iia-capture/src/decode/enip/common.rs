//! Services that many classes have (CIP Volume 1, appendix A-4).

use iia_core::observe::Value;

use super::message::{Reply, Request, rest};
use super::{attribute, names};
use crate::decode::{Fields, Reader};

const SET_ATTRIBUTES_ALL: u8 = 0x02;
const GET_ATTRIBUTE_LIST: u8 = 0x03;
const SET_ATTRIBUTE_LIST: u8 = 0x04;
const RESET: u8 = 0x05;
const CREATE: u8 = 0x08;
/// Several messages in one.
pub(super) const MULTIPLE_SERVICE_PACKET: u8 = 0x0a;
const GET_ATTRIBUTE_SINGLE: u8 = 0x0e;
const SET_ATTRIBUTE_SINGLE: u8 = 0x10;
const FIND_NEXT: u8 = 0x11;
const GROUP_SYNC: u8 = 0x1c;

/// The fields of a request; tells whether it keeps the rules.
pub(super) fn asked<'a>(fields: &mut Fields<'a>, request: &Request<'a>) -> bool {
    let owner = (request.target.class, request.target.instance);
    let mut reader = Reader::new(request.data);
    let sound = match request.service {
        SET_ATTRIBUTES_ALL => {
            let left = attribute::all(fields, owner, request.data);
            reader = Reader::new(left);
            true
        }
        GET_ATTRIBUTE_LIST => list(fields, owner, &mut reader).is_some(),
        SET_ATTRIBUTE_LIST => set_list(fields, owner, &mut reader).is_some(),
        RESET => {
            if let Some(kind) = reader.u8() {
                fields.code("cip.reset.type", kind, reset_type(kind));
            }
            true
        }
        MULTIPLE_SERVICE_PACKET => return packet(fields, request.data),
        SET_ATTRIBUTE_SINGLE => single(fields, owner, request.target.attribute, &mut reader),
        FIND_NEXT => reader
            .u8()
            .map(|max| fields.uint("cip.find_next_object.max_instance", max))
            .is_some(),
        _ => true,
    };
    rest(fields, reader.rest());
    sound
}

/// The fields of an answer; tells whether it keeps the rules.
pub(super) fn answered<'a>(
    fields: &mut Fields<'a>,
    reply: &Reply<'a>,
    request: Option<&Request<'_>>,
) -> bool {
    let target = request.map(|request| request.target).unwrap_or_default();
    let owner = (target.class, target.instance);
    let mut reader = Reader::new(reply.data);
    let brings = reply.is_success() || reply.status == 0x0a;
    let sound = match reply.service {
        MULTIPLE_SERVICE_PACKET if brings || reply.status == 0x1e => {
            return reply.data.is_empty() || packet(fields, reply.data);
        }
        _ if !brings => true,
        0x01 => {
            reader = Reader::new(attribute::all(fields, owner, reply.data));
            true
        }
        GET_ATTRIBUTE_LIST => got_list(fields, owner, &mut reader).is_some(),
        SET_ATTRIBUTE_LIST => was_set(fields, owner, &mut reader).is_some(),
        CREATE => {
            if let Some(instance) = reader.le16() {
                fields.uint("cip.create.instance", instance);
            }
            true
        }
        GET_ATTRIBUTE_SINGLE => single(fields, owner, target.attribute, &mut reader),
        FIND_NEXT => found(fields, &mut reader).is_some(),
        GROUP_SYNC => {
            if let Some(flag) = reader.u8() {
                fields.uint("cip.group_sync.is_sync", flag);
            }
            true
        }
        _ => true,
    };
    rest(fields, reader.rest());
    sound
}

/// Ways to reset a device (CIP Volume 1, table 5A-2.6).
const fn reset_type(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "power_cycle",
        1 => "factory_defaults",
        2 => "factory_defaults_except_communication",
        _ => return None,
    })
}

fn id(fields: &mut Fields<'_>, owner: attribute::Owner, reader: &mut Reader<'_>) -> Option<u32> {
    let id = u32::from(reader.le16()?);
    fields.code("cip.attribute", id, attribute::name(owner, id));
    Some(id)
}

fn list(fields: &mut Fields<'_>, owner: attribute::Owner, reader: &mut Reader<'_>) -> Option<()> {
    let count = reader.le16()?;
    fields.uint("cip.getlist.attr_count", count);
    for _ in 0..count {
        id(fields, owner, reader)?;
    }
    Some(())
}

/// Each attribute with its status and, where that is good, its value. The value of one that is not known here ends where
/// nobody can say, so that what follows is told as bytes.
fn got_list<'a>(
    fields: &mut Fields<'a>,
    owner: attribute::Owner,
    reader: &mut Reader<'a>,
) -> Option<()> {
    let count = reader.le16()?;
    fields.uint("cip.getlist.attr_count", count);
    for _ in 0..count {
        let id = id(fields, owner, reader)?;
        let status = reader.le16()?;
        let word = u8::try_from(status).ok().and_then(names::general_status);
        fields.code("cip.getlist.attr_status", status, word);
        if status == 0 && attribute::read(fields, (owner, id), reader).is_none() {
            break;
        }
    }
    Some(())
}

fn set_list<'a>(
    fields: &mut Fields<'a>,
    owner: attribute::Owner,
    reader: &mut Reader<'a>,
) -> Option<()> {
    let count = reader.le16()?;
    fields.uint("cip.setlist.attr_count", count);
    for _ in 0..count {
        let id = id(fields, owner, reader)?;
        if attribute::read(fields, (owner, id), reader).is_none() {
            break;
        }
    }
    Some(())
}

fn was_set(
    fields: &mut Fields<'_>,
    owner: attribute::Owner,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let count = reader.le16()?;
    fields.uint("cip.setlist.attr_count", count);
    for _ in 0..count {
        id(fields, owner, reader)?;
        let status = reader.le16()?;
        let word = u8::try_from(status).ok().and_then(names::general_status);
        fields.code("cip.setlist.attr_status", status, word);
    }
    Some(())
}

/// One value; where the attribute is not known here, its bytes are left for whoever tells the rest.
fn single<'a>(
    fields: &mut Fields<'a>,
    owner: attribute::Owner,
    number: Option<u32>,
    reader: &mut Reader<'a>,
) -> bool {
    if let Some(number) = number {
        let _ = attribute::read(fields, (owner, number), reader);
    }
    true
}

fn found(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let count = reader.u8()?;
    fields.uint("cip.find_next_object.num_instances", count);
    for _ in 0..count {
        fields.uint("cip.find_next_object.instance", reader.le16()?);
    }
    Some(())
}

/// How many messages there are, and where; each is told by itself.
fn packet(fields: &mut Fields<'_>, data: &[u8]) -> bool {
    let mut reader = Reader::new(data);
    let Some(count) = reader.le16() else {
        return false;
    };
    fields.uint("cip.msp.num_services", count);
    let (mut last, mut sound) = (0, true);
    for _ in 0..count {
        let Some(offset) = reader.le16() else {
            return false;
        };
        fields.uint("cip.msp.offset", offset);
        sound &= offset > last && usize::from(offset) < data.len();
        last = offset;
    }
    if usize::from(count) > PARTS_MAX {
        fields.add("iia.cip.services_cut", Value::Bool(true));
    }
    sound
}

/// Messages in one that are told at most.
pub const PARTS_MAX: usize = 512;

/// The messages in one, each from its offset to the next one or to the end. None where an offset does not lead on from
/// those before it: no byte is read twice.
pub(super) fn parts(data: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let count = match data {
        [low, high, ..] => usize::from(u16::from_le_bytes([*low, *high])),
        _ => 0,
    };
    let offset = move |at: usize| {
        let pair = data.get(2 + at * 2..4 + at * 2)?;
        let pair: [u8; 2] = pair.try_into().ok()?;
        Some(usize::from(u16::from_le_bytes(pair)))
    };
    let mut from = 2 + count * 2;
    (0..count.min(PARTS_MAX)).map_while(move |at| {
        let start = offset(at)?;
        let next = if at + 1 < count { offset(at + 1) } else { None };
        let end = next.filter(|next| *next > start).unwrap_or(data.len());
        if start < from {
            return Some(None);
        }
        from = end;
        Some(data.get(start..end.min(data.len())))
    })
}
