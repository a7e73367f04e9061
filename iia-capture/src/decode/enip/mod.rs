//! EtherNet/IP and the CIP in it: the encapsulation (CIP Volume 2, chapter 2), explicit messages, I/O.
//!
//! Each message of CIP is a record of its own, also one that another carries: each service of a Multiple_Service_Packet,
//! the message of an Unconnected_Send. The record of what carries them has the encapsulation's fields. An attribute that
//! the standard defines, a tag, a file of PCCC is told with its type; what nobody but a device's maker knows is told as
//! bytes.

mod attribute;
mod attributes;
mod attributes_network;
mod command;
mod common;
mod connection;
mod io;
mod known;
mod layout;
mod message;
mod names;
mod packet;
mod path;
mod pccc;
mod pccc_names;
mod tag;
mod tell;
mod template;
#[cfg(test)]
mod tests;
mod things;
mod value;

use iia_core::Timestamp;
use iia_core::observe::{Between, Flow, Outcome, Protocol, Transport};

use super::{Asked, Cut, Line, Session, Turn};
pub use common::PARTS_MAX;
pub use io::CipIo;
pub use known::{CONNECTIONS_MAX, Connection, Connections, SEARCHES_MAX};
pub use layout::{LEAVES_MAX, NESTED_MAX};
use message::{Reply, Request, is_reply};
use packet::{Frame, command as commands};
pub use packet::{HEAD_LEN, ITEMS_MAX, claims, fits, fits_datagram, fits_io, fits_stream};
pub use path::{SEGMENTS_MAX, Target};
pub use tell::DEPTH_MAX;
use tell::{Seen, told};
pub use template::{DEFINITION_LEN_MAX, TEMPLATES_MAX};

/// The port of the encapsulation, of TCP and UDP.
pub const PORT: u16 = 44818;
/// The port of implicit messages.
pub const IO_PORT: u16 = 2222;
/// A message waits this long for its answer: erasing a memory takes a quarter of a minute, and messages that are sent on
/// may wait half of one.
const WAIT_MAX_NS: i64 = 60 * iia_core::time::SECOND_NS;

/// A connection of TCP, or datagrams between two ends.
#[derive(Debug, Default)]
pub struct Enip {
    line: Line,
    /// Whether bytes are missing before the next unit, by direction.
    lost: [bool; 2],
}

impl Session for Enip {
    fn protocol(&self) -> Protocol {
        Protocol::Enip
    }

    fn cut(&self, from_orig: bool, bytes: &[u8]) -> Cut {
        let [orig, resp] = self.lost;
        packet::cut(bytes, if from_orig { orig } else { resp })
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let [orig, resp] = &mut self.lost;
        let lost = if turn.from_orig { orig } else { resp };
        let frame = Frame::parse(unit).filter(|frame| packet::is_plausible(&frame.head));
        let Some(frame) = frame.filter(|_| !*lost || fits(unit)) else {
            // The end of a message whose beginning is missing is nobody's fault.
            if !core::mem::replace(lost, true) {
                let fields = turn.fields();
                turn.tell("no_unit", Outcome::Malformed, fields);
            }
            return;
        };
        *lost = false;
        if answers(&frame, turn.from_orig) {
            self.answer(turn, frame);
        } else {
            self.ask(turn, frame, unit);
        }
    }

    fn gap(&mut self, from_orig: bool) {
        let [orig, resp] = &mut self.lost;
        *(if from_orig { orig } else { resp }) = true;
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.line.overdue(turn.ts, WAIT_MAX_NS) {
            unanswered(turn, &old);
        }
    }

    fn due(&self) -> Timestamp {
        self.line.due(WAIT_MAX_NS)
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        for old in self.line.drain() {
            unanswered(turn, &old);
        }
    }

    fn held(&self) -> usize {
        self.line.held()
    }
}

impl Enip {
    fn ask(&mut self, turn: &mut Turn<'_>, frame: Frame<'_>, unit: &[u8]) {
        if matches!(
            frame.head.command,
            commands::NOP | commands::UNREGISTER_SESSION
        ) {
            return told(turn, Seen::Alone(Outcome::Stated), Some(frame), None);
        }
        if let Some(flow) = everybody(turn) {
            turn.known.cip.search((flow.orig_h, flow.orig_p));
            return told(turn, Seen::Alone(Outcome::Stated), Some(frame), None);
        }
        let when = (turn.ts, turn.from_orig);
        if let Some(old) = self.line.ask(key(turn, &frame), when, unit) {
            unanswered(turn, &old);
        }
    }

    fn answer(&mut self, turn: &mut Turn<'_>, frame: Frame<'_>) {
        let key = key(turn, &frame);
        while let Some(asked) = self.line.answer(key, turn.from_orig) {
            let Some(request) = Frame::parse(&asked.bytes) else {
                continue;
            };
            if matches(&request, &frame) {
                return told(turn, Seen::Both(&asked), Some(request), Some(frame));
            }
            // Its own answer was lost, or it would have come before this one.
            unanswered(turn, &asked);
        }
        let expected = match turn.between {
            Between::Flow(flow) => turn.known.cip.searched((flow.orig_h, flow.orig_p)),
            Between::Link(_) => false,
        };
        let outcome = match expected && frame.head.command != commands::SEND_UNIT_DATA {
            true => Outcome::Stated,
            false => Outcome::Orphan,
        };
        told(turn, Seen::Alone(outcome), None, Some(frame));
    }
}

fn unanswered(turn: &mut Turn<'_>, old: &Asked) {
    told(turn, Seen::Asked(old), Frame::parse(&old.bytes), None);
}

/// Whether a message answers another. A message of CIP says so itself; others by what only an answer has.
fn answers(frame: &Frame<'_>, from_orig: bool) -> bool {
    if let Some(cip) = frame.carried.cip.and_then(is_reply) {
        return cip;
    }
    let head = &frame.head;
    match head.command {
        commands::NOP | commands::UNREGISTER_SESSION => false,
        _ if head.status != 0 => true,
        commands::LIST_SERVICES | commands::LIST_IDENTITY | commands::LIST_INTERFACES => {
            !frame.body.is_empty()
        }
        commands::REGISTER_SESSION => head.session != 0,
        _ => !from_orig,
    }
}

/// The flow of a datagram that asks everybody.
fn everybody(turn: &Turn<'_>) -> Option<Flow> {
    let Between::Flow(flow) = turn.between else {
        return None;
    };
    let all = match flow.resp_h {
        core::net::IpAddr::V4(to) => {
            to.is_broadcast() || to.is_multicast() || to.octets()[3] == 255
        }
        core::net::IpAddr::V6(to) => to.is_multicast(),
    };
    (turn.from_orig && flow.transport == Transport::Udp && all).then_some(flow)
}

/// What an answer repeats: the context or, of a connected message, its number on the connection.
fn key(turn: &Turn<'_>, frame: &Frame<'_>) -> u64 {
    let carried = frame.carried;
    if let (Some(id), Some(sequence)) = (carried.connection, carried.sequence) {
        let producer = io::producer(turn);
        let shared = producer.map_or(0, |producer| turn.known.cip.shared(producer, id));
        return u64::from(shared) << 16 | u64::from(sequence);
    }
    let context: [u8; 8] = frame.head.context.try_into().unwrap_or_default();
    u64::from_le_bytes(context) ^ u64::from(frame.head.command) << 48
}

/// Whether an answer can be that of a request: the same command and, where both carry CIP, a service that answers.
fn matches(request: &Frame<'_>, answer: &Frame<'_>) -> bool {
    let asked = request.carried.cip.and_then(Request::parse);
    let answered = answer.carried.cip.and_then(Reply::parse);
    request.head.command == answer.head.command
        && match (asked, answered) {
            (Some(asked), Some(answered)) => known::fits(&asked, &answered),
            _ => true,
        }
}
