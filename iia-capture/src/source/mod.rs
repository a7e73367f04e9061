//! Where packets come from. A source only receives: there is nothing here that could send.

#[cfg(feature = "std")]
pub mod compressed;
#[cfg(feature = "std")]
pub mod pcap;

use iia_core::Timestamp;

/// A link type, by its number in the public registry of capture link types.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, family in host order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// PPP or Cisco's HDLC, with the framing.
    pub const PPP_SERIAL: Self = Self(50);
    /// PPPoE without the Ethernet around it.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IP.
    pub const RAW: Self = Self(101);
    /// Cisco's HDLC.
    pub const C_HDLC: Self = Self(104);
    /// BSD loopback, family in network order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked.
    pub const SLL: Self = Self(113);
    /// The first of those that users give a meaning: here, bytes of a serial line.
    pub const USER0: Self = Self(147);
    /// PPP behind a byte that tells the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// MPLS without a link around it.
    pub const MPLS: Self = Self(219);
    /// Linux cooked, version 2.
    pub const SLL2: Self = Self(276);
}

/// A packet as captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet<'a> {
    /// When.
    pub ts: Timestamp,
    /// What its first bytes are.
    pub link: LinkType,
    /// Its length on the wire; more than `data` when it was cut.
    pub orig_len: u32,
    /// Its bytes.
    pub data: &'a [u8],
}

/// Packets that are given at once at most.
pub const BATCH_MAX: usize = 32;

/// Several packets, in their order.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    packets: [Packet<'a>; BATCH_MAX],
    len: usize,
}

impl Default for Batch<'_> {
    fn default() -> Self {
        let none = Packet {
            ts: Timestamp::from_ns(0),
            link: LinkType::NULL,
            orig_len: 0,
            data: &[],
        };
        Self {
            packets: [none; BATCH_MAX],
            len: 0,
        }
    }
}

impl<'a> Batch<'a> {
    /// Adds a packet where there is room; tells whether there is room for another.
    #[inline]
    pub fn push(&mut self, packet: Packet<'a>) -> bool {
        if let Some(place) = self.packets.get_mut(self.len) {
            *place = packet;
            self.len += 1;
        }
        self.len < BATCH_MAX
    }
}

impl<'a> core::ops::Deref for Batch<'a> {
    type Target = [Packet<'a>];

    fn deref(&self) -> &Self::Target {
        self.packets.get(..self.len).unwrap_or_default()
    }
}
