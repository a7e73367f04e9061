//! One direction of a TCP flow put back in order, and requests that wait for their response.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_core::Timestamp;

use crate::decode::modbus::Adu;

/// Out-of-order bytes kept of one direction at most.
pub const REORDER_LEN_MAX: usize = 16 * 1024;
/// Out-of-order segments kept of one direction at most.
pub const REORDER_SEGMENTS_MAX: usize = 16;
/// Out-of-order bytes kept of all flows at most; beyond it a flow that brings more goes on without what it misses.
pub const REORDER_TOTAL_MAX: usize = 16 * 1024 * 1024;
/// Requests that wait in one flow at most; beyond it the oldest counts as unanswered.
pub const PENDING_MAX: usize = 16;
/// Requests that wait in all flows at most; beyond it the oldest of a flow that brings one more counts as unanswered.
pub const PENDING_TOTAL_MAX: usize = 64 * 1024;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Half {
    /// The next byte that is expected; `None` before the first.
    next: Option<u32>,
    /// How far the other side says it has these bytes.
    acked: Option<u32>,
    /// Whether the other side said anything since the first late segment came.
    heard: bool,
    /// The beginning of a unit whose rest has not come.
    pub(crate) partial: Vec<u8>,
    /// Bytes of a long unit that are still to be passed.
    pub(crate) skip: u64,
    late: Vec<Late>,
    /// Bytes in `late`.
    kept: usize,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) missed: u64,
    pub(crate) fin: bool,
    /// Seen from its SYN on and without a gap: where units begin is known.
    pub(crate) whole: bool,
}

#[derive(Debug)]
struct Late {
    ts: Timestamp,
    seq: u32,
    bytes: Vec<u8>,
}

/// What a segment brings.
#[derive(Debug)]
pub(crate) enum Arrival<'a> {
    /// These bytes, in order.
    InOrder(&'a [u8]),
    /// Nothing yet: it came early, was seen before, or was empty.
    Nothing,
    /// A gap that will not close: the stream goes on behind it.
    Gap,
}

impl Half {
    /// Reads something of each part of it.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        u64::from(self.next.unwrap_or(0)) ^ self.packets ^ self.skip ^ u64::from(self.fin)
    }

    /// Takes a segment; the usual case copies nothing.
    #[inline]
    pub(crate) fn take<'a>(&mut self, ts: Timestamp, seq: u32, payload: &'a [u8]) -> Arrival<'a> {
        let len = length(payload);
        let next = *self.next.get_or_insert(seq);
        if seq == next {
            self.next = Some(next.wrapping_add(len));
            return Arrival::InOrder(payload);
        }
        if !ahead(seq, next) {
            // Seen before; the rest may be new.
            let fresh = payload.get(next.wrapping_sub(seq) as usize..);
            let Some(fresh) = fresh.filter(|fresh| !fresh.is_empty()) else {
                return Arrival::Nothing;
            };
            self.next = Some(seq.wrapping_add(len));
            return Arrival::InOrder(fresh);
        }
        self.keep(ts, seq, payload)
    }

    /// Keeps an early segment. The gap before it will not close when the receiver has its bytes, so that only we miss
    /// them, or when nobody tells and too much waits.
    fn keep(&mut self, ts: Timestamp, seq: u32, payload: &[u8]) -> Arrival<'static> {
        if self.late.is_empty() {
            self.heard = false;
        }
        let known = self.late.iter_mut().find(|late| late.seq == seq);
        if let Some(known) = known.filter(|known| known.bytes.len() >= payload.len()) {
            known.ts = known.ts.min(ts);
            return Arrival::Nothing;
        }
        let full =
            self.late.len() >= REORDER_SEGMENTS_MAX || self.kept + payload.len() > REORDER_LEN_MAX;
        if full && self.heard && !self.lost() {
            // The receiver misses these bytes too: they are sent again, and so will this segment be.
            return Arrival::Nothing;
        }
        self.kept += payload.len();
        self.late.push(Late {
            ts,
            seq,
            bytes: payload.to_vec(),
        });
        if full || self.lost() {
            Arrival::Gap
        } else {
            Arrival::Nothing
        }
    }

    /// Takes how far the other side has these bytes; tells whether it has some that we never saw and that others wait for.
    #[inline]
    pub(crate) fn acknowledge(&mut self, ack: u32) -> bool {
        self.acked = Some(ack);
        self.heard = true;
        !self.late.is_empty() && self.lost()
    }

    /// Whether the receiver has everything before the earliest segment that waits.
    fn lost(&self) -> bool {
        let next = self.next.unwrap_or_default();
        let earliest = self
            .late
            .iter()
            .map(|late| late.seq.wrapping_sub(next))
            .min();
        let acked = self.acked.filter(|acked| ahead(*acked, next));
        earliest
            .zip(acked)
            .is_some_and(|(earliest, acked)| acked.wrapping_sub(next) >= earliest)
    }

    /// The new bytes of the late segment whose turn has come, if any, and when it came.
    pub(crate) fn next_late(&mut self) -> Option<(Timestamp, Vec<u8>)> {
        if self.late.is_empty() {
            return None;
        }
        let next = self.next?;
        let at = self.late.iter().position(|late| !ahead(late.seq, next))?;
        let Late { ts, seq, mut bytes } = self.late.swap_remove(at);
        self.kept = self.kept.saturating_sub(bytes.len());
        bytes.drain(..(next.wrapping_sub(seq) as usize).min(bytes.len()));
        self.next = Some(next.wrapping_add(length(&bytes)));
        Some((ts, bytes))
    }

    /// Gives up waiting: jumps to the earliest segment that came.
    pub(crate) fn skip_gap(&mut self) {
        let Some(next) = self.next else { return };
        let earliest = self
            .late
            .iter()
            .map(|late| late.seq.wrapping_sub(next))
            .min();
        if let Some(gap) = earliest {
            self.missed += u64::from(gap);
            self.whole = false;
            self.next = Some(next.wrapping_add(gap));
            self.partial.clear();
        }
    }

    /// Whether anything waits behind a gap.
    pub(crate) fn waits(&self) -> bool {
        !self.late.is_empty()
    }

    /// Bytes that wait behind a gap.
    pub(crate) const fn kept(&self) -> usize {
        self.kept
    }

    /// Starts anew, as a SYN does.
    pub(crate) fn restart(&mut self, seq: u32) {
        self.next = Some(seq);
        self.whole = true;
        self.acked = None;
        self.skip = 0;
        self.partial.clear();
        self.late.clear();
        self.kept = 0;
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Whether a sequence number lies behind another in the stream; numbers go round.
#[inline]
fn ahead(seq: u32, next: u32) -> bool {
    seq != next && seq.wrapping_sub(next) < 1 << 31
}

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) ts: Timestamp,
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) func: u8,
    pdu: Pdu,
}

/// Bytes of a short PDU at most: every read, every write of a value or two.
const SHORT_LEN_MAX: usize = 22;

/// A PDU kept; short ones lie in the line itself, so that the lines of many flows stay in the cache.
#[derive(Clone, Debug)]
enum Pdu {
    Short { len: u8, bytes: [u8; SHORT_LEN_MAX] },
    Long(Box<[u8]>),
}

impl Pending {
    pub(crate) fn new(ts: Timestamp, adu: &Adu<'_>) -> Option<Self> {
        let mut bytes = [0; SHORT_LEN_MAX];
        let pdu = match bytes.get_mut(..adu.pdu.len()) {
            Some(room) => {
                room.copy_from_slice(adu.pdu);
                let len = u8::try_from(adu.pdu.len()).ok()?;
                Pdu::Short { len, bytes }
            }
            None => Pdu::Long(adu.pdu.into()),
        };
        Some(Self {
            ts,
            transaction: adu.transaction,
            unit: adu.unit,
            func: *adu.pdu.first()?,
            pdu,
        })
    }

    /// Whether it has the number, unit and function of another unit.
    #[inline]
    pub(crate) fn is(&self, adu: &Adu<'_>, func: u8) -> bool {
        self.transaction == adu.transaction && self.unit == adu.unit && self.func == func
    }

    #[inline]
    pub(crate) fn pdu(&self) -> &[u8] {
        match &self.pdu {
            Pdu::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Pdu::Long(bytes) => bytes,
        }
    }
}
