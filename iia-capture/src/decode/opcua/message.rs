//! Whole messages, told field by field.

use iia_core::observe::Value;

use super::channel::Policy;
use super::packet::{HEAD_LEN, Kind as Message, SYMMETRIC_LEN, le32};
use super::services::{self, Kind};
use super::shape;
use super::value::{Teller, block, coded};
use super::variant::standard_id;
use crate::decode::{Fields, Reader};

/// A message as it is kept: what is known of its chunks, then head and body.
pub(super) const KEPT_LEN: usize = 4;

/// A message, put together.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    /// Head, channel and sequence of its last chunk, then what all of them carried, without signatures.
    pub(super) bytes: &'a [u8],
    /// In how many chunks it came.
    pub(super) chunks: u16,
    /// Whether its end is missing.
    pub(super) cut: bool,
    /// How its channel is secured.
    pub(super) policy: Policy,
}

/// What a message turned out to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// The service.
    pub(super) what: &'static str,
    /// What became of the request, in a response.
    pub(super) result: Option<u32>,
    /// Whether it keeps the rules.
    pub(super) sound: bool,
}

/// Tells a message with its head.
pub(super) fn tell<'a>(
    teller: &mut Teller<'_, 'a>,
    whole: &Whole<'a>,
    kind: Option<&Kind>,
) -> Told {
    teller.reader = Reader::new(whole.bytes);
    head(teller.fields, whole.bytes);
    let secured = match whole.bytes.get(..3) {
        Some(b"OPN") => asymmetric(teller),
        _ => symmetric(teller),
    };
    let sequenced = secured.and_then(|()| sequence(teller));
    if whole.chunks > 1 {
        teller.fields.uint("opcua.fragment.count", whole.chunks);
    }
    if let Policy::Named(name, _) = whole.policy {
        teller.fields.add("iia.opcua.policy", Value::Text(name));
        teller.fields.add("iia.opcua.signed", Value::Bool(true));
    }
    let told = sequenced.and_then(|()| body(teller, kind));
    let rest = teller.reader.len();
    let ends = rest == 0 || kind.is_none() || whole.policy.signs(rest);
    let sound = (told.is_some() || whole.cut) && !teller.broken && ends;
    if whole.cut {
        teller.fields.add("iia.opcua.cut", Value::Bool(true));
    } else if !ends && told.is_some() {
        teller.fields.uint("iia.opcua.rest", rest as u64);
    }
    Told {
        what: kind.map_or("unknown_service", |kind| kind.what),
        result: result(whole.bytes, kind),
        sound,
    }
}

/// What kind of message it is, from its bytes alone.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    services::kind(standard_id(carried(bytes)?)?)
}

/// What stands behind head, security and sequence.
pub(super) fn carried(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.get(..3)? {
        b"OPN" => {
            let mut reader = Reader::new(bytes.get(HEAD_LEN + 4..)?);
            for _ in 0..3 {
                block(&mut reader)?;
            }
            reader.take(8)?;
            Some(reader.rest())
        }
        _ => bytes.get(SYMMETRIC_LEN..),
    }
}

/// The policy under which a channel is opened.
pub(super) fn policy(bytes: &[u8]) -> Option<&[u8]> {
    block(&mut Reader::new(bytes.get(HEAD_LEN + 4..)?))
}

/// By which number request and response belong together.
pub(super) fn request(bytes: &[u8]) -> Option<u32> {
    match bytes.get(..3)? {
        b"OPN" => {
            let body = carried(bytes)?;
            le32(bytes, bytes.len().checked_sub(body.len() + 4)?)
        }
        _ => le32(bytes, SYMMETRIC_LEN - 4),
    }
}

/// Tells a chunk that cannot be read: what stands ahead of what is sealed.
pub(super) fn sealed<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], policy: Policy) -> Option<()> {
    head(fields, bytes);
    let mut teller = Teller::new(fields, bytes);
    let ahead = match bytes.get(..3) {
        Some(b"OPN") => asymmetric(&mut teller),
        _ => symmetric(&mut teller),
    };
    let sealed = teller.reader.len();
    if let Some(name) = policy.name() {
        fields.add("iia.opcua.policy", Value::Text(name));
    }
    let encrypted = policy != Policy::Unseen;
    if encrypted {
        fields.add("iia.opcua.encrypted", Value::Bool(true));
    }
    fields.uint("iia.opcua.unread", sealed as u64);
    ahead
}

/// Tells one of the messages that make a connection: hello, acknowledge, error, reverse hello.
pub(super) fn transport<'a>(fields: &mut Fields<'a>, kind: Message, bytes: &'a [u8]) -> Option<()> {
    const SIZES: [&str; 5] = [
        "opcua.transport.ver",
        "opcua.transport.rbs",
        "opcua.transport.sbs",
        "opcua.transport.mms",
        "opcua.transport.mcc",
    ];
    head(fields, bytes);
    let mut teller = Teller::new(fields, bytes);
    teller.reader.take(HEAD_LEN)?;
    if matches!(kind, Message::Hello | Message::Acknowledge) {
        let mut names = SIZES.iter();
        names.try_for_each(|name| teller.value(shape::Kind::UInt32, name))?;
    }
    match kind {
        Message::Hello => text(&mut teller, "opcua.transport.endpoint")?,
        Message::Error => failure(&mut teller)?,
        Message::ReverseHello => {
            text(&mut teller, "opcua.transport.suri")?;
            text(&mut teller, "opcua.transport.endpoint")?;
        }
        _ => {}
    }
    teller.reader.is_empty().then_some(())
}

/// Tells a chunk that takes its message back, and why; gives the code.
pub(super) fn abort<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> Option<u32> {
    head(fields, bytes);
    let mut teller = Teller::new(fields, bytes);
    symmetric(&mut teller)?;
    sequence(&mut teller)?;
    failure(&mut teller)?;
    le32(bytes, SYMMETRIC_LEN)
}

/// A code and the reason in words.
fn failure(teller: &mut Teller<'_, '_>) -> Option<()> {
    let code = teller.reader.le32()?;
    let value = coded(code, super::status::status);
    teller.fields.add("opcua.transport.error", value);
    text(teller, "opcua.transport.reason")
}

fn text(teller: &mut Teller<'_, '_>, name: &'static str) -> Option<()> {
    teller.value(shape::Kind::String, name)
}

/// What every message begins with.
fn head<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    match bytes {
        [b'M', b'S', b'G', b'F', ..] => {
            fields.add("opcua.transport.type", Value::Text("MSG"));
            fields.add("opcua.transport.chunk", Value::Text("F"));
        }
        [_, _, _, _, ..] => {
            let (word, chunk) = bytes.split_at(3);
            fields.text("opcua.transport.type", word);
            fields.text("opcua.transport.chunk", chunk.get(..1).unwrap_or_default());
        }
        _ => {}
    }
    if let Some(size) = le32(bytes, 4) {
        fields.uint("opcua.transport.size", size);
    }
}

/// Head, channel and token of a chunk whose keys are agreed on.
fn symmetric(teller: &mut Teller<'_, '_>) -> Option<()> {
    teller.reader.take(HEAD_LEN)?;
    teller.value(shape::Kind::UInt32, "opcua.transport.scid")?;
    teller.value(shape::Kind::UInt32, "opcua.security.tokenid")
}

/// Head, channel, policy and certificates of a chunk that agrees on keys.
fn asymmetric(teller: &mut Teller<'_, '_>) -> Option<()> {
    teller.reader.take(HEAD_LEN)?;
    teller.value(shape::Kind::UInt32, "opcua.transport.scid")?;
    text(teller, "opcua.security.spu")?;
    teller.value(shape::Kind::ByteString, "opcua.security.scert")?;
    teller.value(shape::Kind::ByteString, "opcua.security.rcthumb")
}

fn sequence(teller: &mut Teller<'_, '_>) -> Option<()> {
    teller.value(shape::Kind::UInt32, "opcua.security.seq")?;
    teller.value(shape::Kind::UInt32, "opcua.security.rqid")
}

/// The type of a message, and what it holds.
fn body(teller: &mut Teller<'_, '_>, kind: Option<&Kind>) -> Option<()> {
    let encoding = teller.reader.u8()?;
    let fields = &mut *teller.fields;
    fields.uint("opcua.servicenodeid.encodingmask", encoding);
    let (namespace, id) = match encoding {
        0 => (None, u32::from(teller.reader.u8()?)),
        1 => {
            let namespace = teller.reader.u8()?.into();
            (Some(namespace), u32::from(teller.reader.le16()?))
        }
        2 => (Some(teller.reader.le16()?), teller.reader.le32()?),
        // No message of a service has another kind of type.
        _ => return None,
    };
    if let Some(namespace) = namespace {
        fields.uint("opcua.servicenodeid.nsid", namespace);
    }
    let value = coded(id, |_| kind.map(|kind| kind.what));
    fields.add("opcua.servicenodeid.numeric", value);
    kind.map_or(Some(()), |kind| teller.shape(kind.shape))
}

/// The result in the header of a response (OPC 10000-4, 7.33): behind its moment and the handle of the request.
fn result(bytes: &[u8], kind: Option<&Kind>) -> Option<u32> {
    kind.filter(|kind| !kind.asks)?;
    let mut reader = Reader::new(carried(bytes)?);
    match reader.u8()? {
        0 => reader.take(1)?,
        1 => reader.take(3)?,
        _ => reader.take(6)?,
    };
    le32(reader.rest(), 12)
}
