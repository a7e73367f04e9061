//! Messages as they lie in a datagram (MQTT-SN 1.2, 5.1 to 5.3).

use super::super::Reader;
use super::names;

/// ADVERTISE (MQTT-SN 1.2, table 3), as all of these.
pub(super) const ADVERTISE: u8 = 0x00;
pub(super) const SEARCHGW: u8 = 0x01;
pub(super) const GWINFO: u8 = 0x02;
pub(super) const CONNECT: u8 = 0x04;
pub(super) const CONNACK: u8 = 0x05;
pub(super) const WILLTOPICREQ: u8 = 0x06;
pub(super) const WILLTOPIC: u8 = 0x07;
pub(super) const WILLMSGREQ: u8 = 0x08;
pub(super) const WILLMSG: u8 = 0x09;
pub(super) const REGISTER: u8 = 0x0a;
pub(super) const REGACK: u8 = 0x0b;
pub(super) const PUBLISH: u8 = 0x0c;
pub(super) const PUBACK: u8 = 0x0d;
pub(super) const PUBCOMP: u8 = 0x0e;
pub(super) const PUBREC: u8 = 0x0f;
pub(super) const PUBREL: u8 = 0x10;
pub(super) const SUBSCRIBE: u8 = 0x12;
pub(super) const SUBACK: u8 = 0x13;
pub(super) const UNSUBSCRIBE: u8 = 0x14;
pub(super) const UNSUBACK: u8 = 0x15;
pub(super) const PINGREQ: u8 = 0x16;
pub(super) const PINGRESP: u8 = 0x17;
pub(super) const DISCONNECT: u8 = 0x18;
pub(super) const WILLTOPICUPD: u8 = 0x1a;
pub(super) const WILLTOPICRESP: u8 = 0x1b;
pub(super) const WILLMSGUPD: u8 = 0x1c;
pub(super) const WILLMSGRESP: u8 = 0x1d;
pub(super) const ENCAPSULATED: u8 = 0xfe;

/// Topics that were registered, or that a SUBACK gave a number.
pub(super) const NORMAL: u8 = 0;
/// Topics whose numbers both sides know beforehand.
pub(super) const PREDEFINED: u8 = 1;
/// Topics of two letters, which stand where the number would.
pub(super) const SHORT: u8 = 2;

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// Its length with the header.
    pub(super) len: u16,
    /// Its type.
    pub(super) kind: u8,
    /// What follows the header.
    pub(super) body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a message; `None` where its length does not fit.
    fn take(reader: &mut Reader<'a>) -> Option<Self> {
        let first = reader.u8()?;
        let (len, head) = match first {
            1 => (reader.be16()?, 4),
            len => (u16::from(len), 2),
        };
        let kind = reader.u8()?;
        let body = reader.take(usize::from(len.checked_sub(head)?))?;
        Some(Self { len, kind, body })
    }
}

/// What a forwarder puts in front of a message (5.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Forwarded<'a> {
    /// The length of the encapsulation, without the message.
    pub(super) len: u16,
    /// How far the message was or is to be broadcast.
    pub(super) control: u8,
    /// Which node sent it, or is to get it.
    pub(super) node: &'a [u8],
}

/// A datagram: a message, forwarded or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    /// The encapsulation, where there is one.
    pub(super) forwarded: Option<Forwarded<'a>>,
    /// The message.
    pub(super) packet: Packet<'a>,
    /// Whether nothing follows it.
    pub(super) whole: bool,
}

impl<'a> Datagram<'a> {
    /// Reads a datagram.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut packet = Packet::take(&mut reader)?;
        let mut forwarded = None;
        if packet.kind == ENCAPSULATED {
            let (control, node) = packet.body.split_first()?;
            forwarded = Some(Forwarded {
                len: packet.len,
                control: *control,
                node,
            });
            packet = Packet::take(&mut reader)?;
        }
        Some(Self {
            forwarded,
            packet,
            whole: reader.is_empty(),
        })
    }

    /// The node behind a forwarder; nothing for a client that speaks itself.
    pub(super) fn node(&self) -> &'a [u8] {
        self.forwarded.map_or(&[], |forwarded| forwarded.node)
    }
}

/// The flags of a message (5.3.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Flags(pub(super) u8);

impl Flags {
    /// Sent again.
    pub(super) const fn dup(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The quality of service; 3 stands for -1, without a connection.
    pub(super) const fn qos(self) -> u8 {
        self.0 >> 5 & 3
    }

    /// To be kept by the server.
    pub(super) const fn retain(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// The client has a will.
    pub(super) const fn will(self) -> bool {
        self.0 & 8 != 0
    }

    /// Nothing of an earlier session counts.
    pub(super) const fn clean(self) -> bool {
        self.0 & 4 != 0
    }

    /// What kind of topic follows.
    pub(super) const fn topic_type(self) -> u8 {
        self.0 & 3
    }
}

/// A PUBLISH (5.4.12).
#[derive(Clone, Copy, Debug)]
pub(super) struct Publish<'a> {
    pub(super) flags: Flags,
    /// The number of the topic, or its two letters.
    pub(super) topic: &'a [u8; 2],
    pub(super) id: u16,
    pub(super) payload: &'a [u8],
}

impl<'a> Publish<'a> {
    /// Reads one.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            flags: Flags(reader.u8()?),
            topic: reader.take(2)?.try_into().ok()?,
            id: reader.be16()?,
            payload: reader.rest(),
        })
    }
}

/// The topic of a SUBSCRIBE or an UNSUBSCRIBE (5.4.15): its flags, the message number, and what stands for the topic.
pub(super) fn subscription(body: &[u8]) -> Option<(Flags, u16, &[u8])> {
    let mut reader = Reader::new(body);
    Some((Flags(reader.u8()?), reader.be16()?, reader.rest()))
}

/// A REGISTER (5.4.10): the topic's number, the message number, the topic's name.
pub(super) fn register(body: &[u8]) -> Option<(u16, u16, &str)> {
    let mut reader = Reader::new(body);
    let (topic, id) = (reader.be16()?, reader.be16()?);
    let name = core::str::from_utf8(reader.rest()).ok();
    Some((topic, id, name.filter(|name| is_topic(name))?))
}

/// Whether text can be a topic or a filter.
pub(super) fn is_topic(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// The number of the message that this one repeats, or that its answer repeats.
pub(super) fn message_id(packet: &Packet<'_>) -> Option<u16> {
    let at = match packet.kind {
        PUBREC | PUBREL | PUBCOMP | UNSUBACK => 0,
        SUBSCRIBE | UNSUBSCRIBE => 1,
        REGISTER | REGACK | PUBACK => 2,
        PUBLISH | SUBACK => 3,
        _ => return None,
    };
    Reader::new(packet.body.get(at..)?).be16()
}

/// The return code of an answer (5.3.10).
pub(super) fn return_code(packet: &Packet<'_>) -> Option<u8> {
    match (packet.kind, packet.body) {
        (CONNACK | WILLTOPICRESP | WILLMSGRESP, [code])
        | (REGACK | PUBACK, [_, _, _, _, code])
        | (SUBACK, [_, _, _, _, _, code]) => Some(*code),
        _ => None,
    }
}

/// Whether a message that is sound can be nothing else: one of any bytes proves nothing, nor does one with flags that
/// its type does not use.
pub(super) fn is_proof(packet: &Packet<'_>) -> bool {
    let unused = match packet.kind {
        WILLMSG | WILLMSGUPD | GWINFO => return false,
        PUBLISH => 0x0c,
        SUBSCRIBE | UNSUBSCRIBE => 0x1c,
        CONNECT => 0xf3,
        _ => 0,
    };
    packet.body.first().is_none_or(|flags| flags & unused == 0)
}

/// Whether a message keeps the rules of its type.
pub(super) fn is_sound(packet: &Packet<'_>) -> bool {
    let body = packet.body;
    let len = body.len();
    match packet.kind {
        ADVERTISE => len == 3,
        SEARCHGW => len == 1,
        GWINFO => len >= 1,
        // The protocol's number is 1 (5.3.8), and no client is without identifier (5.3.1).
        CONNECT => {
            let client = body.get(4..).map(core::str::from_utf8);
            body.get(1) == Some(&1) && matches!(client, Some(Ok(client)) if is_topic(client))
        }
        CONNACK | WILLTOPICRESP | WILLMSGRESP | REGACK | PUBACK | SUBACK => {
            return_code(packet).is_some_and(|code| names::return_code(code).is_some())
        }
        WILLTOPICREQ | WILLMSGREQ | PINGRESP => len == 0,
        // Without topic a client has no will any more.
        WILLTOPIC | WILLTOPICUPD => {
            let topic = body.get(1..).map(core::str::from_utf8);
            len == 0 || matches!(topic, Some(Ok(topic)) if is_topic(topic))
        }
        WILLMSG | WILLMSGUPD => true,
        REGISTER => register(body).is_some(),
        PUBLISH => Publish::parse(body).is_some_and(|said| publish_is_sound(&said)),
        PUBREC | PUBREL | PUBCOMP | UNSUBACK => len == 2,
        SUBSCRIBE | UNSUBSCRIBE => subscription(body).is_some_and(|(flags, id, topic)| {
            id > 0 && subscribed_is_sound(flags.topic_type(), topic)
        }),
        PINGREQ => {
            core::str::from_utf8(body).is_ok_and(|client| !client.contains(char::is_control))
        }
        DISCONNECT => len == 0 || len == 2,
        _ => false,
    }
}

fn publish_is_sound(said: &Publish<'_>) -> bool {
    let flags = said.flags;
    let asks = matches!(flags.qos(), 1 | 2);
    let named = match flags.topic_type() {
        NORMAL | PREDEFINED => matches!(u16::from_be_bytes(*said.topic), 1..=0xfffe),
        SHORT => said.topic.iter().all(|letter| letter.is_ascii_graphic()),
        _ => false,
    };
    named && (said.id > 0 || !asks)
}

fn subscribed_is_sound(kind: u8, topic: &[u8]) -> bool {
    let text = core::str::from_utf8(topic).is_ok_and(is_topic);
    match kind {
        NORMAL => text,
        PREDEFINED => topic.len() == 2,
        SHORT => text && topic.len() == 2,
        _ => false,
    }
}
