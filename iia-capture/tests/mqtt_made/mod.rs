//! Packets of MQTT made by hand from the standard.

use crate::line::Line;

/// A packet with its fixed header.
pub fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let (mut head, mut len) = (vec![first], body.len());
    loop {
        let more = if len > 127 { 0x80 } else { 0 };
        head.push(u8::try_from(len & 127).unwrap() | more);
        len >>= 7;
        if len == 0 {
            return [head, body].concat();
        }
    }
}

pub fn text(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&len[..], text.as_bytes()].concat()
}

/// A CONNECT of `press` with this version; of MQTT 5 with properties.
pub fn connect(level: u8, properties: &[u8]) -> Vec<u8> {
    let name = if level == 3 { "MQIsdp" } else { "MQTT" };
    let own = match level {
        5 => [&[u8::try_from(properties.len()).unwrap()], properties].concat(),
        _ => Vec::new(),
    };
    let head = [text(name), vec![level, 0xc2, 0, 60], own].concat();
    packet(
        0x10,
        &[
            &head,
            &text("client-7"),
            &text("press"),
            &text("hidden-word"),
        ],
    )
}

pub const CONNACK: &[u8] = &[0x20, 2, 0, 0];
pub const CONNACK_5: &[u8] = &[0x20, 3, 0, 0, 0];

/// A connection of this version that the server accepted.
pub fn accepted(level: u8) -> Line {
    let mut line = Line::to(1883);
    line.say(true, &connect(level, &[]));
    line.say(false, if level == 5 { CONNACK_5 } else { CONNACK });
    line.told.clear();
    line
}
