//! Modbus: what a client asks, what a server answers, and which answer belongs to which question.
//!
//! From the MODBUS Application Protocol Specification V1.1b3 (section 6) and the Messaging on TCP/IP Implementation
//! Guide V1.0b (section 3.1.3).

use alloc::collections::VecDeque;

use iia_core::Timestamp;
use iia_core::observe::Table;

use super::bytes::Bytes;
use super::cut::Cut;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

/// Questions of one conversation that wait for their answer at most; the oldest is given up for a newer one.
pub const ASKED_MAX: usize = 64;
/// Bytes of a message after its header at most: a unit and 253 bytes.
pub const UNIT_AND_PDU_MAX: usize = 254;
/// Bytes of the header of TCP: transaction, protocol, length; the unit counts as content.
pub const HEADER_LEN: usize = 6;

const NAME: &str = "Modbus";

const fn form(what: &'static str) -> WireError {
    WireError::Form {
        protocol: NAME,
        what,
    }
}

/// One message of TCP: its header taken off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// The number that question and answer share (`mbtcp.trans_id`).
    pub transaction: u16,
    /// The unit (`mbtcp.unit_id`).
    pub unit: u8,
    /// Function and what follows.
    pub pdu: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the message that `bytes` begin with, and says how long it is; nothing while it is not yet there whole.
    ///
    /// # Errors
    /// `Form` when no message begins so.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, WireError> {
        let mut rest = Bytes(bytes);
        let (Ok(transaction), Ok(protocol), Ok(len)) = (rest.be16(), rest.be16(), rest.be16())
        else {
            return Ok(None);
        };
        if protocol != 0 {
            return Err(form("its protocol is not 0"));
        }
        let len = usize::from(len);
        if !(2..=UNIT_AND_PDU_MAX).contains(&len) {
            return Err(form("its length is none of Modbus"));
        }
        let Ok(content) = rest.take(len) else {
            return Ok(None);
        };
        let Some((unit, pdu)) = content.split_first() else {
            return Ok(None);
        };
        let message = Self {
            transaction,
            unit: *unit,
            pdu,
        };
        Ok(Some((message, HEADER_LEN + len)))
    }
}

/// A question about memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asked<'a> {
    /// What is to be read: table, first, how many.
    pub read: Option<(Table, u16, u16)>,
    /// What is to be written: table, first, values.
    pub write: Option<(Table, u16, Data<'a>)>,
}

impl<'a> Asked<'a> {
    /// Reads what a client asks; functions that touch no table ask nothing.
    ///
    /// # Errors
    /// `Cut`, and `Form` for counts that the function cannot have.
    pub fn parse(pdu: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = Bytes(pdu);
        let function = rest.u8()?;
        let (mut read, mut write) = (None, None);
        match function {
            1..=4 => read = Some(run(&mut rest, read_table(function))?),
            5 => {
                let (first, value) = (rest.be16()?, rest.be16()?);
                let on: &[u8] = match value {
                    0xff00 => &[1],
                    0 => &[0],
                    _ => return Err(form("a coil is set to neither on nor off")),
                };
                write = Some((Table::Coil, first, Data::Bits(on, 1)));
            }
            6 => {
                let first = rest.be16()?;
                write = Some((Table::HoldingRegister, first, Data::Bytes(rest.take(2)?)));
            }
            15 | 16 => write = Some(many(&mut rest, function == 15)?),
            23 => {
                read = Some(run(&mut rest, Table::HoldingRegister)?);
                write = Some(many(&mut rest, false)?);
            }
            _ => return Ok(Self { read, write }),
        }
        if !rest.is_empty() {
            return Err(form("bytes after the question"));
        }
        Ok(Self { read, write })
    }
}

const fn read_table(function: u8) -> Table {
    match function {
        1 => Table::Coil,
        2 => Table::DiscreteInput,
        3 => Table::HoldingRegister,
        _ => Table::InputRegister,
    }
}

const fn is_bits(table: Table) -> bool {
    matches!(table, Table::Coil | Table::DiscreteInput)
}

fn run(rest: &mut Bytes<'_>, table: Table) -> Result<(Table, u16, u16), WireError> {
    let (first, count) = (rest.be16()?, rest.be16()?);
    let max = if is_bits(table) { 2000 } else { 125 };
    let inside = u32::from(first) + u32::from(count) <= 0x1_0000;
    if !(1..=max).contains(&count) || !inside {
        return Err(form("a count that its function cannot have"));
    }
    Ok((table, first, count))
}

fn many<'a>(rest: &mut Bytes<'a>, bits: bool) -> Result<(Table, u16, Data<'a>), WireError> {
    let (first, count, len) = (rest.be16()?, rest.be16()?, usize::from(rest.u8()?));
    let values = rest.take(len)?;
    let (max, want) = match bits {
        true => (1968, usize::from(count).div_ceil(8)),
        false => (123, usize::from(count) * 2),
    };
    let inside = u32::from(first) + u32::from(count) <= 0x1_0000;
    if !(1..=max).contains(&count) || len != want || !inside {
        return Err(form("a count that does not fit its values"));
    }
    Ok(match bits {
        true => (Table::Coil, first, Data::Bits(values, count)),
        false => (Table::HoldingRegister, first, Data::Bytes(values)),
    })
}

/// The values of an answer to a question that read; nothing for an exception.
///
/// # Errors
/// `Cut`, and `Form` when it is no answer to this question.
pub fn answer<'a>(pdu: &'a [u8], read: (Table, u16, u16)) -> Result<Option<Data<'a>>, WireError> {
    let mut rest = Bytes(pdu);
    if rest.u8()? & 0x80 != 0 {
        return Ok(None);
    }
    let (table, _, count) = read;
    let len = usize::from(rest.u8()?);
    let values = rest.take(len)?;
    let want = match is_bits(table) {
        true => usize::from(count).div_ceil(8),
        false => usize::from(count) * 2,
    };
    if len != want || !rest.is_empty() {
        return Err(form("an answer of another length than was asked for"));
    }
    Ok(Some(match is_bits(table) {
        true => Data::Bits(values, count),
        false => Data::Bytes(values),
    }))
}

#[derive(Clone, Copy, Debug)]
struct Open {
    transaction: u16,
    unit: u8,
    function: u8,
    read: (Table, u16, u16),
    at: Timestamp,
}

/// Questions of one conversation that wait for their answers.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    open: VecDeque<Open>,
}

impl Joined {
    /// Takes a question; what it writes is told at once.
    ///
    /// # Errors
    /// Those of [`Asked::parse`].
    pub fn handle_question<'a>(
        &mut self,
        at: Timestamp,
        owner: Owner,
        message: Message<'a>,
    ) -> Result<Option<Chunk<'a>>, WireError> {
        let Message {
            transaction, unit, ..
        } = message;
        let asked = Asked::parse(message.pdu)?;
        if let Some(read) = asked.read {
            self.open
                .retain(|open| (open.transaction, open.unit) != (transaction, unit));
            if self.open.len() >= ASKED_MAX {
                self.open.pop_front();
            }
            self.open.push_back(Open {
                transaction,
                unit,
                function: message.pdu.first().copied().unwrap_or_default(),
                read,
                at,
            });
        }
        Ok(asked.write.map(|(table, first, data)| Chunk {
            area: area(owner, unit, table),
            first: first.into(),
            data,
            way: Way::Told,
            took_ns: None,
        }))
    }

    /// Takes an answer; nothing when nobody asked, or it holds no values.
    ///
    /// # Errors
    /// Those of [`answer`].
    pub fn handle_answer<'a>(
        &mut self,
        at: Timestamp,
        owner: Owner,
        message: Message<'a>,
    ) -> Result<Option<Chunk<'a>>, WireError> {
        let function = message.pdu.first().copied().unwrap_or_default() & 0x7f;
        let place = self.open.iter().position(|open| {
            (open.transaction, open.unit, open.function)
                == (message.transaction, message.unit, function)
        });
        let Some(open) = place.and_then(|place| self.open.remove(place)) else {
            return Ok(None);
        };
        let (table, first, _) = open.read;
        Ok(answer(message.pdu, open.read)?.map(|data| Chunk {
            area: area(owner, message.unit, table),
            first: first.into(),
            data,
            way: Way::Said,
            took_ns: Some(at.since_ns(open.at)),
        }))
    }
}

pub(super) const fn area(owner: Owner, unit: u8, table: Table) -> Area {
    Area {
        owner,
        part: Part::Modbus { unit, table },
    }
}

/// Cuts a side of a conversation into messages; bytes of a message that is not yet whole are kept.
#[derive(Clone, Debug, Default)]
pub struct Side(Cut);

impl Side {
    /// Takes the next bytes and gives each message that is whole now. After what is no message, everything up to the
    /// next packet is left out and counted.
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
