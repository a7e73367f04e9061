//! What is done on the wire against what was agreed: every exchange, flow, value and frame by itself.

use alloc::format;
use alloc::string::ToString as _;

use iia_contract::catalog::Catalog;
use iia_contract::scope::{Server, Text};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

use super::agreed::{Agreed, Rule};
use super::deed::{Deed, Place, Who};
use super::judge::{Judged, Wrong, judge};
use super::known::{Known, News};
use super::outbox::{Outbox, finding, sight};
use super::presence::{Heard, Presence};
use super::time::Time;
use super::{step, words};
use crate::correlator::Correlator;

/// Kinds of deed without contract that are told apart at most, of an hour; beyond it they are counted together.
pub const KINDS_MAX: usize = 4096;

/// The observer of what is done.
///
/// Each deed is told with the time at which it was complete: of a flow, that is its end and not its first packet.
///
/// It is told single deeds, so that it knows more than [`Network`](super::Network), which is told who spoke: use one of
/// the two for the same traffic.
#[derive(Clone, Debug)]
pub struct Wire {
    agreed: Agreed,
    presence: Presence,
    time: Time,
    kinds: Known<Kind>,
    out: Outbox,
}

/// What tells deeds apart that are told once: who, where, what is wrong with which rule, and with which function of
/// which unit.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Kind {
    who: Who,
    place: Place,
    wrong: Wrong,
    rule: Option<u32>,
    said: (u8, u8, u16),
    tag: Text,
}

impl Wire {
    /// An observer of the catalog's device contracts. Time starts with the first thing it is told.
    pub fn new(catalog: &Catalog) -> Self {
        let place = |server: &Server| Place::Socket(server.transport, server.addr, server.port);
        Self {
            agreed: Agreed::read(catalog, place),
            presence: Presence::of(catalog),
            time: Time::default(),
            kinds: Known::new(KINDS_MAX),
            out: Outbox::default(),
        }
    }

    /// Deeds without contract that found no room.
    pub const fn others(&self) -> u64 {
        self.kinds.others()
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.out.lost()
    }

    fn wrong(&mut self, now: Timestamp, deed: &Deed, (wrong, rule): (Wrong, Option<u32>)) {
        let Some((place, who)) = deed.ends() else {
            return;
        };
        let (said, tag) = said(deed, wrong);
        let kind = Kind {
            who,
            place,
            wrong,
            rule,
            said,
            tag,
        };
        match self.kinds.meet(now, kind.clone(), 1) {
            News::Told => {}
            News::NoRoom => self.overflow(now),
            News::New => {
                let rule = rule.and_then(|rule| self.agreed.rule(rule));
                // Whoever is not named at a place is told whose contract is there.
                let rule = rule.or_else(|| self.agreed.somebody_at(place));
                let about = (place, &kind.who);
                let contract = rule.map_or("", Rule::contract);
                let reason = words::reason(deed, about, (wrong, rule));
                let mut found =
                    finding(now, Conclusion::Diverge, (contract, wrong.clause()), reason);
                found.source = kind.who.to_string();
                found.destination = place.to_string();
                found.operation = words::operation(deed);
                found.evidence.push(words::evidence(deed));
                self.out.say(found);
            }
        }
    }

    fn overflow(&mut self, now: Timestamp) {
        if let Some(count) = self.kinds.overflow(now) {
            let reason = format!(
                "more than {KINDS_MAX} kinds of traffic without contract in an hour: {count} observations since are \
                 counted and not told apart"
            );
            self.out.say(sight(now, reason));
        }
    }

    fn covered(&mut self, told: Timestamp, deed: &Deed, rule: u32) {
        if !deed.is_alive() {
            return;
        }
        let Some((place, client)) = deed.ends() else {
            return;
        };
        let server = match place {
            Place::Socket(_, addr, _) | Place::Port(addr, _) => Who::Ip(addr),
            Place::Group(mac, _) => Who::Mac(mac),
        };
        let heard = Heard {
            client,
            server,
            count: 1,
            from: told,
            until: told,
        };
        self.presence.heard(rule, &heard, &mut self.out);
    }

    fn published(&mut self, told: Timestamp, topic: &Text) {
        let device = Who::Topic(topic.clone());
        let heard = Heard {
            client: device.clone(),
            server: device,
            count: 1,
            from: told,
            until: told,
        };
        for rule in self.agreed.under(topic) {
            self.presence.heard(rule, &heard, &mut self.out);
        }
    }
}

/// What else tells a deed apart, where the same parties do several things.
fn said(deed: &Deed, wrong: Wrong) -> ((u8, u8, u16), Text) {
    let vlan = if wrong == Wrong::Vlan { deed.vlan() } else { 0 };
    match deed {
        Deed::Exchange { unit, func, .. } => ((*unit, *func, vlan), Text::default()),
        Deed::Access { tag, write, .. } => ((0, u8::from(*write), vlan), tag.clone()),
        Deed::Frame(frame) => ((0, frame.func.unwrap_or_default(), vlan), Text::default()),
        Deed::Flow { .. } | Deed::Published { .. } | Deed::Lost(_) => {
            ((0, 0, vlan), Text::default())
        }
    }
}

impl Correlator for Wire {
    type Observation = Deed;

    fn handle_observation(&mut self, told: Timestamp, deed: Deed) {
        let windows = (&mut self.presence, &mut self.out);
        let (now, believed) = step(&mut self.time, told, windows);
        match &deed {
            Deed::Lost(count) => {
                let reason = format!("{count} observations were lost on their way to the observer");
                self.out.say(sight(now, reason));
            }
            Deed::Published { topic } if believed => self.published(told, topic),
            Deed::Published { .. } => {}
            deed => match judge(&self.agreed, deed, now) {
                // What was seen at a time that is not believed says nothing about now.
                Judged::Covered(rule) if believed => self.covered(told, deed, rule),
                Judged::Wrong(wrong, rule) => self.wrong(now, deed, (wrong, rule)),
                Judged::Covered(_) | Judged::Unjudged => {}
            },
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
        let ends = [self.presence.next(), self.kinds.due()];
        ends.into_iter().flatten().min()
    }
}
