//! What is said by name and not by number: tags of a device, links between workloads, messages on a bus.

use core::net::SocketAddr;

use super::{Flow, Protocol};
use crate::time::Timestamp;

/// A value of a device asked for or set by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Access<'a> {
    /// When.
    pub ts: Timestamp,
    /// The flow, from the client's side.
    pub flow: Flow,
    /// The protocol.
    pub protocol: Protocol,
    /// The name, such as `press.pressure`.
    pub tag: &'a str,
    /// Whether it was set.
    pub write: bool,
    /// The value in millionths, where one was seen that is a number.
    pub value_micros: Option<i64>,
}

/// One request on a link between two workloads, each known by its certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Session<'a> {
    /// When.
    pub ts: Timestamp,
    /// The SPIFFE ID of who opened the link.
    pub source: &'a str,
    /// The SPIFFE ID of who answered.
    pub destination: &'a str,
    /// The zone in whose network the source spoke; empty when that is not known.
    pub source_zone: &'a str,
    /// The framing, such as `iia_link`; empty when that is not known.
    pub protocol: &'a str,
    /// Where it was answered, when that is known.
    pub listener: Option<SocketAddr>,
    /// What was asked for, such as `APPEND`.
    pub operation: &'a str,
    /// The stream that it is about; empty when it is about none.
    pub stream: &'a str,
    /// Bytes of the message.
    pub payload_len: u64,
}

/// What a client does on a bus.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Act {
    /// It says something.
    Publish,
    /// It wants to hear something.
    Subscribe,
}

impl Act {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
        }
    }
}

/// Under which name, in the spelling of the bus.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Address<'a> {
    /// Levels between slashes; a subscription's wildcards are `+` and `#` (MQTT 5, 4.7).
    Topic(&'a str),
    /// Tokens between dots; a subscription's wildcards are `*` and `>`.
    Subject(&'a str),
}

impl<'a> Address<'a> {
    /// As it was written.
    pub const fn text(self) -> &'a str {
        match self {
            Self::Topic(text) | Self::Subject(text) => text,
        }
    }
}

/// A message on a bus, or the wish for some.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// When.
    pub ts: Timestamp,
    /// Who, as the bus knows it: a SPIFFE ID, or a common name where the bus takes no other.
    pub client: &'a str,
    /// What it does.
    pub act: Act,
    /// Under which name.
    pub address: Address<'a>,
    /// Bytes of the message; 0 for a wish.
    pub payload_len: u64,
}
