//! Several packets looked at before the first of them is worked on: what is remembered of their flows comes from memory
//! meanwhile, all at once and not one after the other. Nothing is decided here; what was found is looked at again.

use core::hint::black_box;

use iia_core::observe::Observation;

use crate::Packet;
use crate::flow::Key;
use crate::layers::{self, Carried};
use crate::pipeline::Pipeline;

/// Packets that are looked at ahead of the first.
const AHEAD_MAX: usize = 32;

/// What was seen of a packet.
pub(crate) struct Ahead<'a> {
    pub(crate) carried: Carried<'a>,
    /// The key of its flow, and whether it goes from the low to the high end.
    pub(crate) key: (Key, bool),
    hash: u64,
    /// Where the flow stood.
    pub(crate) slot: Option<u32>,
}

impl Pipeline {
    /// Takes packets in their order and reports what they complete, as
    /// [`handle_packet`](Pipeline::handle_packet) does one by one, but faster where there are many flows.
    pub fn handle_packets(
        &mut self,
        packets: &[Packet<'_>],
        sink: &mut impl FnMut(&Observation<'_>),
    ) {
        self.handle_packets_keeping(packets, &mut |seen, &mut ()| sink(seen));
    }
}

impl<K: Default> Pipeline<K> {
    /// As [`handle_packets`](Pipeline::handle_packets), each with what is kept with its flow.
    pub fn handle_packets_keeping(
        &mut self,
        packets: &[Packet<'_>],
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        for packets in packets.chunks(AHEAD_MAX) {
            let mut all: [Option<Ahead<'_>>; AHEAD_MAX] = [const { None }; AHEAD_MAX];
            for (packet, place) in packets.iter().zip(&mut all) {
                *place = self.look(packet);
            }
            for ahead in all.iter_mut().flatten() {
                ahead.slot = self.flows.find_hashed(&ahead.key.0, ahead.hash);
            }
            let slots = all.iter().flatten().filter_map(|ahead| ahead.slot);
            black_box(slots.fold(0, |sum, slot| sum ^ self.flows.touch(slot)));
            for (packet, ahead) in packets.iter().zip(&all) {
                match ahead {
                    Some(ahead) => self.handle_known(packet, ahead, sink),
                    None => self.handle_packet_keeping(packet, sink),
                }
            }
        }
    }

    #[inline(always)]
    fn look<'a>(&self, packet: &Packet<'a>) -> Option<Ahead<'a>> {
        let carried = layers::plain(packet)?;
        let key = Key::of(&carried.0, carried.1);
        Some(Ahead {
            hash: self.flows.hash(&key.0),
            carried,
            key,
            slot: None,
        })
    }

    #[inline]
    fn handle_known(
        &mut self,
        packet: &Packet<'_>,
        ahead: &Ahead<'_>,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        self.count(packet);
        self.sweep(packet.ts, sink);
        // Flows come and go with the packets before it.
        let key = &ahead.key.0;
        let slot = ahead.slot.filter(|slot| self.flows.is(*slot, key));
        let slot = slot.or_else(|| self.flows.find_hashed(key, ahead.hash));
        let (segment, vlan) = &ahead.carried;
        self.segment_of(packet.ts, (segment, *vlan), (ahead.key, slot), sink);
    }
}
