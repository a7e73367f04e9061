//! One exchange as a line for scripts.

use std::io::{self, Write};
use std::path::Path;

use iia_capture::decode::modbus::names;
use iia_core::observe::{Exchange, Outcome, Span};
use serde_json::{Value, json};

pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "capture\tts\tclient\tserver\ttransaction\tunit\tfunc\tfunction\toutcome\texception\tread\twrite\tlatency_us"
    )
}

pub(super) fn row(out: &mut impl Write, capture: &Path, exchange: &Exchange<'_>) -> io::Result<()> {
    let flow = &exchange.flow;
    write!(out, "{}\t{}\t", capture.display(), exchange.ts)?;
    write!(out, "{}:{}\t", flow.orig_h, flow.orig_p)?;
    write!(out, "{}:{}\t", flow.resp_h, flow.resp_p)?;
    write!(out, "{}\t{}\t", exchange.transaction, exchange.unit)?;
    let function = names::function(exchange.func).unwrap_or("-");
    write!(out, "{}\t{function}\t", exchange.func)?;
    write!(out, "{}\t", exchange.outcome.name())?;
    match exchange.outcome {
        Outcome::Exception(code) => write!(out, "{}\t", exception(code))?,
        _ => write!(out, "-\t")?,
    }
    span(out, exchange.read.as_ref())?;
    span(out, exchange.write.as_ref())?;
    match exchange.latency_ns {
        Some(ns) => writeln!(out, "{}", ns / 1000),
        None => writeln!(out, "-"),
    }
}

/// Such as `holding_register[10+2]=7,9`.
fn span(out: &mut impl Write, span: Option<&Span<'_>>) -> io::Result<()> {
    let Some(span) = span else {
        return write!(out, "-\t");
    };
    write!(out, "{}[{}+{}]", span.table.name(), span.addr, span.count)?;
    for (place, value) in span.iter().enumerate() {
        let mark = if place == 0 { '=' } else { ',' };
        write!(out, "{mark}{value}")?;
    }
    write!(out, "\t")
}

pub(crate) fn json(
    out: &mut impl Write,
    capture: &Path,
    exchange: &Exchange<'_>,
) -> io::Result<()> {
    let flow = &exchange.flow;
    let exception = match exchange.outcome {
        Outcome::Exception(code) => json!({ "code": code, "name": names::exception(code) }),
        _ => Value::Null,
    };
    let object = json!({
        "capture": capture.display().to_string(),
        "ts": exchange.ts.to_string(),
        "orig_h": flow.orig_h,
        "orig_p": flow.orig_p,
        "resp_h": flow.resp_h,
        "resp_p": flow.resp_p,
        "vlan": flow.vlan,
        "protocol": exchange.protocol.name(),
        "transaction": exchange.transaction,
        "unit": exchange.unit,
        "func": exchange.func,
        "function": names::function(exchange.func),
        "outcome": exchange.outcome.name(),
        "exception": exception,
        "read": exchange.read.as_ref().map(object),
        "write": exchange.write.as_ref().map(object),
        "latency_ns": exchange.latency_ns,
    });
    writeln!(out, "{object}")
}

fn object(span: &Span<'_>) -> Value {
    json!({
        "table": span.table.name(),
        "addr": span.addr,
        "count": span.count,
        "values": span.iter().collect::<Vec<u16>>(),
    })
}

/// An exception code with its name.
pub(super) fn exception(code: u8) -> String {
    named(code, names::exception(code))
}

/// A function code with its name.
pub(super) fn function(code: u8) -> String {
    named(code, names::function(code))
}

fn named(code: u8, name: Option<&str>) -> String {
    format!("{code} {}", name.unwrap_or("(not in the standard)"))
}
