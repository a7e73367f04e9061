//! HART-IP: frames of HART over TCP and UDP, port 5094.
//!
//! From HCF_SPEC-085, section 10: a header of eight bytes before each message.

use super::WireError;
use super::bytes::Bytes;
use super::cut::Cut;
use super::hart::Frame;

/// The port.
pub const PORT: u16 = 5094;
/// Bytes of the header.
pub const HEADER_LEN: usize = 8;
/// Bytes of a message at most.
pub const MESSAGE_LEN_MAX: usize = 2048;

/// One message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// The version of the header (`hart_ip.version`).
    pub version: u8,
    /// 0 question, 1 answer, 2 unasked, 15 refusal (`hart_ip.message_type`).
    pub kind: u8,
    /// What it is about (`hart_ip.message_id`); 3 carries a frame.
    pub id: u8,
    /// How it went (`hart_ip.status`).
    pub status: u8,
    /// Its number (`hart_ip.transaction_id`).
    pub sequence: u16,
    /// What follows the header.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the message that `bytes` begin with, and its length; nothing while it is not there whole.
    ///
    /// # Errors
    /// `Form` when none begins so.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, WireError> {
        let mut rest = Bytes(bytes);
        let Ok([version, kind, id, status]) = rest.array() else {
            return Ok(None);
        };
        let (Ok(sequence), Ok(len)) = (rest.be16(), rest.be16()) else {
            return Ok(None);
        };
        let len = usize::from(len);
        // In version 2 the upper half of the second byte is reserved.
        let kind = kind & 0x0f;
        if !matches!(version, 1 | 2) || !matches!(kind, 0..=2 | 15) || id > 5 {
            return Err(form("a version, type or identifier that it has not"));
        }
        if !(HEADER_LEN..=MESSAGE_LEN_MAX).contains(&len) {
            return Err(form("a length that it cannot have"));
        }
        let Ok(body) = rest.take(len - HEADER_LEN) else {
            return Ok(None);
        };
        let message = Self {
            version,
            kind,
            id,
            status,
            sequence,
            body,
        };
        Ok(Some((message, len)))
    }

    /// The frame of HART that it carries.
    ///
    /// # Errors
    /// Those of the frame.
    pub fn frame(&self) -> Result<Option<Frame<'a>>, WireError> {
        if self.id != 3 || self.body.is_empty() {
            return Ok(None);
        }
        Frame::after_preamble(self.body).map(Some)
    }
}

const fn form(what: &'static str) -> WireError {
    WireError::Form {
        protocol: "HART-IP",
        what,
    }
}

/// Cuts one direction of a stream into messages.
#[derive(Clone, Debug, Default)]
pub struct Side(Cut);

impl Side {
    /// Takes the next bytes and gives each message that is whole now. What is none is left out up to the next packet.
    pub fn handle_bytes(&mut self, bytes: &[u8], mut each: impl FnMut(Message<'_>)) {
        self.0.handle_bytes(bytes, |rest| {
            let message = Message::parse(rest)?;
            Ok(message.map(|(message, len)| {
                each(message);
                len
            }))
        });
    }

    /// Forgets what is not whole: bytes were lost.
    pub fn handle_gap(&mut self) {
        self.0.forget();
    }

    /// How often no message began where one should.
    pub const fn malformed(&self) -> u64 {
        self.0.malformed()
    }
}
