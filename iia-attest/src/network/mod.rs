//! `ot.attestation.network`: what nobody agreed to, and what was agreed and does not come.
//!
//! Three observers of one stream, each told what its sense has: [`Network`] who spoke to whom, [`Wire`] every single
//! thing that was done, [`Sessions`] how mTLS sessions begin and end. They read the catalog's meaning themselves and share
//! no code with the matcher and the compilers whose work they check. [`Ear`] hears for [`Wire`] where nobody else is to be
//! believed: from the frames of a tap, with decoders of its own.

mod agreed;
pub mod alarm;
mod deed;
pub mod ear;
mod fleet;
mod judge;
mod known;
#[cfg(feature = "std")]
pub mod links;
mod outbox;
mod pace;
pub mod passive;
mod presence;
pub mod sessions;
mod time;
mod values;
mod wire;
mod words;

use alloc::format;
use alloc::string::ToString as _;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::Server;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

use crate::correlator::Correlator;
use agreed::Agreed;
use deed::{Place, Who};
use known::{Known, News};
use outbox::{Outbox, finding, sight};
use presence::{Heard, Presence};
use time::{Step, Time};

pub use deed::{Deed, Touched};
pub use ear::Ear;
pub use fleet::FLEET_MAX;
pub use known::{FORGET_NS, OVER_EVERY_NS};
pub use outbox::WAITING_MAX;
pub use pace::{PERIODS, SLOW_DIVISOR};
pub use passive::Passive;
pub use sessions::Sessions;
pub use time::{AHEAD_MAX_NS, BACK_MAX_NS};
pub use wire::{KINDS_MAX, Wire};

/// Talkers without contract that are told apart at most, of an hour; beyond it they are counted together.
pub const TALKERS_MAX: usize = 4096;

/// Traffic of one client at one server without a long pause: a run, observed when it began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Who asked.
    pub client: IpAddr,
    /// Who was asked.
    pub server: IpAddr,
    /// On which port.
    pub port: u16,
    /// How many exchanges.
    pub count: u64,
    /// When the last of them was; runs are reported in the order in which they began.
    pub until: Timestamp,
}

/// The observer of who speaks to whom, whatever is said.
#[derive(Clone, Debug)]
pub struct Network {
    agreed: Agreed,
    presence: Presence,
    time: Time,
    talkers: Known<(IpAddr, IpAddr, u16)>,
    out: Outbox,
}

impl Network {
    /// An observer of the catalog's device contracts. Time starts with the first thing it is told.
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            agreed: Agreed::read(catalog, |server: &Server| {
                Place::Port(server.addr, server.port)
            }),
            presence: Presence::of(catalog),
            time: Time::default(),
            talkers: Known::new(TALKERS_MAX),
            out: Outbox::default(),
        }
    }

    /// Exchanges of talkers without contract that found no room.
    pub const fn others(&self) -> u64 {
        self.talkers.others()
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.out.lost()
    }

    fn unknown_talker(&mut self, now: Timestamp, seen: &Seen) {
        let key = (seen.client, seen.server, seen.port);
        match self.talkers.meet(now, key, seen.count) {
            News::Told => {}
            News::NoRoom => self.overflow(now),
            News::New => {
                let destination = Place::Port(seen.server, seen.port).to_string();
                let reason = format!(
                    "{} speaks to {destination}, and no contract joins them",
                    seen.client
                );
                self.out.say(Finding {
                    source: seen.client.to_string(),
                    destination,
                    ..finding(now, Conclusion::Diverge, ("", "parties"), reason)
                });
            }
        }
    }

    fn overflow(&mut self, now: Timestamp) {
        if let Some(count) = self.talkers.overflow(now) {
            let reason = format!(
                "more than {TALKERS_MAX} talkers without contract in an hour: {count} exchanges since are counted and \
                 not told apart"
            );
            self.out.say(sight(now, reason));
        }
    }
}

impl Correlator for Network {
    type Observation = Seen;

    fn handle_observation(&mut self, told: Timestamp, seen: Seen) {
        let windows = (&mut self.presence, &mut self.out);
        let (now, believed) = step(&mut self.time, told, windows);
        let heard = Heard {
            client: Who::Ip(seen.client),
            server: Who::Ip(seen.server),
            count: seen.count,
            from: told,
            until: seen.until.max(told),
        };
        let mut is_known = false;
        let place = Place::Port(seen.server, seen.port);
        for (index, rule) in self.agreed.at(place, &heard.client) {
            if rule.in_force(now) {
                is_known = true;
                // What was seen at a time that is not believed says nothing about now.
                if believed {
                    self.presence.heard(index, &heard, &mut self.out);
                }
            }
        }
        if !is_known {
            self.unknown_talker(now, &seen);
        }
    }

    fn handle_timeout(&mut self, told: Timestamp) {
        let windows = (&mut self.presence, &mut self.out);
        let (now, _) = step(&mut self.time, told, windows);
        self.presence.cut(now, &mut self.out);
        self.overflow(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.out.poll()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let ends = [self.presence.next(), self.talkers.due()];
        ends.into_iter().flatten().min()
    }
}

/// Takes the time that is told; gives the observer's, and whether that is the same. Windows that ended before it are
/// told, whatever comes after.
fn step(
    time: &mut Time,
    told: Timestamp,
    (presence, out): (&mut Presence, &mut Outbox),
) -> (Timestamp, bool) {
    let (now, believed, words) = match time.step(told, presence.len()) {
        Step::On(now) => (now, true, None),
        Step::Kept(now, words) => (now, false, words),
        Step::Back(now, words) => {
            presence.begin(now);
            (now, true, Some(words))
        }
    };
    if let Some(words) = words {
        out.say(finding(now, Conclusion::Diverge, ("", "time"), words));
    }
    presence.start(now);
    presence.pass(now, out);
    (now, believed)
}
