//! EtherCAT (IEC 61158-3/4/5/6-12, ETG.1000): frames that go round a ring, each datagram one record.
//!
//! A frame passes the tap on its way out and on its way back; both are joined. Beyond datagrams, what they do
//! together is told: changes of state, words of the EEPROM, transfers of objects, files and parameters through
//! mailboxes.

mod circle;
mod codes;
mod datagram;
mod follow;
mod mailbox;
mod names;
pub mod packet;
mod register;
mod rings;
mod variables;

use iia_core::observe::Protocol;

pub use circle::{CIRCLING_MAX, CIRCLING_MAX_NS, MASTERS_MAX};
pub use follow::{STATIONS_MAX, TALK_DATA_MAX, TALK_MAX_NS, TALKS_MAX};
use packet::{HEADER_LEN, Header};
use rings::Rings;

use super::{Cut, Frames, Session, Turn};

/// The port of frames in UDP, and of mailbox gateways in UDP and TCP (ETG.8200).
pub const PORT: u16 = 0x88a4;

/// All rings of a capture.
#[derive(Debug, Default)]
pub struct Ethercat {
    rings: Rings,
}

impl Frames for Ethercat {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Ethercat
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        self.rings.frame(turn, payload);
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        self.rings.tick(turn);
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.rings.end(turn);
    }
}

/// Frames in UDP, or messages to slaves through a gateway in UDP or TCP.
#[derive(Debug, Default)]
pub struct Gateway {
    rings: Rings,
}

impl Session for Gateway {
    fn protocol(&self) -> Protocol {
        Protocol::Ethercat
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        match Header::parse(bytes) {
            None => Cut::More,
            Some((header, _)) if header.kind() == 5 && header.reserved() == 0 => {
                Cut::Unit(HEADER_LEN as u64 + u64::from(header.length()))
            }
            Some(_) => Cut::Not,
        }
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        self.rings.frame(turn, unit);
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        self.rings.tick(turn);
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.rings.end(turn);
    }

    fn held(&self) -> usize {
        self.rings.held()
    }
}

/// Whether a datagram of UDP can be EtherCAT: a header that keeps the rules, and behind it what it says, whole.
pub fn fits(bytes: &[u8]) -> bool {
    let Some((header, body)) = Header::parse(bytes) else {
        return false;
    };
    let whole = header.reserved() == 0 && body.len() == usize::from(header.length());
    whole
        && match header.kind() {
            1 => rings::sound(body),
            4 => variables::sound(body),
            5 => mailbox::sound(body),
            _ => false,
        }
}

/// Whether the first bytes of a stream can be messages through a gateway.
pub fn fits_stream(bytes: &[u8]) -> bool {
    let Some((header, body)) = Header::parse(bytes) else {
        return false;
    };
    let gateway = header.kind() == 5 && header.reserved() == 0;
    gateway && body.len() == usize::from(header.length()) && mailbox::sound(body)
}
