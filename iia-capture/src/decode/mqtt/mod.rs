//! MQTT 3.1, 3.1.1 and 5: who publishes what to whom, which message a server acknowledged, and what is in it where the topic
//! says so (Sparkplug B, uplinks of LoRaWAN).
//!
//! A packet and its answer are one record: CONNECT and CONNACK, PUBLISH and PUBACK or PUBREC, PUBREL and PUBCOMP, SUBSCRIBE
//! and SUBACK, UNSUBSCRIBE and UNSUBACK, PINGREQ and PINGRESP, AUTH and AUTH. Passwords and authentication data are never
//! told, only that there were some.

mod connect;
mod inside;
mod judge;
pub mod lorawan;
mod names;
mod packet;
mod properties;
mod read;
pub mod sparkplug;
mod state;

use iia_core::Timestamp;
use iia_core::observe::{Act, Address, Message, Outcome, Protocol};

use super::{Asked, Cut, Line, Session, Turn};
use inside::Inside;
use judge::Fit;
pub use judge::claims;
use packet::*;
use read::Context;
use state::State;
pub use state::{ALIAS_LEN_MAX, ALIASES_MAX, CLIENT_LEN_MAX};

/// A packet waits this long for its answer.
const WAIT_MAX_NS: i64 = 10 * iia_core::time::SECOND_NS;

/// Whether bytes can be MQTT where it is expected, from the middle of a connection too.
pub fn fits(bytes: &[u8]) -> bool {
    claims(bytes) || judge::fit(bytes) == Fit::Yes
}

/// A client and a server.
#[derive(Debug, Default)]
pub struct Mqtt {
    line: Line,
    state: State,
}

impl Session for Mqtt {
    fn protocol(&self) -> Protocol {
        Protocol::Mqtt
    }

    fn cut(&self, from_orig: bool, bytes: &[u8]) -> Cut {
        if self.state.is_lost(from_orig) && !claims(bytes) {
            match judge::fit(bytes) {
                Fit::Yes => {}
                Fit::More => return Cut::More,
                // The rest of a packet whose beginning is missing.
                Fit::No => return Cut::Unit(bytes.len() as u64),
            }
        }
        packet::cut(bytes)
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        if self.state.is_lost(turn.from_orig) {
            if !fits(unit) {
                return;
            }
            self.state.found(turn.from_orig);
        }
        let Some(packet) = Packet::parse(unit) else {
            return;
        };
        self.state.learn(turn.from_orig, &packet);
        self.report(turn, &packet);
        let from_orig = turn.from_orig;
        if let Some(key) = answers(&packet)
            && let Some(asked) = self.line.answer(key, from_orig)
        {
            return self.join(turn, &asked, &packet);
        }
        match asks(&packet) {
            Some(key) if self.is_sound(turn, &packet) => self.ask(turn, key, unit),
            Some(_) => self.tell(turn, &packet, Outcome::Stated),
            None if answers(&packet).is_some() => self.tell(turn, &packet, Outcome::Orphan),
            None => self.tell(turn, &packet, Outcome::Stated),
        }
    }

    fn gap(&mut self, from_orig: bool) {
        self.state.lose(from_orig);
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(old) = self.line.overdue(turn.ts, WAIT_MAX_NS) {
            self.unanswered(turn, &old);
        }
    }

    fn due(&self) -> Timestamp {
        self.line.due(WAIT_MAX_NS)
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        for old in self.line.drain() {
            self.unanswered(turn, &old);
        }
        self.state.forget();
    }

    fn held(&self) -> usize {
        self.line.held() + self.state.held()
    }
}

/// What the answer to a packet is found by; `None` where it asks for none.
fn asks(packet: &Packet<'_>) -> Option<u64> {
    let with_id = |kind: u8, id: Option<u16>| Some(key(kind, id?));
    match packet.kind {
        CONNECT => Some(key(CONNACK, 0)),
        PUBLISH => {
            let kind = match packet.qos() {
                1 => PUBACK,
                2 => PUBREC,
                _ => return None,
            };
            with_id(kind, Publish::parse(packet, false)?.id)
        }
        PUBREL => with_id(PUBCOMP, packet.id()),
        SUBSCRIBE | UNSUBSCRIBE => with_id(packet.kind + 1, packet.id()),
        PINGREQ => Some(key(PINGRESP, 0)),
        // Either side asks for more (MQTT 5, 4.12); success ends it.
        AUTH if packet.body.first().is_some_and(|code| *code != 0) => Some(key(AUTH, 0)),
        _ => None,
    }
}

/// What a packet answers.
fn answers(packet: &Packet<'_>) -> Option<u64> {
    match packet.kind {
        CONNACK | PINGRESP | AUTH => Some(key(packet.kind, 0)),
        PUBACK | PUBREC | PUBCOMP | SUBACK | UNSUBACK => Some(key(packet.kind, packet.id()?)),
        _ => None,
    }
}

const fn key(kind: u8, id: u16) -> u64 {
    (kind as u64) << 16 | id as u64
}

impl Mqtt {
    /// The packet waits for its answer. One that is sent again under its number takes the place of the one before.
    fn ask(&mut self, turn: &mut Turn<'_>, key: u64, unit: &[u8]) {
        if let Some(before) = self.line.answer(key, !turn.from_orig) {
            self.unanswered(turn, &before);
        }
        let when = (turn.ts, turn.from_orig);
        let pushed = match self.state.kept(turn.from_orig, unit) {
            Some(kept) => self.line.ask(key, when, &kept),
            None => self.line.ask(key, when, unit),
        };
        if let Some(old) = pushed {
            self.unanswered(turn, &old);
        }
    }

    /// Whether a packet keeps the rules, so that its answer is waited for.
    fn is_sound(&self, turn: &mut Turn<'_>, packet: &Packet<'_>) -> bool {
        let context = Context {
            level: self.state.level_of(packet),
            topic: self.state.topic(turn.from_orig, packet),
            inside: &Inside::Plain,
        };
        let mut fields = turn.fields();
        let sound = read::packet(&mut fields, packet, &context);
        turn.put_back(fields);
        sound
    }

    fn tell(&self, turn: &mut Turn<'_>, packet: &Packet<'_>, outcome: Outcome) {
        let level = self.state.level_of(packet);
        let topic = self.state.topic(turn.from_orig, packet);
        let inside = inside(turn, packet, (level, topic));
        let mut fields = turn.fields();
        let context = Context {
            level,
            topic,
            inside: &inside,
        };
        let sound = read::packet(&mut fields, packet, &context);
        match (sound, outcome) {
            (false, _) => turn.tell(names::kind(packet.kind), Outcome::Malformed, fields),
            (true, Outcome::Orphan) => turn.tell(names::answered(packet.kind), outcome, fields),
            (true, _) => turn.tell(names::kind(packet.kind), outcome, fields),
        }
    }

    fn join(&self, turn: &mut Turn<'_>, asked: &Asked, answer: &Packet<'_>) {
        let (topic, unit) = state::unpack(&asked.bytes);
        let Some(question) = Packet::parse(unit) else {
            return;
        };
        let level = self.state.level_of(&question);
        let (inside, none) = (inside(turn, &question, (level, topic)), Inside::Plain);
        let (mut fields, mut answered) = (turn.fields(), turn.fields());
        let mut context = Context {
            level,
            topic,
            inside: &inside,
        };
        read::packet(&mut fields, &question, &context);
        context.level = self.state.level_of(answer);
        context.inside = &none;
        let outcome = match read::packet(&mut answered, answer, &context) {
            true => read::outcome(answer, context.level),
            false => Outcome::Malformed,
        };
        turn.join(
            (names::kind(question.kind), outcome),
            (asked, fields),
            answered,
        );
    }

    fn unanswered(&self, turn: &mut Turn<'_>, asked: &Asked) {
        let (topic, unit) = state::unpack(&asked.bytes);
        let Some(packet) = Packet::parse(unit) else {
            return;
        };
        let level = self.state.level_of(&packet);
        let inside = inside(turn, &packet, (level, topic));
        let mut fields = turn.fields();
        let context = Context {
            level,
            topic,
            inside: &inside,
        };
        read::packet(&mut fields, &packet, &context);
        turn.unanswered(names::kind(packet.kind), (asked, fields));
    }

    /// Reports what the client does, where it is known who that is, and learns from births.
    fn report(&self, turn: &mut Turn<'_>, packet: &Packet<'_>) {
        let v5 = self.state.level_of(packet) == V5;
        match packet.kind {
            PUBLISH => {
                let Some(said) = Publish::parse(packet, v5) else {
                    return;
                };
                let Some(topic) = self.state.topic_of(turn.from_orig, &said) else {
                    return;
                };
                turn.known.births.learn(topic, said.payload);
                self.acts(turn, (Act::Publish, topic, said.payload_len));
            }
            SUBSCRIBE => {
                for (filter, _) in Filters::of(packet, v5).into_iter().flatten() {
                    if let Ok(filter) = core::str::from_utf8(filter) {
                        self.acts(turn, (Act::Subscribe, filter, 0));
                    }
                }
            }
            _ => {}
        }
    }

    fn acts(&self, turn: &mut Turn<'_>, (act, topic, len): (Act, &str, u32)) {
        let Some(client) = self.state.client(turn.from_orig) else {
            return;
        };
        turn.message(&Message {
            ts: turn.ts,
            client,
            act,
            address: Address::Topic(topic),
            payload_len: u64::from(len),
        });
    }
}

/// What is in the message of a PUBLISH, or in the will of a CONNECT.
fn inside(turn: &Turn<'_>, packet: &Packet<'_>, (level, alias): (u8, Option<&str>)) -> Inside {
    match packet.kind {
        PUBLISH => {
            let said = Publish::parse(packet, level == V5);
            let topic = said.and_then(|said| core::str::from_utf8(said.topic).ok());
            let topic = topic.filter(|topic| !topic.is_empty()).or(alias);
            let payload = said.map_or(&b""[..], |said| said.payload);
            topic.map_or(Inside::Plain, |topic| {
                Inside::of(turn.known, topic, payload)
            })
        }
        CONNECT => {
            let connect = connect::Connect::parse(packet.body);
            let Some([_, topic, message]) = connect.and_then(|connect| connect.will) else {
                return Inside::Plain;
            };
            let topic = core::str::from_utf8(topic).unwrap_or_default();
            Inside::of(turn.known, topic, message)
        }
        _ => Inside::Plain,
    }
}
