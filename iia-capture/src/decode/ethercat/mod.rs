//! EtherCAT (IEC 61158-3/4/5/6-12, ETG.1000): frames that go round a ring, each datagram one record.
//!
//! A frame passes the tap on its way out and on its way back; both are joined. Beyond datagrams, what they do together is
//! told: changes of state, words of the EEPROM, transfers of objects and files through mailboxes.

mod circle;
mod codes;
mod datagram;
mod mailbox;
mod names;
pub mod packet;
mod register;

use iia_core::Timestamp;
use iia_core::observe::{Between, Outcome, Protocol, Value};

pub use circle::{CIRCLING_MAX, CIRCLING_MAX_NS, MASTERS_MAX};
use circle::{Circle, Pass, Sent};
use packet::{Datagram, Datagrams, Header};

use super::{Frames, Turn};

/// The ports of frames in UDP and of mailbox gateways (ETG.8200).
pub const PORT: u16 = 0x88a4;

/// All rings of a capture.
#[derive(Debug, Default)]
pub struct Ethercat {
    circle: Circle,
}

impl Frames for Ethercat {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Ethercat
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        self.any(turn, payload);
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::Ethercat;
        while let Some(sent) = self.circle.lost(turn.ts) {
            lost(turn, &sent);
        }
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::Ethercat;
        for sent in self.circle.drain() {
            lost(turn, &sent);
        }
    }
}

impl Ethercat {
    /// Reads a frame of any type.
    fn any(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let mut fields = turn.fields();
        let Some((header, body)) = Header::parse(payload) else {
            return turn.tell("frame_cut", Outcome::Malformed, fields);
        };
        match header.kind() {
            1 => {
                turn.put_back(fields);
                self.datagrams(turn, header, body);
            }
            kind => {
                datagram::frame(&mut fields, header);
                fields.add("iia.ecat.data", Value::Bytes(body));
                let what = names::frame(kind).unwrap_or("unknown_frame");
                turn.tell(what, Outcome::Stated, fields);
            }
        }
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
            self.cut(turn, header, all.rest());
        }
    }

    /// A frame on its way out waits for itself.
    fn out(&mut self, turn: &mut Turn<'_>, key: u64, body: &[u8]) {
        let (ts, between) = (turn.ts, turn.between);
        for sent in self.circle.send(ts, between, key, body).iter().flatten() {
            lost(turn, sent);
            turn.between = between;
        }
    }

    /// A frame that came back, with the one that was sent.
    fn back(&mut self, turn: &mut Turn<'_>, header: Header, body: &[u8], sent: &Sent) {
        turn.between = sent.between;
        let pairs = Datagrams::new(&sent.asked.bytes).zip(Datagrams::new(body));
        for (asked, answered) in pairs {
            let mut before = turn.fields();
            let mut after = turn.fields();
            datagram::tell(&mut before, header, &asked, mailbox::plausible(&asked));
            datagram::tell(&mut after, header, &answered, mailbox::plausible(&answered));
            let what = names::command(asked.command);
            let outcome = datagram::outcome(&answered);
            turn.join((what, outcome), (&sent.asked, before), after);
        }
    }

    /// A frame that is seen once.
    fn alone(&mut self, turn: &mut Turn<'_>, header: Header, body: &[u8], outcome: Outcome) {
        for datagram in Datagrams::new(body) {
            let mut fields = turn.fields();
            datagram::tell(
                &mut fields,
                header,
                &datagram,
                mailbox::plausible(&datagram),
            );
            turn.tell(names::command(datagram.command), outcome, fields);
        }
    }

    /// Bytes that should be a datagram and are none.
    fn cut(&mut self, turn: &mut Turn<'_>, header: Header, rest: &[u8]) {
        let mut fields = turn.fields();
        datagram::frame(&mut fields, header);
        fields.add("iia.ecat.data", Value::Bytes(rest));
        turn.tell("datagram_cut", Outcome::Malformed, fields);
    }
}

/// A frame that did not come back.
fn lost(turn: &mut Turn<'_>, sent: &Sent) {
    turn.between = sent.between;
    let header = Header::datagrams(sent.asked.bytes.len());
    for datagram in Datagrams::new(&sent.asked.bytes) {
        let mut fields = turn.fields();
        datagram::tell(
            &mut fields,
            header,
            &datagram,
            mailbox::plausible(&datagram),
        );
        turn.unanswered(names::command(datagram.command), (&sent.asked, fields));
    }
}
