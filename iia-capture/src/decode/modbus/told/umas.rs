//! UMAS, function 90: what programming software says to controllers. It has no public standard, so that nothing of it is
//! called wrong: the function's number is told with the name under which it is known, the rest as bytes.

use iia_core::observe::Value;

use super::rest;
use crate::decode::{Fields, Reader};

/// The status that says yes, in the place of the function.
const DONE: u8 = 0xfe;
/// The one that says no.
const REFUSED: u8 = 0xfd;

/// The name under which a function is known.
pub(super) const fn function(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "init_comm",
        0x02 => "read_id",
        0x03 => "read_project_info",
        0x04 => "read_plc_info",
        0x06 => "read_card_info",
        0x0a => "repeat",
        0x10 => "take_plc_reservation",
        0x11 => "release_plc_reservation",
        0x12 => "keep_alive",
        0x20 => "read_memory_block",
        0x22 => "read_variables",
        0x23 => "write_variables",
        0x24 => "read_coils_registers",
        0x25 => "write_coils_registers",
        0x30 => "initialize_upload",
        0x31 => "upload_block",
        0x32 => "end_strategy_upload",
        0x33 => "initialize_download",
        0x34 => "download_block",
        0x35 => "end_strategy_download",
        0x39 => "read_eth_master_data",
        0x40 => "start_plc",
        0x41 => "stop_plc",
        0x50 => "monitor_plc",
        0x58 => "check_plc",
        0x70 => "read_io_object",
        0x71 => "write_io_object",
        0x73 => "get_status_module",
        _ => return None,
    })
}

pub(super) fn asked<'a>(fields: &mut Fields<'a>, reader: Reader<'a>) -> bool {
    head(fields, reader, "iia.umas.func", function)
}

pub(super) fn answered<'a>(fields: &mut Fields<'a>, reader: Reader<'a>) -> bool {
    head(fields, reader, "iia.umas.status", |code| match code {
        DONE => Some("done"),
        REFUSED => Some("refused"),
        _ => None,
    })
}

fn head<'a>(
    fields: &mut Fields<'a>,
    mut reader: Reader<'a>,
    field: &'static str,
    name: fn(u8) -> Option<&'static str>,
) -> bool {
    rest(fields, reader);
    if let Some(session) = reader.u8() {
        fields.uint("iia.umas.session", session);
    }
    if let Some(code) = reader.u8() {
        fields.code(field, code, name(code));
    }
    if !reader.is_empty() {
        fields.add("iia.umas.data", Value::Bytes(reader.rest()));
    }
    true
}
