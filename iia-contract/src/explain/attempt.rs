//! What was attempted, by whom and where.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use iia_core::observe::{Access, Exchange, Frame, Observation};

use super::words::micros;
use crate::matcher::Clause;

/// What was attempted, such as `write holding_register 110`.
pub fn operation(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Exchange(exchange) => spans(exchange),
        Observation::Conn(conn) => format!("flow {}", conn.protocol.name()),
        Observation::Frame(frame) => service(frame),
        Observation::Access(access) => tag(access),
        Observation::Session(session) => session.operation.into(),
        Observation::Message(message) => {
            format!("{} {}", message.act.name(), message.address.text())
        }
        _ => "unknown".into(),
    }
}

/// Who attempted it: an address or an identity.
pub fn source(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Frame(frame) => frame.source.to_string(),
        Observation::Session(session) => session.source.into(),
        Observation::Message(message) => message.client.into(),
        _ => observation
            .flow()
            .map_or_else(String::new, |flow| flow.orig_h.to_string()),
    }
}

/// Where it was attempted; empty on a bus, where nobody is spoken to.
pub fn destination(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Frame(frame) => frame.destination.to_string(),
        Observation::Session(session) => session.destination.into(),
        Observation::Message(_) => String::new(),
        _ => observation.flow().map_or_else(String::new, |flow| {
            format!("{}:{}", flow.resp_h, flow.resp_p)
        }),
    }
}

/// What else the clause is about.
pub(super) fn about(observation: &Observation<'_>, clause: Clause) -> String {
    match (observation, clause) {
        (Observation::Frame(frame), Clause::Vlan) => vlan(frame.vlan),
        (_, Clause::Vlan) => observation
            .flow()
            .map_or_else(String::new, |flow| vlan(flow.vlan)),
        (Observation::Exchange(exchange), _) => format!(" unit {}", exchange.unit),
        (Observation::Session(session), Clause::Zone) => {
            format!(" from zone {}", session.source_zone)
        }
        (Observation::Session(session), Clause::Protocol) => format!(" over {}", session.protocol),
        (Observation::Session(session), Clause::Listener) => session
            .listener
            .map_or_else(String::new, |place| format!(" on {place}")),
        (Observation::Session(session), Clause::Stream) => format!(" of {}", session.stream),
        (Observation::Session(session), Clause::Payload) => {
            format!(" with {} bytes", session.payload_len)
        }
        (Observation::Message(message), Clause::Payload) => {
            format!(" with {} bytes", message.payload_len)
        }
        _ => String::new(),
    }
}

fn vlan(vlan: u16) -> String {
    match vlan {
        0 => " untagged".into(),
        vlan => format!(" on VLAN {vlan}"),
    }
}

fn spans(exchange: &Exchange<'_>) -> String {
    let mut text = String::new();
    for (verb, span) in [("write", &exchange.write), ("read", &exchange.read)] {
        if let Some(span) = span {
            let and = if text.is_empty() { "" } else { " and " };
            let _ = write!(
                text,
                "{and}{verb} {} {}",
                span.table.name(),
                run(span.addr, span.last())
            );
        }
    }
    if text.is_empty() {
        format!("function {}", exchange.func)
    } else {
        text
    }
}

pub(super) fn run(first: u32, last: u32) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

fn service(frame: &Frame) -> String {
    let func = frame.func.map(|func| format!(" function {func}"));
    let func = func.unwrap_or_default();
    match frame.protocol.ethertype() {
        Some(_) => format!("{}{func}", frame.protocol.name()),
        None => format!("frame 0x{:04x}{func}", frame.ethertype),
    }
}

fn tag(access: &Access<'_>) -> String {
    let verb = if access.write { "write" } else { "read" };
    let value = access
        .value_micros
        .map(|value| format!(" = {}", micros(value)));
    format!("{verb} tag {}{}", access.tag, value.unwrap_or_default())
}
