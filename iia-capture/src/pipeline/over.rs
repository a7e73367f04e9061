//! What is over: requests that waited too long, flows that nobody goes on with.

use core::marker::PhantomData;

use iia_core::Timestamp;
use iia_core::observe::Observation;

use super::{CLOSED_MAX_NS, IDLE_MAX_NS, Pipeline, SWEEP_NS};
use crate::desk::Desk;

impl<K: Default> Pipeline<K> {
    /// Once a second of capture time: requests that waited too long, flows that are over.
    #[inline]
    pub(super) fn sweep(
        &mut self,
        now: Timestamp,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        let last = *self.swept.get_or_insert(now);
        if now.since_ns(last) >= SWEEP_NS {
            self.swept = Some(now);
            self.second(now, sink);
        }
    }

    #[cold]
    fn second(&mut self, now: Timestamp, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        self.layers.fragments.expire(now);
        self.frames_wait(now, false, sink);
        self.line(now, sink, |desk, line| desk.expire(line));
        for slot in 0..self.flows.slots() {
            if self.flows.due(slot) > now {
                continue;
            }
            let Some(state) = self.flows.get_mut(slot) else {
                continue;
            };
            let idle_ns = now.since_ns(state.last);
            if idle_ns > IDLE_MAX_NS || state.closed && idle_ns > CLOSED_MAX_NS {
                self.end(slot, sink);
                continue;
            }
            let mut desk = Desk {
                ts: now,
                stats: &mut self.stats,
                held: &mut self.held,
                sink,
                known: &mut self.known,
                scratch: &mut self.scratch,
                silence_ns: self.options.serial_silence_ns,
                keeps: PhantomData,
            };
            desk.expire(state);
            desk.talk_tick(state);
            self.flows.set_due(slot);
        }
    }

    pub(super) fn end(&mut self, slot: u32, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        let Some(mut state) = self.flows.remove(slot) else {
            return;
        };
        let mut desk = Desk {
            ts: state.last,
            stats: &mut self.stats,
            held: &mut self.held,
            sink,
            known: &mut self.known,
            scratch: &mut self.scratch,
            silence_ns: self.options.serial_silence_ns,
            keeps: PhantomData,
        };
        desk.give_up(&mut state);
        desk.flush(&mut state);
        desk.talk_end(&mut state);
        self.stats.conns += 1;
        sink(&Observation::Conn(state.conn()), &mut state.kept);
    }
}
