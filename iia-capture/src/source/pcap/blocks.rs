//! Blocks of pcapng (draft-ietf-opsawg-pcapng): sections, interfaces, packets, what was counted.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::notes::{Notes, Place};
use super::{BLOCK_LEN_MAX, Found, LinkType, Order, Step, link_type};

/// Interfaces of a section at most.
pub const INTERFACES_MAX: usize = 4096;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// The packet block that nobody should write any more.
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const PACKET: u32 = 6;
const COMMENT: u16 = 1;

/// A section under reading.
#[derive(Default)]
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
}

struct Interface {
    link: LinkType,
    snap_len: usize,
    /// Ticks of a second.
    units: u64,
    offset: i64,
    /// Received, dropped, dropped by the system: the last word counts.
    counted: [u64; 3],
}

/// The body of a block, and its length with header and trailer.
struct Block<'a> {
    kind: u32,
    len: usize,
    body: &'a [u8],
}

/// Where a body begins in its block.
const BODY: usize = 8;

impl Section {
    /// What stands at the start of `bytes`; `None` where it can be no block.
    pub(super) fn step(&mut self, bytes: &[u8], packets: u64, notes: &mut Notes) -> Option<Step> {
        let Some(head) = bytes.get(..12) else {
            return Some(Step::Incomplete);
        };
        if self.order.u32(head, 0) == Some(SECTION) {
            let magic = |big_endian| Order { big_endian }.u32(head, 8) == Some(0x1a2b_3c4d);
            let big_endian = magic(true);
            (big_endian || magic(false)).then_some(())?;
            self.order = Order { big_endian };
        }
        let len = usize::try_from(self.order.u32(head, 4)?).ok()?;
        if len < 12 || len % 4 != 0 {
            return None;
        }
        let Some(whole) = bytes.get(..len) else {
            // What is longer than the buffer can be is told by whoever fills it.
            return Some(Step::Incomplete);
        };
        (self.order.u32(whole, len - 4) == self.order.u32(whole, 4)).then_some(())?;
        let body = whole.get(BODY..len - 4)?;
        let kind = self.order.u32(head, 0)?;
        self.block(&Block { kind, len, body }, packets, notes)
    }

    fn block(&mut self, block: &Block<'_>, packets: u64, notes: &mut Notes) -> Option<Step> {
        match block.kind {
            SECTION => self.section(block, notes)?,
            INTERFACE => self.interface(block, notes)?,
            STATISTICS => self.statistics(block)?,
            PACKET => return self.packet(block, packets, notes),
            OLD_PACKET => return self.old_packet(block, packets, notes),
            SIMPLE_PACKET => return self.simple_packet(block),
            _ => notes.passed += 1,
        }
        Some(Step::Other(block.len))
    }

    /// 4.1: another section begins, with interfaces of its own.
    fn section(&mut self, block: &Block<'_>, notes: &mut Notes) -> Option<()> {
        self.counted(notes);
        self.interfaces.clear();
        notes.sections += 1;
        let place = Place::Section(notes.sections);
        self.options(block.body.get(16..)?, |code, value| {
            if code == COMMENT {
                notes.comment(place, value);
            }
        });
        Some(())
    }

    /// 4.2: link type, how much is kept of a packet, how time counts.
    fn interface(&mut self, block: &Block<'_>, notes: &mut Notes) -> Option<()> {
        const RESOLUTION: u16 = 9;
        const OFFSET: u16 = 14;
        if self.interfaces.len() >= INTERFACES_MAX {
            return None;
        }
        let order = self.order;
        let mut interface = Interface {
            link: link_type(u32::from(order.u16(block.body, 0)?)),
            snap_len: usize::try_from(order.u32(block.body, 4)?).ok()?,
            units: 1_000_000,
            offset: 0,
            counted: [0; 3],
        };
        let place = Place::Interface(self.interfaces.len());
        self.options(block.body.get(8..)?, |code, value| match (code, value) {
            (RESOLUTION, [exponent, ..]) => {
                interface.units = units(*exponent).unwrap_or(interface.units);
            }
            (OFFSET, _) => {
                let seconds = order.u64(value, 0).unwrap_or_default();
                interface.offset = seconds.cast_signed();
            }
            (COMMENT, _) => notes.comment(place, value),
            _ => {}
        });
        self.interfaces.push(interface);
        Some(())
    }

    /// 4.6: what an interface counted so far.
    fn statistics(&mut self, block: &Block<'_>) -> Option<()> {
        let order = self.order;
        let at = usize::try_from(order.u32(block.body, 0)?).ok()?;
        let mut counted = self.interfaces.get(at)?.counted;
        let [received, dropped, system_dropped] = &mut counted;
        self.options(block.body.get(12..)?, |code, value| {
            let number = order.u64(value, 0);
            let place = match code {
                4 => &mut *received,
                5 => &mut *dropped,
                7 => &mut *system_dropped,
                _ => return,
            };
            *place = number.unwrap_or(*place);
        });
        self.interfaces.get_mut(at)?.counted = counted;
        Some(())
    }

    /// Adds what the interfaces of this section counted.
    pub(super) fn counted(&self, notes: &mut Notes) {
        for interface in &self.interfaces {
            let [received, dropped, system_dropped] = interface.counted;
            notes.received = notes.received.saturating_add(received);
            notes.dropped = notes.dropped.saturating_add(dropped);
            notes.system_dropped = notes.system_dropped.saturating_add(system_dropped);
        }
    }

    /// 4.3.
    fn packet(&self, block: &Block<'_>, packets: u64, notes: &mut Notes) -> Option<Step> {
        let interface = self.order.u32(block.body, 0)?;
        self.with_times(block, interface, packets, notes)
    }

    /// Appendix A: as the packet block of today, but for the interface's shorter number and the drops beside it.
    fn old_packet(&self, block: &Block<'_>, packets: u64, notes: &mut Notes) -> Option<Step> {
        let interface = self.order.u16(block.body, 0)?;
        match self.order.u16(block.body, 2)? {
            u16::MAX => {}
            drops => notes.between(u64::from(drops)),
        }
        self.with_times(block, u32::from(interface), packets, notes)
    }

    fn with_times(
        &self,
        block: &Block<'_>,
        interface: u32,
        packets: u64,
        notes: &mut Notes,
    ) -> Option<Step> {
        const DROPS: u16 = 4;
        let number = |at: usize| self.order.u32(block.body, at);
        let interface = self.interfaces.get(usize::try_from(interface).ok()?)?;
        let ticks = u64::from(number(4)?) << 32 | u64::from(number(8)?);
        let (len, orig_len) = (usize::try_from(number(12)?).ok()?, number(16)?);
        let data = block.body.get(20..)?.get(..len)?;
        let behind = 20 + data.len().next_multiple_of(4);
        let place = Place::Packet(packets + 1);
        let order = self.order;
        self.options(
            block.body.get(behind..).unwrap_or_default(),
            |code, value| match (code, block.kind) {
                (COMMENT, _) => notes.comment(place, value),
                (DROPS, PACKET) => notes.between(order.u64(value, 0).unwrap_or(0)),
                _ => {}
            },
        );
        Some(Step::Packet(Found {
            len: block.len,
            ts: interface.time(ticks),
            link: interface.link,
            orig_len,
            data: BODY + 20..BODY + 20 + len,
        }))
    }

    /// 4.4: of the first interface, without a time.
    fn simple_packet(&self, block: &Block<'_>) -> Option<Step> {
        let interface = self.interfaces.first()?;
        let orig_len = self.order.u32(block.body, 0)?;
        let room = block.body.len() - 4;
        let kept = match interface.snap_len {
            0 => BLOCK_LEN_MAX,
            snap_len => snap_len,
        };
        let len = usize::try_from(orig_len).ok()?.min(kept).min(room);
        Some(Step::Packet(Found {
            len: block.len,
            ts: Timestamp::default(),
            link: interface.link,
            orig_len,
            data: BODY + 4..BODY + 4 + len,
        }))
    }

    /// 3.5: options behind a body, to their end or as far as they go.
    fn options(&self, mut bytes: &[u8], mut take: impl FnMut(u16, &[u8])) {
        while let (Some(code), Some(len)) = (self.order.u16(bytes, 0), self.order.u16(bytes, 2)) {
            let len = usize::from(len);
            let Some(value) = bytes.get(4..4 + len).filter(|_| code != 0) else {
                return;
            };
            take(code, value);
            bytes = bytes.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

/// Ticks of a second: a power of two, or of ten.
fn units(exponent: u8) -> Option<u64> {
    let power = u32::from(exponent & 0x7f);
    match exponent & 0x80 {
        0 => 10u64.checked_pow(power),
        _ => 1u64.checked_shl(power),
    }
}

impl Interface {
    fn time(&self, ticks: u64) -> Timestamp {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(self.units.max(1));
        let ns = i64::try_from(ns).unwrap_or(i64::MAX);
        Timestamp::from_ns(ns.saturating_add(self.offset.saturating_mul(SECOND_NS)))
    }
}
