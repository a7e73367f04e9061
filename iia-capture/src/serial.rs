//! One packet's work on a line of Modbus RTU or ASCII: bytes cut into frames, who asks and who answers.
//!
//! A line is half-duplex: one end asks, one answers. Over TCP each has a direction of its own, and which of them asks is
//! seen from what they say, because whoever opened the connection may be the device. On a serial line both are in one
//! stream, and a frame answers when it fits the request before it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Transport};
use iia_core::time::SECOND_NS;

use crate::decode::modbus::packet::MBAP_LEN;
use crate::decode::modbus::rtu::{self, Found, Role};
use crate::decode::modbus::{Adu, Framing, Request, ascii, frame};
use crate::desk::{Desk, is_whole};
use crate::exchange::blank;
use crate::flow::{Key, Recognised, State};
use crate::stream::Pending;

/// Segments that could be Modbus/TCP as well as RTU at most, until what follows must decide.
pub const UNDECIDED_MAX: usize = 4;
/// Bytes of such a segment at most: every read, every short write. A longer one is taken for units where it is whole units.
pub const UNDECIDED_LEN_MAX: usize = 64;
/// A frame over TCP whose rest has not come after this long is given up where the rest does not complete it.
const STALE_NS: i64 = SECOND_NS;

/// The flow of a serial line: nobody's addresses, and the one protocol that no packet can carry. One capture is one line;
/// which device is meant, the unit says.
pub const SERIAL_FLOW: Flow = Flow {
    orig_h: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    orig_p: 0,
    resp_h: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    resp_p: 0,
    transport: Transport::Ip(255),
    vlan: 0,
};

/// What is known of a line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whether the side that opened the flow asks; `None` before anything was seen.
    pub(crate) asks: Option<bool>,
    /// Whether both sides are in one stream.
    pub(crate) shared: bool,
    /// When the last bytes came.
    last: Timestamp,
}

/// Bytes of an unproven flow that Modbus/TCP and RTU could both have sent.
pub(crate) type Undecided = Vec<(Timestamp, bool, Box<[u8]>)>;

impl<K, S: FnMut(&Observation<'_>, &mut K)> Desk<'_, K, S> {
    /// Bytes of a flow that could be Modbus/TCP, RTU or neither; tells whether they were taken.
    ///
    /// Some frames are units of Modbus/TCP as well, and a client could choose its bytes so that they are: what the other
    /// side says to them decides.
    pub(crate) fn undecided(
        &mut self,
        state: &mut State<K>,
        from_orig: bool,
        fresh: &[u8],
    ) -> bool {
        if fresh.is_empty() {
            return false;
        }
        let partial = &state.half(from_orig).partial;
        let begun = !partial.is_empty();
        let joined = [partial.as_slice(), fresh].concat();
        let (is_rtu, is_mbap) = (
            rtu::is_whole(&joined),
            !matches!(frame(&joined), Framing::Not),
        );
        let other = state.undecided.iter().any(|one| one.1 != from_orig);
        let full = state.undecided.len() >= UNDECIDED_MAX;
        let long = joined.len() > UNDECIDED_LEN_MAX;
        let decided = !is_mbap || other || full || long && !is_whole(&joined);
        match is_rtu {
            true if long && !decided => {
                self.is_not_rtu(state);
                false
            }
            true if decided => {
                state.half(from_orig).partial.clear();
                self.is_rtu(state);
                self.rtu(state, from_orig, &joined);
                true
            }
            true => {
                state.half(from_orig).partial.clear();
                let bytes = joined.into_boxed_slice();
                state.undecided.push((self.ts, from_orig, bytes));
                true
            }
            false => {
                // Fewer bytes than a header has can be the beginning of anything.
                let seen = |bytes: &[u8]| bytes.len() >= MBAP_LEN;
                let begins = begun && seen(fresh) && !matches!(frame(fresh), Framing::Not);
                let keeps = match is_mbap {
                    true => !seen(&joined) && rtu::may_become(&joined),
                    false => !begins && rtu::may_become(&joined),
                };
                if keeps {
                    state.half(from_orig).partial = joined;
                } else {
                    self.is_not_rtu(state);
                }
                keeps
            }
        }
    }

    /// A flow is RTU; what was not decided was said in it too.
    pub(crate) fn is_rtu(&mut self, state: &mut State<K>) {
        let undecided = core::mem::take(&mut state.undecided);
        self.flush(state);
        state.protocol = Recognised::Rtu;
        state.line.get_or_insert_default();
        for (ts, from_orig, bytes) in undecided {
            let now = core::mem::replace(&mut self.ts, ts);
            self.rtu(state, from_orig, &bytes);
            self.ts = now;
        }
    }

    /// What was not decided was no RTU.
    fn is_not_rtu(&mut self, state: &mut State<K>) {
        for (ts, from_orig, bytes) in core::mem::take(&mut state.undecided) {
            let now = core::mem::replace(&mut self.ts, ts);
            self.units(state, from_orig, &bytes);
            self.ts = now;
        }
    }

    /// A datagram between ports of Modbus: units and nothing else, or frames and nothing else.
    pub(crate) fn modbus_datagram(
        &mut self,
        state: &mut State<K>,
        from_orig: bool,
        payload: &[u8],
    ) {
        let protocol = state.protocol;
        match protocol {
            Recognised::Other => {}
            Recognised::Rtu | Recognised::MaybeRtu => self.rtu(state, from_orig, payload),
            Recognised::MaybeModbus if self.undecided(state, from_orig, payload) => {}
            _ => self.units(state, from_orig, payload),
        }
        state.half(from_orig).partial.clear();
    }

    /// Bytes of a line in the order in which they came.
    pub(crate) fn rtu(&mut self, state: &mut State<K>, from_orig: bool, fresh: &[u8]) {
        let line = state.line.get_or_insert_default();
        let silence_ns = if line.shared {
            self.silence_ns
        } else {
            STALE_NS
        };
        let stale = self.ts.since_ns(line.last) > silence_ns;
        line.last = self.ts;
        let open = line.shared || line.asks.is_none();
        let partial = core::mem::take(&mut state.half(from_orig).partial);
        if partial.is_empty() {
            return self.frames(state, from_orig, fresh);
        }
        let joined = [partial.as_slice(), fresh].concat();
        let mut room = [0; ascii::DECODED_LEN_MAX];
        let expected = state.expects(from_orig, &joined);
        match rtu::frame(&joined, (expected, open), &mut room) {
            Found::Frame(_) => self.frames(state, from_orig, &joined),
            Found::More if !stale => self.frames(state, from_orig, &joined),
            _ => {
                self.broken(state, &partial);
                self.frames(state, from_orig, fresh);
            }
        }
    }

    /// Cuts bytes into frames and reads each.
    fn frames(&mut self, state: &mut State<K>, from_orig: bool, mut bytes: &[u8]) {
        if state.protocol == Recognised::MaybeRtu {
            match rtu::is_whole(bytes) {
                true => state.protocol = Recognised::Rtu,
                false if rtu::may_become(bytes) => {
                    state.half(from_orig).partial = bytes.to_vec();
                    return;
                }
                false => return state.doubt(),
            }
        }
        let shared = state.is_shared();
        let open = shared || state.line.as_ref().is_none_or(|line| line.asks.is_none());
        while !bytes.is_empty() {
            let mut room = [0; ascii::DECODED_LEN_MAX];
            let expected = state.expects(from_orig, bytes);
            match rtu::frame(bytes, (expected, open), &mut room) {
                Found::Frame(frame) => {
                    self.said_on_line(state, from_orig, &frame);
                    bytes = bytes.get(frame.len..).unwrap_or_default();
                }
                Found::More => {
                    state.half(from_orig).partial.extend_from_slice(bytes);
                    return;
                }
                Found::Not if !shared && is_whole(bytes) => {
                    // Whoever begins with RTU does not hide what it says to a server of Modbus/TCP.
                    self.flush(state);
                    state.line = None;
                    state.protocol = Recognised::MaybeModbus;
                    return self.units(state, from_orig, bytes);
                }
                Found::Not => return self.broken(state, bytes),
            }
        }
    }

    /// Bytes whose checksum is wrong, or that no frame begins with.
    fn broken(&mut self, state: &mut State<K>, bytes: &[u8]) {
        if state.protocol != Recognised::Rtu {
            return state.doubt();
        }
        self.stats.units_malformed += 1;
        let func = bytes.get(1).copied().unwrap_or(0) & 0x7f;
        let exchange = Exchange {
            unit: bytes.first().copied().unwrap_or(0),
            ..blank(self.ts, Outcome::Malformed, func)
        };
        self.report(&mut state.whose(), exchange);
    }

    fn said_on_line(&mut self, state: &mut State<K>, from_orig: bool, frame: &rtu::Frame<'_>) {
        self.stats.units += 1;
        let whole = state.begun();
        let mut turned = false;
        if let Some(line) = state.line.as_mut().filter(|line| !line.shared) {
            let asks = from_orig == (frame.role == Role::Request);
            // Of a message that could be either, the first on a connection seen from its beginning asks.
            let first = line.asks.is_none() && frame.either && whole;
            let asks = if first { from_orig } else { asks };
            turned = line.asks.is_some_and(|known| known != asks);
            if line.asks.is_none() && (first || !frame.either) || turned && !frame.either {
                line.asks = Some(asks);
            }
        }
        if turned {
            self.flush(state);
        }
        let adu = Adu {
            transaction: 0,
            unit: frame.unit,
            pdu: frame.pdu,
            len: frame.len,
        };
        let shared = state.is_shared();
        match frame.role {
            Role::Response => self.response(state, &adu),
            Role::Request if frame.unit == 0 => self.broadcast(state, &adu),
            Role::Request => {
                if shared {
                    // One end asks, and it asks again when it no longer waits.
                    self.flush(state);
                }
                self.request(state, &adu);
            }
        }
    }

    /// What everybody is told and nobody answers (V1.02, 2.1).
    fn broadcast(&mut self, state: &mut State<K>, adu: &Adu<'_>) {
        let waiting = Pending::new(self.ts, adu);
        let request = Request::parse(adu.pdu);
        if let (Some(waiting), Some(request)) = (waiting, request) {
            let outcome = match request.sound {
                true => Outcome::Stated,
                false => Outcome::Malformed,
            };
            self.stats.units_malformed += u64::from(!request.sound);
            self.alone(&mut state.whose(), &waiting, (request, outcome));
        }
    }
}

impl<K> State<K> {
    /// A serial line, whose frames have no addresses but the units'.
    pub(crate) fn serial(ts: Timestamp) -> Box<Self>
    where
        K: Default,
    {
        let mut state = Self::new(Key::NONE, SERIAL_FLOW, ts);
        state.protocol = Recognised::MaybeRtu;
        state.line = Some(Box::new(Line {
            shared: true,
            ..Line::default()
        }));
        Box::new(state)
    }

    /// Whether both directions were seen from their beginning.
    fn begun(&self) -> bool {
        self.halves.iter().all(|half| half.whole)
    }

    /// Whether bytes of the one direction are both sides'.
    pub(crate) fn is_shared(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.shared)
    }

    /// What a frame that begins with these bytes is expected to be.
    fn expects(&self, from_orig: bool, bytes: &[u8]) -> Role {
        let asks = match &self.line {
            Some(line) if line.shared => {
                let waiting = self.pending.first();
                let asked = waiting.map(|waiting| (waiting.unit, waiting.func));
                asked.is_none() || asked != rtu::head(bytes)
            }
            Some(line) => match line.asks {
                Some(asks) => asks == from_orig,
                None => from_orig || self.begun(),
            },
            None => from_orig,
        };
        match asks {
            true => Role::Request,
            false => Role::Response,
        }
    }
}
