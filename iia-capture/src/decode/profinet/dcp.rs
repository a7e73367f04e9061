//! Discovery and configuration (IEC 61158-6-10, 4.3): who is there, what it is called, which address it has or gets.

use iia_core::observe::{Between, Link, Outcome, Protocol, Value};
use iia_core::time::SECOND_NS;

use super::super::{Asked, Fields, Reader, Turn};
use super::options;
use super::rt::class;
use super::waiting::{Key, Waiter, Waiting};
use super::walk::Walk;

/// A question waits this long for its answers; a device delays its own by some seconds at most.
const WAIT_MAX_NS: i64 = 10 * SECOND_NS;

/// Bytes of the frame id and of what stands before the blocks.
const HEAD_LEN: usize = 12;
const GET: u8 = 3;
const SET: u8 = 4;
const IDENTIFY: u8 = 5;
const HELLO: u8 = 6;
const REQUEST: u8 = 0;

/// What stands before the blocks of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Wireshark: `pn_dcp.service_id`.
    pub(super) service: u8,
    /// Wireshark: `pn_dcp.service_type`.
    pub(super) kind: u8,
    /// Wireshark: `pn_dcp.xid`.
    pub(super) xid: u32,
}

impl Head {
    /// What stands behind the frame id; `None` where not all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let [_, _, service, kind, x1, x2, x3, x4, ..] = *bytes.first_chunk::<HEAD_LEN>()?;
        let xid = u32::from_be_bytes([x1, x2, x3, x4]);
        Some(Self { service, kind, xid })
    }

    const fn is_request(self) -> bool {
        self.kind == REQUEST
    }

    /// Whether values stand behind what is known of them.
    pub(super) const fn has_info(self) -> bool {
        matches!(self.service, IDENTIFY | GET) && !self.is_request() || self.service == HELLO
    }

    /// Whether values stand behind how they are to be kept.
    pub(super) const fn has_qualifier(self) -> bool {
        self.service == SET && self.is_request()
    }

    const fn what(self) -> &'static str {
        match self.service {
            GET => "get",
            SET => "set",
            IDENTIFY => "identify",
            HELLO => "hello",
            _ => "unknown",
        }
    }
}

/// Questions that wait for their answers.
#[derive(Debug, Default)]
pub(super) struct Dcp {
    waiting: Waiting,
}

impl Dcp {
    pub(super) fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        if let (Some(head), Between::Link(link)) = (Head::read(payload), turn.between)
            && head.is_request()
            && head.service != HELLO
        {
            // Told when its answer is.
            return self.ask(turn, (key(&head, link, true), link), payload);
        }
        let mut fields = turn.fields();
        let Some((head, sound)) = message(&mut fields, payload) else {
            return turn.tell("cut_short", Outcome::Malformed, fields);
        };
        let Between::Link(link) = turn.between else {
            return turn.put_back(fields);
        };
        match head.is_request() {
            true => turn.tell(head.what(), stated(sound), fields),
            false => self.answer(turn, (head, link, sound), fields),
        }
    }

    fn ask(&mut self, turn: &mut Turn<'_>, (key, link): (Key, Link), payload: &[u8]) {
        // A transaction that is begun anew ends the one before.
        if let Some(old) = self.waiting.answer(&key) {
            over(turn, &old);
        }
        let waiter = Waiter {
            key,
            between: Between::Link(link),
            asked: Asked {
                ts: turn.ts,
                from_orig: true,
                key: key.1,
                bytes: payload.into(),
            },
            answered: false,
        };
        for old in self.waiting.ask(waiter) {
            over(turn, &old);
        }
    }

    /// An answer is told with its question; of several to one question, the first.
    fn answer(
        &mut self,
        turn: &mut Turn<'_>,
        (head, link, sound): (Head, Link, bool),
        answered: Fields<'_>,
    ) {
        let refused = options::refused(&answered);
        let outcome = match (sound, head.kind, refused) {
            (false, ..) => Outcome::Malformed,
            (_, 5, _) => Outcome::Refused(head.kind.into()),
            (_, _, Some(error)) => Outcome::Refused(error),
            _ => Outcome::Answered,
        };
        let key = key(&head, link, false);
        let Some(waiter) = self.waiting.answer_one(&key) else {
            let outcome = match outcome {
                Outcome::Malformed => outcome,
                _ => Outcome::Orphan,
            };
            return turn.tell(head.what(), outcome, answered);
        };
        if waiter.answered {
            return turn.tell("identify_response", stated(sound), answered);
        }
        waiter.answered = true;
        let mut fields = turn.fields();
        let asked_sound = message(&mut fields, &waiter.asked.bytes).is_some_and(|one| one.1);
        let outcome = match asked_sound {
            true => outcome,
            false => Outcome::Malformed,
        };
        let here = core::mem::replace(&mut turn.between, waiter.between);
        turn.join((head.what(), outcome), (&waiter.asked, fields), answered);
        turn.between = here;
        if head.service != IDENTIFY {
            self.waiting.answer(&key);
        }
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.waiting.overdue(turn.ts, WAIT_MAX_NS, None) {
            over(turn, &old);
        }
    }

    pub(super) fn end(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.waiting.any(None) {
            over(turn, &old);
        }
    }
}

const fn stated(sound: bool) -> Outcome {
    match sound {
        true => Outcome::Stated,
        false => Outcome::Malformed,
    }
}

/// Who asks, and under which number.
fn key(head: &Head, link: Link, request: bool) -> Key {
    let asker = if request {
        link.source
    } else {
        link.destination
    };
    let [a, b, c, d, e, f] = asker.0;
    let [high, low] = link.vlan.to_be_bytes();
    let whose = [a, b, c, d, e, f, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    let number = u64::from(head.xid) | u64::from(head.service) << 32;
    (whose, number)
}

/// Nobody answers any more; told where nobody did.
fn over(turn: &mut Turn<'_>, old: &Waiter) {
    if old.answered {
        return;
    }
    let mut fields = turn.fields();
    let head = message(&mut fields, &old.asked.bytes);
    let what = head.map_or("unknown", |(head, _)| head.what());
    let here = core::mem::replace(&mut turn.between, old.between);
    let before = core::mem::replace(&mut turn.protocol, Protocol::ProfinetDcp);
    turn.unanswered(what, (&old.asked, fields));
    (turn.between, turn.protocol) = (here, before);
}

/// Says a message; its head, and whether the rest keeps the rules. `None` where not even the head is there.
fn message<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> Option<(Head, bool)> {
    let mut reader = Reader::new(bytes);
    let id = reader.be16()?;
    fields.code("pn_rt.frame_id", id, Some(class(id).1));
    let [service, kind] = reader.array()?;
    fields.code("pn_dcp.service_id", service, service_name(service));
    fields.code("pn_dcp.service_type", kind, kind_name(kind));
    let xid = reader.be32()?;
    fields.uint("pn_dcp.xid", xid);
    let head = Head { service, kind, xid };
    let delay = reader.be16()?;
    match (service, head.is_request()) {
        (IDENTIFY, true) => fields.uint("pn_dcp.response_delay", delay),
        _ => fields.uint("pn_dcp.reserved16", delay),
    }
    let len = reader.be16()?;
    fields.uint("pn_dcp.data_length", len);
    let there = reader.rest();
    let blocks = there.get(..len.into());
    let whole = blocks.is_some();
    let mut walk = Walk::new(blocks.unwrap_or(there), 0, fields);
    let done = if service == GET && head.is_request() {
        options::wanted(&mut walk)
    } else {
        options::all(&mut walk, head)
    };
    if done.is_none() && !walk.reader.is_empty() {
        let rest = walk.reader.rest();
        fields.add("iia.profinet.block_data", Value::Bytes(rest));
    }
    Some((head, whole && done.is_some()))
}

const fn service_name(service: u8) -> Option<&'static str> {
    Some(match service {
        GET => "get",
        SET => "set",
        IDENTIFY => "identify",
        HELLO => "hello",
        1 | 2 => "manufacturer specific",
        _ => return None,
    })
}

const fn kind_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        REQUEST => "request",
        1 => "response success",
        5 => "response, request not supported",
        _ => return None,
    })
}
