//! A CONNECT (MQTT 5, 3.1): who a client says it is, and its will.

use iia_core::observe::Value;

use super::super::{Fields, Reader};
use super::inside::Inside;
use super::packet::*;
use super::{names, properties};

/// Flags of a CONNECT (MQTT 5, 3.1.2.3), from the lowest bit.
const WILL: u8 = 4;
const PASSWORD: u8 = 0x40;
const USER: u8 = 0x80;

/// What a server's rules and a will's readers want to know of a CONNECT.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Connect<'a> {
    /// The protocol's name.
    pub(super) name: &'a [u8],
    /// Its version, without the bit by which bridges say that they are some.
    pub(super) level: u8,
    /// The flags.
    pub(super) flags: u8,
    /// Properties of MQTT 5.
    pub(super) properties: &'a [u8],
    /// The client identifier.
    pub(super) client: &'a [u8],
    /// The will's properties, topic and message.
    pub(super) will: Option<[&'a [u8]; 3]>,
    /// The user name.
    pub(super) user: Option<&'a [u8]>,
}

impl<'a> Connect<'a> {
    /// Reads one that is whole; the password is passed.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let connect = Self::read(&mut reader, &mut |_| {})?;
        reader.is_empty().then_some(connect)
    }

    /// Reads one as far as the flags, whatever follows.
    pub(super) fn begin(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let name = string(&mut reader)?;
        let (level, flags) = (reader.u8()? & 0x7f, reader.u8()?);
        Some(Self {
            name,
            level,
            flags,
            ..Self::default()
        })
    }

    /// Reads, and shows what it has after each part, so that a broken one is told as far as it goes.
    fn read(reader: &mut Reader<'a>, part: &mut dyn FnMut(Part<'a>)) -> Option<Self> {
        let name = string(reader)?;
        part(Part::Text("mqtt.protoname", name));
        let level = reader.u8()?;
        part(Part::Level(level));
        let flags = reader.u8()?;
        part(Part::Flags(flags));
        let keep_alive = reader.be16()?;
        part(Part::KeepAlive(keep_alive));
        let mut connect = Self {
            name,
            level: level & 0x7f,
            flags,
            ..Self::default()
        };
        if connect.level == V5 {
            connect.properties = properties(reader)?;
            part(Part::Properties(connect.properties, CONNECT));
        }
        connect.client = string(reader)?;
        part(Part::Text("mqtt.clientid", connect.client));
        if flags & WILL != 0 {
            connect.will = Some(will(reader, connect.level, part)?);
        }
        if flags & USER != 0 {
            let user = string(reader)?;
            part(Part::Text("mqtt.username", user));
            connect.user = Some(user);
        }
        if flags & PASSWORD != 0 {
            string(reader)?;
        }
        Some(connect)
    }

    /// The name by which a server's rules know the client: its user name, else its identifier.
    pub(super) fn known_as(&self) -> Option<&'a str> {
        let user = self.user.filter(|user| !user.is_empty());
        let name = core::str::from_utf8(user.unwrap_or(self.client)).ok();
        name.filter(|name| !name.is_empty())
    }

    /// Whether it is one that a client of this protocol sends (MQTT 5, 3.1.2; MQTT 3.1, 3.1).
    pub(super) fn is_sound(&self) -> bool {
        let named = match self.level {
            V31 => self.name == b"MQIsdp",
            V311 | V5 => self.name == b"MQTT",
            _ => return false,
        };
        named && flags_are_right(self.flags, self.level)
    }
}

/// A reserved bit is not set, a will's quality is one, and nothing is said about a will that is not there. Before MQTT 5
/// a password needs a user name.
const fn flags_are_right(flags: u8, level: u8) -> bool {
    let (reserved, will) = (flags & 1, flags & WILL != 0);
    let (qos, retain) = (flags >> 3 & 3, flags & 0x20);
    let alone = flags & PASSWORD != 0 && flags & USER == 0;
    reserved == 0 && qos < 3 && (will || qos == 0 && retain == 0) && (level == V5 || !alone)
}

/// A part of a CONNECT that was read.
#[derive(Clone, Copy)]
enum Part<'a> {
    Text(&'static str, &'a [u8]),
    Level(u8),
    Flags(u8),
    KeepAlive(u16),
    Properties(&'a [u8], u8),
    Will(&'a [u8], &'a [u8]),
}

fn will<'a>(
    reader: &mut Reader<'a>,
    level: u8,
    part: &mut dyn FnMut(Part<'a>),
) -> Option<[&'a [u8]; 3]> {
    let mut own: &[u8] = &[];
    if level == V5 {
        own = properties(reader)?;
        part(Part::Properties(own, properties::WILL));
    }
    let topic = string(reader)?;
    part(Part::Text("mqtt.willtopic", topic));
    let message = string(reader)?;
    part(Part::Will(topic, message));
    Some([own, topic, message])
}

/// Tells a CONNECT as far as it goes; whether it keeps the rules, or nothing where it is not whole.
pub(super) fn tell<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    inside: &'a Inside,
) -> Option<bool> {
    let mut sound = true;
    let read = Connect::read(reader, &mut |part| match part {
        Part::Text(name, text) => fields.text(name, text),
        Part::Level(level) => fields.code("mqtt.ver", level, names::version(level)),
        Part::Flags(flags) => self::flags(fields, flags),
        Part::KeepAlive(seconds) => fields.uint("mqtt.kalive", seconds),
        Part::Properties(bytes, place) => sound &= properties::tell(fields, bytes, place),
        Part::Will(topic, message) => {
            if !message.is_empty() {
                fields.add("mqtt.willmsg", Value::Bytes(message));
            }
            let topic = core::str::from_utf8(topic).unwrap_or_default();
            inside.tell(fields, topic, (message, false));
        }
    });
    Some(sound & read?.is_sound() && reader.is_empty())
}

fn flags(fields: &mut Fields<'_>, flags: u8) {
    let qos = flags >> 3 & 3;
    for (name, bit) in [
        ("mqtt.conflag.uname", USER),
        ("mqtt.conflag.passwd", PASSWORD),
        ("mqtt.conflag.retain", 0x20),
    ] {
        fields.add(name, Value::Bool(flags & bit != 0));
    }
    fields.code("mqtt.conflag.qos", qos, names::qos(qos));
    for (name, bit) in [
        ("mqtt.conflag.willflag", WILL),
        ("mqtt.conflag.cleansess", 2),
    ] {
        fields.add(name, Value::Bool(flags & bit != 0));
    }
}
