//! Requests and responses joined to exchanges.
//!
//! A request that breaks the rules of its function waits like any other, and what the device says to it is its outcome's
//! latency: one record a transaction. It proves nothing about the flow, though: before a sound unit, or a response that
//! fits a request, nothing of a flow is called Modbus.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Span, Transport, Values};

use crate::beside::Pdus;
use crate::decode::modbus::{Adu, Request, Response};
use crate::desk::Desk;
use crate::flow::{State, Whose};
use crate::pipeline::PENDING_MAX_NS;
use crate::stream::{PENDING_MAX, PENDING_TOTAL_MAX, Pending};

impl<K, S: FnMut(&Observation<'_>, &mut K)> Desk<'_, K, S> {
    pub(crate) fn unit(&mut self, state: &mut State<K>, from_orig: bool, adu: &Adu<'_>) {
        self.stats.units += 1;
        if from_orig {
            self.request(state, adu);
        } else {
            self.response(state, adu);
        }
    }

    pub(crate) fn request(&mut self, state: &mut State<K>, adu: &Adu<'_>) {
        let Some(request) = Request::parse(adu.pdu) else {
            return self.malformed(state, adu);
        };
        if request.sound {
            state.prove();
        } else {
            self.stats.units_malformed += 1;
        }
        // A client that numbers everything alike gave up on the request before. Not so with writes: their responses
        // repeat them, so that several can wait under one number.
        let repeated = matches!(request.func, 5 | 6 | 15 | 16 | 22);
        // RTU has no numbers: there, what was asked at the same moment waits too.
        let at_once = |waiting: &Pending| state.line.is_some() && waiting.ts == self.ts;
        let same =
            |waiting: &Pending| !repeated && waiting.is(adu, request.func) && !at_once(waiting);
        let full = state.pending.len() >= PENDING_MAX || self.held.pending >= PENDING_TOTAL_MAX;
        if let Some(at) = state.pending.iter().position(same).or(full.then_some(0)) {
            self.unanswered(state, at);
        }
        let waiting = Pending::new(self.ts, adu);
        match waiting {
            Some(waiting) if self.held.pending < PENDING_TOTAL_MAX => {
                self.held.pending += 1;
                state.pending.push(waiting);
            }
            Some(waiting) if state.is_modbus() => self.lost(&mut state.whose(), &waiting),
            _ => {}
        }
    }

    pub(crate) fn response(&mut self, state: &mut State<K>, adu: &Adu<'_>) {
        let func = adu.pdu.first().copied().unwrap_or(0) & 0x7f;
        let response = Response::parse(adu.pdu);
        match (asked_for(&state.pending, adu, response.as_ref()), response) {
            (Some(at), response) => {
                state.prove();
                self.stats.units_malformed += u64::from(response.is_none());
                if let Some(waiting) = self.forget(state, at) {
                    self.joined(&mut state.whose(), &waiting, (adu, response.as_ref()));
                }
            }
            (None, Some(response)) => {
                state.prove();
                let exchange = Exchange {
                    transaction: adu.transaction,
                    unit: adu.unit,
                    write: response.write,
                    ..blank(self.ts, Outcome::Orphan, func)
                };
                self.lone(&mut state.whose(), exchange, adu);
            }
            (None, None) => self.malformed(state, adu),
        }
    }

    /// A unit that says nothing by the rules and belongs to no request.
    fn malformed(&mut self, state: &mut State<K>, adu: &Adu<'_>) {
        if !state.is_modbus() {
            return state.doubt();
        }
        self.stats.units_malformed += 1;
        let func = adu.pdu.first().copied().unwrap_or(0) & 0x7f;
        let exchange = Exchange {
            transaction: adu.transaction,
            unit: adu.unit,
            ..blank(self.ts, Outcome::Malformed, func)
        };
        self.lone(&mut state.whose(), exchange, adu);
    }

    /// A response that belongs to no request.
    fn lone(&mut self, whose: &mut Whose<'_, K>, exchange: Exchange<'_>, adu: &Adu<'_>) {
        self.report(whose, exchange);
        let answered = Some(adu.pdu);
        let pdus = Pdus {
            answered,
            ..Pdus::default()
        };
        self.beside(whose, &exchange, pdus);
    }

    fn joined(
        &mut self,
        whose: &mut Whose<'_, K>,
        waiting: &Pending,
        (adu, response): (&Adu<'_>, Option<&Response<'_>>),
    ) {
        let Some(request) = Request::parse(waiting.pdu()) else {
            return;
        };
        let exception = response.and_then(|response| response.exception);
        let fits = response.is_some_and(|response| exception.is_some() || response.fits(&request));
        let outcome = match exception {
            _ if !request.sound || !fits => Outcome::Malformed,
            Some(code) => Outcome::Exception(code),
            None => Outcome::Answered,
        };
        let values = response.map_or(Values::None, |response| response.values);
        let read = request.read.map(|span| Span { values, ..span });
        let exchange = Exchange {
            read,
            latency_ns: Some(self.ts.since_ns(waiting.ts)),
            ..asked(waiting, &request, outcome)
        };
        self.report(whose, exchange);
        let pdus = Pdus {
            asked: Some(waiting.pdu()),
            answered: Some(adu.pdu),
        };
        self.beside(whose, &exchange, pdus);
    }

    /// The request at a place in line got no response.
    fn unanswered(&mut self, state: &mut State<K>, at: usize) {
        let waiting = self.forget(state, at);
        if let Some(waiting) = waiting.filter(|_| state.is_modbus()) {
            self.lost(&mut state.whose(), &waiting);
        }
    }

    /// Takes a request out of the line, wherever it stands in it.
    #[inline]
    fn forget(&mut self, state: &mut State<K>, at: usize) -> Option<Pending> {
        let there = at < state.pending.len();
        self.held.pending = self.held.pending.saturating_sub(usize::from(there));
        there.then(|| state.pending.remove(at))
    }

    fn lost(&mut self, whose: &mut Whose<'_, K>, waiting: &Pending) {
        if let Some(request) = Request::parse(waiting.pdu()) {
            let outcome = if request.sound {
                Outcome::Unanswered
            } else {
                Outcome::Malformed
            };
            self.alone(whose, waiting, (request, outcome));
        }
    }

    /// A request without response, for this reason.
    pub(crate) fn alone(
        &mut self,
        whose: &mut Whose<'_, K>,
        waiting: &Pending,
        (request, outcome): (Request<'_>, Outcome),
    ) {
        let exchange = asked(waiting, &request, outcome);
        self.report(whose, exchange);
        let asked = Some(waiting.pdu());
        let pdus = Pdus {
            asked,
            ..Pdus::default()
        };
        self.beside(whose, &exchange, pdus);
    }

    pub(crate) fn expire(&mut self, state: &mut State<K>) {
        while state
            .pending
            .first()
            .is_some_and(|oldest| self.ts.since_ns(oldest.ts) > PENDING_MAX_NS)
        {
            self.unanswered(state, 0);
        }
    }

    /// Everything that still waits in a flow is unanswered.
    pub(crate) fn flush(&mut self, state: &mut State<K>) {
        if !state.undecided.is_empty() {
            self.is_rtu(state);
        }
        let pending = core::mem::take(&mut state.pending);
        self.held.pending = self.held.pending.saturating_sub(pending.len());
        if state.is_modbus() {
            pending
                .iter()
                .for_each(|waiting| self.lost(&mut state.whose(), waiting));
        }
    }

    #[inline]
    pub(crate) fn report(&mut self, whose: &mut Whose<'_, K>, exchange: Exchange<'_>) {
        self.stats.exchanges += 1;
        let exchange = Exchange {
            flow: whose.flow,
            protocol: whose.protocol,
            ..exchange
        };
        (self.sink)(&Observation::Exchange(exchange), whose.kept);
    }
}

/// The request that a unit answers: the first under its number, or of several the first that it fits.
fn asked_for(waiting: &[Pending], adu: &Adu<'_>, response: Option<&Response<'_>>) -> Option<usize> {
    let func = adu.pdu.first().copied().unwrap_or(0) & 0x7f;
    let first = waiting.iter().position(|one| one.is(adu, func))?;
    let fits = |one: &Pending| {
        let request = Request::parse(one.pdu());
        let both = response.zip(request);
        one.is(adu, func) && both.is_some_and(|(response, request)| response.fits(&request))
    };
    let several = first + 1 < waiting.len();
    let better = if several {
        waiting.iter().position(fits)
    } else {
        None
    };
    better.or(Some(first))
}

/// An exchange as far as its request tells.
fn asked<'a>(waiting: &Pending, request: &Request<'a>, outcome: Outcome) -> Exchange<'a> {
    Exchange {
        transaction: waiting.transaction,
        unit: waiting.unit,
        read: request.read,
        write: request.write,
        ..blank(waiting.ts, outcome, request.func)
    }
}

/// An exchange of which only the outcome and the function are known; the flow is filled in by whoever reports it.
pub(crate) fn blank(ts: Timestamp, outcome: Outcome, func: u8) -> Exchange<'static> {
    let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
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
