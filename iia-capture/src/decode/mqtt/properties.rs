//! The properties of MQTT 5 (2.2.2.2): each an identifier and a value of the type that belongs to it.

use super::super::{Fields, Reader};
use super::names;
use super::packet::*;

/// Where a property of a CONNECT's will stands, beside the types of packets.
pub(super) const WILL: u8 = 0;

/// What a property holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Byte,
    Two,
    Four,
    Variable,
    Text,
    Binary,
    Pair,
}

/// The name of a property, its form, and the packets that may carry it, a bit a type (MQTT 5, table 2-4).
struct Property {
    id: u8,
    name: &'static str,
    form: Form,
    places: u16,
}

const fn at(kinds: &[u8]) -> u16 {
    let (mut bits, mut rest) = (0, kinds);
    while let [kind, behind @ ..] = rest {
        bits |= 1 << *kind;
        rest = behind;
    }
    bits
}

const fn row(id: u8, name: &'static str, form: Form, places: u16) -> Property {
    Property {
        id,
        name,
        form,
        places,
    }
}

/// All but those that have no properties.
const EVERYWHERE: u16 = !at(&[PINGREQ, PINGRESP]);

static PROPERTIES: [Property; 27] = {
    use Form::{Binary, Byte, Four, Pair, Text, Two, Variable};
    let said = at(&[PUBLISH, WILL]);
    let connects = at(&[CONNECT, CONNACK]);
    let proves = at(&[CONNECT, CONNACK, AUTH]);
    let accepts = at(&[CONNACK]);
    let reasons = EVERYWHERE & !at(&[CONNECT, PUBLISH, WILL, SUBSCRIBE, UNSUBSCRIBE]);
    let ends = at(&[CONNECT, CONNACK, DISCONNECT]);
    let moves = at(&[CONNACK, DISCONNECT]);
    [
        row(0x01, "payload_format_indicator", Byte, said),
        row(0x02, "message_expiry_interval", Four, said),
        row(0x03, "content_type", Text, said),
        row(0x08, "response_topic", Text, said),
        row(0x09, "correlation_data", Binary, said),
        row(
            0x0b,
            "subscription_identifier",
            Variable,
            at(&[PUBLISH, SUBSCRIBE]),
        ),
        row(0x11, "session_expiry_interval", Four, ends),
        row(0x12, "assigned_client_identifier", Text, accepts),
        row(0x13, "server_keep_alive", Two, accepts),
        row(0x15, "authentication_method", Text, proves),
        row(0x16, "authentication_data", Binary, proves),
        row(0x17, "request_problem_information", Byte, at(&[CONNECT])),
        row(0x18, "will_delay_interval", Four, at(&[WILL])),
        row(0x19, "request_response_information", Byte, at(&[CONNECT])),
        row(0x1a, "response_information", Text, accepts),
        row(0x1c, "server_reference", Text, moves),
        row(0x1f, "reason_string", Text, reasons),
        row(0x21, "receive_maximum", Two, connects),
        row(0x22, "topic_alias_maximum", Two, connects),
        row(0x23, "topic_alias", Two, at(&[PUBLISH])),
        row(0x24, "maximum_qos", Byte, accepts),
        row(0x25, "retain_available", Byte, accepts),
        row(0x26, "user_property", Pair, EVERYWHERE),
        row(0x27, "maximum_packet_size", Four, connects),
        row(0x28, "wildcard_subscription_available", Byte, accepts),
        row(0x29, "subscription_identifier_available", Byte, accepts),
        row(0x2a, "shared_subscription_available", Byte, accepts),
    ]
};

/// A value, as it lies there.
#[derive(Clone, Copy, Debug)]
enum Held<'a> {
    Number(u32),
    Text(&'a [u8]),
    Pair(&'a [u8], &'a [u8]),
}

/// Properties that are read one by one.
struct Properties<'a> {
    reader: Reader<'a>,
}

impl<'a> Properties<'a> {
    /// The next one; `Err` with its identifier where it is unknown or not whole.
    fn next(&mut self) -> Option<Result<(&'static Property, Held<'a>), u8>> {
        let id = self.reader.u8()?;
        let known = PROPERTIES.iter().find(|property| property.id == id);
        let read = known.and_then(|property| Some((property, self.value(property.form)?)));
        Some(read.ok_or(id))
    }

    fn value(&mut self, form: Form) -> Option<Held<'a>> {
        let reader = &mut self.reader;
        Some(match form {
            Form::Byte => Held::Number(u32::from(reader.u8()?)),
            Form::Two => Held::Number(u32::from(reader.be16()?)),
            Form::Four => Held::Number(reader.be32()?),
            Form::Variable => Held::Number(varint(reader)?),
            Form::Text | Form::Binary => Held::Text(string(reader)?),
            Form::Pair => Held::Pair(string(reader)?, string(reader)?),
        })
    }
}

/// Tells properties in Wireshark's names; whether they keep the rules of the place where they stand.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], place: u8) -> bool {
    let mut properties = Properties {
        reader: Reader::new(bytes),
    };
    let (mut sound, mut seen) = (true, 0u64);
    while let Some(next) = properties.next() {
        let Ok((property, held)) = next else {
            fields.uint("mqtt.property_id", next.err().unwrap_or(0));
            return false;
        };
        fields.code("mqtt.property_id", property.id, Some(property.name));
        value(fields, property, held);
        let bit = 1 << property.id;
        let again = seen & bit != 0 && !may_repeat(property.id, place);
        sound &= !again && property.places >> place & 1 == 1;
        seen |= bit;
    }
    sound
}

/// Only these may stand there more than once (MQTT 5, 2.2.2.2 and 3.3.2.3.8).
const fn may_repeat(id: u8, place: u8) -> bool {
    id == 0x26 || id == 0x0b && place == PUBLISH
}

fn value<'a>(fields: &mut Fields<'a>, property: &Property, held: Held<'a>) {
    match (property.id, held) {
        // Proves who speaks, as a password does: only that there was one.
        (0x16, _) => {}
        (0x03, Held::Text(text)) => fields.text("mqtt.property.content_type", text),
        (0x23, Held::Number(alias)) => fields.uint("mqtt.property.topic_alias", alias),
        (0x24, Held::Number(qos)) => {
            let word = u8::try_from(qos).ok().and_then(names::qos);
            fields.code("mqtt.property.max_qos", qos, word);
        }
        (_, Held::Number(number)) => fields.uint("mqtt.prop_number", number),
        (_, Held::Text(text)) => fields.text("mqtt.prop_string", text),
        (_, Held::Pair(key, value)) => {
            fields.text("mqtt.prop_key", key);
            fields.text("mqtt.prop_value", value);
        }
    }
}

/// Whether bytes are properties of this place and nothing else.
pub(super) fn are_sound(bytes: &[u8], place: u8) -> bool {
    tell(&mut Fields::new(), bytes, place)
}

/// The number that a property holds.
pub(super) fn number(bytes: &[u8], id: u8) -> Option<u32> {
    match find(bytes, id)? {
        Held::Number(number) => Some(number),
        _ => None,
    }
}

/// The text that a property holds.
pub(super) fn text(bytes: &[u8], id: u8) -> Option<&[u8]> {
    match find(bytes, id)? {
        Held::Text(text) => Some(text),
        _ => None,
    }
}

fn find(bytes: &[u8], id: u8) -> Option<Held<'_>> {
    let mut properties = Properties {
        reader: Reader::new(bytes),
    };
    while let Some(Ok((property, held))) = properties.next() {
        if property.id == id {
            return Some(held);
        }
    }
    None
}
