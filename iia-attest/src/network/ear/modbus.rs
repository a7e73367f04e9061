//! What is asked and answered in Modbus over one connection, each question with its answer.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use iia_contract::scope::Run;
use iia_core::Timestamp;
use iia_core::observe::{Flow, Outcome, Protocol, Table};

use super::PENDING_MAX_NS;
use crate::io::wire::Data;
use crate::io::wire::modbus::{ASKED_MAX, Asked, Message, Side, answer};
use crate::io::wire::net::Segment;
use crate::io::wire::stream::Direction;
use crate::network::deed::{Deed, Touched};

/// Marks an exception (MODBUS Application Protocol V1.1b3, section 7).
const EXCEPTION: u8 = 0x80;

/// A question that waits for its answer.
#[derive(Clone, Debug)]
struct Open {
    at: Timestamp,
    transaction: u16,
    unit: u8,
    func: u8,
    /// What it reads, and how many.
    read: Option<(Table, u16, u16)>,
    write: Option<Touched>,
}

/// Both directions of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialogue {
    asks: (Direction, Side),
    answers: (Direction, Side),
    open: VecDeque<Open>,
    messages: u64,
    malformed: u64,
}

impl Dialogue {
    /// Whether messages of Modbus were heard, and nothing else.
    pub(super) const fn is_one(&self) -> bool {
        self.messages > 0 && self.malformed == 0
    }

    /// Whether something was heard that is none.
    pub(super) const fn is_none(&self) -> bool {
        self.malformed > 0
    }

    /// Takes a segment; how many gaps there were.
    pub(super) fn handle_segment(
        &mut self,
        (at, flow): (Timestamp, &Flow),
        asks: bool,
        segment: &Segment<'_>,
        each: &mut impl FnMut(Deed),
    ) -> u64 {
        let Self {
            asks: questions,
            answers,
            open,
            messages,
            malformed,
        } = self;
        let (half, other) = match asks {
            true => (questions, answers),
            false => (answers, questions),
        };
        // What the other end already had is judged before what this one says next.
        let earlier = other.0.handle_ack(segment.ack);
        let now = half.0.handle_segment(segment);
        let mut gaps = 0;
        for (side, ready, is_question) in [(&mut other.1, earlier, !asks), (&mut half.1, now, asks)]
        {
            if ready.gap {
                side.handle_gap();
                gaps += 1;
            }
            let before = side.malformed();
            side.handle_bytes(&ready.bytes, |message| {
                *messages += 1;
                match is_question {
                    true => asked(open, (at, flow), &message, each),
                    false => answered(open, flow, &message, each),
                }
            });
            *malformed += side.malformed() - before;
        }
        gaps
    }

    /// Questions that waited too long have no answer.
    pub(super) fn handle_timeout(
        &mut self,
        (now, flow): (Timestamp, &Flow),
        each: &mut impl FnMut(Deed),
    ) {
        let is_late = |open: &Open| now.since_ns(open.at) > PENDING_MAX_NS;
        while self.open.front().is_some_and(is_late) {
            if let Some(open) = self.open.pop_front() {
                each(open.exchange(flow, Outcome::Unanswered, None));
            }
        }
    }
}

impl Open {
    fn exchange(self, flow: &Flow, outcome: Outcome, values: Option<Data<'_>>) -> Deed {
        let read = self.read.map(|(table, first, count)| Touched {
            run: run(table, first, count),
            values: values.map(numbers).unwrap_or_default(),
        });
        Deed::Exchange {
            flow: *flow,
            protocol: Protocol::ModbusTcp,
            unit: self.unit,
            func: self.func,
            outcome,
            read,
            write: self.write,
        }
    }
}

fn asked(
    open: &mut VecDeque<Open>,
    (at, flow): (Timestamp, &Flow),
    message: &Message<'_>,
    each: &mut impl FnMut(Deed),
) {
    let sound = Asked::parse(message.pdu);
    let is_sound = sound.is_ok();
    let question = sound.unwrap_or(Asked {
        read: None,
        write: None,
    });
    let asked = Open {
        at,
        transaction: message.transaction,
        unit: message.unit,
        func: message.pdu.first().copied().unwrap_or_default(),
        read: question.read,
        write: question.write.map(|(table, first, data)| Touched {
            run: run(table, first, len(data)),
            values: numbers(data),
        }),
    };
    if !is_sound {
        return each(asked.exchange(flow, Outcome::Malformed, None));
    }
    if open.len() >= ASKED_MAX
        && let Some(oldest) = open.pop_front()
    {
        each(oldest.exchange(flow, Outcome::Unanswered, None));
    }
    open.push_back(asked);
}

fn answered(
    open: &mut VecDeque<Open>,
    flow: &Flow,
    message: &Message<'_>,
    each: &mut impl FnMut(Deed),
) {
    let first = message.pdu.first().copied().unwrap_or_default();
    let func = first & !EXCEPTION;
    let is_its = |open: &Open| {
        (open.transaction, open.unit, open.func) == (message.transaction, message.unit, func)
    };
    let place = open.iter().position(is_its);
    let Some(question) = place.and_then(|place| open.remove(place)) else {
        return each(Deed::Exchange {
            flow: *flow,
            protocol: Protocol::ModbusTcp,
            unit: message.unit,
            func,
            outcome: Outcome::Orphan,
            read: None,
            write: None,
        });
    };
    let deed = match (first & EXCEPTION != 0, question.read) {
        (true, _) => {
            let code = message.pdu.get(1).copied().unwrap_or_default();
            question.exchange(flow, Outcome::Exception(code), None)
        }
        (false, None) => question.exchange(flow, Outcome::Answered, None),
        (false, Some(read)) => match answer(message.pdu, read) {
            Ok(values) => question.exchange(flow, Outcome::Answered, values),
            Err(_) => question.exchange(flow, Outcome::Malformed, None),
        },
    };
    each(deed);
}

fn run(table: Table, first: u16, count: u16) -> Run {
    let first = u32::from(first);
    Run {
        table,
        first,
        last: first.saturating_add(u32::from(count.saturating_sub(1))),
    }
}

/// How many registers or bits.
fn len(data: Data<'_>) -> u16 {
    match data {
        Data::Bits(_, count) => count,
        Data::Bytes(bytes) => u16::try_from(bytes.len() / 2).unwrap_or(u16::MAX),
    }
}

/// Registers or bits, in order.
fn numbers(data: Data<'_>) -> Vec<u16> {
    match data {
        Data::Bits(bytes, count) => {
            let bits = bytes
                .iter()
                .flat_map(|byte| (0..8).map(move |shift| u16::from(byte >> shift & 1)));
            bits.take(count.into()).collect()
        }
        Data::Bytes(bytes) => {
            let words = bytes.as_chunks::<2>().0.iter();
            words.map(|pair| u16::from_be_bytes(*pair)).collect()
        }
    }
}
