//! Learning is bounded: whatever is on the wire, a proposal stays of a size that a person can cut down.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::learn::{Learner, PAIRS_MAX, Seen, TAGS_MAX, UNWRITABLE_MAX};
use iia_contract::matcher::{Matcher, Verdict};
use iia_core::Timestamp;
use iia_core::observe::{
    Access, Act, Address, Conn, Flow, Frame, Mac, Message, Observation, Protocol, Span, Table,
    Transport, Values,
};
use made::Said;

#[test]
fn pairs_beyond_the_limit_are_counted() {
    let mut learner = Learner::default();
    let over = 7;
    for number in 0..PAIRS_MAX + over {
        let [_, _, high, low] = u32::try_from(number).unwrap_or(0).to_be_bytes();
        let said = Said {
            client: [10, 1, high, low],
            server: ([10, 0, 0, 2], 502),
            unit: 1,
            func: 3,
            read: Some((Table::HoldingRegister, 0, 2)),
            write: None,
        };
        learner.observe(&said.observation());
    }
    assert_eq!(learner.left_out(), over as u64);
    let proposal = learner.to_icl("box");
    assert_eq!(proposal.matches("\n  client ").count(), PAIRS_MAX);
    let contracts = proposal.matches("\ncontract ").count();
    assert_eq!(contracts, PAIRS_MAX / 256, "all of them did the very same");
}

fn said(client: u8, server: u8, unit: u8, read: (Table, u32, u32)) -> Said {
    Said {
        client: [10, 1, 0, client],
        server: ([10, 0, 0, server], 502),
        unit,
        func: 3,
        read: Some(read),
        write: None,
    }
}

const REGISTERS: (Table, u32, u32) = (Table::HoldingRegister, 0, 10);

/// What is learnt, and the matcher on it.
fn learnt(all: &[Said]) -> (usize, Catalog) {
    let mut learner = Learner::default();
    all.iter()
        .for_each(|said| learner.observe(&said.observation()));
    let text = learner.to_icl("box");
    let (catalog, _) = Catalog::check(&made::text::entries(&text)).unwrap();
    assert_eq!(catalog.contracts().len(), learner.contracts().len());
    (catalog.contracts().len(), catalog)
}

#[test]
fn many_that_did_the_very_same_stand_in_one_contract_and_nobody_else() {
    let mut all = Vec::new();
    for (client, server) in (1..4).flat_map(|client| (1..6).map(move |server| (client, server))) {
        all.extend([1, 2].map(|unit| said(client, server, unit, REGISTERS)));
    }
    assert_eq!(learnt(&all).0, 1, "three clients, five servers, two units");
    // One client that did not ask one server makes the difference.
    all.retain(|one| (one.client[3], one.server.0[3]) != (2, 4));
    let (contracts, catalog) = learnt(&all);
    assert_eq!(contracts, 2);
    let matcher = Matcher::new(&catalog);
    let covered = |one: &Said| matches!(matcher.judge(&one.observation()), Verdict::Covered { .. });
    assert!(all.iter().all(covered));
    assert!(!covered(&said(2, 4, 1, REGISTERS)));
    assert!(!covered(&said(1, 1, 3, REGISTERS)));
    assert!(!covered(&said(1, 1, 1, (Table::HoldingRegister, 0, 11))));
}

#[test]
fn confidence_is_the_share_that_was_not_the_only_one_of_its_kind() {
    let mut all: Vec<Said> = (0..9).map(|_| said(1, 1, 1, REGISTERS)).collect();
    all.push(said(1, 1, 1, (Table::HoldingRegister, 20, 1)));
    let mut learner = Learner::default();
    learner.capture("plant.pcap\n}");
    all.iter()
        .for_each(|said| learner.observe(&said.observation()));
    let contracts = learner.contracts();
    assert_eq!(
        (contracts[0].evidence.count, contracts[0].evidence.once),
        (10, 1)
    );
    assert_eq!(contracts[0].evidence.confidence_ppm(), 900_000);
    let text = learner.to_icl("box");
    assert!(
        text.contains("# learnt from 10 exchanges; confidence 90.00 %: 1 of them was the only"),
        "{text}"
    );
    assert!(
        text.contains("# in plant.pcap?}\n"),
        "a name ends no comment: {text}"
    );
}

#[test]
fn a_regular_poll_has_a_cadence_and_values_have_a_range() {
    let mut learner = Learner::default();
    let mut observe = |ms: i64, value: u16| {
        let bytes = value.to_be_bytes();
        let mut observation = said(1, 1, 1, (Table::HoldingRegister, 7, 1)).observation();
        if let Observation::Exchange(exchange) = &mut observation {
            exchange.ts = Timestamp::from_ns(ms * 1_000_000);
            let span = exchange.read.as_mut().unwrap();
            *span = Span {
                values: Values::Words(&bytes),
                ..*span
            };
            learner.observe(&observation);
        }
    };
    for poll in 0..20 {
        observe(poll * 1000 + poll % 3, 100 + u16::try_from(poll).unwrap());
    }
    let text = learner.to_icl("box");
    assert!(text.contains("\n  cadence 1s\n"), "{text}");
    assert!(
        text.contains("# holding_register 7-7 held 100 to 119\n"),
        "{text}"
    );
}

#[test]
fn a_flow_that_nobody_decodes_is_learnt_by_its_ends_when_it_was_answered() {
    let conn = |client: u8, resp_pkts: u64| {
        Observation::Conn(Conn {
            ts: Timestamp::from_secs(1),
            last: Timestamp::from_secs(2),
            flow: Flow {
                orig_h: [10, 1, 0, client].into(),
                orig_p: 40_000,
                resp_h: [10, 0, 0, 9].into(),
                resp_p: 102,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::Unknown,
            orig_pkts: 3,
            resp_pkts,
            orig_bytes: 20,
            resp_bytes: 9,
            missed_bytes: 0,
        })
    };
    let mut learner = Learner::default();
    learner.observe(&conn(1, 2));
    learner.observe(&conn(2, 0));
    assert_eq!(learner.unanswered(), 1);
    let text = learner.to_icl("box");
    let (catalog, _) = Catalog::check(&made::text::entries(&text)).unwrap();
    assert_eq!(catalog.name(0), "iia.contract.device.flow-tcp-102-10-0-0-9");
    let matcher = Matcher::new(&catalog);
    assert!(matches!(
        matcher.judge(&conn(1, 2)),
        Verdict::Covered { contract: 0, .. }
    ));
    assert!(matches!(
        matcher.judge(&conn(2, 2)),
        Verdict::Violation { .. }
    ));
}

fn asked(learner: &mut Learner, tag: &str) {
    learner.observe(&Observation::Access(Access {
        ts: Timestamp::default(),
        flow: Flow {
            orig_h: [10, 1, 0, 1].into(),
            orig_p: 40_000,
            resp_h: [10, 0, 0, 2].into(),
            resp_p: 44_818,
            transport: Transport::Tcp,
            vlan: 0,
        },
        protocol: Protocol::Enip,
        tag,
        write: false,
        value_micros: Some(1_000_000),
    }));
}

/// What cannot be spelt is told apart from what found no room, and both are bounded.
#[test]
fn names_that_cannot_be_written_are_named_and_names_without_room_are_counted() {
    let mut learner = Learner::default();
    for name in [
        "Program:Main.Level",
        "line-3.press-1",
        "two words",
        "two words",
    ] {
        asked(&mut learner, name);
    }
    let (count, names) = learner.unwritten();
    assert_eq!(count, 3);
    assert!(
        names.iter().eq(["Program:Main.Level", "two words"]),
        "{names:?}"
    );
    assert!(learner.to_icl("box").contains("tag line-3.press-1 {"));
    for number in 1..=TAGS_MAX {
        asked(&mut learner, &format!("t{number}"));
        asked(&mut learner, &format!("{number}"));
    }
    assert_eq!(learner.left_out(), 1, "one name was known before");
    let (count, names) = learner.unwritten();
    assert_eq!((count, names.len()), (3 + TAGS_MAX as u64, UNWRITABLE_MAX));
}

/// IEEE 802.3, 3.2.6: what is below 0x0600 is a length.
#[test]
fn a_frame_without_a_type_is_counted_and_not_learnt() {
    let frame = |ethertype| {
        Observation::Frame(Frame {
            ts: Timestamp::from_secs(1),
            source: Mac([2, 0, 0, 0, 0, 1]),
            destination: Mac([1, 0x80, 0xc2, 0, 0, 0]),
            vlan: 0,
            ethertype,
            protocol: Protocol::Unknown,
            func: None,
            payload_len: 38,
        })
    };
    let mut learner = Learner::default();
    let said = |learner: &Learner| (learner.senders(), learner.left_out(), learner.seen());
    let (untyped, seen) = (1, Seen::default());
    learner.observe(&frame(0x05ff));
    assert_eq!(said(&learner), (0, 0, Seen { untyped, ..seen }));
    learner.observe(&frame(0x0600));
    let frames = 1;
    assert_eq!(
        said(&learner),
        (
            1,
            0,
            Seen {
                untyped,
                frames,
                ..seen
            }
        )
    );
}

/// Groups of zeros that an address of version 6 leaves out leave no gaps in a name, and two that are named alike then are
/// two contracts; what is said to topics is told, because no capture shows whose certificate it was.
#[test]
fn flows_of_version_6_have_readable_names_and_messages_are_counted() {
    let mut learner = Learner::default();
    let servers = ["::1", "fd00:0:0:1::7", "fd00::1:7"];
    for (client, server) in servers.iter().enumerate() {
        let ts = Timestamp::from_secs(1);
        learner.observe(&Observation::Conn(Conn {
            ts,
            last: ts,
            flow: Flow {
                orig_h: format!("fd00::9:{client}").parse().unwrap(),
                orig_p: 40_000,
                resp_h: server.parse().unwrap(),
                resp_p: 1883,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::Mqtt,
            orig_pkts: 3,
            resp_pkts: 3,
            orig_bytes: 9,
            resp_bytes: 9,
            missed_bytes: 0,
        }));
    }
    learner.observe(&Observation::Message(Message {
        ts: Timestamp::from_secs(1),
        client: "sensor-1",
        act: Act::Publish,
        address: Address::Topic("plant/a"),
        payload_len: 3,
    }));
    let text = learner.to_icl("box");
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("contract iia.contract.device."));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "flow-tcp-1883-1",
            "flow-tcp-1883-fd00-0-0-1-7",
            "flow-tcp-1883-fd00-1-7"
        ]
        .map(|name| format!("{name} 0.1.0 {{"))
    );
    let seen = learner.seen();
    assert_eq!((seen.flows, seen.messages, learner.left_out()), (3, 1, 0));
}

#[test]
fn one_value_alone_is_no_range() {
    let mut learner = Learner::default();
    for (value, want) in [(5, ""), (6, "    low 5\n    high 6\n")] {
        learner.observe(&Observation::Access(Access {
            ts: Timestamp::from_secs(value),
            flow: Flow {
                orig_h: [10, 1, 0, 1].into(),
                orig_p: 40_000,
                resp_h: [10, 0, 0, 9].into(),
                resp_p: 4840,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::OpcUa,
            tag: "press.pressure",
            write: false,
            value_micros: Some(value * 1_000_000),
        }));
        let text = learner.to_icl("box");
        assert!(text.contains("tag press.pressure {"), "{text}");
        assert!(text.contains(want), "{text}");
        assert_eq!(text.contains("low "), !want.is_empty(), "{text}");
    }
}
