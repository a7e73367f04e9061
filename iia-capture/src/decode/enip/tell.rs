//! One message of the encapsulation with its answer, told: itself, and each message of CIP that it carries.

use core::net::IpAddr;

use iia_core::observe::{Between, Outcome};

use super::common::{MULTIPLE_SERVICE_PACKET, PARTS_MAX, parts};
use super::message::{Reply, Request};
use super::packet::Frame;
use super::template::Help;
use super::{command, connection, known, names, pccc};
use crate::decode::{ASKED_LEN_MAX, Asked, Fields, Turn};

/// Messages in messages are read so deep.
pub const DEPTH_MAX: u8 = 4;

/// What was seen of a message: it, its answer, or both.
#[derive(Clone, Copy)]
pub(super) enum Seen<'s> {
    /// Both.
    Both(&'s Asked),
    /// The message, whose answer never came.
    Asked(&'s Asked),
    /// The answer alone, or a message that asks for none.
    Alone(Outcome),
}

/// A message of CIP and its answer, as far as they were seen.
#[derive(Clone, Copy)]
struct Pair<'a> {
    asked: Option<&'a [u8]>,
    reply: Option<&'a [u8]>,
}

/// A message being told, with what all messages that it carries share.
struct Telling<'s, 't, 'x> {
    turn: &'s mut Turn<'x>,
    seen: Seen<'t>,
    /// Messages that may still be told.
    left: usize,
}

/// Tells a message and its answer.
pub(super) fn told<'a>(
    turn: &mut Turn<'_>,
    seen: Seen<'_>,
    asked: Option<Frame<'a>>,
    answer: Option<Frame<'a>>,
) {
    let (mut mine, mut theirs) = (turn.fields(), turn.fields());
    let kept = match seen {
        Seen::Both(asked) | Seen::Asked(asked) => asked.bytes.len(),
        Seen::Alone(_) => 0,
    };
    let cut = kept >= ASKED_LEN_MAX && asked.is_some_and(|frame| !frame.is_whole());
    let sound = [(&mut mine, asked), (&mut theirs, answer)]
        .map(|(fields, frame)| frame.is_none_or(|frame| command::fields(fields, &frame)));
    // What was kept of a long message may be its beginning; then its end cannot be judged.
    let sound = (sound[0] || cut) && sound[1];
    let carried = |frame: Option<Frame<'a>>| {
        let carried = frame?.carried;
        Some((carried, carried.cip?))
    };
    let (mut pair, mut any) = (
        Pair {
            asked: None,
            reply: None,
        },
        false,
    );
    for (fields, place, frame) in [
        (&mut mine, &mut pair.asked, asked),
        (&mut theirs, &mut pair.reply, answer),
    ] {
        if let Some((carried, cip)) = carried(frame) {
            any = true;
            if let Some(sequence) = carried.sequence {
                fields.uint("cip.seq", sequence);
            }
            *place = Some(cip);
        }
    }
    if let Some(asked) = asked {
        connected(turn, seen, asked.carried.connection, &mut mine);
    }
    let mut telling = Telling {
        turn,
        seen,
        left: PARTS_MAX,
    };
    let status = answer.map_or(0, |frame| frame.head.status);
    let refused = (status != 0).then_some(status);
    if any {
        return telling.message(pair, (mine, theirs), (sound, refused, cut), 0);
    }
    let head = asked.or(answer).map(|frame| frame.head.command);
    let what = head.and_then(names::command_name);
    let outcome = outcome(sound, refused);
    telling.say(what.unwrap_or("unknown_command"), outcome, (mine, theirs));
}

/// Of a message on a connection that was seen to be opened: which it is, and where it leads to.
fn connected(turn: &mut Turn<'_>, seen: Seen<'_>, id: Option<u32>, fields: &mut Fields<'_>) {
    let (Between::Flow(flow), Some(id)) = (turn.between, id) else {
        return;
    };
    let from_orig = match seen {
        Seen::Both(asked) | Seen::Asked(asked) => asked.from_orig,
        Seen::Alone(_) => turn.from_orig,
    };
    let producer = if from_orig { flow.orig_h } else { flow.resp_h };
    let Some((connection, _)) = turn.known.cip.find(producer, id) else {
        return;
    };
    fields.uint("iia.cip.conn_serial_num", connection.triad.0);
    if let Some(class) = connection.way.class {
        fields.code("iia.cip.conn_class", class, names::class_name(class));
    }
    if let Some(instance) = connection.way.instance {
        fields.uint("iia.cip.conn_instance", instance);
    }
}

fn outcome(sound: bool, refused: Option<u32>) -> Outcome {
    match (sound, refused) {
        (false, _) => Outcome::Malformed,
        (true, Some(code)) => Outcome::Refused(code),
        (true, None) => Outcome::Answered,
    }
}

impl Telling<'_, '_, '_> {
    /// Tells a message of CIP, and those in it. `judged` says whether what is around it keeps the rules, with which status
    /// that refuses, and whether only its beginning was kept.
    fn message<'a>(
        &mut self,
        pair: Pair<'a>,
        fields: (Fields<'a>, Fields<'a>),
        judged: (bool, Option<u32>, bool),
        depth: u8,
    ) {
        let (sound, refused, cut) = judged;
        let request = pair.asked.map(Request::parse);
        let reply = pair.reply.map(Reply::parse);
        let readable = !matches!(request, Some(None)) && !matches!(reply, Some(None));
        let (request, reply) = (request.flatten(), reply.flatten());
        let help = self.help(request.as_ref(), reply.as_ref());
        // From here on they borrow from what helps as well.
        let (mut mine, mut theirs): (Fields<'_>, Fields<'_>) = fields;
        let sends = request.filter(|request| is_send(request));
        // The answer to a message that was sent on is that message's, unless the way there failed.
        let through = sends.is_some()
            && reply.is_some_and(|reply| reply.service != connection::UNCONNECTED_SEND);
        let mut right = request.is_none_or(|request| request.fields(&mut mine, &help)) || cut;
        if let Some(reply) = reply.filter(|_| !through) {
            right &= reply.fields(&mut theirs, request.as_ref(), &help);
            if let Some(request) = request.filter(|_| reply.status == 0) {
                self.remember(&request, &reply);
            }
            if let Some(request) = request.filter(|_| reply.is_success()) {
                self.learn(&request, &reply);
            }
        }
        let refused = refused.or_else(|| {
            let reply = reply.filter(|_| !through)?;
            refusal(request.as_ref(), &reply)
        });
        let what = request.map_or_else(|| orphan(reply.as_ref()), |request| request.what());
        let outcome = outcome(sound && right && readable, refused);
        self.say(what, outcome, (mine, theirs));
        if depth >= DEPTH_MAX {
            return;
        }
        if let Some(request) = sends {
            let inner = Pair {
                asked: connection::embedded(request.data),
                reply: pair.reply.filter(|_| through),
            };
            self.inner(inner, (refused, cut), depth);
        } else {
            self.packet(request, reply, (refused, cut), depth);
        }
    }

    /// Tells each message of several in one.
    fn packet(
        &mut self,
        request: Option<Request<'_>>,
        reply: Option<Reply<'_>>,
        judged: (Option<u32>, bool),
        depth: u8,
    ) {
        let several = |service: u8| service == MULTIPLE_SERVICE_PACKET;
        let asked = request.filter(|request| several(request.service));
        let answered = reply.filter(|reply| several(reply.service));
        let mut asked = asked.into_iter().flat_map(|request| parts(request.data));
        let mut answered = answered.into_iter().flat_map(|reply| parts(reply.data));
        loop {
            let (ask, answer) = (asked.next(), answered.next());
            if ask.is_none() && answer.is_none() {
                return;
            }
            let inner = Pair {
                asked: ask.flatten(),
                reply: answer.flatten(),
            };
            self.inner(inner, judged, depth);
        }
    }

    /// Tells a message in another.
    fn inner(&mut self, pair: Pair<'_>, (refused, cut): (Option<u32>, bool), depth: u8) {
        if self.left == 0 || pair.asked.is_none() && pair.reply.is_none() {
            return;
        }
        self.left -= 1;
        let refused = refused.filter(|_| pair.reply.is_none());
        let fields = (self.turn.fields(), self.turn.fields());
        self.message(pair, fields, (true, refused, cut), depth + 1);
    }

    /// Who asks, and who is asked, where both were seen.
    fn ends(&self) -> Option<(IpAddr, IpAddr)> {
        let (Seen::Both(asked) | Seen::Asked(asked)) = self.seen else {
            return None;
        };
        let Between::Flow(flow) = self.turn.between else {
            return None;
        };
        Some(match asked.from_orig {
            true => (flow.orig_h, flow.resp_h),
            false => (flow.resp_h, flow.orig_h),
        })
    }

    /// What was learnt before that helps to tell this.
    fn help(&mut self, request: Option<&Request<'_>>, reply: Option<&Reply<'_>>) -> Help {
        let Some((_, host)) = self.ends() else {
            return Help::default();
        };
        Help::of(&mut self.turn.known.cip.templates, host, request, reply)
    }

    /// Keeps what a template says.
    fn learn(&mut self, request: &Request<'_>, reply: &Reply<'_>) {
        if let Some((_, host)) = self.ends() {
            self.turn.known.cip.templates.learn(host, request, reply);
        }
    }

    /// Keeps what a connection's opening says, and lets go of it when it is closed.
    fn remember(&mut self, request: &Request<'_>, reply: &Reply<'_>) {
        let Some(ends) = self.ends() else { return };
        if request.target.class != Some(names::class::CONNECTION_MANAGER) {
            return;
        }
        match request.service {
            connection::FORWARD_OPEN | connection::LARGE_FORWARD_OPEN => {
                if let Some(opened) = known::opened(request, reply, ends) {
                    self.turn.known.cip.open(opened);
                }
            }
            connection::FORWARD_CLOSE => {
                if let Some(triad) = known::closed(request) {
                    self.turn.known.cip.close(ends.1, triad);
                }
            }
            _ => {}
        }
    }

    fn say<'a>(
        &mut self,
        what: &'static str,
        outcome: Outcome,
        (mine, theirs): (Fields<'a>, Fields<'a>),
    ) {
        let turn = &mut *self.turn;
        match self.seen {
            Seen::Both(asked) => turn.join((what, outcome), (asked, mine), theirs),
            Seen::Asked(asked) => {
                turn.put_back(theirs);
                if outcome != Outcome::Malformed {
                    return turn.unanswered(what, (asked, mine));
                }
                // Told as what it is, at its own time.
                let now = (turn.ts, turn.from_orig);
                (turn.ts, turn.from_orig) = (asked.ts, asked.from_orig);
                turn.tell(what, outcome, mine);
                (turn.ts, turn.from_orig) = now;
            }
            Seen::Alone(kind) => {
                let fields = match mine.all().is_empty() {
                    true => (theirs, mine),
                    false => (mine, theirs),
                };
                turn.put_back(fields.1);
                let told = match outcome {
                    Outcome::Malformed => outcome,
                    _ => kind,
                };
                turn.tell(what, told, fields.0);
            }
        }
    }
}

fn is_send(request: &Request<'_>) -> bool {
    request.service == connection::UNCONNECTED_SEND
        && request.target.class == Some(names::class::CONNECTION_MANAGER)
}

fn orphan(reply: Option<&Reply<'_>>) -> &'static str {
    let Some(reply) = reply else {
        return "no_message";
    };
    names::common_service(reply.service).unwrap_or_else(|| names::service_range(reply.service))
}

/// The code with which an answer refuses: CIP's general status, or 0x100 and more for the status of a controller behind it.
fn refusal(request: Option<&Request<'_>>, reply: &Reply<'_>) -> Option<u32> {
    if !reply.is_success() {
        return Some(u32::from(reply.status));
    }
    let pccc = request.is_some_and(|request| {
        request.target.class == Some(names::class::PCCC) && request.service == pccc::EXECUTE
    });
    let status = pccc.then(|| pccc::refusal(reply.data)).flatten()?;
    Some(0x100 | u32::from(status))
}
