//! Records as events of Suricata's log (eve.json), one a line: the names that both have are Suricata's, and mean the same. What it has
//! no name for stands under the name of its protocol, in the names of the other forms.

mod dns;
mod modbus;
mod mqtt;
mod tls;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use iia_core::Timestamp;
use iia_core::observe::{
    Between, Conn, Field, Flow, Observation, Outcome, Protocol, Said, Transport, Value,
};
use iia_core::time::SECOND_NS;
use serde_json::{Map, Value as Json, json};

use super::json;

type Object = Map<String, Json>;

pub(super) fn write(
    out: &mut impl Write,
    capture: &Path,
    seen: &Observation<'_>,
) -> io::Result<()> {
    let events = match seen {
        Observation::Exchange(exchange) => vec![modbus::event(exchange)],
        Observation::Said(said) if said.protocol == Protocol::Dns => names(said),
        Observation::Said(said) => vec![message(said)],
        Observation::Conn(conn) => vec![flow(conn)],
        _ => return Ok(()),
    };
    let name = capture.display().to_string();
    for mut event in events {
        event.insert("pcap_filename".into(), name.clone().into());
        writeln!(out, "{}", Json::Object(event))?;
    }
    Ok(())
}

/// A question and its answer are two events.
fn names(said: &Said<'_>) -> Vec<Object> {
    let Between::Flow(flow) = &said.between else {
        return vec![message(said)];
    };
    let mut events = Vec::new();
    for (ts, fields) in [
        (Some(said.ts), said.asked),
        (said.answered_ts(), said.answered),
    ] {
        let Some(ts) = ts.filter(|_| !fields.is_empty()) else {
            continue;
        };
        let is_answer = first(fields, "dns.flags.response") == Some(&Value::Bool(true));
        let mut body = match is_answer {
            true => dns::answer(fields),
            false => dns::query(fields),
        };
        if said.outcome != Outcome::Answered {
            body.insert("outcome".into(), said.outcome.name().into());
        }
        let mut event = head(ts, said.protocol.name(), flow);
        event.insert(said.protocol.name().into(), body.into());
        events.push(event);
    }
    events
}

fn first<'f, 'a>(fields: &'f [Field<'a>], name: &str) -> Option<&'f Value<'a>> {
    let named = fields.iter().find(|field| field.name == name);
    named.map(|field| &field.value)
}

fn plain(value: &Value<'_>) -> Json {
    match value {
        Value::Bool(flag) => (*flag).into(),
        value => value
            .number()
            .map_or_else(|| value.to_string().into(), Json::from),
    }
}

/// Fields that are there, under the names that are told.
fn some(fields: &[Field<'_>], names: &[(&str, &str)]) -> Object {
    let told = names.iter();
    let told = told.filter_map(|(ours, theirs)| {
        first(fields, ours).map(|value| ((*theirs).to_owned(), plain(value)))
    });
    told.collect()
}

/// What every event of a flow has; who opened the flow comes first.
fn head(ts: Timestamp, kind: &str, flow: &Flow) -> Object {
    let mut event = Object::new();
    let mut put = |name: &str, value: Json| event.insert(name.into(), value);
    put("timestamp", moment(ts));
    put("flow_id", id(flow).into());
    put("event_type", kind.into());
    put("src_ip", address(flow.orig_h));
    put("dest_ip", address(flow.resp_h));
    if !matches!(flow.transport, Transport::Ip(_)) {
        put("src_port", flow.orig_p.into());
        put("dest_port", flow.resp_p.into());
    }
    put("proto", proto(flow.transport));
    if flow.vlan > 0 {
        put("vlan", json!([flow.vlan]));
    }
    event
}

/// To the microsecond, with an offset behind it.
fn moment(ts: Timestamp) -> Json {
    let text = ts.to_string();
    let (start, rest) = text.split_once('.').unwrap_or((&text, ""));
    let micros = rest.get(..6).unwrap_or("000000");
    format!("{}.{micros}+0000", start.trim_end_matches('Z')).into()
}

/// The same number for all events of a flow, in each run.
fn id(flow: &Flow) -> u64 {
    let mut hasher = DefaultHasher::new();
    let ends = (flow.orig_h, flow.orig_p, flow.resp_h, flow.resp_p);
    (ends, proto(flow.transport).to_string(), flow.vlan).hash(&mut hasher);
    // As many bits as numbers of JSON keep everywhere.
    hasher.finish() >> 12
}

/// Addresses of IPv6 are written out.
fn address(address: IpAddr) -> Json {
    match address {
        IpAddr::V4(address) => address.to_string().into(),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:04x}"));
            groups.join(":").into()
        }
    }
}

fn proto(transport: Transport) -> Json {
    match transport {
        Transport::Tcp => "TCP".into(),
        Transport::Udp => "UDP".into(),
        Transport::Ip(1) => "ICMP".into(),
        Transport::Ip(58) => "IPv6-ICMP".into(),
        Transport::Ip(number) => format!("{number:03}").into(),
    }
}

/// Suricata counts bytes of frames; those of payload, which are counted here, have a name of their own.
fn flow(conn: &Conn) -> Object {
    let mut event = head(conn.last, "flow", &conn.flow);
    if conn.protocol != Protocol::Unknown {
        event.insert("app_proto".into(), conn.protocol.name().into());
    }
    let flow = json!({
        "pkts_toserver": conn.orig_pkts, "pkts_toclient": conn.resp_pkts,
        "start": moment(conn.ts), "end": moment(conn.last),
        "age": conn.last.as_ns() / SECOND_NS - conn.ts.as_ns() / SECOND_NS,
    });
    let iia = json!({
        "payload_bytes_toserver": conn.orig_bytes, "payload_bytes_toclient": conn.resp_bytes,
        "missed_bytes": conn.missed_bytes,
    });
    event.insert("flow".into(), flow);
    event.insert("iia".into(), iia);
    event
}

/// What was said: of MQTT and TLS in Suricata's form.
fn message(said: &Said<'_>) -> Object {
    let kind = said.protocol.name();
    let mut event = match &said.between {
        Between::Flow(flow) => head(said.ts, kind, flow),
        Between::Link(link) => {
            let ether = json!({
                "src_mac": link.source.to_string(), "dest_mac": link.destination.to_string(),
                "ether_type": link.ethertype,
            });
            let named = [
                ("timestamp", moment(said.ts)),
                ("event_type", kind.into()),
                ("ether", ether),
            ];
            named
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect()
        }
    };
    let body = match said.protocol {
        Protocol::Mqtt => mqtt::body(said),
        Protocol::Tls => tls::body(said),
        _ => json!({
            "operation": said.what, "outcome": said.outcome.name(),
            "asked": json::fields(said.asked), "answered": json::fields(said.answered),
        }),
    };
    event.insert(kind.into(), body);
    event
}
