//! What a device says it is: report server id (V1.1b3, 6.13) and the encapsulated interfaces (6.19 to 6.21).

use iia_core::observe::Value;

use super::rest;
use crate::decode::{Fields, Reader};

const CANOPEN: u8 = 13;
const DEVICE_IDENTIFICATION: u8 = 14;

/// The name of an encapsulated interface (V1.1b3, 6.19).
pub(super) const fn transport(mei: u8) -> Option<&'static str> {
    match mei {
        CANOPEN => Some("canopen_general_reference"),
        DEVICE_IDENTIFICATION => Some("read_device_identification"),
        _ => None,
    }
}

/// What is asked for (V1.1b3, 6.21: read device id code).
const fn category(code: u8) -> Option<&'static str> {
    match code {
        1 => Some("basic"),
        2 => Some("regular"),
        3 => Some("extended"),
        4 => Some("individual"),
        _ => None,
    }
}

/// How much a device can tell, and whether object by object (V1.1b3, 6.21: conformity level).
const fn conformity(level: u8) -> Option<&'static str> {
    match level {
        0x01 => Some("basic_stream"),
        0x02 => Some("regular_stream"),
        0x03 => Some("extended_stream"),
        0x81 => Some("basic_stream_and_individual"),
        0x82 => Some("regular_stream_and_individual"),
        0x83 => Some("extended_stream_and_individual"),
        _ => None,
    }
}

/// The objects that the standard defines, all of them text.
const fn object(id: u8) -> Option<&'static str> {
    match id {
        0 => Some("vendor_name"),
        1 => Some("product_code"),
        2 => Some("major_minor_revision"),
        3 => Some("vendor_url"),
        4 => Some("product_name"),
        5 => Some("model_name"),
        6 => Some("user_application_name"),
        _ => None,
    }
}

pub(super) fn asked<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let before = reader;
    match mei(fields, &mut reader) {
        None => false,
        Some(DEVICE_IDENTIFICATION) => {
            let Some(code) = reader.u8() else {
                return false;
            };
            fields.code("modbus.read_device_id", code, category(code));
            let Some(id) = reader.u8() else { return false };
            fields.code("modbus.object_id", id, object(id));
            rest(fields, reader);
            category(code).is_some() && reader.is_empty()
        }
        Some(_) => {
            rest(fields, before);
            true
        }
    }
}

pub(super) fn answered<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let before = reader;
    match mei(fields, &mut reader) {
        None => false,
        Some(DEVICE_IDENTIFICATION) => identification(fields, reader).unwrap_or(false),
        Some(_) => {
            rest(fields, before);
            true
        }
    }
}

fn mei(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    let mei = reader.u8()?;
    fields.code("modbus.mei", mei, transport(mei));
    Some(mei)
}

/// What the device says it is; `None` where it ends too early.
fn identification<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<bool> {
    let code = reader.u8()?;
    fields.code("modbus.read_device_id", code, category(code));
    let level = reader.u8()?;
    fields.code("modbus.conformity_level", level, conformity(level));
    let more = reader.u8()?;
    let word = match more {
        0 => Some("no"),
        0xff => Some("yes"),
        _ => None,
    };
    fields.code("modbus.more_follows", more, word);
    fields.uint("modbus.next_object_id", reader.u8()?);
    let count = reader.u8()?;
    fields.uint("modbus.num_objects", count);
    for _ in 0..count {
        let id = reader.u8()?;
        fields.code("modbus.object_id", id, object(id));
        let len = reader.u8()?;
        fields.uint("modbus.objects_len", len);
        let Some(value) = reader.take(usize::from(len)) else {
            rest(fields, reader);
            return None;
        };
        match object(id) {
            Some(_) => fields.text("modbus.object_str_value", value),
            None => fields.add("modbus.object_value", Value::Bytes(value)),
        }
    }
    rest(fields, reader);
    let known = category(code).is_some() && conformity(level).is_some() && word.is_some();
    Some(known && reader.is_empty())
}

/// The server's id, whether it runs, and what its maker adds. How long the id is, is up to the device: where it is one
/// byte, as mostly, it and the indicator behind it are told apart.
pub(super) fn server_id<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    rest(fields, reader);
    let Some(bytes) = reader.u8() else {
        return false;
    };
    let counted = usize::from(bytes) == reader.len();
    match *reader.rest() {
        [id, run @ (0 | 0xff), ref more @ ..] => {
            fields.uint("iia.modbus.server_id", id);
            let word = if run == 0 { "off" } else { "on" };
            fields.code("iia.modbus.run_indicator_status", run, Some(word));
            if !more.is_empty() {
                fields.text("iia.modbus.additional_data", more);
            }
        }
        [] => {}
        ref all => fields.text("iia.modbus.server_id", all),
    }
    counted && bytes > 0
}
