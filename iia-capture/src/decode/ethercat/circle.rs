//! Frames on their way round: the same frame passes a tap twice, and both times are one record.
//!
//! The first slave sets the bit of locally administered addresses in the frame's source (ETG.1000.4, 5.3.1), so that
//! the sender knows its frames again. A master whose address has the bit from the start is known by what it did
//! before.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Between, Mac};

use super::packet::Datagrams;
use crate::decode::Asked;

/// Frames on their way at most; beyond it the oldest is told as unanswered.
pub const CIRCLING_MAX: usize = 64;
/// A frame that is not back after this long is lost: rings take microseconds, masters give up after milliseconds.
pub const CIRCLING_MAX_NS: i64 = iia_core::time::SECOND_NS;
/// Masters that are remembered at most, oldest first out.
pub const MASTERS_MAX: usize = 64;
/// The bit of a locally administered address.
const LOCAL: u8 = 2;

/// A frame that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Its body and when it was sent.
    pub(crate) asked: Asked,
    /// From whom to whom.
    pub(crate) between: Between,
}

/// What a frame is.
#[derive(Clone, Debug)]
pub(crate) enum Pass {
    /// On its way out.
    Out,
    /// Back, and this is how it was sent.
    Back(Sent),
    /// Back; how it was sent was not seen.
    Orphan,
}

/// The frames that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Circle {
    sent: Vec<Sent>,
    masters: Vec<Mac>,
}

impl Circle {
    /// Says what a frame is, by its source, its counters, and what was sent.
    pub(crate) fn pass(&mut self, between: Between, key: u64, body: &[u8]) -> Pass {
        let source = source(between);
        let marked = source.is_none_or(|mac| mac != unmarked(mac));
        if let Some(mac) = source.filter(|_| !marked) {
            self.remember(mac);
        }
        let counted = Datagrams::new(body).any(|datagram| datagram.counter > 0);
        let back = (marked || counted).then(|| self.take(key)).flatten();
        if let Some(sent) = back {
            return Pass::Back(sent);
        }
        let master = source.is_some_and(|mac| self.masters.contains(&unmarked(mac)));
        match marked && (master || counted) {
            true => Pass::Orphan,
            false => Pass::Out,
        }
    }

    /// Takes a frame that is on its way out; gives back frames that are lost: one like it, and the oldest of too many.
    pub(crate) fn send(
        &mut self,
        (ts, between): (Timestamp, Between),
        key: u64,
        body: &[u8],
    ) -> [Option<Sent>; 2] {
        let again = self.take(key);
        let pushed = (self.sent.len() >= CIRCLING_MAX).then(|| self.sent.remove(0));
        let asked = Asked {
            ts,
            from_orig: true,
            key,
            bytes: body.into(),
        };
        self.sent.push(Sent { asked, between });
        [again, pushed]
    }

    /// The oldest frame, when it is lost.
    pub(crate) fn lost(&mut self, now: Timestamp) -> Option<Sent> {
        let oldest = self.sent.first()?;
        (now.since_ns(oldest.asked.ts) > CIRCLING_MAX_NS).then(|| self.sent.remove(0))
    }

    /// Every frame that is on its way.
    pub(crate) fn drain(&mut self) -> Vec<Sent> {
        core::mem::take(&mut self.sent)
    }

    /// Bytes that are kept.
    pub(crate) fn held(&self) -> usize {
        self.sent.iter().map(|sent| sent.asked.bytes.len()).sum()
    }

    fn take(&mut self, key: u64) -> Option<Sent> {
        let at = self.sent.iter().position(|sent| sent.asked.key == key)?;
        Some(self.sent.remove(at))
    }

    fn remember(&mut self, mac: Mac) {
        if self.masters.contains(&mac) {
            return;
        }
        if self.masters.len() >= MASTERS_MAX {
            self.masters.remove(0);
        }
        self.masters.push(mac);
    }
}

const fn source(between: Between) -> Option<Mac> {
    match between {
        Between::Link(link) => Some(link.source),
        Between::Flow(_) => None,
    }
}

const fn unmarked(mac: Mac) -> Mac {
    let [first, b, c, d, e, f] = mac.0;
    Mac([first & !LOCAL, b, c, d, e, f])
}

/// What tells apart the rings of one capture: the master's address and the VLAN, the same out and back.
pub(crate) fn ring(between: Between) -> u64 {
    match between {
        Between::Link(link) => {
            let [a, b, c, d, e, f] = unmarked(link.source).0;
            let [v, w] = link.vlan.to_be_bytes();
            u64::from_be_bytes([v, w, a, b, c, d, e, f])
        }
        Between::Flow(_) => 0,
    }
}

/// What stays the same while a frame goes round: commands, indices, lengths, addresses that are not counted up.
pub(crate) fn key(between: Between, body: &[u8]) -> u64 {
    let mut key = Fnv(0xcbf2_9ce4_8422_2325 ^ ring(between));
    for datagram in Datagrams::new(body) {
        key.add(&[datagram.command, datagram.index]);
        key.add(&(datagram.flags & !0x4000).to_le_bytes());
        match datagram.command {
            1..=3 | 7..=9 | 13 => key.add(&datagram.offset().to_le_bytes()),
            _ => key.add(&datagram.address),
        }
    }
    key.0
}

/// A hash that is quick for few bytes (FNV-1a).
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
