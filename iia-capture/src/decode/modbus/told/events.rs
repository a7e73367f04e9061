//! What a device on a serial line counted and logged (V1.1b3, 6.7, 6.9, 6.10).

use iia_core::observe::Value;

use super::rest;
use crate::decode::{Fields, Reader};

/// Eight bits whose meaning the device gives (V1.1b3, 6.7).
pub(super) fn exception_status<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    rest(fields, reader);
    let Some(status) = reader.u8() else {
        return false;
    };
    fields.uint("iia.modbus.exception_status", status);
    reader.is_empty()
}

/// Status and count of events (V1.1b3, 6.9).
pub(super) fn counter<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let whole = status(fields, &mut reader).is_some();
    rest(fields, reader);
    whole && reader.is_empty()
}

fn status(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let status = reader.be16()?;
    let word = match status {
        0 => Some("ready"),
        0xffff => Some("busy"),
        _ => None,
    };
    fields.code("modbus.ev_status", status, word);
    fields.uint("modbus.ev_count", reader.be16()?);
    Some(())
}

/// Events of a log at most (V1.1b3, 6.10).
const EVENTS_MAX: usize = 64;

/// The log itself, the latest event first (V1.1b3, 6.10).
pub(super) fn log<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> bool {
    let Some(bytes) = reader.u8() else {
        return false;
    };
    fields.uint("modbus.byte_cnt", bytes);
    let counted = usize::from(bytes) == reader.len();
    if status(fields, &mut reader).is_none() {
        return false;
    }
    let Some(messages) = reader.be16() else {
        return false;
    };
    fields.uint("modbus.ev_msg_count", messages);
    let whole = counted && reader.len() <= EVENTS_MAX;
    while let Some(byte) = reader.u8() {
        event(fields, byte);
    }
    whole
}

type Bits = &'static [(u8, &'static str)];

const RECEIVED: Bits = &[
    (0x02, "modbus.ev_recv_comm_err"),
    (0x10, "modbus.ev_recv_char_over"),
    (0x20, "modbus.ev_recv_lo_mode"),
    (0x40, "modbus.ev_recv_broadcast"),
];

const SENT: Bits = &[
    (0x01, "modbus.ev_send_read_ex"),
    (0x02, "modbus.ev_send_slave_abort_ex"),
    (0x04, "modbus.ev_send_slave_busy_ex"),
    (0x08, "modbus.ev_send_slave_nak_ex"),
    (0x10, "modbus.ev_send_write_timeout"),
    (0x20, "modbus.ev_send_lo_mode"),
];

/// One event: its two highest bits say of which kind it is.
fn event(fields: &mut Fields<'_>, byte: u8) {
    let (word, bits): (_, Bits) = match byte {
        0 => (Some("communication_restart"), &[]),
        4 => (Some("entered_listen_only_mode"), &[]),
        0x80..=0xff => (Some("received"), RECEIVED),
        0x40..=0x7f => (Some("sent"), SENT),
        _ => (None, &[]),
    };
    fields.code("modbus.event", byte, word);
    for (bit, field) in bits {
        fields.add(field, Value::Bool(byte & bit != 0));
    }
}
