//! Packets in, observations out: link, network, flow, stream, protocol.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Span, Transport};
use iia_core::time::SECOND_NS;

use crate::decode::modbus::{Adu, Framing, Request, Response, frame};
use crate::flow::{FLOWS_MAX, Flows, Key, Recognised, State};
use crate::net::{NoSegment, Segment, Tcp};
use crate::stream::{Arrival, Half, PENDING_MAX, Pending};
use crate::{Packet, link, net};

/// A request without a response counts as unanswered after this much capture time.
pub const PENDING_MAX_NS: i64 = 2 * SECOND_NS;
/// A flow without packets for this long is over.
pub const IDLE_MAX_NS: i64 = 300 * SECOND_NS;
const CLOSED_MAX_NS: i64 = 30 * SECOND_NS;
const SWEEP_NS: i64 = SECOND_NS;

/// What a pipeline looks for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ports on which Modbus/TCP is expected.
    pub modbus_ports: Vec<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            modbus_ports: alloc::vec![502],
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Packets taken.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames without an IP packet.
    pub not_ip: u64,
    /// IP packets whose headers are wrong or cut.
    pub malformed: u64,
    /// Fragments, which are not put together.
    pub fragments: u64,
    /// Modbus units seen.
    pub units: u64,
    /// Of these, such as break the protocol's rules.
    pub units_malformed: u64,
    /// Exchanges reported.
    pub exchanges: u64,
    /// Flows reported.
    pub conns: u64,
    /// Flows that went because the table was full.
    pub evicted: u64,
    /// Flows at this moment.
    pub flows: u64,
}

/// The decoder for one capture or one interface.
#[derive(Debug)]
pub struct Pipeline {
    options: Options,
    flows: Flows,
    stats: Stats,
    swept: Option<Timestamp>,
}

impl Pipeline {
    /// An empty pipeline.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            flows: Flows::default(),
            stats: Stats::default(),
            swept: None,
        }
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        Stats {
            flows: self.flows.len() as u64,
            ..self.stats
        }
    }

    /// Takes a packet and reports what it completes.
    #[inline]
    pub fn handle_packet(&mut self, packet: &Packet<'_>, sink: &mut impl FnMut(&Observation<'_>)) {
        self.stats.packets += 1;
        self.stats.bytes += packet.data.len() as u64;
        self.sweep(packet.ts, sink);
        let Some(payload) = link::payload(packet.link, packet.data) else {
            self.stats.not_ip += 1;
            return;
        };
        match net::segment(payload.ip) {
            Ok(segment) => self.segment(packet.ts, &segment, payload.vlan, sink),
            Err(NoSegment::Fragment) => self.stats.fragments += 1,
            Err(NoSegment::Malformed) => self.stats.malformed += 1,
        }
    }

    /// Reports whatever still waits: unanswered requests, open flows.
    pub fn finish(&mut self, sink: &mut impl FnMut(&Observation<'_>)) {
        for slot in 0..self.flows.slots() {
            self.end(slot, sink);
        }
    }

    fn segment(
        &mut self,
        ts: Timestamp,
        segment: &Segment<'_>,
        vlan: u16,
        sink: &mut impl FnMut(&Observation<'_>),
    ) {
        let (key, up) = Key::of(segment, vlan);
        let slot = match self.flows.find(&key) {
            Some(slot) => slot,
            None => self.open(ts, (key, up), segment, vlan, sink),
        };
        let Some(state) = self.flows.get_mut(slot) else {
            return;
        };
        state.last = ts;
        let from_orig = state.orig_is_low == up;
        let mut desk = Desk {
            ts,
            stats: &mut self.stats,
            sink,
        };
        match segment.tcp {
            Some(tcp) => {
                if desk.tcp(state, from_orig, tcp, segment.payload) {
                    state.closed = true;
                    desk.flush(state);
                }
            }
            None => {
                let half = half(state, from_orig);
                half.packets += 1;
                half.bytes += segment.payload.len() as u64;
            }
        }
    }

    /// A new flow; the client is who opens it or, in the middle of a stream, who speaks to a server port.
    fn open(
        &mut self,
        ts: Timestamp,
        (key, up): (Key, bool),
        segment: &Segment<'_>,
        vlan: u16,
        sink: &mut impl FnMut(&Observation<'_>),
    ) -> u32 {
        if self.flows.len() >= FLOWS_MAX {
            if let Some(idle) = self.flows.most_idle() {
                self.stats.evicted += 1;
                self.end(idle, sink);
            }
        }
        let serves = |port: u16| segment.tcp.is_some() && self.options.modbus_ports.contains(&port);
        let (from_server, to_server) = (serves(segment.sport), serves(segment.dport));
        let answers = segment.tcp.is_some_and(|tcp| tcp.syn && tcp.ack);
        let from_orig = match (from_server, to_server) {
            (true, false) => false,
            (false, true) => true,
            _ => !answers,
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
        let maybe = from_server || to_server;
        self.flows.insert(State {
            key,
            flow,
            orig_is_low: from_orig == up,
            first: ts,
            last: ts,
            halves: Default::default(),
            protocol: if maybe {
                Recognised::MaybeModbus
            } else {
                Recognised::Other
            },
            pending: Vec::new(),
            closed: false,
        })
    }

    /// Once a second of capture time: requests that waited too long, flows that are over.
    fn sweep(&mut self, now: Timestamp, sink: &mut impl FnMut(&Observation<'_>)) {
        let last = *self.swept.get_or_insert(now);
        if now.since_ns(last) < SWEEP_NS {
            return;
        }
        self.swept = Some(now);
        for slot in 0..self.flows.slots() {
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
                sink,
            };
            desk.expire(state);
        }
    }

    fn end(&mut self, slot: u32, sink: &mut impl FnMut(&Observation<'_>)) {
        let Some(mut state) = self.flows.remove(slot) else {
            return;
        };
        let mut desk = Desk {
            ts: state.last,
            stats: &mut self.stats,
            sink,
        };
        desk.flush(&mut state);
        self.stats.conns += 1;
        sink(&Observation::Conn(state.conn()));
    }
}

fn half(state: &mut State, from_orig: bool) -> &mut Half {
    let [orig, resp] = &mut state.halves;
    if from_orig { orig } else { resp }
}

/// What one packet is worked on with.
struct Desk<'a, S> {
    ts: Timestamp,
    stats: &'a mut Stats,
    sink: &'a mut S,
}

impl<S: FnMut(&Observation<'_>)> Desk<'_, S> {
    /// Takes a TCP segment; tells whether the connection is over.
    #[inline]
    fn tcp(&mut self, state: &mut State, from_orig: bool, tcp: Tcp, payload: &[u8]) -> bool {
        let decodes = state.protocol != Recognised::Other;
        let half = half(state, from_orig);
        half.packets += 1;
        half.bytes += payload.len() as u64;
        if tcp.syn {
            half.restart(tcp.seq.wrapping_add(1));
            half.fin = false;
            state.closed = false;
            return false;
        }
        half.fin |= tcp.fin;
        if !payload.is_empty() && decodes {
            match half.take(tcp.seq, payload) {
                Arrival::InOrder(fresh) => self.bytes(state, from_orig, fresh),
                Arrival::Gap => half.skip_gap(),
                Arrival::Nothing => {}
            }
            self.late(state, from_orig);
        }
        let [orig, resp] = &state.halves;
        tcp.rst || orig.fin && resp.fin
    }

    fn late(&mut self, state: &mut State, from_orig: bool) {
        while half(state, from_orig).has_late() {
            let Some(bytes) = half(state, from_orig).next_late() else {
                return;
            };
            self.bytes(state, from_orig, &bytes);
        }
    }

    /// Takes bytes of a stream in order; a unit that is whole is not copied.
    fn bytes(&mut self, state: &mut State, from_orig: bool, fresh: &[u8]) {
        let half = half(state, from_orig);
        if half.partial.is_empty() {
            self.units(state, from_orig, fresh);
            return;
        }
        let mut joined = core::mem::take(&mut half.partial);
        joined.extend_from_slice(fresh);
        self.units(state, from_orig, &joined);
    }

    fn units(&mut self, state: &mut State, from_orig: bool, mut bytes: &[u8]) {
        while !bytes.is_empty() && state.protocol != Recognised::Other {
            match frame(bytes) {
                Framing::Whole(adu) => {
                    self.unit(state, from_orig, &adu);
                    bytes = bytes.get(adu.len..).unwrap_or_default();
                }
                Framing::Partial => {
                    half(state, from_orig).partial.extend_from_slice(bytes);
                    return;
                }
                Framing::Not => {
                    self.not_a_unit(state, bytes);
                    return;
                }
            }
        }
    }

    /// Bytes that are no unit: a flow never seen to be Modbus is something else; one that was goes on with the next
    /// segment, because one bad message must not blind the witness.
    fn not_a_unit(&mut self, state: &mut State, bytes: &[u8]) {
        match state.protocol {
            Recognised::Modbus => {
                self.stats.units_malformed += 1;
                let func = bytes.get(7).copied().unwrap_or(0) & 0x7f;
                self.report(state.flow, blank(self.ts, Outcome::Malformed, func));
            }
            _ => state.protocol = Recognised::Other,
        }
    }

    fn unit(&mut self, state: &mut State, from_orig: bool, adu: &Adu<'_>) {
        self.stats.units += 1;
        let sound = if from_orig {
            self.request(state, adu)
        } else {
            self.response(state, adu)
        };
        if sound {
            state.protocol = Recognised::Modbus;
        } else if state.protocol == Recognised::Modbus {
            self.stats.units_malformed += 1;
            let func = adu.pdu.first().copied().unwrap_or(0) & 0x7f;
            let exchange = blank(self.ts, Outcome::Malformed, func);
            self.report(
                state.flow,
                Exchange {
                    transaction: adu.transaction,
                    unit: adu.unit,
                    ..exchange
                },
            );
        } else {
            state.protocol = Recognised::Other;
        }
    }

    fn request(&mut self, state: &mut State, adu: &Adu<'_>) -> bool {
        if Request::parse(adu.pdu).is_none() {
            return false;
        }
        let same =
            |waiting: &Pending| waiting.transaction == adu.transaction && waiting.unit == adu.unit;
        if let Some(at) = state.pending.iter().position(same) {
            let old = state.pending.remove(at);
            self.unanswered(state.flow, &old);
        }
        if state.pending.len() >= PENDING_MAX {
            let oldest = state.pending.remove(0);
            self.unanswered(state.flow, &oldest);
        }
        state
            .pending
            .extend(Pending::new(self.ts, adu.transaction, adu.unit, adu.pdu));
        true
    }

    fn response(&mut self, state: &mut State, adu: &Adu<'_>) -> bool {
        let Some(response) = Response::parse(adu.pdu) else {
            return false;
        };
        let mine = |waiting: &Pending| {
            waiting.transaction == adu.transaction
                && waiting.unit == adu.unit
                && waiting.func == response.func
        };
        let Some(at) = state.pending.iter().position(mine) else {
            let exchange = blank(self.ts, Outcome::Orphan, response.func);
            let write = response.write;
            self.report(
                state.flow,
                Exchange {
                    transaction: adu.transaction,
                    unit: adu.unit,
                    write,
                    ..exchange
                },
            );
            return true;
        };
        let request = state.pending.remove(at);
        self.joined(state.flow, &request, &response);
        true
    }

    fn joined(&mut self, flow: Flow, waiting: &Pending, response: &Response<'_>) {
        let Some(request) = Request::parse(waiting.pdu()) else {
            return;
        };
        let fits = request
            .read
            .is_none_or(|span| response.exception.is_some() || response.fits(span.count));
        let outcome = match response.exception {
            Some(code) => Outcome::Exception(code),
            None if fits => Outcome::Answered,
            None => Outcome::Malformed,
        };
        let read = request.read.map(|span| Span {
            values: response.values,
            ..span
        });
        self.report(
            flow,
            Exchange {
                ts: waiting.ts,
                flow,
                protocol: Protocol::ModbusTcp,
                outcome,
                transaction: waiting.transaction,
                unit: waiting.unit,
                func: waiting.func,
                read,
                write: request.write,
                latency_ns: Some(self.ts.since_ns(waiting.ts)),
            },
        );
    }

    fn unanswered(&mut self, flow: Flow, waiting: &Pending) {
        let Some(request) = Request::parse(waiting.pdu()) else {
            return;
        };
        let Request {
            read, write, func, ..
        } = request;
        let (transaction, unit) = (waiting.transaction, waiting.unit);
        let exchange = blank(waiting.ts, Outcome::Unanswered, func);
        self.report(
            flow,
            Exchange {
                transaction,
                unit,
                read,
                write,
                ..exchange
            },
        );
    }

    fn expire(&mut self, state: &mut State) {
        while state
            .pending
            .first()
            .is_some_and(|oldest| self.ts.since_ns(oldest.ts) > PENDING_MAX_NS)
        {
            let oldest = state.pending.remove(0);
            self.unanswered(state.flow, &oldest);
        }
    }

    /// Everything that still waits in a flow is unanswered.
    fn flush(&mut self, state: &mut State) {
        for waiting in core::mem::take(&mut state.pending) {
            self.unanswered(state.flow, &waiting);
        }
    }

    #[inline]
    fn report(&mut self, flow: Flow, exchange: Exchange<'_>) {
        self.stats.exchanges += 1;
        (self.sink)(&Observation::Exchange(Exchange { flow, ..exchange }));
    }
}

/// An exchange of which only the outcome and the function are known; the flow is filled in by whoever reports it.
fn blank(ts: Timestamp, outcome: Outcome, func: u8) -> Exchange<'static> {
    let nobody = core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED);
    let flow = Flow {
        orig_h: nobody,
        orig_p: 0,
        resp_h: nobody,
        resp_p: 0,
        transport: Transport::Tcp,
        vlan: 0,
    };
    Exchange {
        ts,
        flow,
        protocol: Protocol::ModbusTcp,
        outcome,
        transaction: 0,
        unit: 0,
        func,
        read: None,
        write: None,
        latency_ns: None,
    }
}
