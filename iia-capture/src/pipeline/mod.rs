//! Packets in, observations out: link, network, flow, stream, protocol.

mod ahead;
mod over;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::marker::PhantomData;

use iia_core::Timestamp;
use iia_core::observe::{Between, Conn, Flow, Frame, Link, Mac, Observation, Protocol, Transport};
use iia_core::time::SECOND_NS;

use crate::Packet;
use crate::decode::{self, Frames, Known, Scratch, Turn};
use crate::desk::{Desk, Held};
pub use crate::flow::FLOWS_MAX;
use crate::flow::{Flows, Key, Recognised, State};
pub use crate::layers::fragment::Counts as Defragmented;
pub use crate::layers::fragment::{DATAGRAMS_MAX, FRAGMENTS_LEN_MAX, FRAGMENTS_MAX_NS};
use crate::layers::{self, Layers, Seen};
use crate::net::Segment;
pub use crate::options::{Options, Stats};
pub use crate::serial::{SERIAL_FLOW, UNDECIDED_LEN_MAX, UNDECIDED_MAX};
pub use crate::stream::{
    PENDING_MAX, PENDING_TOTAL_MAX, REORDER_LEN_MAX, REORDER_SEGMENTS_MAX, REORDER_TOTAL_MAX,
};
pub use crate::talk::TALK_TOTAL_MAX;

/// A request without a response counts as unanswered after this much capture time; devices behind a serial gateway take
/// five seconds and more.
pub const PENDING_MAX_NS: i64 = 10 * SECOND_NS;
/// A flow without packets for this long is over.
pub const IDLE_MAX_NS: i64 = 300 * SECOND_NS;
/// Flows that began and wait to be asked for at most.
pub const OPENED_MAX: usize = 4096;
pub(crate) const CLOSED_MAX_NS: i64 = 30 * SECOND_NS;
const SWEEP_NS: i64 = SECOND_NS;

/// The decoder for one capture or one interface. `K` is what its user keeps with each flow, such as a verdict's way: it
/// begins as its default and goes with the flow.
#[derive(Debug)]
pub struct Pipeline<K = ()> {
    options: Options,
    flows: Flows<K>,
    stats: Stats,
    held: Held,
    layers: Layers,
    swept: Option<Timestamp>,
    known: Known,
    scratch: Scratch,
    frames: Vec<(u16, Box<dyn Frames>)>,
    /// What its user keeps with frames, which have no flow.
    aside: K,
    serial: Option<Box<State<K>>>,
    opened: VecDeque<Conn>,
}

impl Pipeline {
    /// An empty pipeline whose user keeps nothing.
    pub fn new(options: Options) -> Self {
        Self::keeping(options)
    }

    /// Takes a packet and reports what it completes.
    #[inline]
    pub fn handle_packet(&mut self, packet: &Packet<'_>, sink: &mut impl FnMut(&Observation<'_>)) {
        self.handle_packet_keeping(packet, &mut |seen, &mut ()| sink(seen));
    }

    /// Reports whatever still waits: unanswered requests, open flows.
    pub fn finish(&mut self, sink: &mut impl FnMut(&Observation<'_>)) {
        self.finish_keeping(&mut |seen, &mut ()| sink(seen));
    }
}

impl<K: Default> Pipeline<K> {
    /// An empty pipeline whose user keeps something with each flow.
    pub fn keeping(options: Options) -> Self {
        Self {
            options,
            flows: Flows::default(),
            stats: Stats::default(),
            held: Held::default(),
            layers: Layers::default(),
            swept: None,
            known: Known::default(),
            scratch: Scratch::default(),
            frames: decode::frames(),
            aside: K::default(),
            serial: None,
            opened: VecDeque::new(),
        }
    }

    /// The next flow that began, of which only the ends are known, where [`Options::opened`] asks for them. More than
    /// [`OPENED_MAX`] do not wait: each is told again at its end.
    pub fn poll_opened(&mut self) -> Option<Conn> {
        self.opened.pop_front()
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        Stats {
            flows: self.flows.len() as u64,
            pending: self.held.pending as u64,
            reorder_bytes: self.held.late as u64,
            defragmented: self.layers.fragments.counts(),
            ..self.stats
        }
    }

    /// Takes a packet and reports what it completes, each with what is kept with its flow.
    #[inline]
    pub fn handle_packet_keeping(
        &mut self,
        packet: &Packet<'_>,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        self.stats.packets += 1;
        self.stats.bytes += packet.data.len() as u64;
        self.sweep(packet.ts, sink);
        if let Some((segment, vlan)) = layers::plain(packet) {
            return self.segment(packet.ts, &segment, vlan, sink);
        }
        if self.options.serial_links.contains(&packet.link) {
            return self.serial(packet, sink);
        }
        match layers::plain_frame(packet) {
            Some((link, payload)) => {
                self.frame((packet.ts, link), payload, sink);
                self.stats.not_ip += 1;
            }
            None => self.layered(packet, sink),
        }
    }

    /// Takes the passing of time where no packets bring it, as at an interface that is silent; `now` is of the packets' clock.
    pub fn handle_timeout_keeping(
        &mut self,
        now: Timestamp,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        self.sweep(now, sink);
    }

    /// As [`finish`](Pipeline::finish), each with what is kept with its flow.
    pub fn finish_keeping(&mut self, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        for slot in 0..self.flows.slots() {
            self.end(slot, sink);
        }
        if let Some(last) = self.swept {
            self.frames_wait(last, true, sink);
        }
        let last = self
            .serial
            .as_ref()
            .map_or_else(Timestamp::default, |line| line.last);
        self.line(last, sink, |desk, line| desk.flush(line));
        self.serial = None;
    }

    /// What is said on a serial line.
    #[cold]
    fn serial(&mut self, packet: &Packet<'_>, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        self.stats.not_ip += 1;
        let line = State::serial;
        self.serial.get_or_insert_with(|| line(packet.ts));
        self.line(packet.ts, sink, |desk, line| {
            desk.rtu(line, true, packet.data)
        });
    }

    /// Work on the serial line, where there is one.
    fn line<F: FnMut(&Observation<'_>, &mut K)>(
        &mut self,
        ts: Timestamp,
        sink: &mut F,
        work: impl FnOnce(&mut Desk<'_, K, F>, &mut State<K>),
    ) {
        let Some(line) = &mut self.serial else { return };
        line.last = ts;
        let mut desk = Desk {
            ts,
            stats: &mut self.stats,
            held: &mut self.held,
            sink,
            known: &mut self.known,
            scratch: &mut self.scratch,
            silence_ns: self.options.serial_silence_ns,
            keeps: PhantomData,
        };
        work(&mut desk, line);
    }

    /// A frame that is not plain: a fragment, a tunnel, or one without IP. Each packet counts for one flow, or as one
    /// of those that have none.
    #[cold]
    fn layered(&mut self, packet: &Packet<'_>, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        let mut rooms = layers::Rooms::default();
        let carrier = match self.layers.deep(packet, &mut rooms) {
            Seen::Segment(carried, tunnelled) => {
                self.stats.tunnelled += u64::from(tunnelled);
                Some(carried)
            }
            Seen::Frame(link, payload, carrier) => {
                self.frame((packet.ts, link), payload, sink);
                self.stats.not_ip += u64::from(carrier.is_none());
                carrier
            }
            Seen::Nothing(carrier) => {
                self.stats.not_ip += u64::from(carrier.is_none());
                carrier
            }
            Seen::Fragment => {
                self.stats.fragments += 1;
                None
            }
            Seen::Malformed => {
                self.stats.malformed += 1;
                None
            }
        };
        if let Some((segment, vlan)) = carrier {
            self.segment(packet.ts, &segment, vlan, sink);
        }
    }

    /// A frame without IP, for the decoder of its EtherType.
    fn frame(
        &mut self,
        (ts, link): (Timestamp, Link),
        payload: &[u8],
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        let at = self.frames.iter().position(|row| row.0 == link.ethertype);
        let Some(at) = at else {
            return self.judged((ts, link), (Protocol::Unknown, None), payload, sink);
        };
        self.frames_turn(at, (ts, link), sink, |decoder, turn| {
            turn.protocol = decoder.protocol(payload);
            decoder.frame(turn, payload);
        });
        let spoken = self.frames.get(at).map(|row| {
            let decoder = &row.1;
            (decoder.protocol(payload), decoder.service(payload))
        });
        if let Some(spoken) = spoken {
            self.judged((ts, link), spoken, payload, sink);
        }
    }

    /// A frame as contracts judge it. What every network says of itself, addresses and neighbours, is not theirs.
    fn judged(
        &mut self,
        (ts, link): (Timestamp, Link),
        (protocol, func): (Protocol, Option<u8>),
        payload: &[u8],
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        if matches!(protocol, Protocol::Arp | Protocol::Lldp) {
            return;
        }
        let frame = Frame {
            ts,
            source: link.source,
            destination: link.destination,
            vlan: link.vlan,
            ethertype: link.ethertype,
            protocol,
            func,
            payload_len: payload.len() as u64,
        };
        sink(&Observation::Frame(frame), &mut self.aside);
    }

    /// Gives a decoder of frames its turn.
    fn frames_turn(
        &mut self,
        at: usize,
        (ts, link): (Timestamp, Link),
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
        work: impl FnOnce(&mut dyn Frames, &mut Turn<'_>),
    ) {
        let Some((_, decoder)) = self.frames.get_mut(at) else {
            return;
        };
        let (stats, aside) = (&mut self.stats, &mut self.aside);
        let mut sink = |seen: &Observation<'_>| {
            stats.said += u64::from(matches!(seen, Observation::Said(_)));
            sink(seen, aside);
        };
        let when = (ts, Between::Link(link), true);
        let (known, scratch) = (&mut self.known, &mut self.scratch);
        let mut turn = Turn::new(when, Protocol::Unknown, (known, scratch), &mut sink);
        work(decoder.as_mut(), &mut turn);
        let malformed = turn.malformed;
        self.stats.units_malformed += malformed;
    }

    /// Every decoder of frames is told that a second is over, or that everything is.
    fn frames_wait(
        &mut self,
        now: Timestamp,
        over: bool,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        let nobody = Link {
            source: Mac([0; 6]),
            destination: Mac([0; 6]),
            vlan: 0,
            ethertype: 0,
        };
        for at in 0..self.frames.len() {
            self.frames_turn(at, (now, nobody), sink, |decoder, turn| match over {
                true => decoder.end(turn),
                false => decoder.tick(turn),
            });
        }
    }

    fn segment(
        &mut self,
        ts: Timestamp,
        segment: &Segment<'_>,
        vlan: u16,
        sink: &mut impl FnMut(&Observation<'_>, &mut K),
    ) {
        let (key, up) = Key::of(segment, vlan);
        let slot = match self.flows.find(&key) {
            Some(slot) if !self.begins_anew(slot, segment) => slot,
            known => {
                self.make_room(known, sink);
                let slot = self.open(ts, (key, up), segment, vlan);
                self.note_opened(slot);
                slot
            }
        };
        let Some(state) = self.flows.get_mut(slot) else {
            return;
        };
        state.last = ts;
        // What comes late was said before now, and a decoder that is new may want to be asked sooner.
        let known = (state.is_late(), state.talk.is_some());
        let from_orig = state.orig_is_low == up;
        let mut desk = Desk {
            ts,
            stats: &mut self.stats,
            held: &mut self.held,
            sink,
            known: &mut self.known,
            scratch: &mut self.scratch,
            silence_ns: self.options.serial_silence_ns,
            keeps: PhantomData,
        };
        match segment.tcp {
            Some(tcp) => {
                if desk.tcp(state, from_orig, tcp, segment.payload) {
                    state.closed = true;
                    desk.flush(state);
                    desk.talk_end(state);
                }
            }
            None => {
                let half = state.half(from_orig);
                half.packets += 1;
                half.bytes += segment.payload.len() as u64;
                if segment.transport == Transport::Udp {
                    desk.datagram(state, from_orig, segment.payload);
                }
            }
        }
        let sooner = known != (false, state.talk.is_some());
        self.flows.worked(slot, ts, sooner);
    }

    fn note_opened(&mut self, slot: u32) {
        if self.options.opened
            && self.opened.len() < OPENED_MAX
            && let Some(state) = self.flows.get_mut(slot)
        {
            self.opened.push_back(state.conn());
        }
    }

    /// Whether a segment opens a connection between ends whose last one is over.
    fn begins_anew(&mut self, slot: u32, segment: &Segment<'_>) -> bool {
        let syn = segment.tcp.is_some_and(|tcp| tcp.syn && !tcp.ack);
        syn && self.flows.get_mut(slot).is_some_and(|state| state.closed)
    }

    /// Ends the flow that was there before, or the most idle one when the table is full.
    fn make_room(&mut self, before: Option<u32>, sink: &mut impl FnMut(&Observation<'_>, &mut K)) {
        if let Some(before) = before {
            self.end(before, sink);
        } else if self.flows.len() >= FLOWS_MAX
            && let Some(idle) = self.flows.most_idle()
        {
            self.stats.evicted += 1;
            self.end(idle, sink);
        }
    }

    /// A new flow; the client is who opens it or, in the middle of a stream, who speaks to a server port. Whoever opens
    /// a connection from port 502 is a client all the same.
    fn open(
        &mut self,
        ts: Timestamp,
        (key, up): (Key, bool),
        segment: &Segment<'_>,
        vlan: u16,
    ) -> u32 {
        let tcp = segment.tcp.is_some();
        let ports = matches!(segment.transport, Transport::Tcp | Transport::Udp);
        let modbus = |port: u16| ports && self.options.modbus_ports.contains(&port);
        let rtu = |port: u16| ports && self.options.rtu_ports.contains(&port);
        let serves = |port: u16| modbus(port) || rtu(port) || decode::serves(port, tcp);
        let (from_server, to_server) = (serves(segment.sport), serves(segment.dport));
        let from_orig = match segment.tcp {
            Some(tcp) if tcp.syn => !tcp.ack,
            _ => to_server || !from_server,
        };
        let (orig, resp) = ((segment.src, segment.sport), (segment.dst, segment.dport));
        let ((orig_h, orig_p), (resp_h, resp_p)) = if from_orig {
            (orig, resp)
        } else {
            (resp, orig)
        };
        let flow = Flow {
            orig_h,
            orig_p,
            resp_h,
            resp_p,
            transport: segment.transport,
            vlan,
        };
        let protocol = match resp_p {
            port if rtu(port) => Recognised::MaybeRtu,
            port if modbus(port) => Recognised::MaybeModbus,
            _ => Recognised::Unseen,
        };
        self.flows.insert(State {
            orig_is_low: from_orig == up,
            protocol,
            ..State::new(key, flow, ts)
        })
    }
}
