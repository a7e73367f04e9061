//! What datagrams do together: the settings of buffers, changes of state, words of the EEPROM, transfers through
//! mailboxes. Each becomes one record of its own beside the datagrams that it was made of, under names that begin
//! with `iia.`.

use alloc::boxed::Box;

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::datagram::{Effect, effect};
use super::mailbox;
use super::packet::Datagram;
use crate::decode::{Asked, Fields, Turn};

mod buffers;
mod eeprom;
mod files;
mod objects;
mod parameters;
mod states;
mod talks;

pub use buffers::STATIONS_MAX;
pub use talks::{TALK_DATA_MAX, TALK_MAX_NS, TALKS_MAX};

/// Stations of one ring, as they are addressed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Station {
    /// The one at this place in the ring, from 0.
    Position(u16),
    /// The one that was given this address.
    Configured(u16),
    /// All of them.
    All,
}

/// A station of a ring.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Place {
    pub(crate) ring: u64,
    pub(crate) station: Station,
}

impl Place {
    /// Whom a datagram goes to, as it was sent; `None` where it goes to logical memory.
    pub(crate) const fn of(ring: u64, sent: &Datagram<'_>) -> Option<Self> {
        let station = match sent.command {
            1..=3 | 13 => Station::Position(0u16.wrapping_sub(sent.station())),
            4..=6 | 14 => Station::Configured(sent.station()),
            7..=9 => Station::All,
            _ => return None,
        };
        Some(Self { ring, station })
    }

    fn tell(self, fields: &mut Fields<'_>) {
        match self.station {
            Station::Position(position) => fields.uint("iia.ecat.position", position),
            Station::Configured(address) => fields.uint("iia.ecat.station", address),
            Station::All => fields.add("iia.ecat.broadcast", Value::Bool(true)),
        }
    }
}

/// A datagram that some slave has done, seen on its way back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    /// By whom.
    pub(crate) place: Place,
    /// When it was sent; when it came back, where that was not seen.
    pub(crate) sent: Timestamp,
    /// What it does.
    pub(crate) effect: Effect,
    /// Where in the slave's memory.
    pub(crate) offset: u16,
    /// What was read or written.
    pub(crate) data: &'a [u8],
}

impl<'a> Act<'a> {
    /// The act of a datagram; `None` where nobody did it or it goes to logical memory.
    pub(crate) const fn of(place: Place, sent: Timestamp, back: &Datagram<'a>) -> Option<Self> {
        if back.counter == 0 {
            return None;
        }
        Some(Self {
            place,
            sent,
            effect: effect(back.command),
            offset: back.offset(),
            data: back.data,
        })
    }
}

/// Everything that is followed.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    buffers: buffers::Buffers,
    states: states::States,
    eeprom: eeprom::Eeprom,
    talks: talks::Talks,
}

impl Follow {
    /// Whether the data of a datagram are a message in a mailbox: by the settings of the slave's buffers where they
    /// were seen, else where they can be nothing else.
    pub(crate) fn mailbox(&self, place: Option<Place>, datagram: &Datagram<'_>) -> bool {
        if !mailbox::reaches(datagram) {
            return false;
        }
        let known = place.and_then(|place| self.buffers.mailbox(place, datagram.offset()));
        match known {
            Some(false) => false,
            Some(true) => mailbox::possible(datagram),
            None => mailbox::plausible(datagram),
        }
    }

    /// Takes what was done, and tells what it completes.
    pub(crate) fn act(&mut self, turn: &mut Turn<'_>, act: &Act<'_>, mailbox: bool) {
        self.buffers.act(act);
        self.states.act(turn, act);
        self.eeprom.act(turn, act);
        if !mailbox {
            return;
        }
        if let Some(message) = mailbox::Message::parse(act.data) {
            let asks = !act.effect.reads;
            let full = message.length as usize + mailbox::HEADER_LEN >= act.data.len();
            self.talks
                .message(turn, (act.place, act.sent, asks), &message, full);
        }
    }

    /// Takes a message that comes through a gateway.
    pub(crate) fn message(
        &mut self,
        turn: &mut Turn<'_>,
        (place, asks): (Place, bool),
        message: &mailbox::Message<'_>,
    ) {
        let when = (place, turn.ts, asks);
        self.talks.message(turn, when, message, true);
    }

    /// Tells what waits too long.
    pub(crate) fn tick(&mut self, turn: &mut Turn<'_>) {
        self.states.tick(turn);
        self.eeprom.tick(turn);
        self.talks.tick(turn);
    }

    /// Tells what still waits.
    pub(crate) fn end(&mut self, turn: &mut Turn<'_>) {
        self.states.end(turn);
        self.eeprom.end(turn);
        self.talks.end(turn);
    }

    /// Bytes of transfers that are not over.
    pub(crate) fn held(&self) -> usize {
        self.talks.held()
    }
}

/// A message that began at this moment; its bytes are not kept, since what it said is.
fn asked(ts: Timestamp, from_orig: bool) -> Asked {
    Asked {
        ts,
        from_orig,
        key: 0,
        bytes: Box::default(),
    }
}
