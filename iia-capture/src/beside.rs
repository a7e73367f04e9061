//! What a transaction of Modbus says that an exchange has no place for, told beside it.

use alloc::boxed::Box;

use iia_core::observe::{Between, Exchange, Observation, Outcome, Protocol};

use crate::decode::modbus::told;
use crate::decode::{Asked, Fields, Turn};
use crate::desk::Desk;
use crate::flow::Whose;

/// The bytes of a transaction: function code and data of its request and of its response, as far as they were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pdus<'a> {
    pub(crate) asked: Option<&'a [u8]>,
    pub(crate) answered: Option<&'a [u8]>,
}

impl<K, S: FnMut(&Observation<'_>, &mut K)> Desk<'_, K, S> {
    /// Tells what the bytes say, where the function says more than reads and writes.
    #[inline]
    pub(crate) fn beside(
        &mut self,
        whose: &mut Whose<'_, K>,
        exchange: &Exchange<'_>,
        pdus: Pdus<'_>,
    ) {
        if told::is_told(exchange.func) {
            self.tell(whose, exchange, pdus);
        }
    }

    fn tell(&mut self, whose: &mut Whose<'_, K>, exchange: &Exchange<'_>, pdus: Pdus<'_>) {
        let (stats, outside, kept) = (&mut *self.stats, &mut *self.sink, &mut *whose.kept);
        let mut sink = |seen: &Observation<'_>| {
            stats.said += 1;
            outside(seen, kept);
        };
        let request = pdus.asked.is_some();
        let when = (self.ts, Between::Flow(whose.flow), request);
        let (known, scratch) = (&mut *self.known, &mut *self.scratch);
        let mut turn = Turn::new(when, whose.protocol, (known, scratch), &mut sink);
        let (mut asked, mut answered) = (turn.fields(), turn.fields());
        let mut sound = true;
        let mut name = "not_defined";
        if let Some((func, data)) = pdus.asked.and_then(<[u8]>::split_first) {
            head(&mut asked, exchange, whose.protocol);
            name = told::what(*func, data);
            sound &= told::asked(&mut asked, *func, data);
        }
        if let Some((func, data)) = pdus.answered.and_then(<[u8]>::split_first) {
            head(&mut answered, exchange, whose.protocol);
            if !request {
                name = told::what(func & 0x7f, if func & 0x80 == 0 { data } else { &[] });
            }
            sound &= response(&mut answered, *func, data);
        }
        let outcome = match exchange.outcome {
            // A device may refuse for good reason what breaks the rules; that it was asked remains.
            _ if !sound => Outcome::Malformed,
            outcome => outcome,
        };
        speak(&mut turn, (name, outcome), exchange, (asked, answered));
    }
}

/// Says it in the way that its outcome asks for.
fn speak<'a>(
    turn: &mut Turn<'_>,
    (name, outcome): (&'static str, Outcome),
    exchange: &Exchange<'_>,
    (asked, answered): (Fields<'a>, Fields<'a>),
) {
    let alone = asked.all().is_empty();
    let message = Asked {
        ts: exchange.ts,
        from_orig: true,
        key: 0,
        bytes: Box::default(),
    };
    match exchange.latency_ns {
        Some(_) => turn.join((name, outcome), (&message, asked), answered),
        None if alone => {
            turn.put_back(asked);
            turn.tell(name, outcome, answered);
        }
        None => {
            turn.put_back(answered);
            turn.ts = exchange.ts;
            turn.tell(name, outcome, asked);
        }
    }
}

/// Which transaction it is.
fn head(fields: &mut Fields<'_>, exchange: &Exchange<'_>, protocol: Protocol) {
    if protocol == Protocol::ModbusRtu {
        return fields.uint("mbrtu.unit_id", exchange.unit);
    }
    fields.uint("mbtcp.trans_id", exchange.transaction);
    fields.uint("mbtcp.unit_id", exchange.unit);
}

fn response<'a>(fields: &mut Fields<'a>, func: u8, data: &'a [u8]) -> bool {
    match (func & 0x80, data) {
        (0, _) => told::answered(fields, func, data),
        (_, [exception]) => {
            told::refused(fields, func & 0x7f, *exception);
            true
        }
        _ => false,
    }
}
