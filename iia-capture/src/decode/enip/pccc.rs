//! Commands of the PLC-5 and SLC 500 families, carried by CIP's class 0x67 (1770-6.5.16).

use iia_core::observe::Value;

use super::message::rest;
use super::names;
use super::pccc_names::{command_name, extended, file_type, mode, reads, status, writes};
use crate::decode::{Fields, Reader};

/// The service that carries a command.
pub(super) const EXECUTE: u8 = 0x4b;
/// Commands in one that are looked at.
const COMMANDS_MAX: u8 = 64;

/// A command behind the requestor that it repeats.
struct Command<'a> {
    code: u8,
    status: u8,
    transaction: u16,
    rest: Reader<'a>,
}

/// The name of the command in a request.
pub(super) fn name(data: &[u8]) -> Option<&'static str> {
    let mut reader = Reader::new(data);
    let len = usize::from(reader.u8()?);
    reader.take(len.checked_sub(1)?)?;
    let command = command(&mut reader)?;
    command_name(command.code, command.rest.rest().first().copied())
}

fn command<'a>(reader: &mut Reader<'a>) -> Option<Command<'a>> {
    Some(Command {
        code: reader.u8()?,
        status: reader.u8()?,
        transaction: reader.le16()?,
        rest: *reader,
    })
}

/// Who asks: its vendor and serial number, which the answer repeats.
fn requestor<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let len = reader.u8()?;
    fields.uint("cip.pccc.req.id.len", len);
    let mut id = reader.part(usize::from(len).checked_sub(1)?)?;
    let vendor = id.le16()?;
    fields.code("cip.pccc.cip.vend.id", vendor, names::vendor(vendor));
    fields.uint("cip.pccc.cip.serial.num", id.le32()?);
    if !id.is_empty() {
        fields.add("iia.pccc.requestor", Value::Bytes(id.rest()));
    }
    Some(())
}

/// The fields of a request; tells whether it keeps the rules.
pub(super) fn asked<'a>(fields: &mut Fields<'a>, data: &'a [u8]) -> bool {
    let mut reader = Reader::new(data);
    let sound = request(fields, &mut reader).is_some();
    sound && reader.is_empty()
}

fn request<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    requestor(fields, reader)?;
    let command = command(reader)?;
    *reader = command.rest;
    fields.uint("cip.pccc.cmd.code", command.code);
    fields.code("cip.pccc.gs.status", command.status, status(command.status));
    fields.uint("cip.pccc.tns.code", command.transaction);
    let name = match command.code {
        0x06 => "cip.pccc.fnc.code_06",
        0x07 => "cip.pccc.fnc.code_07",
        0x0f => "cip.pccc.fnc.code_0f",
        _ => {
            bytes(fields, reader);
            return Some(());
        }
    };
    let function = reader.u8()?;
    fields.code(name, function, command_name(command.code, Some(function)));
    match (command.code, function) {
        (0x0f, 0xa1 | 0xa2 | 0xa9 | 0xaa | 0xab) => {
            let address = address(fields, reader, function)?;
            if function == 0xab {
                fields.uint("iia.pccc.mask", reader.le16()?);
            }
            if writes(function) {
                values(fields, address.kind, reader.rest());
                reader.take(reader.len());
            }
        }
        (0x0f, 0x80) => {
            let number = reader.u8()?;
            fields.code("cip.pccc.cpu.mode_80", number, mode(number));
        }
        (0x0f, 0x88) => several(fields, reader)?,
        _ => {}
    }
    bytes(fields, reader);
    Some(())
}

/// Commands in one, each with its length.
fn several<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let count = reader.u8()?;
    fields.uint("cip.pccc.execute.multi.count", count);
    for _ in 0..count.min(COMMANDS_MAX) {
        let len = reader.u8()?;
        fields.uint("cip.pccc.execute.multi.len", len);
        let mut part = reader.part(usize::from(len))?;
        let function = part.u8()?;
        let word = command_name(0x0f, Some(function));
        fields.code("cip.pccc.execute.multi.code", function, word);
        bytes(fields, &mut part);
    }
    Some(())
}

/// The address of a file's element.
struct Address {
    kind: u8,
}

/// Size, file, type, element and, with three fields, what is in the element. A byte of 0xff means that two follow.
fn address<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, function: u8) -> Option<Address> {
    fields.uint("cip.pccc.byte.size", reader.u8()?);
    fields.uint("cip.pccc.file.num", number(reader)?);
    let kind = reader.u8()?;
    fields.code("cip.pccc.file.type", kind, file_type(kind));
    fields.uint("cip.pccc.element.num", number(reader)?);
    if !matches!(function, 0xa1 | 0xa9) {
        fields.uint("cip.pccc.subelement.num", number(reader)?);
    }
    Some(Address { kind })
}

fn number(reader: &mut Reader<'_>) -> Option<u16> {
    match reader.u8()? {
        0xff => reader.le16(),
        number => Some(u16::from(number)),
    }
}

/// The fields of an answer, whose values are of the file that was asked for; tells whether it keeps the rules.
pub(super) fn answered<'a>(fields: &mut Fields<'a>, data: &'a [u8], asked: &[u8]) -> bool {
    let mut reader = Reader::new(data);
    if data.is_empty() {
        return true; // A refusal by CIP itself.
    }
    reply(fields, &mut reader, asked).is_some()
}

fn reply<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, asked: &[u8]) -> Option<()> {
    requestor(fields, reader)?;
    let command = command(reader)?;
    *reader = command.rest;
    fields.uint("cip.pccc.resp.code", command.code);
    fields.code("cip.pccc.gs.status", command.status, status(command.status));
    fields.uint("cip.pccc.tns.code", command.transaction);
    if command.status == 0xf0 {
        let number = reader.u8()?;
        fields.code("cip.pccc.es.status", number, extended(number));
    }
    if command.status == 0
        && let Some(kind) = kind_asked(asked)
    {
        values(fields, kind, reader.rest());
        return Some(());
    }
    bytes(fields, reader);
    Some(())
}

/// The type of the file that a request reads.
fn kind_asked(asked: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(asked);
    let len = usize::from(reader.u8()?);
    reader.take(len.checked_sub(1)?)?;
    let mut rest = command(&mut reader)
        .filter(|command| command.code == 0x0f)?
        .rest;
    let function = rest.u8().filter(|function| reads(*function))?;
    address(&mut Fields::new(), &mut rest, function).map(|address| address.kind)
}

/// Whether the answer of a service is a refusal by the controller behind CIP: its status.
pub(super) fn refusal(data: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(data);
    let len = usize::from(reader.u8()?);
    reader.take(len.checked_sub(1)?)?;
    command(&mut reader)
        .map(|command| command.status)
        .filter(|status| *status != 0)
}

/// Values of a file by its type; those of a type that has no plain numbers as bytes.
fn values<'a>(fields: &mut Fields<'a>, kind: u8, bytes: &'a [u8]) {
    const NAME: &str = "iia.pccc.value";
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let value = match kind {
            0x89 => reader.le16().map(|word| Value::Int(i64::from(word as i16))),
            0x8a => reader
                .le32()
                .map(|word| Value::Float(f64::from(f32::from_bits(word)))),
            0x91 => reader.le32().map(|word| Value::Int(i64::from(word as i32))),
            0x82..=0x88 | 0x8b | 0x8c | 0xa1 | 0xa2 => {
                reader.le16().map(|word| Value::Uint(u64::from(word)))
            }
            _ => None,
        };
        match value {
            Some(value) => fields.add(NAME, value),
            None => {
                fields.add(NAME, Value::Bytes(reader.rest()));
                return;
            }
        }
    }
}

fn bytes<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) {
    let data = reader.rest();
    if !data.is_empty() {
        fields.add("cip.pccc.data", Value::Bytes(data));
        reader.take(data.len());
    }
    rest(fields, reader.rest());
}
