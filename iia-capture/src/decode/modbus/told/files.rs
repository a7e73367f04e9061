//! Records of files (V1.1b3, 6.14 and 6.15): a message holds several sub-requests.

use iia_core::observe::Value;

use super::rest;
use crate::decode::{Fields, Reader};

/// The only reference type there is.
const REFERENCE: u8 = 6;

/// Each record that is asked for.
pub(super) fn read_asked<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(counted) = bytes(fields, &mut reader) else {
        return false;
    };
    let mut whole = counted && !reader.is_empty();
    while !reader.is_empty() {
        match record(fields, &mut reader) {
            Some((kind, _)) => whole &= kind == REFERENCE,
            None => {
                rest(fields, reader);
                return false;
            }
        }
    }
    whole
}

/// The records that come back, each with its length and without its place.
pub(super) fn read_answered<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(counted) = bytes(fields, &mut reader) else {
        return false;
    };
    let mut whole = counted && !reader.is_empty();
    while let Some(len) = reader.u8() {
        fields.uint("modbus.byte_cnt", len);
        let Some(mut part) = reader.part(usize::from(len)) else {
            rest(fields, reader);
            return false;
        };
        let kind = part.u8();
        if let Some(kind) = kind {
            fields.uint("modbus.reference_type", kind);
        }
        rest(fields, part);
        whole &= kind == Some(REFERENCE) && part.len().is_multiple_of(2);
    }
    whole
}

/// Each record that is written; the response repeats the request.
pub(super) fn write<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(counted) = bytes(fields, &mut reader) else {
        return false;
    };
    let mut whole = counted && !reader.is_empty();
    while !reader.is_empty() {
        let record = record(fields, &mut reader);
        let data = record.and_then(|(_, words)| reader.take(usize::from(words) * 2));
        let (Some((kind, _)), Some(data)) = (record, data) else {
            rest(fields, reader);
            return false;
        };
        fields.add("modbus.data", Value::Bytes(data));
        whole &= kind == REFERENCE;
    }
    whole
}

/// How many bytes follow; whether as many do.
fn bytes(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let bytes = reader.u8()?;
    fields.uint("modbus.byte_cnt", bytes);
    Some(usize::from(bytes) == reader.len())
}

/// Where a record lies: file, record in it, and how many registers. Wireshark reads file and record as one number.
fn record(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<(u8, u16)> {
    let mut ahead = *reader;
    let (kind, file, number) = (ahead.u8()?, ahead.be16()?, ahead.be16()?);
    let words = ahead.be16()?;
    fields.uint("modbus.reference_type", kind);
    let both = u32::from(file) << 16 | u32::from(number);
    fields.uint("modbus.reference_num_32", both);
    fields.uint("iia.modbus.file_number", file);
    fields.uint("iia.modbus.record_number", number);
    fields.uint("modbus.word_cnt", words);
    *reader = ahead;
    Some((kind, words))
}
