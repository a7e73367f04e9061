//! What a decoder is given for one unit, and what it speaks through.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::{Between, Field, Message, Observation, Outcome, Protocol, Said, Value};

use super::dns;
use super::line::Asked;

/// Fields of one message at most; a message that has more is told with those, and `iia.fields_cut` behind them.
pub const FIELDS_MAX: usize = 4096;

/// Takes what was said, and what it means on a bus.
pub type Sink<'s> = dyn FnMut(&Observation<'_>) + 's;

/// The fields of one message, in the order of the wire.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    all: Vec<Field<'a>>,
    cut: bool,
}

impl<'a> Fields<'a> {
    /// No fields.
    pub const fn new() -> Self {
        Self {
            all: Vec::new(),
            cut: false,
        }
    }

    /// Adds a field.
    #[inline]
    pub fn add(&mut self, name: &'static str, value: Value<'a>) {
        if self.all.len() < FIELDS_MAX {
            self.all.push(Field { name, value });
        } else if !self.cut {
            self.cut = true;
            let value = Value::Bool(true);
            self.all.push(Field {
                name: "iia.fields_cut",
                value,
            });
        }
    }

    /// Adds a number without sign.
    #[inline]
    pub fn uint(&mut self, name: &'static str, value: impl Into<u64>) {
        self.add(name, Value::Uint(value.into()));
    }

    /// Adds a number with its name in the standard, where it has one.
    #[inline]
    pub fn code(&mut self, name: &'static str, value: impl Into<u64>, word: Option<&'static str>) {
        let value = value.into();
        let plain = Value::Uint(value);
        self.add(name, word.map_or(plain, |word| Value::Code(value, word)));
    }

    /// Adds text, or bytes where it is none.
    #[inline]
    pub fn text(&mut self, name: &'static str, bytes: &'a [u8]) {
        self.add(name, Value::text(bytes));
    }

    /// The fields so far.
    pub fn all(&self) -> &[Field<'a>] {
        &self.all
    }
}

/// Messages whose fields are told at a time at most: one and its answer, and the same of what they carry.
const ROOMS_MAX: usize = 4;

/// Room for fields that is used again for each message.
#[derive(Debug, Default)]
pub struct Scratch {
    rooms: Vec<Vec<Field<'static>>>,
    dns: [Option<dns::Rooms>; 2],
}

impl Scratch {
    #[inline]
    fn take<'a>(&mut self) -> Fields<'a> {
        Fields {
            all: self.rooms.pop().unwrap_or_default(),
            cut: false,
        }
    }

    #[inline]
    fn give(&mut self, fields: Fields<'_>) {
        if self.rooms.len() < ROOMS_MAX {
            self.rooms.push(emptied(fields.all));
        }
    }
}

/// The same room without what was in it: collected in place, it is not allocated anew.
fn emptied<'b>(fields: Vec<Field<'_>>) -> Vec<Field<'b>> {
    let mut fields = fields;
    fields.clear();
    fields.into_iter().map_while(|_| None).collect()
}

/// What decoders of different flows know together, bounded.
#[derive(Debug, Default)]
pub struct Known {
    /// Calls of PROFINET, which are answered from another port than they went to.
    pub(crate) profinet: super::profinet::Waiting,
    /// What birth certificates of Sparkplug say.
    pub(crate) births: super::mqtt::sparkplug::Births,
    /// Connections of CIP.
    pub cip: super::enip::Connections,
}

/// One unit's turn: when and between whom it was said, and where to say what it means.
pub struct Turn<'t> {
    /// When the unit was whole.
    pub ts: Timestamp,
    /// Between whom.
    pub between: Between,
    /// Whether the side that opened the flow said it.
    pub from_orig: bool,
    /// The protocol that is spoken; a decoder of several sets it before it speaks.
    pub protocol: Protocol,
    /// What is known across flows.
    pub known: &'t mut Known,
    /// Units that break the protocol's rules, counted by whoever finds one.
    pub malformed: u64,
    scratch: &'t mut Scratch,
    sink: &'t mut Sink<'t>,
}

impl<'t> Turn<'t> {
    /// A turn; `sink` takes what is said.
    pub fn new(
        (ts, between, from_orig): (Timestamp, Between, bool),
        protocol: Protocol,
        (known, scratch): (&'t mut Known, &'t mut Scratch),
        sink: &'t mut Sink<'t>,
    ) -> Self {
        Self {
            ts,
            between,
            from_orig,
            protocol,
            known,
            malformed: 0,
            scratch,
            sink,
        }
    }

    /// Room for the fields of one message; whatever says the message takes it back.
    pub fn fields<'a>(&mut self) -> Fields<'a> {
        self.scratch.take()
    }

    /// Takes back the fields of a message that is not told yet.
    pub fn put_back(&mut self, fields: Fields<'_>) {
        self.scratch.give(fields);
    }

    /// Room for a message of the DNS.
    pub(super) fn dns_rooms(&mut self) -> dns::Rooms {
        let mut spare = self.scratch.dns.iter_mut();
        spare.find_map(Option::take).unwrap_or_default()
    }

    /// Takes it back.
    pub(super) fn put_dns_rooms(&mut self, rooms: dns::Rooms) {
        if let Some(place) = self.scratch.dns.iter_mut().find(|place| place.is_none()) {
            *place = Some(rooms);
        }
    }

    /// Tells this unit alone: a message that asks for no answer, an answer to nothing that was seen, one that breaks the
    /// rules.
    pub fn tell(&mut self, what: &'static str, outcome: Outcome, fields: Fields<'_>) {
        self.malformed += u64::from(outcome == Outcome::Malformed);
        let said = Said {
            outcome,
            ..self.blank(what)
        };
        let orphan = matches!(outcome, Outcome::Orphan);
        (self.sink)(&Observation::Said(match orphan {
            true => Said {
                answered: fields.all(),
                ..said
            },
            false => Said {
                asked: fields.all(),
                ..said
            },
        }));
        self.scratch.give(fields);
    }

    /// Tells a message and its answer, which is this unit, as one.
    pub fn join<'a>(
        &mut self,
        (what, outcome): (&'static str, Outcome),
        asked: (&Asked, Fields<'a>),
        answered: Fields<'a>,
    ) {
        self.malformed += u64::from(outcome == Outcome::Malformed);
        let (message, fields) = asked;
        let said = Said {
            ts: message.ts,
            from_orig: message.from_orig,
            outcome,
            latency_ns: Some(self.ts.since_ns(message.ts)),
            asked: fields.all(),
            answered: answered.all(),
            ..self.blank(what)
        };
        (self.sink)(&Observation::Said(said));
        self.scratch.give(fields);
        self.scratch.give(answered);
    }

    /// Tells a message that got no answer.
    pub fn unanswered(&mut self, what: &'static str, asked: (&Asked, Fields<'_>)) {
        let (message, fields) = asked;
        let said = Said {
            ts: message.ts,
            from_orig: message.from_orig,
            outcome: Outcome::Unanswered,
            asked: fields.all(),
            ..self.blank(what)
        };
        (self.sink)(&Observation::Said(said));
        self.scratch.give(fields);
    }

    /// Reports what a client does on a bus, for whoever judges by names and topics; the unit is told as well.
    pub fn message(&mut self, message: &Message<'_>) {
        (self.sink)(&Observation::Message(*message));
    }

    const fn blank(&self, what: &'static str) -> Said<'static> {
        Said {
            ts: self.ts,
            between: self.between,
            from_orig: self.from_orig,
            protocol: self.protocol,
            what,
            outcome: Outcome::Stated,
            latency_ns: None,
            asked: &[],
            answered: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_more_fields_than_are_told_says_so_once() {
        for (count, told) in [(FIELDS_MAX, FIELDS_MAX), (FIELDS_MAX + 9, FIELDS_MAX + 1)] {
            let mut fields = Fields::new();
            (0..count).for_each(|number| fields.uint("iia.number", number as u64));
            assert_eq!(fields.all().len(), told);
            let cut = fields.all().iter().any(|one| one.name == "iia.fields_cut");
            assert_eq!(cut, count > FIELDS_MAX);
        }
    }
}
