//! One direction of a TCP flow put back in order, and requests that wait for their response.

use alloc::vec::Vec;

use iia_core::Timestamp;

use crate::decode::modbus::packet::PDU_LEN_MAX;

/// Out-of-order bytes kept of one direction at most.
pub(crate) const REORDER_LEN_MAX: usize = 16 * 1024;
/// Out-of-order segments kept of one direction at most.
pub(crate) const REORDER_SEGMENTS_MAX: usize = 16;
/// Requests that wait in one flow at most; beyond it the oldest counts as unanswered.
pub(crate) const PENDING_MAX: usize = 16;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Half {
    /// The next byte that is expected; `None` before the first.
    pub(crate) next: Option<u32>,
    /// The beginning of a unit whose rest has not come.
    pub(crate) partial: Vec<u8>,
    late: Vec<(u32, Vec<u8>)>,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) missed: u64,
    pub(crate) fin: bool,
}

/// What a segment brings.
#[derive(Debug)]
pub(crate) enum Arrival<'a> {
    /// These bytes, in order.
    InOrder(&'a [u8]),
    /// Nothing yet: it came early, was seen before, or was empty.
    Nothing,
    /// A gap: bytes were lost, and the stream goes on behind them.
    Gap,
}

impl Half {
    /// Takes a segment; the usual case copies nothing.
    #[inline]
    pub(crate) fn take<'a>(&mut self, seq: u32, payload: &'a [u8]) -> Arrival<'a> {
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let next = *self.next.get_or_insert(seq);
        let ahead = seq.wrapping_sub(next);
        if ahead == 0 {
            self.next = Some(next.wrapping_add(len));
            return Arrival::InOrder(payload);
        }
        if ahead >= 1 << 31 {
            // Seen before; the rest may be new.
            let known = next.wrapping_sub(seq);
            let Some(fresh) = payload
                .get(known as usize..)
                .filter(|fresh| !fresh.is_empty())
            else {
                return Arrival::Nothing;
            };
            self.next = Some(seq.wrapping_add(len));
            return Arrival::InOrder(fresh);
        }
        self.keep(seq, payload)
    }

    fn keep<'a>(&mut self, seq: u32, payload: &[u8]) -> Arrival<'a> {
        let kept: usize = self.late.iter().map(|(_, bytes)| bytes.len()).sum();
        let full =
            self.late.len() >= REORDER_SEGMENTS_MAX || kept + payload.len() > REORDER_LEN_MAX;
        if !self.late.iter().any(|(known, _)| *known == seq) && !payload.is_empty() {
            self.late.push((seq, payload.to_vec()));
        }
        if full { Arrival::Gap } else { Arrival::Nothing }
    }

    /// The late segment whose turn has come, if any.
    pub(crate) fn next_late(&mut self) -> Option<Vec<u8>> {
        let next = self.next?;
        let behind = |seq: u32| next.wrapping_sub(seq) < 1 << 31;
        let at = self.late.iter().position(|(seq, _)| behind(*seq))?;
        let (seq, bytes) = self.late.swap_remove(at);
        let known = next.wrapping_sub(seq) as usize;
        let fresh = bytes.get(known..).unwrap_or_default().to_vec();
        self.next = Some(next.wrapping_add(u32::try_from(fresh.len()).unwrap_or(0)));
        Some(fresh)
    }

    /// Gives up waiting: jumps to the earliest segment that came.
    pub(crate) fn skip_gap(&mut self) {
        let Some(next) = self.next else { return };
        if let Some(ahead) = self
            .late
            .iter()
            .map(|(seq, _)| seq.wrapping_sub(next))
            .min()
        {
            self.missed += u64::from(ahead);
            self.next = Some(next.wrapping_add(ahead));
            self.partial.clear();
        }
    }

    pub(crate) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Starts anew, as a SYN does.
    pub(crate) fn restart(&mut self, seq: u32) {
        self.next = Some(seq);
        self.partial.clear();
        self.late.clear();
    }
}

/// A request that waits for its response.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) ts: Timestamp,
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) func: u8,
    len: u8,
    pdu: [u8; PDU_LEN_MAX],
}

impl Pending {
    pub(crate) fn new(ts: Timestamp, transaction: u16, unit: u8, pdu: &[u8]) -> Option<Self> {
        let mut kept = [0; PDU_LEN_MAX];
        kept.get_mut(..pdu.len())?.copy_from_slice(pdu);
        let len = u8::try_from(pdu.len()).ok()?;
        Some(Self {
            ts,
            transaction,
            unit,
            func: *pdu.first()?,
            len,
            pdu: kept,
        })
    }

    pub(crate) fn pdu(&self) -> &[u8] {
        self.pdu.get(..usize::from(self.len)).unwrap_or_default()
    }
}
