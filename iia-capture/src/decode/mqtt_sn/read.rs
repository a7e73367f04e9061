//! The fields of each message (MQTT-SN 1.2, 5.4), in Wireshark's names.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::Value;

use super::super::{Fields, Reader};
use super::names;
use super::packet::*;

/// Tells a datagram as far as it goes; `topic` is what the number in it stands for. Whether it keeps the rules.
pub(super) fn datagram<'a>(
    fields: &mut Fields<'a>,
    datagram: &Datagram<'a>,
    topic: Option<&'a str>,
) -> bool {
    if let Some(forwarded) = datagram.forwarded {
        head(fields, (forwarded.len, ENCAPSULATED));
        fields.uint("mqttsn.control.info", forwarded.control);
        node(fields, forwarded.node);
    }
    let packet = &datagram.packet;
    head(fields, (packet.len, packet.kind));
    let whole = body(fields, packet, topic).is_some();
    whole && datagram.whole && is_sound(packet)
}

fn head(fields: &mut Fields<'_>, (len, kind): (u16, u8)) {
    fields.uint("mqttsn.msg.len", len);
    fields.code("mqttsn.msg.type", kind, names::kind(kind));
}

/// A node's number, or its bytes where they are more than a number has.
fn node<'a>(fields: &mut Fields<'a>, node: &'a [u8]) {
    let name = "mqttsn.wireless.node.id";
    match node.len() {
        0 => {}
        1..=8 => {
            let number = node
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte));
            fields.uint(name, number);
        }
        _ => fields.add(name, Value::Bytes(node)),
    }
}

fn body<'a>(fields: &mut Fields<'a>, packet: &Packet<'a>, topic: Option<&'a str>) -> Option<()> {
    let mut reader = Reader::new(packet.body);
    let reader = &mut reader;
    match packet.kind {
        ADVERTISE => {
            fields.uint("mqttsn.gw.id", reader.u8()?);
            fields.uint("mqttsn.adv.interv", reader.be16()?);
        }
        SEARCHGW => fields.uint("mqttsn.radius", reader.u8()?),
        GWINFO => gateway(fields, reader)?,
        CONNECT => connect(fields, reader)?,
        CONNACK | WILLTOPICRESP | WILLMSGRESP => code(fields, reader)?,
        WILLTOPIC | WILLTOPICUPD => will_topic(fields, reader),
        WILLMSG | WILLMSGUPD => fields.text("mqttsn.will.msg", reader.rest()),
        REGISTER => {
            fields.uint("mqttsn.topic.id", reader.be16()?);
            fields.uint("mqttsn.msg.id", reader.be16()?);
            fields.text("mqttsn.topic", reader.rest());
        }
        REGACK | PUBACK => {
            fields.uint("mqttsn.topic.id", reader.be16()?);
            name(fields, topic);
            fields.uint("mqttsn.msg.id", reader.be16()?);
            code(fields, reader)?;
        }
        PUBLISH => publish(fields, reader, topic)?,
        PUBREC | PUBREL | PUBCOMP | UNSUBACK => fields.uint("mqttsn.msg.id", reader.be16()?),
        SUBSCRIBE | UNSUBSCRIBE => subscribe(fields, reader, packet.kind)?,
        SUBACK => {
            let flags = Flags(reader.u8()?);
            fields.code("mqttsn.qos", flags.qos(), names::qos(flags.qos()));
            topic_type(fields, flags);
            fields.uint("mqttsn.topic.id", reader.be16()?);
            name(fields, topic);
            fields.uint("mqttsn.msg.id", reader.be16()?);
            code(fields, reader)?;
        }
        PINGREQ if !reader.is_empty() => fields.text("mqttsn.client.id", reader.rest()),
        DISCONNECT if !reader.is_empty() => fields.uint("mqttsn.sleep.timer", reader.be16()?),
        _ => {}
    }
    Some(())
}

fn gateway<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("mqttsn.gw.id", reader.u8()?);
    let address = "mqttsn.gw.addr";
    match *reader.rest() {
        [] => {}
        [a, b, c, d] => fields.add(address, Value::Ip(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))),
        _ => fields.add(address, Value::Bytes(reader.rest())),
    }
    Some(())
}

fn connect<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let flags = Flags(reader.u8()?);
    fields.add("mqttsn.will", Value::Bool(flags.will()));
    fields.add("mqttsn.clean.session", Value::Bool(flags.clean()));
    topic_type(fields, flags);
    fields.uint("mqttsn.protocol.id", reader.u8()?);
    fields.uint("mqttsn.keep.alive", reader.be16()?);
    fields.text("mqttsn.client.id", reader.rest());
    Some(())
}

fn code(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let code = reader.u8()?;
    fields.code("mqttsn.return.code", code, names::return_code(code));
    Some(())
}

fn topic_type(fields: &mut Fields<'_>, flags: Flags) {
    let kind = flags.topic_type();
    fields.code("mqttsn.topic.id.type", kind, names::topic_type(kind));
}

/// The topic that a number stands for.
fn name<'a>(fields: &mut Fields<'a>, topic: Option<&'a str>) {
    if let Some(topic) = topic {
        fields.add("iia.mqttsn.topic", Value::Text(topic));
    }
}

fn will_topic<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) {
    let Some(flags) = reader.u8() else { return };
    let flags = Flags(flags);
    fields.code("mqttsn.qos", flags.qos(), names::qos(flags.qos()));
    fields.add("mqttsn.retain", Value::Bool(flags.retain()));
    fields.text("mqttsn.will.topic", reader.rest());
}

fn publish<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    topic: Option<&'a str>,
) -> Option<()> {
    let flags = Flags(reader.u8()?);
    fields.add("mqttsn.dup", Value::Bool(flags.dup()));
    fields.code("mqttsn.qos", flags.qos(), names::qos(flags.qos()));
    fields.add("mqttsn.retain", Value::Bool(flags.retain()));
    topic_type(fields, flags);
    fields.uint("mqttsn.topic.id", reader.be16()?);
    name(fields, topic);
    fields.uint("mqttsn.msg.id", reader.be16()?);
    fields.text("mqttsn.pub.msg", reader.rest());
    fields.uint("iia.mqttsn.payload_len", reader.len() as u64);
    Some(())
}

fn subscribe<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, kind: u8) -> Option<()> {
    let flags = Flags(reader.u8()?);
    if kind == SUBSCRIBE {
        fields.add("mqttsn.dup", Value::Bool(flags.dup()));
        fields.code("mqttsn.qos", flags.qos(), names::qos(flags.qos()));
    }
    topic_type(fields, flags);
    fields.uint("mqttsn.msg.id", reader.be16()?);
    match (flags.topic_type(), reader.rest()) {
        (PREDEFINED, &[high, low]) => {
            fields.uint("mqttsn.topic.id", u16::from_be_bytes([high, low]));
        }
        (_, topic) => fields.text("mqttsn.topic.name.or.id", topic),
    }
    Some(())
}
