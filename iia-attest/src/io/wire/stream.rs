//! One direction of a stream of TCP: bytes in order, each once, and where some are missing.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::net::Segment;

/// Bytes that wait for a hole to be filled at most; beyond it the hole is given up.
pub const WAITING_MAX: usize = 32 * 1024;
/// Pieces that wait at most.
pub const PIECES_MAX: usize = 64;

/// What a segment brought.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ready {
    /// Bytes before these never came.
    pub gap: bool,
    /// Bytes in order.
    pub bytes: Vec<u8>,
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub struct Direction {
    next: Option<u32>,
    /// By distance from `next` when they came is not stable, so by their own number.
    waiting: BTreeMap<u32, Vec<u8>>,
    waiting_len: usize,
    /// What the other end said that it has.
    acked: Option<u32>,
}

impl Direction {
    /// Takes a segment and gives what is in order now. Bytes that come again are left out.
    pub fn handle_segment(&mut self, segment: &Segment<'_>) -> Ready {
        if segment.syn {
            *self = Self {
                next: Some(segment.seq.wrapping_add(1)),
                ..Self::default()
            };
        }
        let mut ready = Ready::default();
        if segment.data.is_empty() || segment.syn {
            return ready;
        }
        let next = *self.next.get_or_insert(segment.seq);
        if ahead(segment.seq, next) == 0 || is_behind(segment.seq, next) {
            self.append(segment.seq, segment.data, &mut ready);
            self.drain(&mut ready);
        } else {
            self.keep(segment.seq, segment.data);
            if self.waiting_len > WAITING_MAX || self.waiting.len() > PIECES_MAX {
                self.give_up(&mut ready);
            }
            self.settle(&mut ready);
        }
        ready
    }

    /// The other end says up to where it has these bytes. What it has and what never was here was lost on the way to
    /// here: nobody will send it again.
    pub fn handle_ack(&mut self, ack: u32) -> Ready {
        let mut ready = Ready::default();
        if self.acked.is_none_or(|known| is_behind(known, ack)) {
            self.acked = Some(ack);
            self.settle(&mut ready);
        }
        ready
    }

    /// Gives up a hole that the other end does not have.
    fn settle(&mut self, ready: &mut Ready) {
        let (Some(next), Some(acked)) = (self.next, self.acked) else {
            return;
        };
        let nearest = self.nearest(next);
        let filled = nearest.is_some_and(|nearest| acked == nearest || is_behind(nearest, acked));
        if filled && is_behind(next, acked) {
            self.give_up(ready);
        }
    }

    fn nearest(&self, next: u32) -> Option<u32> {
        self.waiting
            .keys()
            .copied()
            .min_by_key(|seq| ahead(*seq, next))
    }

    fn append(&mut self, seq: u32, data: &[u8], ready: &mut Ready) {
        let next = self.next.unwrap_or(seq);
        let known = usize::try_from(ahead(next, seq)).unwrap_or(usize::MAX);
        let new = data.get(known..).unwrap_or_default();
        ready.bytes.extend_from_slice(new);
        let len = u32::try_from(new.len()).unwrap_or(u32::MAX);
        self.next = Some(next.wrapping_add(len));
    }

    fn keep(&mut self, seq: u32, data: &[u8]) {
        let longer = self
            .waiting
            .get(&seq)
            .is_none_or(|old| old.len() < data.len());
        if longer {
            let old = self.waiting.insert(seq, data.to_vec());
            self.waiting_len += data.len();
            self.waiting_len -= old.map_or(0, |old| old.len());
        }
    }

    fn drain(&mut self, ready: &mut Ready) {
        while let Some(next) = self.next {
            let seq = self
                .waiting
                .keys()
                .copied()
                .find(|seq| *seq == next || is_behind(*seq, next));
            let Some(data) = seq.and_then(|seq| self.waiting.remove(&seq)) else {
                break;
            };
            self.waiting_len -= data.len();
            self.append(seq.unwrap_or(next), &data, ready);
        }
    }

    /// The hole will not be filled: go on behind it.
    fn give_up(&mut self, ready: &mut Ready) {
        let next = self.next.unwrap_or_default();
        self.next = self.nearest(next);
        ready.gap = true;
        self.drain(ready);
    }
}

/// How far `seq` lies before `next`, around the end of the numbers.
const fn ahead(seq: u32, next: u32) -> u32 {
    seq.wrapping_sub(next)
}

const fn is_behind(seq: u32, next: u32) -> bool {
    ahead(seq, next) >= 1 << 31
}
