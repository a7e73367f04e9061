//! Observations from bytes, out of the same small world as the contracts.
#![allow(dead_code, reason = "every test file uses some of it")]

use iia_core::Timestamp;
use iia_core::observe::{
    Access, Act, Address, Conn, Exchange, Flow, Frame, Mac, Message, Observation, Outcome,
    Protocol, Session, Span, Table, Transport, Values,
};

use super::dice::{Dice, HOSTS, IDS, MACS, NAMES, TAGS};

const PROTOCOLS: [Protocol; 5] = [
    Protocol::ModbusTcp,
    Protocol::ModbusTcp,
    Protocol::ModbusTcp,
    Protocol::OpcUa,
    Protocol::Unknown,
];

/// Values that stand on both sides of every limit, as registers.
const WORDS: [u8; 32] = [
    0, 0, 0, 1, 0xff, 0xfd, 0xff, 0xfc, 1, 0xf4, 1, 0xf5, 0x43, 0xfa, 0x43, 0xfb, 0x7f, 0xc0, 0,
    0, //
    0x80, 0, 0, 0, 0, 2, 0xbf, 0x80, 0, 0, 0x7f, 0xff,
];

/// One observation; the topic and whatever else is text is written into `text`.
pub(crate) fn observation<'a>(dice: &mut Dice<'_>, text: &'a mut String) -> Observation<'a> {
    let ts = Timestamp::default();
    match dice.roll(9) {
        0..=2 => Observation::Exchange(exchange(dice)),
        3 => Observation::Conn(Conn {
            ts,
            last: ts,
            flow: flow(dice),
            protocol: dice.of(&PROTOCOLS),
            orig_pkts: 1,
            resp_pkts: 1,
            orig_bytes: dice.roll(2).into(),
            resp_bytes: dice.roll(2).into(),
            missed_bytes: 0,
        }),
        4 => Observation::Frame(frame(dice)),
        5 => Observation::Access(Access {
            ts,
            flow: flow(dice),
            protocol: dice.of(&[Protocol::OpcUa, Protocol::OpcUa, Protocol::ModbusTcp]),
            tag: dice.of(&TAGS),
            write: dice.once_in(2),
            value_micros: dice.of(&[
                None,
                Some(-2_500_000),
                Some(-2_500_001),
                Some(9_000_000),
                Some(9_000_001),
            ]),
        }),
        6 => Observation::Session(session(dice)),
        _ => Observation::Message(message(dice, text)),
    }
}

fn flow(dice: &mut Dice<'_>) -> Flow {
    Flow {
        orig_h: dice.of(&HOSTS).parse().unwrap(),
        orig_p: 40_000,
        resp_h: dice.of(&["10.0.1.1", "10.0.1.2"]).parse().unwrap(),
        resp_p: dice.of(&[502, 502, 503]),
        transport: dice.of(&[
            Transport::Tcp,
            Transport::Tcp,
            Transport::Tcp,
            Transport::Udp,
        ]),
        vlan: dice.of(&[0, 7, 8]),
    }
}

fn span(dice: &mut Dice<'_>) -> Option<Span<'static>> {
    if dice.once_in(3) {
        return None;
    }
    let count = u32::from(dice.roll(6));
    let from = usize::from(dice.roll(16)) * 2;
    let len = usize::from(dice.roll(7)) * 2;
    let seen = WORDS.get(from..(from + len).min(WORDS.len())).unwrap();
    Some(Span {
        table: dice.of(&[Table::HoldingRegister, Table::HoldingRegister, Table::Coil]),
        addr: dice.roll(16).into(),
        count,
        values: match dice.roll(3) {
            0 => Values::None,
            _ => Values::Words(seen),
        },
    })
}

fn exchange(dice: &mut Dice<'_>) -> Exchange<'static> {
    Exchange {
        ts: Timestamp::default(),
        flow: flow(dice),
        protocol: dice.of(&PROTOCOLS),
        outcome: dice.of(&[
            Outcome::Answered,
            Outcome::Answered,
            Outcome::Unanswered,
            Outcome::Exception(2),
            Outcome::Orphan,
            Outcome::Malformed,
        ]),
        transaction: 1,
        unit: dice.of(&[1, 2, 3]),
        func: dice.of(&[3, 16, 43]),
        read: span(dice),
        write: span(dice),
        latency_ns: None,
    }
}

fn frame(dice: &mut Dice<'_>) -> Frame {
    Frame {
        ts: Timestamp::default(),
        source: Mac::parse(dice.of(&MACS)).unwrap(),
        destination: Mac::parse(dice.of(&MACS[2..])).unwrap(),
        vlan: dice.of(&[0, 7, 8]),
        ethertype: dice.of(&[0x8892, 0x8892, 0x88b8, 0x88e3, 0x88f7]),
        protocol: dice.of(&[
            Protocol::ProfinetDcp,
            Protocol::ProfinetRt,
            Protocol::Goose,
            Protocol::Mrp,
            Protocol::Unknown,
        ]),
        func: dice.of(&[None, Some(4), Some(5), Some(6)]),
        payload_len: 46,
    }
}

fn session(dice: &mut Dice<'_>) -> Session<'static> {
    Session {
        ts: Timestamp::default(),
        source: dice.of(&IDS),
        destination: dice.of(&IDS),
        source_zone: dice.of(&["", "", "collect", "lake", "publish", "cfg"]),
        protocol: dice.of(&["", "iia_link", "iia_link", "mqtt"]),
        listener: dice
            .of(&[
                None,
                None,
                Some("10.0.2.1:7443"),
                Some("10.0.2.1:7444"),
                Some("10.0.2.2:7444"),
            ])
            .map(|socket| socket.parse().unwrap()),
        operation: dice.of(&["APPEND", "QUERY", "PULL", "DELETE"]),
        stream: dice.of(&[
            "",
            "",
            "ot.process.a",
            "process.b.c",
            "health.a",
            "health.ab",
        ]),
        payload_len: dice.of(&[0, 64, 65, 96, 97, 128, 129]),
    }
}

fn message<'a>(dice: &mut Dice<'_>, text: &'a mut String) -> Message<'a> {
    let act = dice.of(&[Act::Publish, Act::Subscribe]);
    let topic = dice.roll(3) > 0;
    let (between, one, rest) = match topic {
        true => ("/", "+", "#"),
        false => (".", "*", ">"),
    };
    let mut levels = vec![dice.of(&["a", "b", "a", "z", one])];
    for _ in 0..dice.roll(4) {
        levels.push(dice.of(&["a", "b", "a", "b", "z", one]));
    }
    if dice.once_in(4) {
        levels.push(rest);
    }
    let share = topic && dice.once_in(6);
    *text = levels.join(between);
    if share {
        text.insert_str(0, "$share/g/");
    }
    let clients = [IDS[0], IDS[1], IDS[2], IDS[3], NAMES[0], NAMES[1], "nobody"];
    Message {
        ts: Timestamp::default(),
        client: dice.of(&clients),
        act,
        address: match topic {
            true => Address::Topic(text),
            false => Address::Subject(text),
        },
        payload_len: dice.of(&[0, 64, 65, 128, 129]),
    }
}
