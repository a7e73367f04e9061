//! What a function says that has no place in an exchange: field by field, in Wireshark's names (`modbus.*`).
//!
//! Reads and writes of coils and registers are an exchange and nothing else. Every other function is told here as well,
//! codes that no standard defines with their bytes.

mod diagnostics;
mod events;
mod files;
mod identity;
mod umas;

use iia_core::observe::Value;

use super::names;
use crate::decode::{Fields, Reader};

/// Whether a function says more than an exchange holds.
#[inline]
pub const fn is_told(func: u8) -> bool {
    !matches!(func, 1..=6 | 15 | 16 | 23)
}

/// What a request is about, as nearly as its first bytes tell; `data` is what stands behind the function code.
pub fn what(func: u8, data: &[u8]) -> &'static str {
    let mut reader = Reader::new(data);
    match func {
        8 => reader.be16().and_then(diagnostics::name),
        43 => reader.u8().and_then(identity::transport),
        90 => data.get(1).copied().and_then(umas::function),
        _ => None,
    }
    .unwrap_or_else(|| function(func))
}

/// A function code in one word.
const fn function(code: u8) -> &'static str {
    match code {
        7 => "read_exception_status",
        8 => "diagnostics",
        11 => "get_comm_event_counter",
        12 => "get_comm_event_log",
        17 => "report_server_id",
        20 => "read_file_record",
        21 => "write_file_record",
        22 => "mask_write_register",
        24 => "read_fifo_queue",
        43 => "encapsulated_interface_transport",
        90 => "umas",
        // V1.1b3, 5: what users may give a meaning of their own.
        65..=72 | 100..=110 => "user_defined",
        _ => "not_defined",
    }
}

/// Adds what a request says; tells whether it keeps the rules of its function.
pub fn asked<'a>(fields: &mut Fields<'a>, func: u8, data: &'a [u8]) -> bool {
    code(fields, func);
    let mut reader = Reader::new(data);
    match func {
        7 | 11 | 12 | 17 => {
            rest(fields, reader);
            data.is_empty()
        }
        8 => diagnostics::asked(fields, reader),
        20 => files::read_asked(fields, reader),
        21 => files::write(fields, reader),
        22 => mask(fields, reader),
        24 => {
            let Some(addr) = reader.be16() else {
                return false;
            };
            fields.uint("modbus.reference_num", addr);
            rest(fields, reader);
            reader.is_empty()
        }
        43 => identity::asked(fields, reader),
        90 => umas::asked(fields, reader),
        _ => {
            rest(fields, reader);
            func != 0
        }
    }
}

/// Adds what a response says that is no exception.
pub fn answered<'a>(fields: &mut Fields<'a>, func: u8, data: &'a [u8]) -> bool {
    code(fields, func);
    let reader = Reader::new(data);
    match func {
        7 => events::exception_status(fields, reader),
        8 => diagnostics::answered(fields, reader),
        11 => events::counter(fields, reader),
        12 => events::log(fields, reader),
        17 => identity::server_id(fields, reader),
        20 => files::read_answered(fields, reader),
        21 => files::write(fields, reader),
        22 => mask(fields, reader),
        24 => fifo(fields, reader),
        43 => identity::answered(fields, reader),
        90 => umas::answered(fields, reader),
        _ => {
            rest(fields, reader);
            func != 0
        }
    }
}

/// Adds what an exception says.
pub fn refused(fields: &mut Fields<'_>, func: u8, exception: u8) {
    code(fields, func);
    let word = names::exception(exception);
    fields.code("modbus.exception_code", exception, word);
}

fn code(fields: &mut Fields<'_>, func: u8) {
    fields.code("modbus.func_code", func, names::function(func));
}

/// Adds what is left as it stands there.
fn rest<'a>(fields: &mut Fields<'a>, reader: Reader<'a>) {
    if !reader.is_empty() {
        fields.add("modbus.data", Value::Bytes(reader.rest()));
    }
}

/// Mask write register (V1.1b3, 6.16): result = (what was there and the first) or (the second and not the first).
fn mask<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    for name in ["modbus.reference_num", "modbus.and_mask", "modbus.or_mask"] {
        let Some(word) = reader.be16() else {
            return false;
        };
        fields.uint(name, word);
    }
    rest(fields, reader);
    reader.is_empty()
}

/// Registers that a queue holds at most (V1.1b3, 6.18).
const QUEUE_MAX: u16 = 31;

/// What a queue held (V1.1b3, 6.18).
fn fifo<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(bytes) = reader.be16() else {
        return false;
    };
    fields.uint("modbus.byte_cnt_16", bytes);
    let Some(count) = reader.be16() else {
        return false;
    };
    fields.uint("modbus.word_cnt", count);
    let whole = reader.len() == usize::from(count) * 2 && usize::from(bytes) == reader.len() + 2;
    rest(fields, reader);
    whole && count <= QUEUE_MAX
}

#[cfg(test)]
mod tests;
