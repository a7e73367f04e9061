//! Diagnostics of a serial line (V1.1b3, 6.8): sub-functions, each with its own word of data.

use iia_core::observe::Value;

use super::rest;
use crate::decode::{Fields, Reader};

/// The name of a sub-function; `None` for one that the standard does not define.
pub(super) const fn name(code: u16) -> Option<&'static str> {
    Some(match code {
        0 => "return_query_data",
        1 => "restart_communications_option",
        2 => "return_diagnostic_register",
        3 => "change_ascii_input_delimiter",
        4 => "force_listen_only_mode",
        10 => "clear_counters_and_diagnostic_register",
        11 => "return_bus_message_count",
        12 => "return_bus_communication_error_count",
        13 => "return_bus_exception_error_count",
        14 => "return_server_message_count",
        15 => "return_server_no_response_count",
        16 => "return_server_nak_count",
        17 => "return_server_busy_count",
        18 => "return_bus_character_overrun_count",
        20 => "clear_overrun_counter_and_flag",
        _ => return None,
    })
}

/// The field that a response's word is.
const fn counter(code: u16) -> Option<&'static str> {
    Some(match code {
        2 => "modbus.diagnostic.return_diag_register",
        10 => "modbus.diagnostic.clear_ctr_diag_reg",
        11 => "modbus.diagnostic.bus_message_count",
        12 => "modbus.diagnostic.bus_comm_error_count",
        13 => "modbus.diagnostic.bus_exception_error_count",
        14 => "modbus.diagnostic.slave_message_count",
        15 => "modbus.diagnostic.no_slave_response_count",
        16 => "modbus.diagnostic.slave_nak_count",
        17 => "modbus.diagnostic.slave_busy_count",
        18 => "modbus.diagnostic.bus_char_overrun_count",
        _ => return None,
    })
}

pub(super) fn asked<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(code) = code(fields, &mut reader) else {
        return false;
    };
    let data = reader.rest();
    match code {
        0 => query(fields, "modbus.diagnostic.return_query_data.request", data),
        1 => restart(fields, reader),
        3 => delimiter(fields, reader),
        _ => {
            rest(fields, reader);
            name(code).is_none() || data == [0, 0]
        }
    }
}

pub(super) fn answered<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(code) = code(fields, &mut reader) else {
        return false;
    };
    match (code, counter(code)) {
        (0, _) => query(
            fields,
            "modbus.diagnostic.return_query_data.echo",
            reader.rest(),
        ),
        (1, _) => restart(fields, reader),
        (3, _) => delimiter(fields, reader),
        // A device that only listens from now on does not say so.
        (4, _) => {
            rest(fields, reader);
            false
        }
        (_, Some(field)) => word(fields, field, reader),
        (_, None) => {
            rest(fields, reader);
            name(code).is_none() || reader.len() == 2
        }
    }
}

fn code(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<u16> {
    let code = reader.be16()?;
    fields.code("modbus.diagnostic_code", code, name(code));
    Some(code)
}

/// Any words at all, which come back as they went.
fn query<'a>(fields: &mut Fields<'a>, field: &'static str, data: &'a [u8]) -> bool {
    if !data.is_empty() {
        fields.add(field, Value::Bytes(data));
    }
    !data.is_empty() && data.len().is_multiple_of(2)
}

/// Whether the log of events is cleared too.
fn restart<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(option) = reader.be16() else {
        return false;
    };
    let word = match option {
        0 => Some("leave_log"),
        0xff00 => Some("clear_log"),
        _ => None,
    };
    let field = "modbus.diagnostic.restart_communication_option";
    fields.code(field, option, word);
    rest(fields, reader);
    word.is_some() && reader.is_empty()
}

/// The character that ends a message in ASCII mode, and a zero behind it.
fn delimiter<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(char) = reader.u8() else {
        return false;
    };
    fields.uint("modbus.diagnostic.ascii_input_delimiter", char);
    reader.rest() == [0]
}

fn word<'a>(fields: &mut Fields<'a>, field: &'static str, mut reader: Reader<'a>) -> bool {
    let Some(word) = reader.be16() else {
        return false;
    };
    fields.uint(field, word);
    rest(fields, reader);
    reader.is_empty()
}
