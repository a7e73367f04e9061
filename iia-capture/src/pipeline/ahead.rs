//! Several packets looked at before the first of them is worked on: what is remembered of their flows comes from memory
//! meanwhile, all at once and not one after the other. Nothing is decided here.

use core::hint::black_box;

use iia_core::observe::{Observation, Transport};

use super::Pipeline;
use crate::Packet;
use crate::flow::Key;
use crate::source::LinkType;

/// Packets that are looked at ahead of the first.
const AHEAD_MAX: usize = 32;
/// Flows from which on it pays: with fewer, what is remembered is at hand.
const MANY: usize = 4096;
/// Ethernet, IPv4 without options, and ports.
const PLAIN_LEN: usize = 14 + 20 + 4;

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
            if self.flows.len() >= MANY {
                self.look(packets);
            }
            for packet in packets {
                self.handle_packet_keeping(packet, sink);
            }
        }
    }

    /// Reads something of all that the work on these packets will read.
    fn look(&self, packets: &[Packet<'_>]) {
        let mut slots = [u32::MAX; AHEAD_MAX];
        for (packet, slot) in packets.iter().zip(&mut slots) {
            if let Some(key) = key(packet) {
                *slot = self.flows.guess(&key).unwrap_or(u32::MAX);
            }
        }
        let slots = slots.get(..packets.len()).unwrap_or(&slots);
        let flows = slots.iter().map(|slot| self.flows.touch(*slot));
        black_box(flows.fold(0, |sum, seen| sum ^ seen));
        let behind = slots.iter().map(|slot| self.flows.touch_behind(*slot));
        black_box(behind.fold(0, |sum, seen| sum ^ seen));
    }
}

/// The key of the flow of a packet that is as plain as most are.
#[inline]
fn key(packet: &Packet<'_>) -> Option<Key> {
    let head = packet.data.first_chunk::<PLAIN_LEN>()?;
    let ([_, _, _, _, _, _, _, _, _, _, _, _, k1, k2], ip) = head.split_first_chunk::<14>()?;
    let (ip, ports) = ip.split_first_chunk::<20>()?;
    let [first, _, _, _, _, _, _, _, _, protocol, _, _, ends @ ..] = *ip;
    let transport = match protocol {
        6 => Transport::Tcp,
        17 => Transport::Udp,
        _ => return None,
    };
    if packet.link != LinkType::ETHERNET || [*k1, *k2, first] != [8, 0, 0x45] {
        return None;
    }
    let [s1, s2, s3, s4, d1, d2, d3, d4] = ends;
    let [p1, p2, q1, q2] = *ports.first_chunk()?;
    let address = |bytes| u128::from(u32::from_be_bytes(bytes));
    let src = (address([s1, s2, s3, s4]), u16::from_be_bytes([p1, p2]));
    let dst = (address([d1, d2, d3, d4]), u16::from_be_bytes([q1, q2]));
    Some(Key::between(src, dst, (0, transport)).0)
}
