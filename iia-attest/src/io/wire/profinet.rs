//! PROFINET RT: cyclic data of one provider, with a counter and the provider's own word on whether it is valid.
//!
//! From IEC 61158-6-10, sections 4.3 (frame identifiers) and 4.7 (APDU status).

use super::bytes::Bytes;
use super::{Area, Chunk, Data, Owner, Part, Way, WireError};

/// The EtherType.
pub const ETHERTYPE: u16 = 0x8892;
/// Bytes of process data at least; shorter data is filled up by the sender.
pub const DATA_LEN_MIN: usize = 40;
/// Bytes of process data at most.
pub const DATA_LEN_MAX: usize = 1440;

/// One cyclic frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cyclic<'a> {
    /// Which communication relation (`pn_rt.frame_id`).
    pub frame_id: u16,
    /// Process data, the status of each submodule within it.
    pub data: &'a [u8],
    /// Counts units of 31.25 µs (`pn_rt.cycle_counter`).
    pub cycle: u16,
    /// What the provider says of it (`pn_rt.ds`).
    pub status: u8,
    /// Not 0 when the frame is known to be bad (`pn_rt.transfer_status`).
    pub transfer: u8,
}

impl<'a> Cyclic<'a> {
    /// Reads what a frame of this EtherType carries; nothing when it is not cyclic data.
    ///
    /// # Errors
    /// `Cut` and `Form`.
    pub fn parse(payload: &'a [u8]) -> Result<Option<Self>, WireError> {
        let mut rest = Bytes(payload);
        let frame_id = rest.be16()?;
        // RT_CLASS_3; what is reserved; RT_CLASS_1 and 2, to one and to many.
        if !matches!(frame_id, 0x0100..=0x0fff | 0x8000..=0xbfff) {
            return Ok(None);
        }
        let (data, trailer) = rest.0.split_last_chunk::<4>().ok_or(WireError::Cut)?;
        if data.len() > DATA_LEN_MAX {
            return Err(form("more data than a frame can have"));
        }
        let [high, low, status, transfer] = *trailer;
        Ok(Some(Self {
            frame_id,
            data,
            cycle: u16::from_be_bytes([high, low]),
            status,
            transfer,
        }))
    }

    /// Whether the provider runs and vouches for it: data valid, primary, running, transferred whole.
    pub const fn is_valid(&self) -> bool {
        self.status & 0b0001_0101 == 0b0001_0101 && self.transfer == 0
    }

    /// What it holds, from whoever sent it.
    pub const fn chunk(&self, sender: [u8; 6]) -> Chunk<'a> {
        Chunk {
            area: Area {
                owner: Owner::Mac(sender),
                part: Part::Frame(self.frame_id),
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
        protocol: "PROFINET RT",
        what,
    }
}
