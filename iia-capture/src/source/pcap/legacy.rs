//! Files of libpcap (draft-ietf-opsawg-pcap): a header, then packets. Micro- or nanoseconds, and the form with longer
//! packet headers that Linux once had.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::{Found, LinkType, Order, Step, link_type};

/// The file's header.
pub(super) const HEAD_LEN: usize = 24;
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Packet headers have an interface, a protocol and a type more.
const MODIFIED: u32 = 0xa1b2_cd34;

/// What the file's header says.
pub(super) struct Header {
    order: Order,
    unit_ns: i64,
    packet_head_len: usize,
    link: LinkType,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEAD_LEN)?;
        let magic = |big_endian| Order { big_endian }.u32(bytes, 0);
        let known = |magic: &u32| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED);
        let big_endian = magic(true).filter(known).is_some();
        let magic = magic(big_endian).filter(known)?;
        let order = Order { big_endian };
        Some(Self {
            order,
            unit_ns: if magic == NANOSECONDS { 1 } else { 1000 },
            packet_head_len: if magic == MODIFIED { 24 } else { 16 },
            link: link_type(order.u32(bytes, 20)?),
        })
    }

    #[inline]
    pub(super) fn step(&self, bytes: &[u8]) -> Option<Step> {
        let Some((head, _)) = bytes.split_first_chunk::<16>() else {
            return Some(Step::Incomplete);
        };
        let [secs, fraction, len, orig_len] = self.order.words(head);
        let start = self.packet_head_len;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        if bytes.len() < end {
            return Some(Step::Incomplete);
        }
        let ns = i64::from(secs) * SECOND_NS + i64::from(fraction) * self.unit_ns;
        Some(Step::Packet(Found {
            len: end,
            ts: Timestamp::from_ns(ns),
            link: self.link,
            orig_len,
            data: start..end,
        }))
    }
}
