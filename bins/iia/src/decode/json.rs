//! A record as a JSON object.

use std::io::{self, Write};
use std::path::Path;

use iia_core::observe::{Between, Conn, Field, Observation, Outcome, Said, Transport, Value};
use serde_json::{Map, Value as Json, json};

use crate::inspect::exchange;

pub(super) fn write(
    out: &mut impl Write,
    capture: &Path,
    seen: &Observation<'_>,
) -> io::Result<()> {
    match seen {
        Observation::Exchange(exchange) => exchange::json(out, capture, exchange),
        Observation::Said(said) => writeln!(out, "{}", message(capture, said)),
        Observation::Conn(conn) => writeln!(out, "{}", flow(capture, conn)),
        _ => Ok(()),
    }
}

fn message(capture: &Path, said: &Said<'_>) -> Json {
    let mut object = json!({
        "capture": capture.display().to_string(),
        "ts": said.ts.to_string(),
        "protocol": said.protocol.name(),
        "operation": said.what,
        "from_orig": said.from_orig,
        "outcome": said.outcome.name(),
        "latency_ns": said.latency_ns,
        "asked": fields(said.asked),
        "answered": fields(said.answered),
    });
    let ends = match &said.between {
        Between::Flow(flow) => json!({
            "orig_h": flow.orig_h, "orig_p": flow.orig_p, "resp_h": flow.resp_h, "resp_p": flow.resp_p,
            "transport": transport(flow.transport), "vlan": flow.vlan,
        }),
        Between::Link(link) => json!({
            "source": link.source.to_string(), "destination": link.destination.to_string(),
            "ethertype": link.ethertype, "vlan": link.vlan,
        }),
    };
    let code = match said.outcome {
        Outcome::Refused(code) => Some(code),
        Outcome::Exception(code) => Some(code.into()),
        _ => None,
    };
    if let (Some(object), Json::Object(ends)) = (object.as_object_mut(), ends) {
        object.extend(ends);
        if let Some(code) = code {
            object.insert("code".into(), code.into());
        }
    }
    object
}

fn transport(transport: Transport) -> Json {
    match transport {
        Transport::Tcp => "tcp".into(),
        Transport::Udp => "udp".into(),
        Transport::Ip(number) => number.into(),
    }
}

/// The fields under their names; those that come again as a list, in the order of the wire.
pub(super) fn fields(fields: &[Field<'_>]) -> Json {
    let mut object = Map::new();
    for field in fields {
        let value = value(&field.value);
        match object.get_mut(field.name) {
            None => {
                object.insert(field.name.into(), value);
            }
            Some(Json::Array(all)) => all.push(value),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    object.into()
}

fn value(value: &Value<'_>) -> Json {
    match value {
        Value::Uint(number) => (*number).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Code(number, name) => json!({ "number": number, "name": name }),
        value => value.to_string().into(),
    }
}

fn flow(capture: &Path, conn: &Conn) -> Json {
    let flow = &conn.flow;
    json!({
        "capture": capture.display().to_string(),
        "ts": conn.ts.to_string(),
        "operation": "flow",
        "orig_h": flow.orig_h, "orig_p": flow.orig_p, "resp_h": flow.resp_h, "resp_p": flow.resp_p,
        "transport": transport(flow.transport), "vlan": flow.vlan,
        "protocol": conn.protocol.name(),
        "duration_ns": conn.last.since_ns(conn.ts),
        "orig_pkts": conn.orig_pkts, "resp_pkts": conn.resp_pkts,
        "orig_bytes": conn.orig_bytes, "resp_bytes": conn.resp_bytes,
        "missed_bytes": conn.missed_bytes,
    })
}
