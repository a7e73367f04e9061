//! Packets that are kept.

use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;

/// A packet that owns its bytes.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) ts: Timestamp,
    pub(crate) link: LinkType,
    pub(crate) orig_len: u32,
    pub(crate) data: Vec<u8>,
}

impl Kept {
    pub(crate) fn of(packet: &Packet<'_>) -> Self {
        Self {
            ts: packet.ts,
            link: packet.link,
            orig_len: packet.orig_len,
            data: packet.data.to_vec(),
        }
    }

    pub(crate) fn borrowed(&self) -> Packet<'_> {
        Packet {
            ts: self.ts,
            link: self.link,
            orig_len: self.orig_len,
            data: &self.data,
        }
    }
}
