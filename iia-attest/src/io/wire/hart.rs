//! HART: what a transmitter says of itself over its own current loop, beside the current.
//!
//! From HCF_SPEC-081 (token-passing data link) and HCF_SPEC-127 (universal commands 1, 2, 3, 9 and 33).

use super::bytes::Bytes;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

/// Bytes of preamble that are skipped at most.
pub const PREAMBLE_MAX: usize = 32;

/// The offsets of a device's values in its [`Part::Hart`].
pub mod variable {
    /// The current of the loop, in mA.
    pub const CURRENT: u32 = 0;
    /// Percent of range.
    pub const PERCENT: u32 = 4;
    /// The primary variable; the secondary, tertiary and quaternary follow.
    pub const PRIMARY: u32 = 8;
    /// The device variable in slot 0; seven more follow.
    pub const SLOT: u32 = 24;
}

/// One frame, its preamble taken off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// Who speaks: 1 a device unasked, 2 a master, 6 a device that answers (`hart_ip.pt.delimiter`, three bits).
    pub kind: u8,
    /// The address without the two bits that say which master it is and whether it bursts.
    pub address: u64,
    /// The command (`hart_ip.pt.command`).
    pub command: u8,
    /// The two bytes of status that a device begins with.
    pub status: Option<[u8; 2]>,
    /// What follows.
    pub data: &'a [u8],
}

const MASTER: u8 = 2;

impl<'a> Frame<'a> {
    /// Reads a frame as it is on a loop: preamble, frame, check byte.
    ///
    /// # Errors
    /// `Cut`, `Form`, `Checksum`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let preamble = bytes.iter().take_while(|byte| **byte == 0xff).count();
        if !(2..=PREAMBLE_MAX).contains(&preamble) {
            return Err(form("a preamble of another length"));
        }
        Self::after_preamble(bytes.get(preamble..).unwrap_or_default())
    }

    /// Reads a frame without its preamble, as HART-IP carries it.
    ///
    /// # Errors
    /// `Cut`, `Form`, `Checksum`.
    pub fn after_preamble(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = Bytes(bytes);
        let delimiter = rest.u8()?;
        let kind = delimiter & 0x07;
        if !matches!(kind, 1 | MASTER | 6) {
            return Err(form("neither master nor device speaks"));
        }
        let address = match delimiter & 0x80 {
            0 => u64::from(rest.u8()? & 0x3f),
            _ => {
                let [a, b, c, d, e] = rest.array()?;
                u64::from_be_bytes([0, 0, 0, a & 0x3f, b, c, d, e])
            }
        };
        rest.take(usize::from(delimiter >> 5 & 0x03))?;
        let [command, len] = rest.array()?;
        let mut content = Bytes(rest.take(len.into())?);
        let check = rest.u8()?;
        let covered = bytes.len() - rest.len() - 1;
        let sum = bytes.iter().take(covered).fold(0, |sum, byte| sum ^ byte);
        if sum != check {
            return Err(WireError::Checksum { protocol: "HART" });
        }
        if !rest.is_empty() {
            return Err(form("bytes after the check byte"));
        }
        let status = match kind {
            MASTER => None,
            _ => Some(content.array()?),
        };
        Ok(Self {
            kind,
            address,
            command,
            status,
            data: content.0,
        })
    }

    /// What a device says of its values; nothing for other commands, for a master, and for an answer that is an error.
    ///
    /// # Errors
    /// `Cut` for values that are not there whole.
    pub fn values(&self, owner: Owner, mut each: impl FnMut(Chunk<'a>)) -> Result<(), WireError> {
        // The first bit of the first byte: the question did not arrive well. Below it are errors, and warnings (8, 14,
        // 24 to 27, 30, 31, from 96 on), which come with values.
        let has_values =
            |[code, _]: [u8; 2]| matches!(code, 0 | 8 | 14 | 24..=27 | 30 | 31 | 96..=127);
        if self.status.is_none_or(|status| !has_values(status)) {
            return Ok(());
        }
        let area = Area {
            owner,
            part: Part::Hart(self.address),
        };
        let mut say = |first, value: &'a [u8]| {
            each(Chunk {
                area,
                first,
                data: Data::Bytes(value),
                way: Way::Said,
                took_ns: None,
            });
        };
        let mut rest = Bytes(self.data);
        match self.command {
            1 => {
                let _unit = rest.u8()?;
                say(variable::PRIMARY, rest.take(4)?);
            }
            2 => {
                say(variable::CURRENT, rest.take(4)?);
                say(variable::PERCENT, rest.take(4)?);
            }
            3 => {
                say(variable::CURRENT, rest.take(4)?);
                let firsts = (variable::PRIMARY..variable::SLOT).step_by(4);
                slots(rest, (1, 0), firsts, say)?;
            }
            9 => {
                let _extended_status = rest.u8()?;
                let firsts = (variable::SLOT..variable::SLOT + 32).step_by(4);
                // Code, classification and unit; behind the value a status. A time may follow the last slot.
                let whole = rest.len() / 8 * 8;
                slots(Bytes(rest.take(whole)?), (3, 1), firsts, say)?;
            }
            33 => {
                let firsts = (variable::SLOT..variable::SLOT + 16).step_by(4);
                slots(rest, (2, 0), firsts, say)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Values with so many bytes before and behind each.
fn slots<'a>(
    mut rest: Bytes<'a>,
    (before, behind): (usize, usize),
    firsts: impl Iterator<Item = u32>,
    mut say: impl FnMut(u32, &'a [u8]),
) -> Result<(), WireError> {
    for first in firsts {
        if rest.is_empty() {
            break;
        }
        rest.take(before)?;
        say(first, rest.take(4)?);
        rest.take(behind)?;
    }
    Ok(())
}

const fn form(what: &'static str) -> WireError {
    WireError::Form {
        protocol: "HART",
        what,
    }
}
