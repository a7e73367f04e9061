//! One conversation over TCP or UDP.

use alloc::boxed::Box;

use iia_core::Timestamp;
use iia_core::observe::{Flow, Protocol};
use iia_core::time::SECOND_NS;

use super::IDLE_MAX_NS;
use super::modbus::Dialogue;
use crate::io::wire::net::{Carried, End, Packet};
use crate::network::deed::Deed;

/// How often a conversation that goes on is told.
const TELL_NS: i64 = SECOND_NS;
/// How long one that is over is remembered, so that its last packets begin no other.
const CLOSED_MAX_NS: i64 = 30 * SECOND_NS;

/// The two ends of a conversation, in whichever direction.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Pair(bool, End, End);

impl Pair {
    pub(super) fn of(is_udp: bool, (one, other): (End, End)) -> Self {
        Self(is_udp, one.min(other), one.max(other))
    }
}

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    flow: Flow,
    last: Timestamp,
    carried: bool,
    answered: bool,
    closed: bool,
    /// When it was told last, and whether something was said since.
    told: Option<Timestamp>,
    fresh: bool,
    modbus: Option<Box<Dialogue>>,
}

impl Talk {
    pub(super) fn new(at: Timestamp, flow: Flow, is_modbus: bool) -> Self {
        Self {
            flow,
            last: at,
            carried: false,
            answered: false,
            closed: false,
            told: None,
            fresh: false,
            modbus: is_modbus.then(Box::default),
        }
    }

    /// When something was heard of it last.
    pub(super) const fn last(&self) -> Timestamp {
        self.last
    }

    /// Takes a packet of it; how many gaps there were.
    pub(super) fn handle_packet(
        &mut self,
        at: Timestamp,
        packet: &Packet<'_>,
        each: &mut impl FnMut(Deed),
    ) -> u64 {
        let asks = (packet.from.addr, packet.from.port) == (self.flow.orig_h, self.flow.orig_p);
        self.last = self.last.max(at);
        self.answered |= !asks;
        let mut gaps = 0;
        match packet.carried {
            Carried::Udp(data) => self.fresh |= !data.is_empty(),
            Carried::Tcp(segment) => {
                if segment.syn && asks {
                    (self.closed, self.told) = (false, None);
                }
                self.fresh |= !segment.data.is_empty();
                if let Some(dialogue) = &mut self.modbus {
                    let before = dialogue.is_none();
                    gaps = dialogue.handle_segment((at, &self.flow), asks, &segment, each);
                    // That something else is spoken is told at once.
                    if dialogue.is_none() && !before {
                        self.told = None;
                    }
                }
                if segment.ends && !self.closed {
                    self.closed = true;
                    self.told = None;
                }
            }
        }
        self.carried |= self.fresh;
        if self.told.is_none() {
            self.tell(at, each);
        }
        gaps
    }

    /// Takes the passing of time; whether there is nothing more to know of it.
    pub(super) fn handle_timeout(&mut self, now: Timestamp, each: &mut impl FnMut(Deed)) -> bool {
        if let Some(dialogue) = &mut self.modbus {
            dialogue.handle_timeout((now, &self.flow), each);
        }
        let is_due = self.told.is_none_or(|told| now.since_ns(told) >= TELL_NS);
        if self.fresh && is_due {
            self.tell(now, each);
        }
        let idle = if self.closed {
            CLOSED_MAX_NS
        } else {
            IDLE_MAX_NS
        };
        now.since_ns(self.last) > idle
    }

    /// Tells that these two speak.
    fn tell(&mut self, at: Timestamp, each: &mut impl FnMut(Deed)) {
        self.told = Some(at);
        let said = core::mem::take(&mut self.fresh);
        let protocol = match &self.modbus {
            None => Protocol::Unknown,
            // Its exchanges are told one by one.
            Some(dialogue) if dialogue.is_one() || !said => Protocol::ModbusTcp,
            // What was said so far is not yet a whole message.
            Some(dialogue) if !dialogue.is_none() => return,
            Some(_) => Protocol::Unknown,
        };
        each(Deed::Flow {
            flow: self.flow,
            protocol,
            carried: said,
            answered: self.answered,
        });
    }
}
