//! Messages between a master and one slave through a buffer of the slave (ETG.1000.4, 5.6; ETG.1000.6, 5.6).

use iia_core::observe::Value;

use super::datagram::effect;
use super::packet::Datagram;
use super::{codes, register};
use crate::decode::{Fields, Reader};

mod aoe;
pub(crate) mod coe;
mod eoe;
pub(crate) mod foe;
mod info;
pub(crate) mod objects;
pub(crate) mod soe;

/// Bytes of the header of a message.
pub(crate) const HEADER_LEN: usize = 6;
/// Bytes of a message at most: what fits into a datagram.
const LEN_MAX: u16 = 1500;

/// What speaks through a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Nobody: the slave says what it did not like.
    Error,
    /// ADS.
    Aoe,
    /// Ethernet.
    Eoe,
    /// CANopen.
    Coe,
    /// Files.
    Foe,
    /// The servo profile, SERCOS.
    Soe,
    /// A vendor's own.
    Voe,
}

impl Kind {
    /// The kind of this number (ETG.1000.4, table 31).
    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Error,
            1 => Self::Aoe,
            2 => Self::Eoe,
            3 => Self::Coe,
            4 => Self::Foe,
            5 => Self::Soe,
            15 => Self::Voe,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Aoe => "AoE",
            Self::Eoe => "EoE",
            Self::Coe => "CoE",
            Self::Foe => "FoE",
            Self::Soe => "SoE",
            Self::Voe => "VoE",
        }
    }
}

/// A message in a mailbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Bytes of its body, as it says itself.
    pub(crate) length: u16,
    /// The station it is for or from; the master's is 0.
    pub(crate) address: u16,
    channel: u8,
    kind: u8,
    /// Counts messages from 1 to 7; the same one again is a repetition.
    pub(crate) counter: u8,
    reserved: bool,
    /// What it says, as far as it is there.
    pub(crate) body: &'a [u8],
    /// What stands behind it in the buffer.
    rest: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message at the start of a buffer.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (length, address) = (reader.le16()?, reader.le16()?);
        let [channel, kind] = reader.array()?;
        let rest = reader.rest();
        let (body, rest) = rest.split_at_checked(length.into()).unwrap_or((rest, &[]));
        Some(Self {
            length,
            address,
            channel,
            kind: kind & 0x0f,
            counter: kind >> 4 & 7,
            reserved: kind & 0x80 != 0,
            body,
            rest,
        })
    }

    /// Who speaks.
    pub(crate) const fn kind(&self) -> Option<Kind> {
        Kind::of(self.kind)
    }

    /// Whether it has all the bytes that it says it has.
    pub(crate) fn whole(&self) -> bool {
        self.body.len() == usize::from(self.length)
    }

    /// Whether it keeps every rule of the header, and the body begins like one of its kind.
    pub(crate) fn keeps_the_rules(&self) -> bool {
        let least = match self.kind() {
            None => return false,
            Some(Kind::Error | Kind::Eoe | Kind::Soe) => 4,
            Some(Kind::Aoe) => aoe::HEAD_LEN,
            Some(Kind::Coe) => 2,
            Some(Kind::Foe | Kind::Voe) => 6,
        };
        let sound = self.whole() && self.body.len() >= least && self.length <= LEN_MAX;
        let begins = match self.kind() {
            Some(Kind::Error) => self.body.len() == 4 && self.body.starts_with(&[1, 0]),
            Some(Kind::Coe) => coe::begins(self.body),
            Some(Kind::Foe) => foe::begins(self.body),
            Some(Kind::Soe) => soe::begins(self.body),
            Some(Kind::Eoe) => eoe::begins(self.body),
            _ => true,
        };
        sound && begins && !self.reserved && self.channel & 0x3f == 0
    }
}

/// Whether the data of a datagram to one slave's memory can be nothing else than a message: used where the settings of
/// the slave's buffers were not seen.
pub(crate) fn plausible(datagram: &Datagram<'_>) -> bool {
    reaches(datagram)
        && Message::parse(datagram.data).is_some_and(|message| message.keeps_the_rules())
}

/// Whether bytes are one message that keeps the rules, and nothing else.
pub(crate) fn sound(bytes: &[u8]) -> bool {
    let message = Message::parse(bytes);
    message.is_some_and(|message| message.keeps_the_rules() && message.rest.is_empty())
}

/// Whether the data can be a message: enough where the buffer is known to be a mailbox.
pub(crate) fn possible(datagram: &Datagram<'_>) -> bool {
    let message = Message::parse(datagram.data);
    message.is_some_and(|message| message.length > 0 && message.kind().is_some())
}

/// Whether a datagram can go to a mailbox at all.
pub(crate) const fn reaches(datagram: &Datagram<'_>) -> bool {
    effect(datagram.command).single && datagram.offset() >= register::END
}

/// Tells the message in a buffer; gives back what stands behind it.
pub(crate) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> &'a [u8] {
    let Some(message) = Message::parse(bytes) else {
        return bytes;
    };
    fields.uint("ecat_mailbox.length", message.length);
    fields.uint("ecat_mailbox.address", message.address);
    fields.uint("ecat_mailbox.priority", message.channel >> 6);
    if message.channel & 0x3f != 0 {
        fields.uint("iia.ecat_mailbox.channel", message.channel & 0x3f);
    }
    let word = message.kind().map(Kind::name);
    fields.code("ecat_mailbox.type", message.kind, word);
    fields.uint("ecat_mailbox.counter", message.counter);
    body(fields, &message);
    message.rest
}

fn body<'a>(fields: &mut Fields<'a>, message: &Message<'a>) {
    let bytes = message.body;
    match message.kind() {
        _ if !message.whole() => {
            fields.add("iia.ecat_mailbox.cut", Value::Bool(true));
            fields.add("iia.ecat_mailbox.data", Value::Bytes(bytes));
        }
        Some(Kind::Error) => error(fields, bytes),
        Some(Kind::Aoe) => aoe::tell(fields, bytes),
        Some(Kind::Eoe) => eoe::tell(fields, bytes),
        Some(Kind::Coe) => coe::tell(fields, bytes),
        Some(Kind::Foe) => foe::tell(fields, bytes),
        Some(Kind::Soe) => soe::tell(fields, bytes),
        Some(Kind::Voe) => vendor(fields, bytes),
        None => fields.add("iia.ecat_mailbox.data", Value::Bytes(bytes)),
    }
}

/// What a slave did not like about a message (ETG.1000.4, 5.6.2).
fn error(fields: &mut Fields<'_>, bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let (Some(kind), Some(detail)) = (reader.le16(), reader.le16()) else {
        return invalid(fields, "ecat_mailbox.invalid");
    };
    fields.uint("iia.ecat_mailbox.error.type", kind);
    let word = codes::mailbox_error(detail.into());
    fields.code("iia.ecat_mailbox.error.detail", detail, word);
}

/// A vendor's own protocol names the vendor and a type (ETG.1000.6, 5.6).
fn vendor<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let mut reader = Reader::new(bytes);
    let (Some(vendor), Some(kind)) = (reader.le32(), reader.le16()) else {
        return invalid(fields, "ecat_mailbox.invalid");
    };
    fields.code(
        "iia.ecat_mailbox.voe.vendor",
        vendor,
        codes::vendor(vendor.into()),
    );
    fields.uint("iia.ecat_mailbox.voe.type", kind);
    fields.add("iia.ecat_mailbox.voe.data", Value::Bytes(reader.rest()));
}

/// Says that a message is shorter than its kind must be.
fn invalid(fields: &mut Fields<'_>, name: &'static str) {
    fields.add(name, Value::Bool(true));
}
