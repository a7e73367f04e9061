//! Fragments of IP datagrams put together, bounded in memory and in time.
//!
//! What came first stays (as RFC 5722 would have none of it, an overlap is told by counting); receivers differ in what
//! they do, so that whoever sends overlaps that differ can say one thing to the witness and another to the device.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// A datagram that is not whole after this much capture time never will be (RFC 8200, 4.5).
pub const FRAGMENTS_MAX_NS: i64 = 60 * SECOND_NS;
/// Datagrams that wait for fragments at most; beyond it the oldest goes.
pub const DATAGRAMS_MAX: usize = 1024;
/// Bytes of all fragments that wait at most, what it takes to keep each among them; beyond it the oldest datagram goes.
pub const FRAGMENTS_LEN_MAX: usize = 8 * 1024 * 1024;
/// The longest payload of a datagram (RFC 791, 3.1).
pub const DATAGRAM_LEN_MAX: usize = 65_535;
/// What it takes to keep a fragment, besides its bytes.
const PIECE_COST: usize = 48;

/// A fragment as it was on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece<'a> {
    /// Who sent the datagram.
    pub src: IpAddr,
    /// To whom.
    pub dst: IpAddr,
    /// Which of the sender's datagrams.
    pub id: u32,
    /// The protocol of the datagram; of IPv6, the next header that this fragment names.
    pub next: u8,
    /// Where its bytes begin in the datagram.
    pub offset: usize,
    /// Whether more follow.
    pub more: bool,
    /// Its bytes; `None` where the capture cut some off.
    pub bytes: Option<&'a [u8]>,
}

/// What a fragment brought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Taken {
    /// The datagram is whole: its protocol and its bytes.
    Whole(u8, Vec<u8>),
    /// It is not.
    Waits,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Datagrams made whole.
    pub whole: u64,
    /// Fragments that say of the same bytes, or of the datagram's end, something else than an earlier one.
    pub conflicts: u64,
    /// Fragments that cannot be: too long, of no bytes, cut by the capture.
    pub refused: u64,
    /// Datagrams that were given up: too old, or too many.
    pub given_up: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    vlan: u16,
    id: u32,
    /// IPv4 tells datagrams of different protocols apart; IPv6 does not.
    protocol: Option<u8>,
}

#[derive(Debug)]
struct Datagram {
    key: Key,
    first: Timestamp,
    /// Sorted, without overlaps.
    pieces: Vec<(usize, Box<[u8]>)>,
    /// Bytes in them.
    len: usize,
    /// Where it ends, once the last fragment came.
    end: Option<usize>,
    /// What the first fragment says it carries.
    next: Option<u8>,
}

/// Datagrams that wait for their fragments, oldest first.
#[derive(Debug, Default)]
pub struct Fragments {
    waiting: VecDeque<Datagram>,
    held: usize,
    counts: Counts,
}

impl Fragments {
    /// What was counted so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Bytes that wait.
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Takes a fragment that came over a VLAN.
    pub fn take(&mut self, ts: Timestamp, vlan: u16, piece: &Piece<'_>) -> Taken {
        self.expire(ts);
        let Some((offset, bytes)) = sound(piece) else {
            self.counts.refused += 1;
            return Taken::Waits;
        };
        let key = Key::of(piece, vlan);
        let at = match self.waiting.iter().rposition(|known| known.key == key) {
            Some(at) => at,
            None => self.begin(key, ts),
        };
        let Some(datagram) = self.waiting.get_mut(at) else {
            return Taken::Waits;
        };
        let before = datagram.cost();
        let differs = datagram.add(offset, bytes, piece);
        self.held = (self.held + datagram.cost()).saturating_sub(before);
        self.counts.conflicts += u64::from(differs);
        if datagram.is_whole() {
            return self.give(at);
        }
        while self.held > FRAGMENTS_LEN_MAX && self.waiting.len() > 1 {
            self.give_up();
        }
        Taken::Waits
    }

    /// Gives up what waits for too long.
    pub fn expire(&mut self, now: Timestamp) {
        let old = |one: &Datagram| now.since_ns(one.first) > FRAGMENTS_MAX_NS;
        while self.waiting.front().is_some_and(old) {
            self.give_up();
        }
    }

    fn begin(&mut self, key: Key, first: Timestamp) -> usize {
        if self.waiting.len() >= DATAGRAMS_MAX {
            self.give_up();
        }
        self.waiting.push_back(Datagram {
            key,
            first,
            pieces: Vec::new(),
            len: 0,
            end: None,
            next: None,
        });
        self.waiting.len() - 1
    }

    fn give_up(&mut self) {
        if let Some(datagram) = self.waiting.pop_front() {
            self.held = self.held.saturating_sub(datagram.cost());
            self.counts.given_up += 1;
        }
    }

    fn give(&mut self, at: usize) -> Taken {
        let Some(datagram) = self.waiting.remove(at) else {
            return Taken::Waits;
        };
        self.held = self.held.saturating_sub(datagram.cost());
        self.counts.whole += 1;
        let mut whole = Vec::with_capacity(datagram.len);
        for (_, bytes) in &datagram.pieces {
            whole.extend_from_slice(bytes);
        }
        Taken::Whole(datagram.next.unwrap_or_default(), whole)
    }
}

impl Key {
    fn of(piece: &Piece<'_>, vlan: u16) -> Self {
        Self {
            src: piece.src,
            dst: piece.dst,
            vlan,
            id: piece.id,
            protocol: piece.src.is_ipv4().then_some(piece.next),
        }
    }
}

/// Where a fragment's bytes belong. All but the last are multiples of eight: IPv4 cuts the rest off, IPv6 refuses it.
fn sound<'a>(piece: &Piece<'a>) -> Option<(usize, &'a [u8])> {
    let bytes = piece.bytes?;
    let extra = if piece.more { bytes.len() % 8 } else { 0 };
    if extra > 0 && piece.src.is_ipv6() {
        return None;
    }
    let bytes = bytes.get(..bytes.len() - extra)?;
    let fits = piece.offset + bytes.len() <= DATAGRAM_LEN_MAX;
    // Of no bytes, only a last fragment says anything.
    let says = !bytes.is_empty() || !piece.more;
    (fits && says).then_some((piece.offset, bytes))
}

impl Datagram {
    fn cost(&self) -> usize {
        self.len + self.pieces.len() * PIECE_COST
    }

    /// Adds what is new; tells whether anything differs from what came before.
    fn add(&mut self, offset: usize, bytes: &[u8], piece: &Piece<'_>) -> bool {
        let end = offset + bytes.len();
        let mut differs = false;
        if !piece.more {
            let furthest = self.pieces.last().map_or(0, |(at, last)| at + last.len());
            let known = *self.end.get_or_insert(end.max(furthest));
            differs = known != end;
        }
        let bytes = match self.end.filter(|known| *known < end) {
            // Beyond the end that was told first there is nothing.
            Some(known) => {
                differs = true;
                bytes
                    .get(..known.saturating_sub(offset))
                    .unwrap_or_default()
            }
            None => bytes,
        };
        if offset == 0 && self.next.is_none() {
            self.next = Some(piece.next);
        }
        differs | self.fill(offset, bytes)
    }

    /// Puts bytes where none are yet; tells whether those that are there differ.
    fn fill(&mut self, mut offset: usize, mut bytes: &[u8]) -> bool {
        let mut differs = false;
        let mut at = self
            .pieces
            .partition_point(|(start, known)| start + known.len() <= offset);
        while !bytes.is_empty() {
            let (start, known) = match self.pieces.get(at) {
                Some((start, known)) => (*start, &**known),
                None => (usize::MAX, [].as_slice()),
            };
            let free = start.saturating_sub(offset).min(bytes.len());
            let (fresh, rest) = bytes.split_at_checked(free).unwrap_or((bytes, &[]));
            if !fresh.is_empty() {
                self.len += fresh.len();
                self.pieces.insert(at, (offset, fresh.into()));
                at += 1;
                (offset, bytes) = (offset + free, rest);
                continue;
            }
            let behind = known.get(offset - start..).unwrap_or_default();
            let both = behind.len().min(bytes.len());
            differs |= behind.get(..both) != bytes.get(..both);
            bytes = bytes.get(both..).unwrap_or_default();
            offset += both;
            at += 1;
        }
        differs
    }

    fn is_whole(&self) -> bool {
        self.end == Some(self.len) && self.next.is_some()
    }
}

#[cfg(test)]
#[path = "fragment_tests.rs"]
mod tests;
