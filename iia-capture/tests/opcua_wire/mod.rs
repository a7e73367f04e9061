//! Messages of OPC UA made by hand from the standard, and a connection that carries them.

use iia_capture::decode::opcua::OpcUa;
use iia_capture::decode::{Known, Scratch, Session, Turn};
use iia_core::Timestamp;
use iia_core::observe::{Between, Field, Flow, Observation, Outcome, Protocol, Said, Transport};

pub const POLICY: &str = "http://opcfoundation.org/UA/SecurityPolicy#";

/// What was said, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub what: String,
    pub outcome: Outcome,
    pub asked: Vec<(String, String)>,
    pub answered: Vec<(String, String)>,
}

impl Told {
    pub fn of(said: &Said<'_>) -> Self {
        let all = |fields: &[Field<'_>]| {
            let field = |field: &Field<'_>| (field.name.to_owned(), field.value.to_string());
            fields.iter().map(field).collect()
        };
        Self {
            what: said.what.into(),
            outcome: said.outcome,
            asked: all(said.asked),
            answered: all(said.answered),
        }
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let both = self.asked.iter().chain(&self.answered);
        both.filter(|field| field.0 == name)
            .map(|field| field.1.as_str())
            .collect()
    }
}

/// A connection whose messages come whole.
#[derive(Default)]
pub struct Wire {
    pub session: OpcUa,
    known: Known,
    scratch: Scratch,
    pub told: Vec<Told>,
    at: i64,
}

impl Wire {
    pub fn turn(&mut self, from_orig: bool, work: impl FnOnce(&mut OpcUa, &mut Turn<'_>)) {
        self.at += 1;
        let flow = Flow {
            transport: Transport::Tcp,
            orig_h: [10, 0, 0, 1].into(),
            resp_h: [10, 0, 0, 2].into(),
            orig_p: 40_000,
            resp_p: 4840,
            vlan: 0,
        };
        let told = &mut self.told;
        let mut sink = |seen: &Observation<'_>| {
            if let Observation::Said(said) = seen {
                told.push(Told::of(said));
            }
        };
        let when = (
            Timestamp::from_secs(self.at),
            Between::Flow(flow),
            from_orig,
        );
        let room = (&mut self.known, &mut self.scratch);
        let mut turn = Turn::new(when, Protocol::OpcUa, room, &mut sink);
        work(&mut self.session, &mut turn);
    }

    pub fn client(&mut self, unit: &[u8]) {
        self.turn(true, |session, turn| session.unit(turn, unit));
    }

    pub fn server(&mut self, unit: &[u8]) {
        self.turn(false, |session, turn| session.unit(turn, unit));
    }

    pub fn end(mut self) -> Vec<Told> {
        self.turn(true, |session, turn| session.end(turn));
        assert_eq!(self.session.held(), 0);
        self.told
    }
}

pub fn text(text: &str) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap();
    [&len.to_le_bytes()[..], text.as_bytes()].concat()
}

pub fn le(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

/// A message with its head.
pub fn unit(word: &[u8; 4], rest: &[&[u8]]) -> Vec<u8> {
    let rest = rest.concat();
    let size = u32::try_from(rest.len() + 8).unwrap();
    [&word[..], &le(size), &rest].concat()
}

pub fn hello() -> Vec<u8> {
    let sizes = [0, 65_536, 65_536, 0, 0].map(le).concat();
    unit(b"HELF", &[&sizes, &text("opc.tcp://press:4840")])
}

pub fn acknowledge() -> Vec<u8> {
    unit(b"ACKF", &[&[0, 65_536, 65_536, 0, 0].map(le).concat()])
}

/// A chunk of channel 7 under token 3.
pub fn chunk(word: &[u8; 4], request: u32, body: &[u8]) -> Vec<u8> {
    unit(word, &[&[7, 3, request, request].map(le).concat(), body])
}

pub fn open(policy: &str, body: &[u8]) -> Vec<u8> {
    let none = le(u32::MAX);
    let ahead = [
        &le(0)[..],
        &text(&format!("{POLICY}{policy}")),
        &none,
        &none,
    ]
    .concat();
    unit(b"OPNF", &[&ahead, &[1, 1].map(le).concat(), body])
}

pub fn kind(id: u16) -> Vec<u8> {
    [&[1, 0][..], &id.to_le_bytes()].concat()
}

/// The header of a request with handle 5.
pub fn asks(id: u16) -> Vec<u8> {
    [
        &kind(id)[..],
        &[0, 0],
        &[0; 8],
        &le(5),
        &le(0),
        &le(u32::MAX),
        &le(0),
        &[0; 3],
    ]
    .concat()
}

/// The header of a response.
pub fn answers(id: u16, result: u32) -> Vec<u8> {
    [
        &kind(id)[..],
        &[0; 8],
        &le(5),
        &le(result),
        &[0],
        &le(u32::MAX),
        &[0; 3],
    ]
    .concat()
}

pub fn node(name: &str) -> Vec<u8> {
    [&[3, 2, 0][..], &text(name)].concat()
}

/// A request to read the value of a node.
pub fn read(name: &str) -> Vec<u8> {
    let ahead = [&asks(631)[..], &[0; 8], &le(3), &le(1), &node(name)].concat();
    [&ahead[..], &le(13), &le(u32::MAX), &[0, 0], &le(u32::MAX)].concat()
}

/// Its answer, with a value of any type.
pub fn value(variant: &[u8]) -> Vec<u8> {
    [&answers(634, 0)[..], &le(1), &[1], variant, &le(u32::MAX)].concat()
}

pub const DOUBLE: [u8; 9] = [11, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f];
