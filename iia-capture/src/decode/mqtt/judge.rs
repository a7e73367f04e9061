//! Whether bytes are MQTT, and of which version, where no CONNECT says so.

use super::super::{Cut, Reader};
use super::connect::Connect;
use super::packet::*;
use super::read::{is_filter, is_name};
use super::{names, properties};

/// Bytes of a packet other than a PUBLISH, and of a topic, that a packet which shows where packets begin may have: nobody
/// waits for more.
const SHOWING_LEN_MAX: u16 = 4096;
/// Packets at the start of some bytes that are looked at.
const LOOKED_AT_MAX: usize = 4;

/// What bytes can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fit {
    /// Packets that keep the rules, as far as they are here; the first is one of which enough is here to tell.
    Yes,
    /// Too little to tell.
    More,
    /// Something else.
    No,
}

/// Whether bytes begin with a CONNECT, by its protocol's name, version and flags: nothing else begins so.
pub fn claims(bytes: &[u8]) -> bool {
    let Some(packet) = Packet::parse(bytes) else {
        return false;
    };
    let connect = Connect::begin(packet.body);
    (packet.kind, packet.flags) == (CONNECT, 0) && connect.is_some_and(|connect| connect.is_sound())
}

/// Whether bytes can be the beginning of packets, seen from the middle of a connection.
pub(super) fn fit(bytes: &[u8]) -> Fit {
    let mut rest = bytes;
    for number in 0..LOOKED_AT_MAX {
        if rest.is_empty() && number > 0 {
            return Fit::Yes;
        }
        match one(rest) {
            (Fit::Yes, behind) => rest = behind,
            (Fit::More, _) if number > 0 => return Fit::Yes,
            (fit, _) => return fit,
        }
    }
    Fit::Yes
}

/// The first packet, and what is behind it.
fn one(bytes: &[u8]) -> (Fit, &[u8]) {
    let len = match cut(bytes) {
        Cut::Unit(len) => usize::try_from(len).unwrap_or(usize::MAX),
        Cut::More => return (flags_fit(bytes), bytes),
        Cut::Not => return (Fit::No, bytes),
    };
    let Some(packet) = Packet::parse(bytes) else {
        return (Fit::More, bytes);
    };
    if !packet.flags_are_right() || !len_fits(&packet) {
        return (Fit::No, bytes);
    }
    let fit = match (packet.kind, packet.is_cut()) {
        (PUBLISH, _) => publish(&packet),
        (CONNECT, _) if claims(bytes) => Fit::Yes,
        (_, true) => Fit::More,
        _ if is_sound(&packet, false) || is_sound(&packet, true) => Fit::Yes,
        _ => Fit::No,
    };
    (fit, bytes.get(len..).unwrap_or_default())
}

/// What the first byte alone allows.
fn flags_fit(bytes: &[u8]) -> Fit {
    let Some(first) = bytes.first() else {
        return Fit::More;
    };
    let packet = Packet {
        kind: first >> 4,
        flags: first & 15,
        len: 0,
        body: &[],
    };
    match packet.kind > 0 && packet.flags_are_right() {
        true => Fit::More,
        false => Fit::No,
    }
}

/// Lengths that the type allows.
const fn len_fits(packet: &Packet<'_>) -> bool {
    const TEXT_LEN_MAX: u32 = SHOWING_LEN_MAX as u32;
    match packet.kind {
        0 => false,
        PUBLISH => packet.len >= 3,
        PINGREQ | PINGRESP => packet.len == 0,
        CONNECT => packet.len >= 12 && packet.len < TEXT_LEN_MAX,
        CONNACK | PUBACK..=PUBCOMP | UNSUBACK => packet.len >= 2 && packet.len < TEXT_LEN_MAX,
        SUBACK => packet.len >= 3 && packet.len < TEXT_LEN_MAX,
        SUBSCRIBE | UNSUBSCRIBE => packet.len >= 5 && packet.len < TEXT_LEN_MAX,
        _ => packet.len < TEXT_LEN_MAX,
    }
}

/// A PUBLISH is known by its topic, which must be whole.
fn publish(packet: &Packet<'_>) -> Fit {
    let mut reader = Reader::new(packet.body);
    let len = Reader::new(packet.body).be16();
    let Some(topic) = string(&mut reader) else {
        return match packet.is_cut() && len.is_none_or(|len| len <= SHOWING_LEN_MAX) {
            true => Fit::More,
            false => Fit::No,
        };
    };
    let readable = |topic: &str| !topic.contains(char::is_control);
    let named = is_name(topic) && core::str::from_utf8(topic).is_ok_and(readable);
    let id = match packet.qos() {
        0 => Some(1),
        _ => reader.be16(),
    };
    match id {
        Some(0) => Fit::No,
        Some(_) if named => Fit::Yes,
        Some(_) if topic.is_empty() => aliased(packet),
        None if named && packet.is_cut() => Fit::More,
        _ => Fit::No,
    }
}

/// Without a topic it has an alias, and so properties.
fn aliased(packet: &Packet<'_>) -> Fit {
    let Some(said) = Publish::parse(packet, true) else {
        return match packet.is_cut() {
            true => Fit::More,
            false => Fit::No,
        };
    };
    let alias = properties::number(said.properties, 0x23);
    match properties::are_sound(said.properties, PUBLISH) && alias.is_some_and(|alias| alias > 0) {
        true => Fit::Yes,
        false => Fit::No,
    }
}

/// Whether a packet that is whole keeps the rules of a version.
fn is_sound(packet: &Packet<'_>, v5: bool) -> bool {
    let mut reader = Reader::new(packet.body);
    match packet.kind {
        CONNECT => Connect::parse(packet.body).is_some_and(|connect| connect.is_sound()),
        CONNACK if v5 => connack(&mut reader) == Some(true),
        CONNACK => matches!(packet.body, [0..=1, 0..=5]),
        PUBLISH => Publish::parse(packet, v5)
            .is_some_and(|said| !v5 || properties::are_sound(said.properties, PUBLISH)),
        PUBACK..=PUBCOMP => {
            packet.id().is_some_and(|id| id > 0) && (packet.len == 2 || v5 && reasons(packet, 2))
        }
        SUBSCRIBE | UNSUBSCRIBE => filters(packet, v5) == Some(true),
        SUBACK | UNSUBACK => granted(packet, v5) == Some(true),
        DISCONNECT | AUTH => packet.len == 0 || v5 && reasons(packet, 0),
        PINGREQ | PINGRESP => true,
        _ => false,
    }
}

/// A CONNACK of MQTT 5 (3.2).
fn connack(reader: &mut Reader<'_>) -> Option<bool> {
    let (flags, code) = (reader.u8()?, reader.u8()?);
    let sound = properties::are_sound(properties(reader)?, CONNACK);
    let known = names::reason(code, CONNACK).is_some();
    Some(flags < 2 && known && sound && reader.is_empty())
}

/// A reason and properties, or a reason alone.
fn reasons(packet: &Packet<'_>, from: usize) -> bool {
    let mut reader = Reader::new(packet.body.get(from..).unwrap_or_default());
    let known = reader
        .u8()
        .and_then(|code| names::reason(code, packet.kind));
    if known.is_none() || reader.is_empty() {
        return known.is_some();
    }
    let sound = properties(&mut reader).is_some_and(|own| properties::are_sound(own, packet.kind));
    sound && reader.is_empty()
}

fn filters(packet: &Packet<'_>, v5: bool) -> Option<bool> {
    let mut reader = Reader::new(packet.body);
    let mut sound = reader.be16()? > 0;
    if v5 {
        sound &= properties::are_sound(properties(&mut reader)?, packet.kind);
    }
    let mut filters = Filters::of(packet, v5)?;
    let most = if v5 { 0x2e } else { 2 };
    let mut count = 0;
    for (filter, options) in filters.by_ref() {
        sound &= is_filter(filter) && options <= most && options & 3 < 3;
        count += 1;
    }
    Some(sound && count > 0 && filters.is_empty())
}

fn granted(packet: &Packet<'_>, v5: bool) -> Option<bool> {
    let mut reader = Reader::new(packet.body);
    let mut sound = reader.be16()? > 0;
    if packet.kind == UNSUBACK && !v5 {
        return Some(sound && reader.is_empty());
    }
    if v5 {
        sound &= properties::are_sound(properties(&mut reader)?, packet.kind);
    }
    sound &= !reader.is_empty();
    while let Some(code) = reader.u8() {
        sound &= match v5 {
            true => names::reason(code, packet.kind).is_some(),
            false => names::granted(code).is_some(),
        };
    }
    Some(sound)
}

/// The version that a packet of a connection whose CONNECT was not seen shows; `None` where it may be either.
pub(super) fn version(packet: &Packet<'_>) -> Option<u8> {
    if packet.is_cut() && packet.kind != PUBLISH {
        return None;
    }
    match packet.kind {
        AUTH => return Some(V5),
        PINGREQ | PINGRESP => return None,
        PUBLISH => return published(packet),
        _ => {}
    }
    match (is_sound(packet, false), is_sound(packet, true)) {
        (true, false) => Some(V311),
        (false, true) => Some(V5),
        _ => None,
    }
}

/// What begins with properties that a PUBLISH may have is of MQTT 5; what cannot, is not.
fn published(packet: &Packet<'_>) -> Option<u8> {
    let Some(said) = Publish::parse(packet, true) else {
        return (!packet.is_cut()).then_some(V311);
    };
    match properties::are_sound(said.properties, PUBLISH) {
        false => Some(V311),
        true if !said.properties.is_empty() => Some(V5),
        // A message that begins with a zero byte, or one without properties.
        true => None,
    }
}

/// The version to read a packet by when nothing showed it yet: text behind a zero byte is a message without properties.
pub(super) fn assumed(packet: &Packet<'_>) -> u8 {
    let said = match packet.kind {
        PUBLISH => Publish::parse(packet, true),
        _ => None,
    };
    let text = |said: Publish<'_>| super::read::readable(said.payload).is_some();
    match said.is_some_and(text) {
        true => V5,
        false => V311,
    }
}
