//! Context management (IEC 61158-6-10, 4.10): relations that begin, are controlled and end, records that are read and
//! written, over connectionless DCE/RPC.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol, Value};
use iia_core::time::SECOND_NS;

use super::super::{Asked, Cut, Session, Turn};
use super::packet::{HEADER_LEN, Interface, Kind, Packet, names_profinet};
use super::stub;
use super::waiting::{Key, Waiter};

/// The port at which context management begins (IEC 61158-6-10, 4.11.2).
pub(in super::super) const PORT: u16 = 34964;
/// Calls whose pieces are kept at once in a flow at most; beyond it the oldest is let go.
pub const ASSEMBLIES_MAX: usize = 8;
/// Bytes of a call in pieces that are kept at most; a longer one is told by its pieces only.
pub const ASSEMBLY_LEN_MAX: usize = 64 * 1024;
/// Pieces of a call at most.
const PIECES_MAX: usize = 256;
/// A call waits this long for its result.
const WAIT_MAX_NS: i64 = 10 * SECOND_NS;

/// Whether a datagram at the port can be context management: DCE/RPC whose interface is PROFINET's or the mapper's.
pub fn fits(bytes: &[u8]) -> bool {
    Packet::parse(bytes).is_some_and(|packet| packet.interface() != Interface::Other)
}

/// Whether a datagram can be nothing else, wherever it goes: its interface is PROFINET's, or the mapper answers with one.
pub fn claims(bytes: &[u8]) -> bool {
    Packet::parse(bytes).is_some_and(|packet| match packet.interface() {
        Interface::Profinet => true,
        Interface::Epm => packet.kind == Kind::Response && maps_profinet(packet.body),
        Interface::Other => false,
    })
}

/// Whether one of PROFINET's interfaces stands in some tower of an answer.
fn maps_profinet(body: &[u8]) -> bool {
    let uuid = |window: &[u8]| window.try_into().is_ok_and(names_profinet);
    body.windows(16).any(uuid)
}

/// Pieces of a call that is not whole.
#[derive(Debug)]
struct Assembly {
    key: (Key, bool),
    pieces: Vec<(u16, Box<[u8]>)>,
    last: Option<u16>,
    len: usize,
}

/// A flow of context management. Calls wait in what all flows know, because a device answers from another port.
#[derive(Debug, Default)]
pub struct ContextManagement {
    assemblies: Vec<Assembly>,
    held: usize,
    asked: Option<Timestamp>,
}

impl Session for ContextManagement {
    fn protocol(&self) -> Protocol {
        Protocol::ProfinetIo
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let Some(packet) = Packet::parse(unit) else {
            let fields = turn.fields();
            return turn.tell("no_rpc", Outcome::Malformed, fields);
        };
        if packet.interface() == Interface::Other {
            return;
        }
        if !packet.kind.carries() || !packet.is_piece() {
            return self.whole(turn, &packet);
        }
        match self.assemble(&packet) {
            Some(body) => self.whole(turn, &packet.with_body(&body)),
            None => {
                let mut fields = turn.fields();
                packet.header(&mut fields);
                let outcome = match packet.whole {
                    true => Outcome::Stated,
                    false => Outcome::Malformed,
                };
                turn.tell("fragment", outcome, fields);
            }
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        let Some(asked) = self.asked else { return };
        let of = turn.between;
        while let Some(old) = turn.known.profinet.overdue(turn.ts, WAIT_MAX_NS, Some(&of)) {
            unanswered(turn, &old);
        }
        if turn.ts.since_ns(asked) > 2 * WAIT_MAX_NS {
            self.asked = None;
        }
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.assemblies = Vec::new();
        self.held = 0;
        if self.asked.take().is_none() {
            return;
        }
        let of = turn.between;
        while let Some(old) = turn.known.profinet.any(Some(&of)) {
            unanswered(turn, &old);
        }
    }

    fn held(&self) -> usize {
        self.held
    }
}

impl ContextManagement {
    fn whole(&mut self, turn: &mut Turn<'_>, packet: &Packet<'_>) {
        let key = (packet.activity, u64::from(packet.sequence));
        match packet.kind {
            Kind::Request => self.request(turn, packet, key),
            Kind::Response | Kind::Fault | Kind::Reject => response(turn, packet, &key),
            _ => {
                let mut fields = turn.fields();
                let outcome = match stub::message(packet, &mut fields) {
                    Outcome::Malformed => Outcome::Malformed,
                    _ => Outcome::Stated,
                };
                turn.tell(packet.kind.name(), outcome, fields);
            }
        }
    }

    /// A request waits for its response, unless it only repeats one that does.
    fn request(&mut self, turn: &mut Turn<'_>, packet: &Packet<'_>, key: Key) {
        if turn.known.profinet.knows(&key) {
            let mut fields = turn.fields();
            stub::message(packet, &mut fields);
            fields.add("iia.profinet.repeated", Value::Bool(true));
            return turn.tell(stub::what(packet), Outcome::Stated, fields);
        }
        self.asked = Some(turn.ts);
        let waiter = Waiter {
            key,
            between: turn.between,
            asked: Asked {
                ts: turn.ts,
                from_orig: turn.from_orig,
                key: key.1,
                bytes: packet.kept(),
            },
            answered: false,
        };
        for old in turn.known.profinet.ask(waiter) {
            unanswered(turn, &old);
        }
    }

    /// Takes a piece; gives all bytes when it was the last one that was missing.
    fn assemble(&mut self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let whose = (packet.activity, u64::from(packet.sequence));
        let key = (whose, packet.kind == Kind::Request);
        let at = self.assemblies.iter().position(|one| one.key == key);
        let at = at.unwrap_or_else(|| self.begin(key));
        let assembly = self.assemblies.get_mut(at)?;
        if assembly
            .pieces
            .iter()
            .any(|piece| piece.0 == packet.fragment)
        {
            return None;
        }
        assembly.len += packet.body.len();
        self.held += packet.body.len();
        assembly.pieces.push((packet.fragment, packet.body.into()));
        if packet.is_last() {
            assembly.last = Some(packet.fragment);
        }
        let too_long = assembly.len > ASSEMBLY_LEN_MAX || assembly.pieces.len() > PIECES_MAX;
        let last = assembly.last.map(usize::from);
        let complete = last.is_some_and(|last| assembly.pieces.len() == last + 1);
        if !too_long && !complete {
            return None;
        }
        let mut done = self.assemblies.remove(at);
        self.held = self.held.saturating_sub(done.len);
        done.pieces.sort_by_key(|piece| piece.0);
        let whole = complete && done.pieces.last().map(|piece| piece.0) == done.last;
        let bytes = || done.pieces.iter().flat_map(|piece| piece.1.iter().copied());
        (whole && !too_long).then(|| bytes().collect())
    }

    fn begin(&mut self, key: (Key, bool)) -> usize {
        if self.assemblies.len() >= ASSEMBLIES_MAX {
            let old = self.assemblies.remove(0);
            self.held = self.held.saturating_sub(old.len);
        }
        self.assemblies.push(Assembly {
            key,
            pieces: Vec::new(),
            last: None,
            len: 0,
        });
        self.assemblies.len() - 1
    }
}

/// A result is told with its request, between the ends that the request was sent.
fn response(turn: &mut Turn<'_>, packet: &Packet<'_>, key: &Key) {
    let mut answered = turn.fields();
    let outcome = stub::message(packet, &mut answered);
    let Some(waiter) = turn.known.profinet.answer(key) else {
        let outcome = match outcome {
            Outcome::Malformed => outcome,
            _ => Outcome::Orphan,
        };
        return turn.tell(stub::what(packet), outcome, answered);
    };
    let mut fields = turn.fields();
    let (what, sound) = asked(&waiter, &mut fields);
    let outcome = if sound { outcome } else { Outcome::Malformed };
    let here = core::mem::replace(&mut turn.between, waiter.between);
    turn.join((what, outcome), (&waiter.asked, fields), answered);
    turn.between = here;
}

fn unanswered(turn: &mut Turn<'_>, waiter: &Waiter) {
    let mut fields = turn.fields();
    let (what, _) = asked(waiter, &mut fields);
    let here = core::mem::replace(&mut turn.between, waiter.between);
    turn.unanswered(what, (&waiter.asked, fields));
    turn.between = here;
}

/// Says a request that waited; its operation, and whether it kept the rules.
fn asked<'w>(waiter: &'w Waiter, fields: &mut super::super::Fields<'w>) -> (&'static str, bool) {
    let bytes: &'w [u8] = &waiter.asked.bytes;
    let Some(packet) = Packet::parse(bytes) else {
        return ("unknown_operation", false);
    };
    let packet = packet.with_body(bytes.get(HEADER_LEN..).unwrap_or_default());
    let outcome = stub::message(&packet, fields);
    (stub::what(&packet), outcome != Outcome::Malformed)
}
