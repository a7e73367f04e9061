//! EtherNet/IP implicit I/O: datagrams on port 2222, each a sequenced address and the connection's data.
//!
//! From the CIP Networks Library, volume 2, sections 2-6 (common packet format) and 3-4 (transport classes 0 and 1).

use super::bytes::Bytes;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

/// The port of implicit messages.
pub const PORT: u16 = 2222;
/// Items of a packet that are read at most.
pub const ITEMS_MAX: u16 = 8;

const SEQUENCED_ADDRESS: u16 = 0x8002;
const CONNECTED_DATA: u16 = 0x00b1;

/// One cyclic message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Io<'a> {
    /// Its connection (`enip.cpf.sai.connid`).
    pub connection: u32,
    /// The number of this packet on the connection (`enip.cpf.sai.seq`).
    pub sequence: u32,
    /// What the application produced: a count of its own in class 1, in some formats a header, then values.
    pub data: &'a [u8],
}

impl<'a> Io<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// `Cut`, and `Form` when it is no implicit message.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = Bytes(bytes);
        let items = rest.le16()?;
        if !(2..=ITEMS_MAX).contains(&items) {
            return Err(form("a number of items that no I/O has"));
        }
        let (mut address, mut data) = (None, None);
        for _ in 0..items {
            let (kind, len) = (rest.le16()?, rest.le16()?);
            let mut item = Bytes(rest.take(len.into())?);
            match kind {
                SEQUENCED_ADDRESS => address = Some((item.le32()?, item.le32()?)),
                CONNECTED_DATA => data = Some(item.0),
                _ => {}
            }
        }
        let (Some((connection, sequence)), Some(data)) = (address, data) else {
            return Err(form("no sequenced address with data"));
        };
        Ok(Self {
            connection,
            sequence,
            data,
        })
    }

    /// What it holds, from whoever produced it; the offset of a point counts from the first byte of the data.
    pub const fn chunk(&self, producer: Owner) -> Chunk<'a> {
        Chunk {
            area: Area {
                owner: producer,
                part: Part::Connection(self.connection),
            },
            first: 0,
            data: Data::Bytes(self.data),
            way: Way::Said,
            took_ns: None,
        }
    }
}

const fn form(what: &'static str) -> WireError {
    WireError::Form {
        protocol: "EtherNet/IP I/O",
        what,
    }
}
