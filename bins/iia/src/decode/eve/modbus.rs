//! Exchanges of Modbus, a request beside its response.

use std::fmt::Write as _;

use iia_core::observe::{Exchange, Outcome, Span, Table, Values};
use serde_json::{Value as Json, json};

use super::{Object, head};

pub(super) fn event(exchange: &Exchange<'_>) -> Object {
    let mut event = head(exchange.ts, "modbus", &exchange.flow);
    let mut modbus = Object::new();
    if exchange.outcome != Outcome::Orphan {
        modbus.insert("request".into(), request(exchange).into());
    }
    let answered = matches!(
        exchange.outcome,
        Outcome::Answered | Outcome::Exception(_) | Outcome::Orphan
    );
    if answered {
        modbus.insert("response".into(), response(exchange).into());
    }
    event.insert("modbus".into(), modbus.into());
    event
}

fn unit(exchange: &Exchange<'_>, function: u8) -> Object {
    let mut unit = Object::new();
    unit.insert("transaction_id".into(), exchange.transaction.into());
    unit.insert("protocol_id".into(), 0.into());
    unit.insert("unit_id".into(), exchange.unit.into());
    unit.insert("function_raw".into(), function.into());
    unit.insert("function_code".into(), name(exchange.func).into());
    unit
}

fn request(exchange: &Exchange<'_>) -> Object {
    let mut unit = unit(exchange, exchange.func);
    if let Some(read) = &exchange.read {
        let read = json!({ "address": read.addr, "quantity": read.count });
        unit.insert("read".into(), read);
    }
    if let Some(write) = &exchange.write {
        unit.insert("write".into(), written(exchange.func, write));
    }
    unit
}

/// A single value as a number; several with how many there are.
fn written(function: u8, write: &Span<'_>) -> Json {
    match function {
        // On is 0xff00 there (Modbus Application Protocol 1.1b3, 6.5).
        SINGLE_COIL => {
            let data = write.iter().next().map(|on| on.saturating_mul(0xff00));
            json!({ "address": write.addr, "data": data })
        }
        SINGLE_REGISTER => json!({ "address": write.addr, "data": write.iter().next() }),
        MASK => json!({ "address": write.addr }),
        _ => json!({ "address": write.addr, "quantity": write.count, "data": raw(write) }),
    }
}

fn response(exchange: &Exchange<'_>) -> Object {
    if let Outcome::Exception(code) = exchange.outcome {
        let mut unit = unit(exchange, exchange.func | 0x80);
        unit.insert("exception".into(), json!({ "raw": code }));
        return unit;
    }
    let mut unit = unit(exchange, exchange.func);
    if let Some(read) = exchange
        .read
        .as_ref()
        .filter(|read| read.values != Values::None)
    {
        unit.insert("read".into(), json!({ "data": raw(read) }));
    }
    unit
}

/// The bytes of the values as Suricata writes bytes: those above 127 as `\xNN`.
fn raw(span: &Span<'_>) -> String {
    let (Values::Bits(bytes) | Values::Words(bytes)) = span.values else {
        return String::new();
    };
    let len = match span.table {
        Table::Coil | Table::DiscreteInput => span.count.div_ceil(8),
        _ => span.count.saturating_mul(2),
    };
    let mut text = String::new();
    for byte in bytes.iter().take(len as usize) {
        match byte {
            0..=127 => text.push(char::from(*byte)),
            _ => write!(text, "\\x{byte:02x}").unwrap_or_default(),
        }
    }
    text
}

const SINGLE_COIL: u8 = 5;
const SINGLE_REGISTER: u8 = 6;
const MASK: u8 = 22;

/// What Suricata calls a function.
const fn name(function: u8) -> &'static str {
    match function {
        1 => "RdCoils",
        2 => "RdDiscreteInputs",
        3 => "RdHoldRegs",
        4 => "RdInputRegs",
        SINGLE_COIL => "WrSingleCoil",
        SINGLE_REGISTER => "WrSingleReg",
        7 => "RdExcStatus",
        8 => "Diagnostic",
        9 => "Program484",
        10 => "Poll484",
        11 => "GetCommEventCtr",
        12 => "GetCommEventLog",
        13 => "ProgramController",
        14 => "PollController",
        15 => "WrMultCoils",
        16 => "WrMultRegs",
        17 => "ReportServerID",
        18 => "Program884",
        19 => "ResetCommLink",
        20 => "RdFileRec",
        21 => "WrFileRec",
        MASK => "MaskWrReg",
        23 => "RdWrMultRegs",
        24 => "RdFIFOQueue",
        43 => "MEI",
        _ => "Unknown",
    }
}
