//! Framing of a serial line (Modbus over Serial Line V1.02, 2.5): a unit's address, a PDU, and a checksum.
//!
//! An RTU frame carries no length, and nothing says whether it asks or answers: the function tells where it would end as
//! the one or the other, the CRC which of both is true. Nothing is taken for a frame whose CRC is wrong.

use super::{Request, Response, ascii};

/// Bytes of a frame at most: one more than the standard lets (V1.02, 2.5.1), as for Modbus/TCP.
pub const FRAME_LEN_MAX: usize = super::packet::PDU_LEN_MAX + 3;
/// The highest address of a unit (V1.02, 2.2); 0 is everybody.
pub const UNIT_MAX: u8 = 247;

/// Who says a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The one that asks.
    Request,
    /// A unit that answers.
    Response,
}

impl Role {
    const fn other(self) -> Self {
        match self {
            Self::Request => Self::Response,
            Self::Response => Self::Request,
        }
    }
}

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// Wireshark: `mbrtu.unit_id`.
    pub unit: u8,
    /// Function code and data.
    pub pdu: &'a [u8],
    /// Which it is.
    pub role: Role,
    /// Whether it could as well be the other: a write that is repeated as it was asked for.
    pub either: bool,
    /// Bytes on the line.
    pub len: usize,
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// The beginning of one, as far as can be seen.
    More,
    /// No frame.
    Not,
}

/// Room for the bytes of an ASCII frame.
pub type Room = [u8; ascii::DECODED_LEN_MAX];

/// The checksum of a frame (V1.02, 6.2), lower byte first on the line.
pub fn crc(bytes: &[u8]) -> u16 {
    let step = |crc: u16, _| match crc & 1 {
        1 => crc >> 1 ^ 0xa001,
        _ => crc >> 1,
    };
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), step)
    })
}

/// Looks at the start of `bytes` for a frame of this role, or else of the other; `open` says that both are as likely, so
/// that the rest of either is waited for.
pub fn frame<'a>(bytes: &'a [u8], (expected, open): (Role, bool), room: &'a mut Room) -> Found<'a> {
    if bytes.first() == Some(&ascii::START) {
        match ascii::frame(bytes, room) {
            ascii::Found::Frame { body, len } => return told(body, len, expected),
            ascii::Found::More => return Found::More,
            ascii::Found::Not => {}
        }
    }
    let (mut more, mut unsound) = (false, None);
    for role in [expected, expected.other()] {
        match sealed(bytes, role) {
            Sealed::Frame(body, len) if can_be(body, role) => return told(body, len, role),
            Sealed::Frame(body, len) => unsound = unsound.or(Some((body, len))),
            Sealed::More => more |= open || role == expected,
            Sealed::Not => {}
        }
    }
    match unsound {
        Some((body, len)) => told(body, len, expected),
        None if more => Found::More,
        None => Found::Not,
    }
}

/// The unit and function that bytes begin with, without the exception bit.
pub fn head(bytes: &[u8]) -> Option<(u8, u8)> {
    let [unit, func] = match *bytes {
        [ascii::START, ref digits @ ..] => ascii::head(digits)?,
        [unit, func, ..] => [unit, func],
        _ => return None,
    };
    Some((unit, func & 0x7f))
}

/// Whether bytes are frames and nothing else, each of a function whose length is known and by the rules of it: a
/// checksum alone proves nothing, because one in 65,536 strings of bytes has it.
pub fn is_whole(mut bytes: &[u8]) -> bool {
    let mut frames = 0;
    while !bytes.is_empty() {
        let mut room = [0; ascii::DECODED_LEN_MAX];
        let len = match frame(bytes, (Role::Request, false), &mut room) {
            Found::Frame(frame) if proves(&frame) => frame.len,
            _ => return false,
        };
        bytes = bytes.get(len..).unwrap_or_default();
        frames += 1;
    }
    frames > 0
}

/// Whether bytes may become a frame that proves something.
pub fn may_become(bytes: &[u8]) -> bool {
    let mut room = [0; ascii::DECODED_LEN_MAX];
    let func = bytes.get(1).map_or(1, |func| func & 0x7f);
    let first = bytes.first().is_some_and(|unit| *unit <= UNIT_MAX);
    let more = frame(bytes, (Role::Request, true), &mut room) == Found::More;
    first && more && (defined(func) || bytes.first() == Some(&ascii::START))
}

fn proves(frame: &Frame<'_>) -> bool {
    let func = frame.pdu.first().copied().unwrap_or(0) & 0x7f;
    let by_rules = match frame.role {
        Role::Request => Request::parse(frame.pdu).is_some_and(|request| request.sound),
        Role::Response => Response::parse(frame.pdu).is_some() && frame.unit > 0,
    };
    by_rules && frame.unit <= UNIT_MAX && defined(func)
}

/// Functions whose length the standard gives.
const fn defined(func: u8) -> bool {
    matches!(func, 1..=8 | 11 | 12 | 15..=17 | 20..=24 | 43)
}

/// A body (unit and PDU) as a frame of this role, or of the other where it can be that alone.
fn told(body: &[u8], len: usize, role: Role) -> Found<'_> {
    let Some((unit, pdu)) = body.split_first() else {
        return Found::Not;
    };
    let (this, other) = (can_be(body, role), can_be(body, role.other()));
    let role = if other && !this { role.other() } else { role };
    Found::Frame(Frame {
        unit: *unit,
        pdu,
        role,
        either: this && other,
        len,
    })
}

/// Whether a body is a whole message of this role, by the rules of its function.
fn can_be(body: &[u8], role: Role) -> bool {
    let whole = match length(body, role) {
        Length::Of(len) => len == body.len() + 2,
        Length::More => false,
        Length::Unknown => true,
    };
    let pdu = body.get(1..).unwrap_or_default();
    whole
        && match role {
            Role::Request => Request::parse(pdu).is_some_and(|request| request.sound),
            Role::Response => Response::parse(pdu).is_some(),
        }
}

enum Sealed<'a> {
    /// Unit and PDU, and bytes on the line.
    Frame(&'a [u8], usize),
    More,
    Not,
}

/// The frame of this role, if its checksum is right.
fn sealed(bytes: &[u8], role: Role) -> Sealed<'_> {
    match length(bytes, role) {
        Length::Of(len) if len > FRAME_LEN_MAX => Sealed::Not,
        Length::Of(len) => match bytes.get(..len) {
            None => Sealed::More,
            Some(frame) => unseal(frame).map_or(Sealed::Not, |body| Sealed::Frame(body, len)),
        },
        Length::More => Sealed::More,
        Length::Unknown => all(bytes),
    }
}

/// A frame of unknown length: whatever there is.
fn all(bytes: &[u8]) -> Sealed<'_> {
    let short = bytes.get(..SHORT_LEN).filter(|_| bytes.get(1) == Some(&8));
    for frame in [Some(bytes), short].into_iter().flatten() {
        if let Some(body) = unseal(frame).filter(|_| frame.len() <= FRAME_LEN_MAX) {
            return Sealed::Frame(body, frame.len());
        }
    }
    match bytes.len() {
        ..FRAME_LEN_MAX => Sealed::More,
        _ => Sealed::Not,
    }
}

/// Bytes of a query of diagnostics in its usual length, which its data could also exceed.
const SHORT_LEN: usize = 8;
/// Bytes of the shortest frame: unit, function, checksum.
const FRAME_LEN_MIN: usize = 4;

fn unseal(frame: &[u8]) -> Option<&[u8]> {
    let (body, seal) = frame.split_last_chunk::<2>()?;
    (frame.len() >= FRAME_LEN_MIN && crc(body) == u16::from_le_bytes(*seal)).then_some(body)
}

enum Length {
    Of(usize),
    /// Not told by the bytes so far.
    More,
    /// Not told by the function.
    Unknown,
}

/// How long a frame is, by its function (V1.1b3, 6).
fn length(bytes: &[u8], role: Role) -> Length {
    let Some(func) = bytes.get(1) else {
        return Length::More;
    };
    match role {
        Role::Request => request_len(*func, bytes),
        Role::Response => response_len(*func, bytes),
    }
}

fn request_len(func: u8, bytes: &[u8]) -> Length {
    match func {
        1..=6 => Length::Of(8),
        7 | 11 | 12 | 17 => Length::Of(4),
        8 => diagnostics_len(bytes),
        15 | 16 => counted(bytes, 6),
        20 | 21 => counted(bytes, 2),
        22 => Length::Of(10),
        23 => counted(bytes, 10),
        24 => Length::Of(6),
        43 => match bytes.get(2) {
            Some(14) => Length::Of(7),
            Some(_) => Length::Unknown,
            None => Length::More,
        },
        _ => Length::Unknown,
    }
}

fn response_len(func: u8, bytes: &[u8]) -> Length {
    match func {
        0x80.. => Length::Of(5),
        1..=4 | 12 | 17 | 20 | 21 | 23 => counted(bytes, 2),
        5 | 6 | 11 | 15 | 16 => Length::Of(8),
        7 => Length::Of(5),
        8 => diagnostics_len(bytes),
        22 => Length::Of(10),
        24 => match bytes.get(2..4) {
            Some([high, low]) => Length::Of(6 + usize::from(u16::from_be_bytes([*high, *low]))),
            _ => Length::More,
        },
        43 => match bytes.get(2) {
            Some(14) => identification_len(bytes),
            Some(_) => Length::Unknown,
            None => Length::More,
        },
        _ => Length::Unknown,
    }
}

/// A byte says how many follow, and the checksum.
fn counted(bytes: &[u8], at: usize) -> Length {
    bytes.get(at).map_or(Length::More, |count| {
        Length::Of(at + 1 + usize::from(*count) + 2)
    })
}

/// A query comes back as it went, however long.
fn diagnostics_len(bytes: &[u8]) -> Length {
    match bytes.get(2..4) {
        None => Length::More,
        Some([0, 0]) => Length::Unknown,
        Some(_) => Length::Of(SHORT_LEN),
    }
}

/// The objects of a device identification (V1.1b3, 6.21), each with its length.
fn identification_len(bytes: &[u8]) -> Length {
    let Some(count) = bytes.get(7) else {
        return Length::More;
    };
    let mut at = 8;
    for _ in 0..*count {
        let Some(len) = bytes.get(at + 1) else {
            return Length::More;
        };
        at += 2 + usize::from(*len);
    }
    Length::Of(at + 2)
}
