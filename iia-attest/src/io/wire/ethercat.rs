//! EtherCAT: datagrams that pass every device of a ring and come back.
//!
//! From IEC 61158-4-12, section 5.4.

use super::bytes::Bytes;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

/// The EtherType.
pub const ETHERTYPE: u16 = 0x88a4;
/// Datagrams of a frame that are read at most.
pub const DATAGRAMS_MAX: usize = 128;

/// What a datagram does (`ecat.cmd`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    /// One device by its station address (FPRD, FPWR, FPRW).
    Station(u16, u16, Access),
    /// The process image (LRD, LWR, LRW).
    Logical(u32, Access),
    /// Any other: by place in the ring, by everybody, or none.
    Other(u8),
}

/// Whether it reads, writes or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Both.
    ReadWrite,
}

/// One datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Datagram<'a> {
    /// What it does.
    pub command: Command,
    /// Its number (`ecat.idx`).
    pub index: u8,
    /// What it carries.
    pub data: &'a [u8],
    /// How often a device did what it asks (`ecat.cnt`).
    pub working_counter: u16,
}

/// Reads what a frame of this EtherType carries.
///
/// # Errors
/// `Cut` and `Form`; datagrams before the defect were given.
pub fn datagrams<'a>(
    payload: &'a [u8],
    mut each: impl FnMut(Datagram<'a>),
) -> Result<(), WireError> {
    let mut rest = Bytes(payload);
    let header = rest.le16()?;
    // Type 1 are commands to devices; others carry network variables or mailboxes.
    if header >> 12 != 1 {
        return Ok(());
    }
    let mut rest = Bytes(rest.take(usize::from(header & 0x7ff))?);
    for _ in 0..DATAGRAMS_MAX {
        let (datagram, more) = datagram(&mut rest)?;
        each(datagram);
        if !more {
            return Ok(());
        }
    }
    Err(WireError::Form {
        protocol: "EtherCAT",
        what: "more datagrams than a frame can have",
    })
}

fn datagram<'a>(rest: &mut Bytes<'a>) -> Result<(Datagram<'a>, bool), WireError> {
    let [command, index] = rest.array()?;
    let [a, b, c, d] = rest.array()?;
    let len = rest.le16()?;
    let _interrupt = rest.le16()?;
    let data = rest.take(usize::from(len & 0x7ff))?;
    let station = u16::from_le_bytes([a, b]);
    let offset = u16::from_le_bytes([c, d]);
    let logical = u32::from_le_bytes([a, b, c, d]);
    let access = |read| match command - read {
        0 => Access::Read,
        1 => Access::Write,
        _ => Access::ReadWrite,
    };
    let command = match command {
        4..=6 => Command::Station(station, offset, access(4)),
        10..=12 => Command::Logical(logical, access(10)),
        other => Command::Other(other),
    };
    let working_counter = rest.le16()?;
    let datagram = Datagram {
        command,
        index,
        data,
        working_counter,
    };
    Ok((datagram, len & 0x8000 != 0))
}

impl<'a> Datagram<'a> {
    /// What devices of ring `ring` were told (on the way out, nobody has worked on it yet) or said (on the way back).
    pub fn chunk(&self, ring: u16) -> Option<Chunk<'a>> {
        let back = self.working_counter > 0;
        let (part, first, access) = match self.command {
            Command::Station(station, offset, access) => {
                (Part::Station(station), u32::from(offset), access)
            }
            Command::Logical(address, access) => (Part::Logical, address, access),
            Command::Other(_) => return None,
        };
        let way = match (back, access) {
            (true, Access::Read | Access::ReadWrite) => Way::Said,
            (false, Access::Write | Access::ReadWrite) => Way::Told,
            _ => return None,
        };
        let area = Area {
            owner: Owner::Line(ring),
            part,
        };
        Some(Chunk {
            area,
            first,
            data: Data::Bytes(self.data),
            way,
            took_ns: None,
        })
    }
}
