//! One packet's work in a flow whose decoder is a [`Session`]: which decoder it is, where units end, what is kept.

use alloc::boxed::Box;

use iia_core::observe::{Between, Observation, Outcome};

use crate::access::accesses;
use crate::decode::{self, Cut, Session, Turn, UNIT_LEN_MAX};
use crate::desk::Desk;
use crate::flow::{Recognised, State};

/// Bytes that all flows together keep for units that are not whole and messages that wait; beyond it a flow that brings
/// more lets go of its own, and what waited in it is told as unanswered.
pub const TALK_TOTAL_MAX: usize = 32 * 1024 * 1024;
/// Bytes that a direction must have shown before nobody's claim on them counts as a doubt.
const FIRST_LEN: usize = 24;

impl<K, S: FnMut(&Observation<'_>, &mut K)> Desk<'_, K, S> {
    /// Bytes of a stream whose protocol was not seen yet: the first decoder that they fit gets the flow.
    pub(crate) fn unseen(&mut self, state: &mut State<K>, from_orig: bool, fresh: &[u8]) {
        let half = state.half(from_orig);
        let mut joined = core::mem::take(&mut half.partial);
        joined.extend_from_slice(fresh);
        let ports = [state.flow.orig_p, state.flow.resp_p];
        // A capture may begin inside a unit: then a segment that fits stands alone.
        for bytes in [joined.as_slice(), fresh] {
            if let Some(talk) = decode::stream(ports, bytes) {
                state.talk = Some(talk);
                state.protocol = Recognised::Spoken;
                return self.spoken(state, from_orig, bytes);
            }
        }
        if joined.len() < FIRST_LEN {
            state.half(from_orig).partial = joined;
            return;
        }
        state.doubt();
    }

    /// A datagram.
    pub(crate) fn datagram(&mut self, state: &mut State<K>, from_orig: bool, payload: &[u8]) {
        match state.protocol {
            _ if payload.is_empty() => return,
            Recognised::Other => return,
            Recognised::Unseen | Recognised::Spoken => {}
            _ => return self.modbus_datagram(state, from_orig, payload),
        }
        if state.talk.is_none() {
            let ports = [state.flow.orig_p, state.flow.resp_p];
            state.talk = decode::datagram(ports, payload);
            if state.talk.is_none() {
                return state.doubt();
            }
            state.protocol = Recognised::Spoken;
        }
        self.turn(state, from_orig, |talk, turn| talk.unit(turn, payload));
    }

    /// Bytes of a stream in order, for the decoder that has the flow.
    pub(crate) fn spoken(&mut self, state: &mut State<K>, from_orig: bool, fresh: &[u8]) {
        let half = state.half(from_orig);
        let passed = usize::try_from(half.skip).map_or(fresh.len(), |skip| skip.min(fresh.len()));
        half.skip -= passed as u64;
        let fresh = fresh.get(passed..).unwrap_or_default();
        if half.partial.is_empty() {
            return self.pieces(state, from_orig, fresh);
        }
        let mut joined = core::mem::take(&mut half.partial);
        self.held.talk = self.held.talk.saturating_sub(joined.len());
        joined.extend_from_slice(fresh);
        self.pieces(state, from_orig, &joined);
    }

    /// Cuts bytes into units and reads each.
    fn pieces(&mut self, state: &mut State<K>, from_orig: bool, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some(talk) = &state.talk else { return };
            let len = match talk.cut(from_orig, bytes) {
                Cut::Unit(len) if len > 0 => len,
                Cut::More if bytes.len() < UNIT_LEN_MAX => {
                    return self.keep(state, from_orig, bytes);
                }
                _ => return self.no_unit(state, from_orig),
            };
            let wanted = usize::try_from(len).map_or(UNIT_LEN_MAX, |len| len.min(UNIT_LEN_MAX));
            let Some(unit) = bytes.get(..wanted) else {
                return self.keep(state, from_orig, bytes);
            };
            self.turn(state, from_orig, |talk, turn| talk.unit(turn, unit));
            match usize::try_from(len).ok().and_then(|len| bytes.get(len..)) {
                Some(rest) => bytes = rest,
                None => {
                    state.half(from_orig).skip = len - bytes.len() as u64;
                    return;
                }
            }
        }
    }

    /// The beginning of a unit waits for its rest, unless all flows keep too much already.
    fn keep(&mut self, state: &mut State<K>, from_orig: bool, bytes: &[u8]) {
        if self.held.talk + bytes.len() > TALK_TOTAL_MAX {
            let half = state.half(from_orig);
            half.missed += bytes.len() as u64;
            half.whole = false;
            if let Some(talk) = &mut state.talk {
                talk.gap(from_orig);
            }
            return;
        }
        self.held.talk += bytes.len();
        state.half(from_orig).partial.extend_from_slice(bytes);
    }

    /// Bytes that are no unit: told, and the next segment is tried, because one bad message must not blind the witness.
    fn no_unit(&mut self, state: &mut State<K>, from_orig: bool) {
        self.turn(state, from_orig, |talk, turn| {
            talk.gap(turn.from_orig);
            let fields = turn.fields();
            turn.tell("no_unit", Outcome::Malformed, fields);
        });
    }

    /// Bytes of one direction are missing from here on.
    pub(crate) fn talk_gap(&mut self, state: &mut State<K>, from_orig: bool) {
        let Some(talk) = &mut state.talk else { return };
        talk.gap(from_orig);
        let half = state.half(from_orig);
        half.skip = 0;
        self.held.talk = self.held.talk.saturating_sub(half.partial.len());
        half.partial.clear();
    }

    /// Tells what waited too long.
    pub(crate) fn talk_tick(&mut self, state: &mut State<K>) {
        self.turn(state, true, |talk, turn| talk.tick(turn));
    }

    /// The flow is over.
    pub(crate) fn talk_end(&mut self, state: &mut State<K>) {
        if state.talk.is_none() {
            return;
        }
        for from_orig in [true, false] {
            let half = state.half(from_orig);
            self.held.talk = self.held.talk.saturating_sub(half.partial.len());
            half.partial.clear();
        }
        self.turn(state, true, |talk, turn| talk.end(turn));
    }

    /// Gives the decoder its turn, and counts what it keeps.
    fn turn(
        &mut self,
        state: &mut State<K>,
        from_orig: bool,
        work: impl FnOnce(&mut Box<dyn Session>, &mut Turn<'_>),
    ) {
        let Some(mut talk) = state.talk.take() else {
            return;
        };
        let before = state.talk_held;
        let (flow, protocol) = (state.flow, talk.protocol());
        let (stats, outside, kept) = (&mut *self.stats, &mut *self.sink, &mut state.kept);
        let mut sink = |seen: &Observation<'_>| {
            outside(seen, kept);
            if let Observation::Said(said) = seen {
                stats.said += 1;
                accesses(said, &mut |access| {
                    outside(&Observation::Access(*access), kept);
                });
            }
        };
        let when = (self.ts, Between::Flow(flow), from_orig);
        let (known, scratch) = (&mut *self.known, &mut *self.scratch);
        let mut turn = Turn::new(when, protocol, (known, scratch), &mut sink);
        work(&mut talk, &mut turn);
        let mut holds = talk.held();
        if self.held.talk + holds > TALK_TOTAL_MAX + before {
            talk.end(&mut turn);
            holds = talk.held();
        }
        let malformed = turn.malformed;
        self.stats.units_malformed += malformed;
        self.held.talk = (self.held.talk + holds).saturating_sub(before);
        state.talk_held = holds;
        state.talk = Some(talk);
    }
}
