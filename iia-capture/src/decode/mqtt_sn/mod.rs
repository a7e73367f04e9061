//! MQTT-SN 1.2 over UDP: MQTT for sensors, with numbers in the place of topics. The numbers are told with the topics that
//! REGISTER and SUBACK gave them; a message and its answer are one record. Messages that a forwarder brings from its
//! wireless nodes are read like their own, each node with its own topics.

mod names;
mod packet;
mod read;
mod state;

use iia_core::Timestamp;
use iia_core::observe::{Act, Address, Message, Outcome, Protocol};

use super::{Asked, Cut, Line, Session, Turn};
use packet::*;
use state::State;
pub use state::{NAME_LEN_MAX, NODES_MAX, TOPICS_MAX};

/// A message waits this long for its answer.
const WAIT_MAX_NS: i64 = 10 * iia_core::time::SECOND_NS;

/// Whether a datagram is a message that keeps the rules, and nothing behind it, by which a flow is known.
pub fn fits(bytes: &[u8]) -> bool {
    Datagram::parse(bytes).is_some_and(|datagram| {
        datagram.whole && is_sound(&datagram.packet) && is_proof(&datagram.packet)
    })
}

/// A client or a forwarder, and a gateway.
#[derive(Debug, Default)]
pub struct MqttSn {
    line: Line,
    state: State,
}

impl Session for MqttSn {
    fn protocol(&self) -> Protocol {
        Protocol::MqttSn
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let Some(datagram) = Datagram::parse(unit) else {
            let fields = turn.fields();
            return turn.tell("no_unit", Outcome::Malformed, fields);
        };
        if !datagram.whole || !is_sound(&datagram.packet) {
            return self.tell(turn, &datagram, Outcome::Malformed);
        }
        self.learn(turn.from_orig, &datagram);
        self.report(turn, &datagram);
        for key in answers(&datagram).into_iter().flatten() {
            if let Some(asked) = self.line.answer(key, turn.from_orig) {
                return self.join(turn, &asked, &datagram);
            }
        }
        let is_client = self.state.is_client(turn.from_orig, &datagram);
        match asks(&datagram, is_client) {
            Some(key) => self.ask(turn, key, unit),
            None if datagram.packet.kind == DISCONNECT => {
                self.tell(turn, &datagram, Outcome::Stated);
            }
            None if answers(&datagram).iter().any(Option::is_some) => {
                self.tell(turn, &datagram, Outcome::Orphan);
            }
            None => self.tell(turn, &datagram, Outcome::Stated),
        }
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

/// What the answer to a message is found by; `None` where it asks for none.
fn asks(datagram: &Datagram<'_>, is_client: bool) -> Option<u64> {
    let packet = &datagram.packet;
    let answer = match packet.kind {
        CONNECT => CONNACK,
        SEARCHGW => GWINFO,
        WILLTOPICREQ => WILLTOPIC,
        WILLMSGREQ => WILLMSG,
        REGISTER => REGACK,
        PUBLISH => match Publish::parse(packet.body)?.flags.qos() {
            1 => PUBACK,
            2 => PUBREC,
            _ => return None,
        },
        PUBREL => PUBCOMP,
        SUBSCRIBE => SUBACK,
        UNSUBSCRIBE => UNSUBACK,
        PINGREQ => PINGRESP,
        WILLTOPICUPD => WILLTOPICRESP,
        WILLMSGUPD => WILLMSGRESP,
        // A gateway says so and waits for nothing (5.4.21).
        DISCONNECT if is_client => DISCONNECT,
        _ => return None,
    };
    Some(key(datagram, answer))
}

/// What a message may answer. A PUBLISH of either quality is refused with a PUBACK (6.6).
fn answers(datagram: &Datagram<'_>) -> [Option<u64>; 2] {
    let kind = datagram.packet.kind;
    match kind {
        PUBACK => [Some(key(datagram, PUBACK)), Some(key(datagram, PUBREC))],
        CONNACK | GWINFO | WILLTOPIC | WILLMSG | REGACK | PUBREC | PUBCOMP | SUBACK | UNSUBACK
        | PINGRESP | DISCONNECT | WILLTOPICRESP | WILLMSGRESP => [Some(key(datagram, kind)), None],
        _ => [None, None],
    }
}

/// The node, the type of the answer, and the number that it repeats.
fn key(datagram: &Datagram<'_>, kind: u8) -> u64 {
    let step = |key: u32, byte: &u8| key.rotate_left(8) ^ u32::from(*byte);
    let node = datagram.node().iter().fold(0, step);
    let id = message_id(&datagram.packet).unwrap_or(0);
    u64::from(node) << 32 | u64::from(kind) << 16 | u64::from(id)
}

impl MqttSn {
    /// Learns from a message before it is told. What its answer gives a number is learnt when that comes.
    fn learn(&mut self, from_orig: bool, datagram: &Datagram<'_>) {
        let packet = &datagram.packet;
        match packet.kind {
            CONNECT => self.state.connect(from_orig, datagram),
            REGISTER => {
                if let Some((id, _, name)) = register(packet.body) {
                    self.state.topic_is(datagram, (id, name));
                }
            }
            _ => {}
        }
    }

    /// An answer gives the topic of its question a number.
    fn numbered(&mut self, question: &Datagram<'_>, answer: &Datagram<'_>) {
        let (asked, said) = (&question.packet, &answer.packet);
        if return_code(said) != Some(0) {
            return;
        }
        let at = if said.kind == SUBACK { 1 } else { 0 };
        let id = said.body.get(at..at + 2).and_then(|id| id.try_into().ok());
        let id = id.map_or(0, u16::from_be_bytes);
        let topic = match asked.kind {
            REGISTER => register(asked.body).map(|(_, _, name)| name),
            SUBSCRIBE => subscription(asked.body).and_then(|(flags, _, topic)| {
                let topic = core::str::from_utf8(topic).ok();
                topic.filter(|_| flags.topic_type() == NORMAL)
            }),
            _ => None,
        };
        if let Some(topic) = topic {
            self.state.topic_is(answer, (id, topic));
        }
    }

    fn ask(&mut self, turn: &mut Turn<'_>, key: u64, unit: &[u8]) {
        // One that is sent again takes the place of the one before.
        if let Some(before) = self.line.answer(key, !turn.from_orig) {
            self.unanswered(turn, &before);
        }
        if let Some(old) = self.line.ask(key, (turn.ts, turn.from_orig), unit) {
            self.unanswered(turn, &old);
        }
    }

    fn tell(&self, turn: &mut Turn<'_>, datagram: &Datagram<'_>, outcome: Outcome) {
        let mut fields = turn.fields();
        read::datagram(&mut fields, datagram, self.state.topic(datagram));
        let kind = datagram.packet.kind;
        let what = match outcome {
            Outcome::Orphan => names::answered(kind),
            _ => names::kind(kind),
        };
        turn.tell(what.unwrap_or("unknown"), outcome, fields);
    }

    fn join(&mut self, turn: &mut Turn<'_>, asked: &Asked, answer: &Datagram<'_>) {
        // A question longer than what is kept has lost its end.
        let Some(question) = Datagram::parse(&asked.bytes) else {
            return self.tell(turn, answer, Outcome::Orphan);
        };
        self.numbered(&question, answer);
        let (mut fields, mut answered) = (turn.fields(), turn.fields());
        read::datagram(&mut fields, &question, self.state.topic(&question));
        read::datagram(&mut answered, answer, self.state.topic(answer));
        let outcome = match return_code(&answer.packet) {
            Some(code) if code > 0 => Outcome::Refused(u32::from(code)),
            _ => Outcome::Answered,
        };
        let what = names::kind(question.packet.kind).unwrap_or("unknown");
        turn.join((what, outcome), (asked, fields), answered);
    }

    fn unanswered(&self, turn: &mut Turn<'_>, asked: &Asked) {
        let mut fields = turn.fields();
        let Some(question) = Datagram::parse(&asked.bytes) else {
            return turn.unanswered("unknown", (asked, fields));
        };
        read::datagram(&mut fields, &question, self.state.topic(&question));
        let what = names::kind(question.packet.kind).unwrap_or("unknown");
        turn.unanswered(what, (asked, fields));
    }

    /// Reports what a client does, where it is known who that is and under which topic.
    fn report(&self, turn: &mut Turn<'_>, datagram: &Datagram<'_>) {
        let Some(client) = self.state.client(turn.from_orig, datagram) else {
            return;
        };
        let packet = &datagram.packet;
        let (act, topic, len) = match packet.kind {
            PUBLISH => {
                let payload = Publish::parse(packet.body).map_or(0, |said| said.payload.len());
                (Act::Publish, self.state.topic(datagram), payload as u64)
            }
            SUBSCRIBE => {
                let asked = subscription(packet.body);
                let asked = asked.filter(|(flags, ..)| flags.topic_type() != PREDEFINED);
                let topic = asked.and_then(|(_, _, topic)| core::str::from_utf8(topic).ok());
                (Act::Subscribe, topic, 0)
            }
            _ => return,
        };
        if let Some(topic) = topic {
            turn.message(&Message {
                ts: turn.ts,
                client,
                act,
                address: Address::Topic(topic),
                payload_len: len,
            });
        }
    }
}
