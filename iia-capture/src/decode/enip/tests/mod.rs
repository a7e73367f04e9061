//! Rules of the protocol, and bytes that break them.

mod bad;
mod encapsulation;
mod services;
mod structures;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use iia_core::Timestamp;
use iia_core::observe::{Between, Field, Flow, Observation, Protocol, Transport};

use super::*;
use crate::decode::{Known, Scratch, UNIT_LEN_MAX};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

fn flow(transport: Transport, ports: (u16, u16)) -> Flow {
    Flow {
        orig_h: CLIENT,
        orig_p: ports.0,
        resp_h: SERVER,
        resp_p: ports.1,
        transport,
        vlan: 0,
    }
}

fn fields(all: &[Field<'_>]) -> String {
    let all = all.iter().filter(|field| !field.name.starts_with("enip."));
    all.map(|field| format!(" {}={}", field.name, field.value))
        .collect()
}

/// What is said of messages, a line each: operation, outcome, fields asked and answered without the encapsulation's.
struct Talk {
    session: Box<dyn Session>,
    flow: Flow,
    known: Known,
    scratch: Scratch,
    now: i64,
}

impl Talk {
    fn tcp() -> Self {
        Self::of(
            Box::new(Enip::default()),
            flow(Transport::Tcp, (40_000, PORT)),
        )
    }

    fn of(session: Box<dyn Session>, flow: Flow) -> Self {
        Self {
            session,
            flow,
            known: Known::default(),
            scratch: Scratch::default(),
            now: 0,
        }
    }

    fn turn(
        &mut self,
        from_orig: bool,
        work: impl FnOnce(&mut dyn Session, &mut Turn<'_>),
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let mut sink = |seen: &Observation<'_>| {
            let Observation::Said(said) = seen else {
                return;
            };
            let (outcome, what) = (said.outcome, said.what);
            let (asked, answered) = (fields(said.asked), fields(said.answered));
            lines.push(format!("{what} {outcome:?}{asked} |{answered}"));
        };
        let when = (
            Timestamp::from_ns(self.now),
            Between::Flow(self.flow),
            from_orig,
        );
        let state = (&mut self.known, &mut self.scratch);
        let mut turn = Turn::new(when, Protocol::Enip, state, &mut sink);
        work(self.session.as_mut(), &mut turn);
        self.now += 1_000_000;
        lines
    }

    fn say(&mut self, from_orig: bool, bytes: &[u8]) -> Vec<String> {
        self.turn(from_orig, |session, turn| session.unit(turn, bytes))
    }

    /// A request and its answer.
    fn both(&mut self, request: &[u8], reply: &[u8]) -> Vec<String> {
        let mut lines = self.say(true, &unconnected(7, request));
        lines.extend(self.say(false, &unconnected(7, reply)));
        lines
    }

    fn end(&mut self) -> Vec<String> {
        self.turn(true, |session, turn| session.end(turn))
    }
}

fn message(command: u16, session: u32, status: u32, context: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = command.to_le_bytes().to_vec();
    bytes.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend(session.to_le_bytes());
    bytes.extend(status.to_le_bytes());
    bytes.extend(context.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

fn item(kind: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &len.to_le_bytes(), data].concat()
}

fn unconnected(context: u64, cip: &[u8]) -> Vec<u8> {
    let items = [&[0; 6][..], &[2, 0], &item(0, &[]), &item(0xb2, cip)].concat();
    message(0x6f, 1, 0, context, &items)
}

fn connected(id: u32, sequence: u16, cip: &[u8]) -> Vec<u8> {
    let data = [&sequence.to_le_bytes()[..], cip].concat();
    let address = item(0xa1, &id.to_le_bytes());
    let items = [&[0; 6][..], &[2, 0], &address, &item(0xb1, &data)].concat();
    message(0x70, 1, 0, 0, &items)
}

fn tag(name: &[u8]) -> Vec<u8> {
    let mut path = vec![0x91, u8::try_from(name.len()).unwrap()];
    path.extend(name);
    path.extend(vec![0; name.len() % 2]);
    path
}

fn ask(service: u8, path: &[u8], data: &[u8]) -> Vec<u8> {
    let words = u8::try_from(path.len() / 2).unwrap();
    [&[service, words][..], path, data].concat()
}

const OPEN: [u8; 40] = [
    7, 249, 1, 0, 0, 0, 2, 0, 0, 0, 0x19, 0, 0x4d, 0, 0xf3, 0x2b, 0x95, 0x32, 0, 0, 0, 0, 0x10,
    0x27, 0, 0, 0xf4, 0x43, 0x20, 0x4e, 0, 0, 0xf4, 0x23, 0x01, 2, 0x2c, 100, 0x2c, 101,
];

const OPENED: [u8; 26] = [
    0x11, 0, 0, 0, 2, 0, 0, 0, 0x19, 0, 0x4d, 0, 0xf3, 0x2b, 0x95, 0x32, 0x10, 0x27, 0, 0, 0x20,
    0x4e, 0, 0, 0, 0,
];

fn io(id: u32, number: u32, data: &[u8]) -> Vec<u8> {
    let address = [id.to_le_bytes(), number.to_le_bytes()].concat();
    [&[2, 0][..], &item(0x8002, &address), &item(0xb1, data)].concat()
}
