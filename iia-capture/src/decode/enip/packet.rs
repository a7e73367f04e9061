//! The bytes of the encapsulation: its header, the items of the common packet format, and what they carry.

use crate::decode::{Cut, Reader};

/// Bytes of the encapsulation's header (CIP Volume 2, 2-3.1).
pub const HEAD_LEN: usize = 24;
/// Items of one message that are looked at; a message of the standard has four at most, a list of interfaces more.
pub const ITEMS_MAX: u16 = 64;

/// Commands of the encapsulation (CIP Volume 2, table 2-3.2).
pub(super) mod command {
    /// Nothing: keeps a connection alive.
    pub(crate) const NOP: u16 = 0x0000;
    /// Which services of communication there are.
    pub(crate) const LIST_SERVICES: u16 = 0x0004;
    /// Who is there.
    pub(crate) const LIST_IDENTITY: u16 = 0x0063;
    /// Which interfaces other than CIP there are.
    pub(crate) const LIST_INTERFACES: u16 = 0x0064;
    /// Opens a session.
    pub(crate) const REGISTER_SESSION: u16 = 0x0065;
    /// Ends it.
    pub(crate) const UNREGISTER_SESSION: u16 = 0x0066;
    /// An unconnected message.
    pub(crate) const SEND_RR_DATA: u16 = 0x006f;
    /// A connected message.
    pub(crate) const SEND_UNIT_DATA: u16 = 0x0070;
}

/// Types of items (CIP Volume 2, table 2-6.3).
pub(super) mod item {
    /// No address: the message is unconnected.
    pub(crate) const NULL: u16 = 0x0000;
    /// An identity.
    pub(crate) const IDENTITY: u16 = 0x000c;
    /// State of CIP security.
    pub(crate) const SECURITY: u16 = 0x0086;
    /// Address of a connection.
    pub(crate) const CONNECTED_ADDRESS: u16 = 0x00a1;
    /// Data of a connection.
    pub(crate) const CONNECTED_DATA: u16 = 0x00b1;
    /// An unconnected message.
    pub(crate) const UNCONNECTED_DATA: u16 = 0x00b2;
    /// A service of communication.
    pub(crate) const SERVICE: u16 = 0x0100;
    /// An unconnected message over UDP.
    pub(crate) const UNCONNECTED_OVER_UDP: u16 = 0x0091;
    /// Where the originator wants to send to.
    pub(crate) const SOCKET_TO_TARGET: u16 = 0x8000;
    /// Where the target wants to send to.
    pub(crate) const SOCKET_TO_ORIGINATOR: u16 = 0x8001;
    /// Address of a connection, with a number that counts up.
    pub(crate) const SEQUENCED_ADDRESS: u16 = 0x8002;
}

/// The header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head<'a> {
    /// What is asked for.
    pub command: u16,
    /// Bytes behind the header.
    pub length: u16,
    /// The session, 0 before there is one.
    pub session: u32,
    /// 0 in requests.
    pub status: u32,
    /// What an answer repeats.
    pub context: &'a [u8],
    /// Always 0.
    pub options: u32,
}

/// A message of the encapsulation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Frame<'a> {
    /// Its header.
    pub head: Head<'a>,
    /// What is behind it, as far as it is there.
    pub body: &'a [u8],
    /// What its items carry.
    pub carried: Carried<'a>,
}

impl<'a> Frame<'a> {
    /// Reads a message; `None` where not even the header is whole.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let head = head(&mut reader)?;
        let body = reader.rest();
        let body = body.get(..usize::from(head.length)).unwrap_or(body);
        let carried = carried(&head, body);
        Some(Self {
            head,
            body,
            carried,
        })
    }

    /// Whether everything is there that the header promises.
    pub(crate) const fn is_whole(&self) -> bool {
        self.body.len() == self.head.length as usize
    }

    /// Whether its command carries items behind an interface and a time.
    pub(crate) const fn sends_data(&self) -> bool {
        sends_data(&self.head)
    }
}

const fn sends_data(head: &Head<'_>) -> bool {
    matches!(
        head.command,
        command::SEND_RR_DATA | command::SEND_UNIT_DATA
    )
}

fn carried<'a>(head: &Head<'_>, body: &'a [u8]) -> Carried<'a> {
    let mut carried = Carried::default();
    if sends_data(head)
        && let Some(items) = body.get(6..)
    {
        walk(items, |kind, _, data| carried.take(kind, data));
    }
    carried
}

/// The CIP message in a message of the encapsulation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Carried<'a> {
    /// The connection.
    pub connection: Option<u32>,
    /// The number that counts messages of a connection of transport class 2 or 3.
    pub sequence: Option<u16>,
    /// The message.
    pub cip: Option<&'a [u8]>,
}

impl<'a> Carried<'a> {
    fn take(&mut self, kind: u16, data: &'a [u8]) {
        let mut reader = Reader::new(data);
        match kind {
            item::CONNECTED_ADDRESS => self.connection = reader.le32(),
            item::CONNECTED_DATA => {
                self.sequence = reader.le16();
                self.cip = Some(reader.rest());
            }
            item::UNCONNECTED_DATA => self.cip = Some(data),
            _ => {}
        }
    }
}

fn head<'a>(reader: &mut Reader<'a>) -> Option<Head<'a>> {
    Some(Head {
        command: reader.le16()?,
        length: reader.le16()?,
        session: reader.le32()?,
        status: reader.le32()?,
        context: reader.take(8)?,
        options: reader.le32()?,
    })
}

/// Goes over items: type, length, data as far as it is there. Tells how many are announced, and whether all are whole.
pub(super) fn walk<'a>(bytes: &'a [u8], mut each: impl FnMut(u16, u16, &'a [u8])) -> (u16, bool) {
    let mut reader = Reader::new(bytes);
    let Some(count) = reader.le16() else {
        return (0, false);
    };
    for _ in 0..count.min(ITEMS_MAX) {
        let (Some(kind), Some(len)) = (reader.le16(), reader.le16()) else {
            return (count, false);
        };
        let Some(data) = reader.take(usize::from(len)) else {
            each(kind, len, reader.rest());
            return (count, false);
        };
        each(kind, len, data);
    }
    (count, reader.is_empty() && count <= ITEMS_MAX)
}

/// Where a message ends. Bytes that are no beginning are passed up to the next that can be one, because a message that
/// the capture lost must cost no other. Where bytes are missing before, only what keeps all rules is a beginning.
pub(super) fn cut(bytes: &[u8], lost: bool) -> Cut {
    let Some(head) = head(&mut Reader::new(bytes)) else {
        return match bytes {
            [low, 0, ..] | [low] if is_command(u16::from(*low)) => Cut::More,
            _ => Cut::Unit(bytes.len() as u64),
        };
    };
    if is_plausible(&head) && (!lost || fits(bytes)) {
        return Cut::Unit(HEAD_LEN as u64 + u64::from(head.length));
    }
    let next = (1..bytes.len()).find(|at| bytes.get(*at..).is_some_and(fits));
    Cut::Unit(next.unwrap_or(bytes.len()) as u64)
}

/// Whether bytes can be a message at all: one of a number that nobody knows keeps the rest of the header's rules.
pub(super) fn is_plausible(head: &Head<'_>) -> bool {
    is_command(head.command) && head.status <= 0xffff || head.options == 0 && head.status <= 0xff
}

/// Numbers that are given or kept for what came before the standard; 0xc8 begins DTLS (CIP Volume 8).
const fn is_command(command: u16) -> bool {
    matches!(command, 0..=5 | 0x63..=0x73 | 0xc8)
}

/// Status of the encapsulation that the standard gives (CIP Volume 2, table 2-3.3).
const fn is_status(status: u32) -> bool {
    matches!(status, 0..=3 | 0x64 | 0x65 | 0x69 | 0x6a)
}

/// Whether bytes on the protocol's port begin a message that keeps the rules.
pub fn fits(bytes: &[u8]) -> bool {
    let Some(frame) = Frame::parse(bytes) else {
        return false;
    };
    let head = frame.head;
    if !is_status(head.status) || head.options != 0 {
        return false;
    }
    let refused = head.status != 0 && head.length == 0;
    match head.command {
        command::LIST_SERVICES | command::LIST_IDENTITY | command::LIST_INTERFACES => {
            head.length == 0 || refused || lists(frame.body)
        }
        command::REGISTER_SESSION => refused || head.length == 4 && version_1(frame.body),
        command::UNREGISTER_SESSION => head.length == 0 && head.session != 0,
        command::SEND_RR_DATA | command::SEND_UNIT_DATA => refused || carries(frame.body),
        _ => false,
    }
}

/// Whether bytes on any port can be nothing else: a session is opened, or a message is whole to its last item.
pub fn claims(bytes: &[u8]) -> bool {
    let Some(frame) = Frame::parse(bytes).filter(|frame| frame.is_whole()) else {
        return false;
    };
    let opens = frame.head.command == command::REGISTER_SESSION && bytes.len() == HEAD_LEN + 4;
    let carries = || frame.sends_data() && frame.head.session != 0 && frame.carried.cip.is_some();
    fits(bytes) && frame.head.status == 0 && (opens || carries())
}

/// Whether a datagram is one whole message that keeps the rules.
pub fn fits_datagram(bytes: &[u8]) -> bool {
    fits(bytes) && Frame::parse(bytes).is_some_and(|frame| frame.is_whole()) || is_legacy(bytes)
}

/// Whether bytes on the protocol's port begin a conversation.
pub fn fits_stream(bytes: &[u8]) -> bool {
    fits(bytes) || is_legacy(bytes)
}

/// What devices from before the standard are asked for: a command with nothing else in it.
fn is_legacy(bytes: &[u8]) -> bool {
    let nothing = |rest: &[u8]| rest.iter().all(|byte| *byte == 0);
    bytes.len() == HEAD_LEN && matches!(bytes, [1..=5, rest @ ..] if nothing(rest))
}

/// An answer to a list begins with its number of items, the first of them of a type that such answers have.
fn lists(body: &[u8]) -> bool {
    match body {
        [0, 0] => true,
        [count, 0, low, high, ..] => {
            let kind = u16::from_le_bytes([*low, *high]);
            u16::from(*count) <= ITEMS_MAX && matches!(kind, item::IDENTITY | item::SERVICE | 0x85)
        }
        _ => body.is_empty(),
    }
}

fn version_1(body: &[u8]) -> bool {
    matches!(body, [1, 0, _, 0, ..] | [1, 0, _] | [1, 0] | [1] | [])
}

/// Interface 0 is CIP; then a time, and items whose first is an address.
fn carries(body: &[u8]) -> bool {
    let mut reader = Reader::new(body);
    let (interface, _time) = (reader.le32(), reader.le16());
    let (count, kind, len) = (reader.le16(), reader.le16(), reader.le16());
    // What has not come yet is in nobody's favour or against it.
    let address = match (kind, len) {
        (Some(item::NULL), len) => len.is_none_or(|len| len == 0),
        (Some(item::CONNECTED_ADDRESS), len) => len.is_none_or(|len| len == 4),
        (kind, _) => kind.is_none(),
    };
    interface.is_none_or(|interface| interface == 0)
        && count.is_none_or(|count| (1..=8).contains(&count))
        && address
}

/// Whether a datagram is one of implicit data: a numbered address, then data to the end (CIP Volume 2, 2-6.4).
pub fn fits_io(bytes: &[u8]) -> bool {
    let (mut kinds, mut at) = ([0; 2], 0);
    let (_, whole) = walk(bytes, |kind, len, _| {
        let right = kind != item::SEQUENCED_ADDRESS || len == 8;
        if let Some(place) = kinds.get_mut(at).filter(|_| right) {
            *place = kind;
        }
        at += 1;
    });
    whole && kinds == [item::SEQUENCED_ADDRESS, item::CONNECTED_DATA]
}
