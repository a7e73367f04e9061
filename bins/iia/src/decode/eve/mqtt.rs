//! Packets of MQTT under their own names, each question beside its answer. What a client proves itself with is never told.

use iia_core::observe::{Field, Said, Value};
use serde_json::{Value as Json, json};

use super::{Object, first, plain, some};

/// The packet and its answer.
pub(super) fn body(said: &Said<'_>) -> Json {
    let both = [said.asked, said.answered].into_iter();
    let all = both.filter_map(|fields| Some((kind(fields)?, packet(fields).into())));
    all.collect::<Object>().into()
}

fn kind(fields: &[Field<'_>]) -> Option<String> {
    match first(fields, "mqtt.msgtype")? {
        Value::Code(_, name) => Some((*name).to_owned()),
        _ => None,
    }
}

fn every<'f>(fields: &'f [Field<'_>], name: &'f str) -> impl Iterator<Item = Json> + 'f {
    let named = fields.iter().filter(move |field| field.name == name);
    named.map(|field| plain(&field.value))
}

fn both(fields: &[Field<'_>], names: [&str; 2]) -> Vec<Json> {
    let of = |name| every(fields, name).collect::<Vec<_>>();
    names.into_iter().flat_map(of).collect()
}

/// Members that stand once, and what Suricata calls them.
const MEMBERS: [(&str, &str); 19] = [
    ("mqtt.qos", "qos"),
    ("mqtt.retain", "retain"),
    ("mqtt.dupflag", "dup"),
    ("mqtt.msgid", "message_id"),
    ("mqtt.protoname", "protocol_string"),
    ("mqtt.ver", "protocol_version"),
    ("mqtt.clientid", "client_id"),
    ("mqtt.username", "username"),
    ("mqtt.conack.flags.sp", "session_present"),
    ("mqtt.conack.val", "return_code"),
    ("mqtt.connack.reason_code", "return_code"),
    ("mqtt.puback.reason_code", "reason_code"),
    ("mqtt.pubrec.reason_code", "reason_code"),
    ("mqtt.pubrel.reason_code", "reason_code"),
    ("mqtt.pubcomp.reason_code", "reason_code"),
    ("mqtt.auth.reason_code", "reason_code"),
    ("mqtt.disconnect.reason_code", "reason_code"),
    ("mqtt.msg_text", "message"),
    ("mqtt.kalive", "keep_alive"),
];
const FLAGS: [(&str, &str); 5] = [
    ("mqtt.conflag.uname", "username"),
    ("mqtt.conflag.passwd", "password"),
    ("mqtt.conflag.retain", "will_retain"),
    ("mqtt.conflag.willflag", "will"),
    ("mqtt.conflag.cleansess", "clean_session"),
];

fn packet(fields: &[Field<'_>]) -> Object {
    let mut packet = some(fields, &MEMBERS);
    let flags = some(fields, &FLAGS);
    if !flags.is_empty() {
        packet.insert("flags".into(), flags.into());
    }
    let topics: Vec<Json> = every(fields, "mqtt.topic").collect();
    // Of MQTT 3, and of MQTT 5.
    let qos = both(fields, ["mqtt.sub.qos", "mqtt.subscription_options_qos"]);
    let granted = both(fields, ["mqtt.suback.qos", "mqtt.suback.reason_code"]);
    match kind(fields).as_deref() {
        Some("subscribe") => {
            let pairs = topics.into_iter().zip(qos);
            let pairs = pairs.map(|(topic, qos)| json!({ "topic": topic, "qos": qos }));
            packet.insert("topics".into(), pairs.collect());
        }
        Some("unsubscribe") => _ = packet.insert("topics".into(), topics.into()),
        Some("unsuback") => {
            let codes = every(fields, "mqtt.unsuback.reason_code");
            packet.insert("reason_codes".into(), codes.collect());
        }
        Some("suback") => _ = packet.insert("qos_granted".into(), granted.into()),
        _ => packet.extend(topics.into_iter().map(|topic| ("topic".into(), topic))),
    }
    packet
}
