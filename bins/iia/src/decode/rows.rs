//! A record as a line, tab separated.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use iia_capture::decode::modbus::names;
use iia_core::observe::{Between, Exchange, Field, Observation, Outcome, Said, Span};

pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "capture\tts\tprotocol\tfrom\tto\toperation\toutcome\tlatency_us\tasked\tanswered"
    )
}

pub(super) fn write(
    out: &mut impl Write,
    capture: &Path,
    seen: &Observation<'_>,
) -> io::Result<()> {
    match seen {
        Observation::Exchange(exchange) => modbus(out, capture, exchange),
        Observation::Said(said) => message(out, capture, said),
        Observation::Conn(conn) => writeln!(
            out,
            "{}\t{}\t{}\t{}:{}\t{}:{}\tflow\t-\t-\t{} packets {} bytes\t{} packets {} bytes",
            capture.display(),
            conn.ts,
            conn.protocol.name(),
            conn.flow.orig_h,
            conn.flow.orig_p,
            conn.flow.resp_h,
            conn.flow.resp_p,
            conn.orig_pkts,
            conn.orig_bytes,
            conn.resp_pkts,
            conn.resp_bytes
        ),
        _ => Ok(()),
    }
}

fn message(out: &mut impl Write, capture: &Path, said: &Said<'_>) -> io::Result<()> {
    let ends = match &said.between {
        Between::Flow(flow) => (
            format!("{}:{}", flow.orig_h, flow.orig_p),
            format!("{}:{}", flow.resp_h, flow.resp_p),
        ),
        Between::Link(link) => (link.source.to_string(), link.destination.to_string()),
    };
    let (from, to) = if said.from_orig {
        ends
    } else {
        (ends.1, ends.0)
    };
    writeln!(
        out,
        "{}\t{}\t{}\t{from}\t{to}\t{}\t{}\t{}\t{}\t{}",
        capture.display(),
        said.ts,
        said.protocol.name(),
        said.what,
        outcome(said.outcome),
        latency(said.latency_ns),
        fields(said.asked),
        fields(said.answered)
    )
}

fn modbus(out: &mut impl Write, capture: &Path, exchange: &Exchange<'_>) -> io::Result<()> {
    let flow = &exchange.flow;
    let operation = names::function(exchange.func).unwrap_or("unknown");
    let mut asked = format!(
        "transaction={} unit={} func={}",
        exchange.transaction, exchange.unit, exchange.func
    );
    span(&mut asked, exchange.write.as_ref());
    let mut answered = String::new();
    span(&mut answered, exchange.read.as_ref());
    writeln!(
        out,
        "{}\t{}\t{}\t{}:{}\t{}:{}\t{}\t{}\t{}\t{asked}\t{}",
        capture.display(),
        exchange.ts,
        exchange.protocol.name(),
        flow.orig_h,
        flow.orig_p,
        flow.resp_h,
        flow.resp_p,
        operation.replace(' ', "_"),
        outcome(exchange.outcome),
        latency(exchange.latency_ns),
        if answered.is_empty() {
            "-"
        } else {
            answered.trim_start()
        },
    )
}

/// Such as ` holding_register[10+2]=7,9`.
fn span(text: &mut String, span: Option<&Span<'_>>) {
    let Some(span) = span else { return };
    let _ = write!(text, " {}[{}+{}]", span.table.name(), span.addr, span.count);
    for (place, value) in span.iter().enumerate() {
        let mark = if place == 0 { '=' } else { ',' };
        let _ = write!(text, "{mark}{value}");
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Exception(code) => format!("exception {code}"),
        Outcome::Refused(code) => format!("refused {code:#x}"),
        other => other.name().into(),
    }
}

fn latency(ns: Option<i64>) -> String {
    ns.map_or_else(|| "-".into(), |ns| (ns / 1000).to_string())
}

/// `name=value` with blanks between; what would break the line is escaped.
fn fields(fields: &[Field<'_>]) -> String {
    if fields.is_empty() {
        return "-".into();
    }
    let mut text = String::new();
    for (place, field) in fields.iter().enumerate() {
        let blank = if place > 0 { " " } else { "" };
        let value = field.value.to_string();
        let value = value.escape_debug();
        let _ = write!(text, "{blank}{}={value}", field.name);
    }
    text
}
