//! Modbus on a serial line: frames with a CRC, cut by silence or by their own lengths.
//!
//! From MODBUS over Serial Line V1.02, section 2.5.1.

use alloc::vec::Vec;

use iia_core::Timestamp;

use super::modbus::{Joined, Message};
use super::{Chunk, Owner, WireError};

/// Bytes of a frame at most.
pub const FRAME_LEN_MAX: usize = 256;
/// Bytes of a frame at least: unit, function, CRC.
pub const FRAME_LEN_MIN: usize = 4;
/// Bytes that are kept while no frame is found in them at most.
pub const KEPT_MAX: usize = 2 * FRAME_LEN_MAX;

/// The checksum: polynomial 0xA001, bit by bit, from all ones.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xa001 * (crc & 1))
        })
    })
}

/// A frame whose checksum fits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// The unit, 0 for all.
    pub unit: u8,
    /// Function and what follows.
    pub pdu: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads one whole frame.
    ///
    /// # Errors
    /// `Cut`, `Form` when too long, `Checksum`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        if bytes.len() > FRAME_LEN_MAX {
            return Err(WireError::Form {
                protocol: "Modbus RTU",
                what: "longer than a frame can be",
            });
        }
        let (content, sum) = bytes.split_last_chunk::<2>().ok_or(WireError::Cut)?;
        let [unit, pdu @ ..] = content else {
            return Err(WireError::Cut);
        };
        if pdu.is_empty() {
            return Err(WireError::Cut);
        }
        if crc(content) != u16::from_le_bytes(*sum) {
            return Err(WireError::Checksum {
                protocol: "Modbus RTU",
            });
        }
        Ok(Self { unit: *unit, pdu })
    }
}

/// A serial line that is listened to.
#[derive(Clone, Debug)]
pub struct Line {
    owner: Owner,
    kept: Vec<u8>,
    joined: Joined,
    /// The unit and function that wait for their answer.
    asked: Option<(u8, u8)>,
    skipped: u64,
}

impl Line {
    /// A line by its number; nothing was heard yet.
    pub fn new(line: u16) -> Self {
        Self {
            owner: Owner::Line(line),
            kept: Vec::new(),
            joined: Joined::default(),
            asked: None,
            skipped: 0,
        }
    }

    /// Bytes that belong to no frame.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes bytes as they come, cut anywhere, and gives what the frames in them hold.
    pub fn handle_bytes(&mut self, at: Timestamp, bytes: &[u8], mut each: impl FnMut(Chunk<'_>)) {
        let mut kept = core::mem::take(&mut self.kept);
        kept.extend_from_slice(bytes);
        let mut rest = kept.as_slice();
        while rest.len() >= FRAME_LEN_MIN {
            if let Some((frame, len)) = self.first(rest) {
                self.handle_frame(at, frame, &mut each);
                rest = rest.get(len..).unwrap_or_default();
            } else if may_grow(rest) {
                break;
            } else {
                self.skipped += 1;
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        let used = kept.len() - rest.len();
        kept.drain(..used);
        self.kept = kept;
    }

    /// The line was silent for longer than a frame may pause (3.5 characters): what is kept is no frame.
    pub fn handle_silence(&mut self) {
        self.skipped += self.kept.len() as u64;
        self.kept.clear();
    }

    /// The frame that `bytes` begin with: the length that a question or an answer of this function has, whichever
    /// checksum fits.
    fn first<'a>(&self, bytes: &'a [u8]) -> Option<(Frame<'a>, usize)> {
        // The shorter first, so that bytes are the same frames however they come.
        let mut lens = lens(bytes);
        lens.sort_unstable();
        lens.into_iter().flatten().find_map(|len| {
            let frame = Frame::parse(bytes.get(..len)?).ok()?;
            Some((frame, len))
        })
    }

    fn handle_frame(&mut self, at: Timestamp, frame: Frame<'_>, each: &mut impl FnMut(Chunk<'_>)) {
        let Frame { unit, pdu } = frame;
        let message = Message {
            transaction: 0,
            unit,
            pdu,
        };
        let function = pdu.first().copied().unwrap_or_default();
        // Question and answer take turns; a question that is asked again is a question.
        let answers = self.asked.take() == Some((unit, function & 0x7f));
        let owner = self.owner;
        let held = if answers {
            self.joined.handle_answer(at, owner, message)
        } else {
            Ok(None)
        };
        match held {
            Ok(Some(chunk)) => each(chunk),
            Ok(None) if answers => {}
            // No answer to what was asked: a question then.
            _ => {
                if let Ok(told) = self.joined.handle_question(at, owner, message) {
                    told.into_iter().for_each(each);
                    self.asked = (unit != 0).then_some((unit, function));
                }
            }
        }
    }
}

/// Lengths that a frame of this function may have, with its checksum.
fn lens(bytes: &[u8]) -> [Option<usize>; 2] {
    let at = |index: usize| bytes.get(index).copied().map(usize::from);
    let function = at(1).unwrap_or_default();
    let (question, answer) = match function {
        1..=4 => (Some(8), at(2).map(|len| 5 + len)),
        5 | 6 => (Some(8), None),
        7 => (Some(4), Some(5)),
        8 => (Some(8), None),
        11 => (Some(4), Some(8)),
        12 | 17 => (Some(4), at(2).map(|len| 5 + len)),
        15 | 16 => (at(6).map(|len| 9 + len), Some(8)),
        20 | 21 => (None, at(2).map(|len| 5 + len)),
        22 => (Some(10), None),
        23 => (at(10).map(|len| 13 + len), at(2).map(|len| 5 + len)),
        24 => (Some(6), at(3).map(|len| 6 + len)),
        43 => (Some(7), objects(bytes)),
        0x81..=0xff => (Some(5), None),
        _ => (None, None),
    };
    [question, answer].map(|len| len.filter(|len| (FRAME_LEN_MIN..=FRAME_LEN_MAX).contains(len)))
}

/// The length of an answer that lists objects of a device (function 43, type 14): a head of eight bytes, then each
/// with its number and length.
fn objects(bytes: &[u8]) -> Option<usize> {
    let count = *bytes.get(7)?;
    let mut len = 8;
    for _ in 0..count {
        len += 2 + usize::from(*bytes.get(len + 1)?);
    }
    Some(len + 2)
}

/// Whether more bytes may still make a frame of what begins here.
fn may_grow(bytes: &[u8]) -> bool {
    let open = match bytes.get(1) {
        Some(15 | 16) => bytes.len() < 7,
        Some(23) => bytes.len() < 11,
        Some(43) => bytes.len() < FRAME_LEN_MAX && objects(bytes).is_none(),
        _ => false,
    };
    open || lens(bytes)
        .into_iter()
        .flatten()
        .any(|len| len > bytes.len())
}
