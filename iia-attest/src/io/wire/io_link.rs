//! IO-Link: one message sequence between a port and its device, both halves with a checksum of six bits.
//!
//! From IO-Link Interface and System Specification V1.1.3, annex A.1. A link has two ends and no addresses: the IO
//! master knows from the device's description how long each part of a sequence is.

use super::bytes::Bytes;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

const SEED: u8 = 0x52;

/// How long the parts of a sequence are, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape {
    /// The type of the sequence, 0 to 2 (`CKT`, bits 7 and 6).
    pub kind: u8,
    /// Process data to the device.
    pub out_len: u8,
    /// Process data from it.
    pub in_len: u8,
    /// On-request data in one of the two directions.
    pub request_len: u8,
}

/// What the port said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Question<'a> {
    /// The control octet: direction, channel, address.
    pub control: u8,
    /// Process data to the device.
    pub out: &'a [u8],
    /// On-request data to it; empty when it is to be read.
    pub request: &'a [u8],
}

/// What the device said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reply<'a> {
    /// On-request data from it; empty when it was written.
    pub request: &'a [u8],
    /// Process data from it.
    pub input: &'a [u8],
    /// Whether it vouches for its process data.
    pub valid: bool,
    /// Whether it has something to report.
    pub event: bool,
}

/// The checksum of six bits: all octets over a seed, then eight bits folded into six.
pub fn checksum(octets: impl Iterator<Item = u8>) -> u8 {
    let sum = octets.fold(SEED, |sum, octet| sum ^ octet);
    let bit = |at: u8| (sum >> at) & 1;
    let pair = |at: u8| bit(at) ^ bit(at + 1);
    let odd = bit(7) ^ bit(5) ^ bit(3) ^ bit(1);
    let even = bit(6) ^ bit(4) ^ bit(2) ^ bit(0);
    odd << 5 | even << 4 | pair(6) << 3 | pair(4) << 2 | pair(2) << 1 | pair(0)
}

impl Shape {
    /// Reads what the port says.
    ///
    /// # Errors
    /// `Cut`, `Form` for another type or length, `Checksum`.
    pub fn question<'a>(&self, bytes: &'a [u8]) -> Result<Question<'a>, WireError> {
        let mut rest = Bytes(bytes);
        let [control, check] = rest.array()?;
        if check >> 6 != self.kind {
            return Err(form("a sequence of another type"));
        }
        let content = rest.0.iter().copied();
        let head = [control, check & 0xc0].into_iter();
        fits(head.chain(content), check)?;
        let reads = control & 0x80 != 0;
        let out = rest.take(self.out_len.into())?;
        let request = rest.take(if reads { 0 } else { self.request_len.into() })?;
        whole(rest)?;
        Ok(Question {
            control,
            out,
            request,
        })
    }

    /// Reads what the device answers to a question with this control octet.
    ///
    /// # Errors
    /// `Cut`, `Form` for another length, `Checksum`.
    pub fn reply<'a>(&self, control: u8, bytes: &'a [u8]) -> Result<Reply<'a>, WireError> {
        let (check, content) = bytes.split_last().ok_or(WireError::Cut)?;
        let octets = content.iter().copied().chain([check & 0xc0]);
        fits(octets, *check)?;
        let reads = control & 0x80 != 0;
        let mut rest = Bytes(content);
        let request = rest.take(if reads { self.request_len.into() } else { 0 })?;
        let input = rest.take(self.in_len.into())?;
        whole(rest)?;
        Ok(Reply {
            request,
            input,
            valid: check & 0x40 == 0,
            event: check & 0x80 != 0,
        })
    }
}

fn fits(octets: impl Iterator<Item = u8>, check: u8) -> Result<(), WireError> {
    let protocol = "IO-Link";
    let fits = checksum(octets) == check & 0x3f;
    fits.then_some(()).ok_or(WireError::Checksum { protocol })
}

fn whole(rest: Bytes<'_>) -> Result<(), WireError> {
    let none = rest.is_empty();
    none.then_some(()).ok_or(form("more than its shape has"))
}

const fn form(what: &'static str) -> WireError {
    WireError::Form {
        protocol: "IO-Link",
        what,
    }
}

impl<'a> Reply<'a> {
    /// Its process data at port `port`; nothing when the device does not vouch for them.
    pub fn chunk(&self, port: u16) -> Option<Chunk<'a>> {
        let held = self.valid && !self.input.is_empty();
        held.then(|| chunk(port, self.input, Way::Said))
    }
}

impl<'a> Question<'a> {
    /// The process data that the device at port `port` is told.
    pub fn chunk(&self, port: u16) -> Option<Chunk<'a>> {
        (!self.out.is_empty()).then(|| chunk(port, self.out, Way::Told))
    }
}

const fn chunk(port: u16, data: &[u8], way: Way) -> Chunk<'_> {
    let area = Area {
        owner: Owner::Line(port),
        part: Part::Port,
    };
    Chunk {
        area,
        first: 0,
        data: Data::Bytes(data),
        way,
        took_ns: None,
    }
}
