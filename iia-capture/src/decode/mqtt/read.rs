//! The fields of each control packet (MQTT 5, 3; MQTT 3.1.1, 3), and whether it keeps the rules.

use iia_core::observe::{Outcome, Value};

use super::super::{Fields, Reader};
use super::inside::Inside;
use super::packet::*;
use super::{connect, names, properties};

/// What a packet is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// The version, as the CONNECT says it or as the packets themselves do.
    pub(super) level: u8,
    /// The topic that the packet's alias stands for.
    pub(super) topic: Option<&'a str>,
    /// What its application message holds.
    pub(super) inside: &'a Inside,
}

/// Tells a packet; whether it keeps the rules, as far as it is here.
pub(super) fn packet<'a>(
    fields: &mut Fields<'a>,
    packet: &Packet<'a>,
    context: &Context<'a>,
) -> bool {
    let v5 = context.level == V5;
    head(fields, packet, context.level);
    let mut reader = Reader::new(packet.body);
    let reader = &mut reader;
    let sound = match packet.kind {
        CONNECT => connect::tell(fields, reader, context.inside),
        CONNACK => connack(fields, reader, context.level),
        PUBLISH => publish(fields, packet, context),
        PUBACK | PUBREC | PUBREL | PUBCOMP => acknowledged(fields, reader, (packet.kind, v5)),
        SUBSCRIBE | UNSUBSCRIBE => filters(fields, packet, v5),
        SUBACK => granted(fields, reader, (packet.kind, v5)),
        UNSUBACK if v5 => granted(fields, reader, (packet.kind, v5)),
        UNSUBACK => message_id(fields, reader).map(|id| id && reader.is_empty()),
        DISCONNECT | AUTH if v5 => ended(fields, reader, packet.kind),
        AUTH => Some(false),
        PINGREQ | PINGRESP | DISCONNECT => Some(packet.len == 0),
        _ => Some(false),
    };
    packet.flags_are_right() && sound.unwrap_or(packet.is_cut())
}

fn head(fields: &mut Fields<'_>, packet: &Packet<'_>, level: u8) {
    let kind = packet.kind;
    fields.code("mqtt.msgtype", kind, Some(names::kind(kind)));
    fields.uint("mqtt.len", packet.len);
    let repeats = level == V31 && matches!(kind, PUBREL | SUBSCRIBE | UNSUBSCRIBE);
    if kind == PUBLISH || repeats {
        fields.add("mqtt.dupflag", Value::Bool(packet.dup()));
        fields.code("mqtt.qos", packet.qos(), names::qos(packet.qos()));
    }
    if kind == PUBLISH {
        fields.add("mqtt.retain", Value::Bool(packet.retain()));
    }
}

fn message_id(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let id = reader.be16()?;
    fields.uint("mqtt.msgid", id);
    // Zero is no identifier (MQTT 5, 2.2.1).
    Some(id != 0)
}

fn connack<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, level: u8) -> Option<bool> {
    let flags = reader.u8()?;
    // MQTT 3.1 has no flags here yet.
    if level != V31 {
        fields.add("mqtt.conack.flags.sp", Value::Bool(flags & 1 == 1));
    }
    let code = reader.u8()?;
    if level != V5 {
        fields.code("mqtt.conack.val", code, names::return_code(code));
        return Some(flags < 2 && reader.is_empty());
    }
    reason(fields, code, CONNACK);
    let sound = properties::tell(fields, properties(reader)?, CONNACK);
    Some(sound && flags < 2 && reader.is_empty())
}

fn reason(fields: &mut Fields<'_>, code: u8, kind: u8) {
    fields.code(names::reason_field(kind), code, names::reason(code, kind));
}

/// PUBACK and its like: where all went well, MQTT 5 leaves out the reason, and where there are none, the properties.
fn acknowledged<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    (kind, v5): (u8, bool),
) -> Option<bool> {
    let sound = message_id(fields, reader)?;
    if !v5 || reader.is_empty() {
        return Some(sound && reader.is_empty());
    }
    Some(ended(fields, reader, kind)? && sound)
}

/// A reason and properties, both of which may be left out.
fn ended<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, kind: u8) -> Option<bool> {
    if reader.is_empty() {
        return Some(true);
    }
    reason(fields, reader.u8()?, kind);
    if reader.is_empty() {
        return Some(true);
    }
    let sound = properties::tell(fields, properties(reader)?, kind);
    Some(sound && reader.is_empty())
}

fn granted<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    (kind, v5): (u8, bool),
) -> Option<bool> {
    let mut sound = message_id(fields, reader)?;
    if v5 {
        sound &= properties::tell(fields, properties(reader)?, kind);
    }
    sound &= !reader.is_empty();
    while let Some(code) = reader.u8() {
        match v5 {
            true => reason(fields, code, kind),
            false => fields.code("mqtt.suback.qos", code, names::granted(code)),
        }
    }
    Some(sound)
}

fn filters<'a>(fields: &mut Fields<'a>, packet: &Packet<'a>, v5: bool) -> Option<bool> {
    let mut reader = Reader::new(packet.body);
    let mut sound = message_id(fields, &mut reader)?;
    if v5 {
        sound &= properties::tell(fields, properties(&mut reader)?, packet.kind);
    }
    let mut filters = Filters::of(packet, v5)?;
    let mut count = 0;
    for (filter, options) in filters.by_ref() {
        fields.text("mqtt.topic", filter);
        sound &= is_filter(filter);
        if packet.kind == SUBSCRIBE {
            sound &= self::options(fields, options, v5);
        }
        count += 1;
    }
    // One filter at least (MQTT 5, 3.8.3 and 3.10.3).
    Some(sound && count > 0 && (filters.is_empty() || packet.is_cut()))
}

/// What a subscriber asks for (MQTT 5, 3.8.3.1; MQTT 3.1.1, 3.8.3).
fn options(fields: &mut Fields<'_>, options: u8, v5: bool) -> bool {
    let (qos, handling) = (options & 3, options >> 4 & 3);
    if !v5 {
        fields.code("mqtt.sub.qos", qos, names::qos(qos));
        return options < 3;
    }
    fields.code("mqtt.subscription_options_qos", qos, names::qos(qos));
    let flags = [
        ("mqtt.subscription_options_nl", 4),
        ("mqtt.subscription_options_rap", 8),
    ];
    for (name, bit) in flags {
        fields.add(name, Value::Bool(options & bit != 0));
    }
    let name = "mqtt.subscription_options_retain";
    fields.code(name, handling, names::retain_handling(handling));
    qos < 3 && handling < 3 && options < 0x40
}

fn publish<'a>(
    fields: &mut Fields<'a>,
    packet: &Packet<'a>,
    context: &Context<'a>,
) -> Option<bool> {
    let mut reader = Reader::new(packet.body);
    let written = string(&mut reader)?;
    let text = core::str::from_utf8(written).ok();
    let mut sound = written.is_empty() || text.is_some_and(names);
    match (text, context.topic) {
        (Some(""), Some(topic)) => fields.add("mqtt.topic", Value::Text(topic)),
        (Some(text), _) => fields.add("mqtt.topic", Value::Text(text)),
        (None, _) => fields.add("mqtt.topic", Value::Bytes(written)),
    }
    if packet.qos() > 0 {
        sound &= message_id(fields, &mut reader)?;
    }
    if context.level == V5 {
        sound &= properties::tell(fields, properties(&mut reader)?, PUBLISH);
    }
    let said = Publish::parse(packet, context.level == V5)?;
    let alias = properties::number(said.properties, 0x23);
    // Without a topic there must be an alias, and no alias is zero (MQTT 5, 3.3.2.1 and 3.3.2.3.4).
    sound &= !(written.is_empty() && alias.is_none()) && alias != Some(0);
    let topic = text.filter(|topic| !topic.is_empty()).or(context.topic);
    message(fields, (said.payload, said.payload_len));
    let is_cut = said.payload.len() < said.payload_len as usize;
    let topic = topic.unwrap_or_default();
    context.inside.tell(fields, topic, (said.payload, is_cut));
    Some(sound)
}

/// The application message: its bytes, its length, and as text where it is some.
fn message<'a>(fields: &mut Fields<'a>, (payload, len): (&'a [u8], u32)) {
    if !payload.is_empty() {
        fields.add("mqtt.msg", Value::Bytes(payload));
    }
    if let Some(text) = readable(payload) {
        fields.add("mqtt.msg_text", Value::Text(text));
    }
    fields.uint("iia.mqtt.payload_len", len);
    if payload.len() < len as usize {
        fields.add("iia.mqtt.payload_cut", Value::Bool(true));
    }
}

/// Bytes that are text for people.
pub(super) fn readable(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let strange = |one: char| one.is_control() && !matches!(one, '\t' | '\n' | '\r');
    let all_plain = bytes.iter().fold(true, |all, byte| all & plain(byte));
    (!text.is_empty() && (all_plain || !text.contains(strange))).then_some(text)
}

/// Whether something may be published under a topic (MQTT 5, 4.7.1 and 4.7.3).
pub(super) fn is_name(topic: &[u8]) -> bool {
    core::str::from_utf8(topic).is_ok_and(names)
}

/// The same of text.
fn names(topic: &str) -> bool {
    let wild = |byte: &u8| matches!(byte, b'\0' | b'+' | b'#');
    let any = topic
        .as_bytes()
        .iter()
        .fold(false, |any, byte| any | wild(byte));
    !topic.is_empty() && !any
}

/// Whether bytes are a topic filter (MQTT 5, 4.7.1).
pub(super) fn is_filter(filter: &[u8]) -> bool {
    let Ok(filter) = core::str::from_utf8(filter) else {
        return false;
    };
    if filter.is_empty() || filter.contains('\0') {
        return false;
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let ends = levels.peek().is_none();
        let wild = level.contains(['+', '#']);
        if wild && level != "+" && !(level == "#" && ends) {
            return false;
        }
    }
    true
}

/// What an answer says to what was asked: refused where every code of it refuses.
pub(super) fn outcome(packet: &Packet<'_>, level: u8) -> Outcome {
    let v5 = level == V5;
    let body = packet.body;
    let codes = match packet.kind {
        CONNACK => body.get(1..2),
        AUTH => body.get(..1),
        PUBACK | PUBREC | PUBCOMP => body.get(2..3),
        SUBACK | UNSUBACK => codes(body, v5),
        _ => None,
    };
    let codes = codes.unwrap_or_default();
    let from = match (packet.kind, v5) {
        (CONNACK, false) => 1,
        _ => 0x80,
    };
    match codes.first() {
        Some(first) if codes.iter().all(|code| *code >= from) => {
            Outcome::Refused(u32::from(*first))
        }
        _ => Outcome::Answered,
    }
}

/// The codes of a SUBACK or an UNSUBACK.
fn codes(body: &[u8], v5: bool) -> Option<&[u8]> {
    let mut reader = Reader::new(body);
    reader.be16()?;
    if v5 {
        properties(&mut reader)?;
    }
    Some(reader.rest())
}
