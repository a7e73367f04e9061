//! One packet's work in its flow: segments put in order, bytes cut into units.

use core::marker::PhantomData;

use iia_core::Timestamp;
use iia_core::observe::{Observation, Outcome};

use crate::decode::modbus::{Framing, frame};
use crate::decode::{self, Known, Scratch};
use crate::exchange::blank;
use crate::flow::{Recognised, State};
use crate::net::Tcp;
use crate::pipeline::Stats;
use crate::stream::{Arrival, REORDER_TOTAL_MAX};

/// What all flows together hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// Bytes behind gaps.
    pub(crate) late: usize,
    /// Requests without response.
    pub(crate) pending: usize,
    /// Bytes of units that are not whole, and of messages that wait in a decoder.
    pub(crate) talk: usize,
}

/// What one packet is worked on with.
pub(crate) struct Desk<'a, K, S> {
    pub(crate) ts: Timestamp,
    pub(crate) stats: &'a mut Stats,
    pub(crate) held: &'a mut Held,
    pub(crate) sink: &'a mut S,
    pub(crate) known: &'a mut Known,
    pub(crate) scratch: &'a mut Scratch,
    /// How long a serial line is silent between frames.
    pub(crate) silence_ns: i64,
    pub(crate) keeps: PhantomData<K>,
}

impl<K, S: FnMut(&Observation<'_>, &mut K)> Desk<'_, K, S> {
    /// Takes a TCP segment; tells whether the connection is over.
    #[inline]
    pub(crate) fn tcp(
        &mut self,
        state: &mut State<K>,
        from_orig: bool,
        tcp: Tcp,
        payload: &[u8],
    ) -> bool {
        let decodes = state.protocol != Recognised::Other;
        let half = state.half(from_orig);
        half.packets += 1;
        half.bytes += payload.len() as u64;
        if tcp.syn {
            self.held.late = self.held.late.saturating_sub(half.kept());
            half.restart(tcp.seq.wrapping_add(1));
            half.fin = false;
            state.closed = false;
            return false;
        }
        half.fin |= tcp.fin;
        if decodes {
            if tcp.ack && state.half(!from_orig).acknowledge(tcp.ack_seq) {
                self.beyond_gap(state, !from_orig);
            }
            if !payload.is_empty() {
                self.segment(state, from_orig, tcp.seq, payload);
            }
        }
        let [orig, resp] = &state.halves;
        tcp.rst || orig.fin && resp.fin
    }

    #[inline]
    fn segment(&mut self, state: &mut State<K>, from_orig: bool, seq: u32, payload: &[u8]) {
        if state.protocol == Recognised::MaybeModbus && !state.half(!from_orig).whole {
            // What the other side began and did not end before this one spoke was the end of a unit we came too late for.
            state.half(!from_orig).partial.clear();
        }
        let half = state.half(from_orig);
        let kept = half.kept();
        match half.take(self.ts, seq, payload) {
            Arrival::InOrder(fresh) => {
                self.bytes(state, from_orig, fresh);
                if kept > 0 {
                    self.late(state, from_orig);
                }
            }
            Arrival::Gap => {
                self.held.late += half.kept() - kept;
                self.beyond_gap(state, from_orig);
            }
            Arrival::Nothing => {
                self.held.late += half.kept() - kept;
                if self.held.late > REORDER_TOTAL_MAX {
                    self.give_up(state);
                }
            }
        }
    }

    /// Goes on behind a gap that will not close.
    fn beyond_gap(&mut self, state: &mut State<K>, from_orig: bool) {
        self.talk_gap(state, from_orig);
        state.half(from_orig).skip_gap();
        self.late(state, from_orig);
    }

    /// Late segments whose turn has come; what they complete was on the wire when they were.
    fn late(&mut self, state: &mut State<K>, from_orig: bool) {
        let now = self.ts;
        loop {
            let half = state.half(from_orig);
            let kept = half.kept();
            let Some((ts, bytes)) = half.next_late() else {
                break;
            };
            self.held.late = self.held.late.saturating_sub(kept - half.kept());
            self.ts = ts;
            self.bytes(state, from_orig, &bytes);
        }
        self.ts = now;
    }

    /// Nothing more comes, or no more may wait: whatever stands behind gaps is taken as it is.
    pub(crate) fn give_up(&mut self, state: &mut State<K>) {
        for from_orig in [true, false] {
            while state.half(from_orig).waits() {
                self.beyond_gap(state, from_orig);
            }
        }
    }

    /// Takes bytes of a stream in order; a unit that is whole is not copied.
    fn bytes(&mut self, state: &mut State<K>, from_orig: bool, fresh: &[u8]) {
        let protocol = state.protocol;
        match protocol {
            Recognised::Spoken => return self.spoken(state, from_orig, fresh),
            Recognised::Unseen => return self.unseen(state, from_orig, fresh),
            Recognised::Rtu | Recognised::MaybeRtu => return self.rtu(state, from_orig, fresh),
            Recognised::MaybeModbus if self.undecided(state, from_orig, fresh) => return,
            _ => {}
        }
        let half = state.half(from_orig);
        if half.partial.is_empty() || fresh.is_empty() {
            self.units(state, from_orig, fresh);
            return;
        }
        let whole = half.whole;
        let mut joined = core::mem::take(&mut half.partial);
        joined.extend_from_slice(fresh);
        // A capture that begins inside a unit leaves an end that looks like a beginning: then the segment stands alone.
        // Not so where the beginning was seen: a client could cut its request so that the rest reads as another one.
        let unproven = state.protocol != Recognised::Modbus && !whole;
        if unproven && is_whole(fresh) || matches!(frame(&joined), Framing::Not) {
            self.units(state, from_orig, fresh);
        } else {
            self.units(state, from_orig, &joined);
        }
    }

    pub(crate) fn units(&mut self, state: &mut State<K>, from_orig: bool, mut bytes: &[u8]) {
        while !bytes.is_empty() && state.protocol != Recognised::Other {
            match frame(bytes) {
                Framing::Whole(adu) => {
                    self.unit(state, from_orig, &adu);
                    bytes = bytes.get(adu.len..).unwrap_or_default();
                }
                Framing::Partial => {
                    state.half(from_orig).partial.extend_from_slice(bytes);
                    return;
                }
                Framing::Not => {
                    return self.not_a_unit(state, from_orig, bytes);
                }
            }
        }
    }

    /// Bytes that are no unit: a flow never seen to be Modbus is something else; one that was goes on with the next
    /// segment, because one bad message must not blind the witness.
    /// What can be nothing else than another protocol's goes to its decoder, on a port of Modbus too.
    fn not_a_unit(&mut self, state: &mut State<K>, from_orig: bool, bytes: &[u8]) {
        match state.protocol {
            Recognised::Modbus => {
                self.stats.units_malformed += 1;
                let func = bytes.get(7).copied().unwrap_or(0) & 0x7f;
                let exchange = blank(self.ts, Outcome::Malformed, func);
                self.report(&mut state.whose(), exchange);
            }
            _ => match decode::claimed(bytes) {
                Some(talk) => {
                    state.talk = Some(talk);
                    state.protocol = Recognised::Spoken;
                    self.spoken(state, from_orig, bytes);
                }
                None => state.doubt(),
            },
        }
    }
}

/// Whether bytes are units and nothing else.
pub(crate) fn is_whole(mut bytes: &[u8]) -> bool {
    while let Framing::Whole(adu) = frame(bytes) {
        bytes = bytes.get(adu.len..).unwrap_or_default();
    }
    bytes.is_empty()
}
