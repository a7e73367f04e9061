//! The rings of a capture or of a flow: frames in, datagrams and what they do together out.

use iia_core::observe::{Outcome, Protocol, Value};

use super::circle::{self, Circle, Pass, Sent};
use super::datagram;
use super::follow::{Act, Follow, Place, Station};
use super::mailbox::{self, Message};
use super::packet::{Datagram, Datagrams, Header};
use super::{names, variables};
use crate::decode::Turn;

/// What is remembered of rings.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    circle: Circle,
    follow: Follow,
}

impl Rings {
    /// Reads a frame of any type.
    pub(crate) fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        turn.protocol = Protocol::Ethercat;
        let mut fields = turn.fields();
        let Some((header, body)) = Header::parse(payload) else {
            return turn.tell("frame_cut", Outcome::Malformed, fields);
        };
        if header.kind() == 1 {
            turn.put_back(fields);
            return self.datagrams(turn, header, body);
        }
        datagram::frame(&mut fields, header);
        let whole = body.len() == usize::from(header.length());
        let sound = match header.kind() {
            4 => variables::tell(&mut fields, body),
            5 => {
                let rest = mailbox::tell(&mut fields, body);
                whole && rest.is_empty()
            }
            _ => {
                fields.add("iia.ecat.data", Value::Bytes(body));
                whole
            }
        };
        let outcome = match sound {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        let what = names::frame(header.kind()).unwrap_or("unknown_frame");
        turn.tell(what, outcome, fields);
        if let (5, Some(message)) = (header.kind(), Message::parse(body)) {
            self.gateway(turn, &message);
        }
    }

    /// A message between a tool and a slave, through the master as a gateway (ETG.8200): who opened the flow asks.
    fn gateway(&mut self, turn: &mut Turn<'_>, message: &Message<'_>) {
        let place = Place {
            ring: circle::ring(turn.between),
            station: Station::Configured(message.address),
        };
        let asks = turn.from_orig;
        self.follow.message(turn, (place, asks), message);
    }

    fn datagrams(&mut self, turn: &mut Turn<'_>, header: Header, body: &[u8]) {
        let mut all = Datagrams::new(body);
        let count = all.by_ref().count();
        let whole = !all.expects_more();
        let key = circle::key(turn.between, body);
        match self.circle.pass(turn.between, key, body) {
            Pass::Back(sent) => self.back(turn, header, body, &sent),
            Pass::Orphan => self.alone(turn, header, body, Outcome::Orphan),
            Pass::Out if whole && count > 0 => self.out(turn, key, body),
            Pass::Out => self.alone(turn, header, body, Outcome::Stated),
        }
        if !whole {
            cut(turn, header, all.rest());
        }
    }

    /// A frame on its way out waits for itself.
    fn out(&mut self, turn: &mut Turn<'_>, key: u64, body: &[u8]) {
        let (ts, between) = (turn.ts, turn.between);
        let gone = self.circle.send((ts, between), key, body);
        for sent in gone.iter().flatten() {
            self.lost(turn, sent);
        }
        turn.between = between;
    }

    /// A frame that came back, with the one that was sent.
    fn back(&mut self, turn: &mut Turn<'_>, header: Header, body: &[u8], sent: &Sent) {
        turn.between = sent.between;
        let ring = circle::ring(sent.between);
        let pairs = Datagrams::new(&sent.asked.bytes).zip(Datagrams::new(body));
        for (asked, answered) in pairs {
            let place = Place::of(ring, &asked);
            let mut before = turn.fields();
            let out = self.follow.mailbox(place, &asked);
            datagram::tell(&mut before, header, &asked, out);
            if let 1..=3 = asked.command {
                before.uint("iia.ecat.position", 0u16.wrapping_sub(asked.station()));
            }
            let mut after = turn.fields();
            let mailbox = self.follow.mailbox(place, &answered);
            datagram::tell(&mut after, header, &answered, mailbox);
            if let 1..=3 | 7..=9 | 13 = asked.command {
                let slaves = answered.station().wrapping_sub(asked.station());
                after.uint("iia.ecat.slaves", slaves);
            }
            let what = (names::command(asked.command), datagram::outcome(&answered));
            turn.join(what, (&sent.asked, before), after);
            let act = place.and_then(|place| Act::of(place, sent.asked.ts, &answered));
            if let Some(act) = act {
                self.follow.act(turn, &act, mailbox);
            }
        }
    }

    /// A frame that is seen once. By position it cannot be said whom it went to: every slave counts that up.
    fn alone(&mut self, turn: &mut Turn<'_>, header: Header, body: &[u8], outcome: Outcome) {
        let ring = circle::ring(turn.between);
        for datagram in Datagrams::new(body) {
            let place = Place::of(ring, &datagram);
            let place = place.filter(|place| !matches!(place.station, Station::Position(_)));
            let mut fields = turn.fields();
            let mailbox = self.follow.mailbox(place, &datagram);
            datagram::tell(&mut fields, header, &datagram, mailbox);
            turn.tell(names::command(datagram.command), outcome, fields);
            let act = place.and_then(|place| Act::of(place, turn.ts, &datagram));
            if let Some(act) = act {
                self.follow.act(turn, &act, mailbox);
            }
        }
    }

    /// A frame that did not come back.
    fn lost(&self, turn: &mut Turn<'_>, sent: &Sent) {
        turn.between = sent.between;
        let ring = circle::ring(sent.between);
        let header = Header::datagrams(sent.asked.bytes.len());
        for datagram in Datagrams::new(&sent.asked.bytes) {
            let mut fields = turn.fields();
            let mailbox = self.follow.mailbox(Place::of(ring, &datagram), &datagram);
            datagram::tell(&mut fields, header, &datagram, mailbox);
            turn.unanswered(names::command(datagram.command), (&sent.asked, fields));
        }
    }

    /// A second is over.
    pub(crate) fn tick(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::Ethercat;
        let between = turn.between;
        while let Some(sent) = self.circle.lost(turn.ts) {
            self.lost(turn, &sent);
        }
        turn.between = between;
        self.follow.tick(turn);
    }

    /// Everything is over.
    pub(crate) fn end(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::Ethercat;
        let between = turn.between;
        for sent in self.circle.drain() {
            self.lost(turn, &sent);
        }
        turn.between = between;
        self.follow.end(turn);
    }

    /// Bytes that are kept.
    pub(crate) fn held(&self) -> usize {
        self.circle.held() + self.follow.held()
    }
}

/// Bytes that should be a datagram and are none: its head, as far as it is there.
fn cut(turn: &mut Turn<'_>, header: Header, rest: &[u8]) {
    let mut fields = turn.fields();
    datagram::frame(&mut fields, header);
    if let [command, index, ..] = rest {
        fields.code("ecat.cmd", *command, names::short(*command));
        fields.uint("ecat.idx", *index);
    }
    fields.add("iia.ecat.data", Value::Bytes(rest));
    turn.tell("datagram_cut", Outcome::Malformed, fields);
}

/// Whether a body is whole datagrams of commands that there are, and nothing behind them.
pub(crate) fn sound(body: &[u8]) -> bool {
    let mut all = Datagrams::new(body);
    let known = |one: Datagram<'_>| one.command <= 14 && one.reserved() == 0;
    let sound = all.by_ref().all(known);
    sound && !all.expects_more() && all.rest().is_empty()
}
