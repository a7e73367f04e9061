//! What is said on a wire, read a second time: decoders written apart from those of the primary capture, from the
//! protocols' own texts, so that a mistake of one is not the mistake of both.
//!
//! Each takes bytes and gives [`Chunk`]s: a piece of a device's memory, where it lies, and which way it went. They
//! hold nothing but what joining an answer with its question needs, within named limits, and never panic.

mod bytes;
mod cut;
pub mod enip;
pub mod ethercat;
pub mod hart;
pub mod hart_ip;
pub mod io_link;
pub mod modbus;
pub mod net;
pub mod profinet;
pub mod rtu;
pub mod stream;

use core::net::IpAddr;

use iia_core::code::{Code, Coded};
use iia_core::observe::Table;

/// Why bytes are not what they were taken for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A checksum does not fit what it covers.
    #[error("the checksum of a frame of {protocol} does not fit it")]
    Checksum {
        /// Of which protocol.
        protocol: &'static str,
    },
    /// The frame ends before its end.
    #[error("a frame ends before its end")]
    Cut,
    /// A length, type or version is none of the protocol's.
    #[error("no frame of {protocol}: {what}")]
    Form {
        /// Of which protocol.
        protocol: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

impl Coded for WireError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Checksum { .. } => 31,
            Self::Cut => 32,
            Self::Form { .. } => 33,
        };
        Code::new("ATT", number)
    }
}

/// Which way a value went.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// The device said it: an input, a measured value, an answer to a read.
    Said,
    /// The device was told it: an output, a set point, a write.
    Told,
}

/// Whose memory it is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// Who answers at an address.
    Ip(IpAddr),
    /// Who sends from a hardware address.
    Mac([u8; 6]),
    /// Whoever is on a serial line, a ring or a port of the IO master itself, by its number.
    Line(u16),
}

/// Which part of it; offsets within are registers or bits of Modbus, and bytes elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// A table of Modbus behind a unit.
    Modbus {
        /// The unit, or server address on a serial line.
        unit: u8,
        /// The table.
        table: Table,
    },
    /// A connection of EtherNet/IP, by its identifier in the frame (`enip.cpf.sai.connid`).
    Connection(u32),
    /// A cyclic frame of PROFINET (`pn_rt.frame_id`).
    Frame(u16),
    /// The process data of EtherCAT; the offset is the logical address (`ecat.lad`).
    Logical,
    /// The memory of one device of EtherCAT by its station address (`ecat.adp`); the offset is the address in it.
    Station(u16),
    /// The process data of an IO-Link device.
    Port,
    /// Values of a HART device, by its short or long address in the lower bytes; four bytes for each of
    /// [`hart::variable`].
    Hart(u64),
}

/// Where a piece of memory lies.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Area {
    /// Whose it is.
    pub owner: Owner,
    /// Which part of it.
    pub part: Part,
}

/// Values as they lay in the frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Data<'a> {
    /// Bits, the first in the least significant place of the first byte, and how many.
    Bits(&'a [u8], u16),
    /// Registers of two bytes, the more significant first; or plain bytes where the part counts in bytes.
    Bytes(&'a [u8]),
}

/// A piece of a device's memory that was on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chunk<'a> {
    /// Where it lies.
    pub area: Area,
    /// Its first register, bit or byte.
    pub first: u32,
    /// What it holds.
    pub data: Data<'a>,
    /// Which way it went.
    pub way: Way,
    /// How long the answer took, in nanoseconds; nothing where nobody asked.
    pub took_ns: Option<i64>,
}
