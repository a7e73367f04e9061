//! Each clause in words, one row each: what was seen, and what the nearest contract says instead.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

mod made;
mod naive;

use iia_contract::matcher::{Clause, Matcher, Meter, Verdict};
use iia_contract::tree::Tree;
use iia_contract::{Catalog, explain};
use iia_core::Timestamp;
use iia_core::observe::{
    Act, Address, Exchange, Flow, Frame, Mac, Message, Observation, Outcome, Protocol, Session,
    Span, Table, Transport, Values,
};

const CATALOG: &str = "contract iia.contract.device.press 1.0.0 {
scope device
protocol modbus_tcp
client 10.0.0.7
server tcp/10.0.1.1:502
vlan 7
unit 1
read holding_register 0 99
tag angle {
type int16
unit n
rate 1s
table holding_register
address 20
low 0
high 9
}
tag force {
type int16
unit n
rate 1s
table holding_register
address 10
low -5
high 20
}
}
contract iia.contract.device.pump 1.0.0 {
scope device
protocol modbus_tcp
client 10.0.0.7
server tcp/10.0.1.2:502
write coil 0 3
}
contract iia.contract.device.names 1.0.0 {
scope device
protocol profinet_dcp
sender \"02:00:00:00:00:01\"
receiver \"01:0e:cf:00:00:00\"
function 5
}
contract iia.contract.internal.append 1.0.0 {
scope internal
source spiffe://iia.local/zone/collect/workload/c
destination spiffe://iia.local/zone/lake/workload/l
operation APPEND
cardinality one_to_one
transport {
protocol iia_link
security mtls
port tls/7443
topic \"plant/+/force\"
}
failure {
on_unreachable drop
}
payload {
max_size 64B
rate 2/s
}
}
";

fn exchange(client: [u8; 4], server: [u8; 4]) -> Exchange<'static> {
    Exchange {
        ts: Timestamp::default(),
        flow: Flow {
            orig_h: client.into(),
            orig_p: 40_000,
            resp_h: server.into(),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 7,
        },
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func: 3,
        read: None,
        write: None,
        latency_ns: None,
    }
}

fn span(table: Table, addr: u32, values: Values<'static>) -> Option<Span<'static>> {
    let count = 1;
    Some(Span {
        table,
        addr,
        count,
        values,
    })
}

const SESSION: Session<'static> = Session {
    ts: Timestamp::from_secs(0),
    source: "spiffe://iia.local/zone/collect/workload/c",
    destination: "spiffe://iia.local/zone/lake/workload/l",
    source_zone: "collect",
    protocol: "iia_link",
    listener: None,
    operation: "APPEND",
    stream: "",
    payload_len: 64,
};

fn message(client: &'static str, act: Act, topic: &'static str) -> Observation<'static> {
    Observation::Message(Message {
        ts: Timestamp::default(),
        client,
        act,
        address: Address::Topic(topic),
        payload_len: 1,
    })
}

fn frame(source: &str, func: u8) -> Observation<'static> {
    Observation::Frame(Frame {
        ts: Timestamp::default(),
        source: Mac::parse(source).unwrap(),
        destination: Mac::parse("01:0e:cf:00:00:00").unwrap(),
        vlan: 0,
        ethertype: 0x8892,
        protocol: Protocol::ProfinetDcp,
        func: Some(func),
        payload_len: 46,
    })
}

/// What is seen, the clause, the end of the reason, and the line of the contract.
fn rows() -> Vec<(Observation<'static>, Clause, &'static str, &'static str)> {
    let (me, press, pump) = ([10, 0, 0, 7], [10, 0, 1, 1], [10, 0, 1, 2]);
    let register = |addr| span(Table::HoldingRegister, addr, Values::None);
    let seen = Observation::Exchange;
    let read = Exchange {
        read: register(5),
        ..exchange(me, press)
    };
    let vlan = Exchange {
        flow: Flow {
            vlan: 0,
            ..read.flow
        },
        ..read
    };
    let high = span(Table::HoldingRegister, 10, Values::Words(&[0, 21]));
    let session = Observation::Session;
    let source = SESSION.source;
    vec![
        (
            seen(Exchange {
                read: register(1),
                ..exchange(me, [9, 9, 9, 9])
            }),
            Clause::Server,
            "no contract names this server and port",
            "",
        ),
        (
            seen(Exchange {
                protocol: Protocol::OpcUa,
                ..read
            }),
            Clause::Protocol,
            "is for modbus_tcp",
            "protocol modbus_tcp",
        ),
        (
            seen(Exchange {
                read: register(1),
                ..exchange([10, 0, 0, 8], press)
            }),
            Clause::Client,
            "lets only 10.0.0.7 ask",
            "client 10.0.0.7",
        ),
        (
            seen(vlan),
            Clause::Vlan,
            "untagged: contract iia.contract.device.press is for VLAN 7",
            "vlan 7",
        ),
        (
            seen(Exchange { unit: 2, ..read }),
            Clause::Unit,
            "is for unit 1",
            "unit 1",
        ),
        (
            seen(Exchange {
                outcome: Outcome::Malformed,
                ..read
            }),
            Clause::Malformed,
            "covers well-formed messages only",
            "",
        ),
        (
            seen(Exchange {
                func: 43,
                ..exchange(me, press)
            }),
            Clause::Function,
            "allows reads and writes only",
            "read holding_register 0 99",
        ),
        (
            seen(Exchange {
                write: register(110),
                ..exchange(me, press)
            }),
            Clause::ReadOnly,
            "write holding_register 110 by 10.0.0.7 at 10.0.1.1:502 unit 1: contract iia.contract.device.press allows only reads of holding_register 0-99",
            "read holding_register 0 99",
        ),
        (
            seen(Exchange {
                write: span(Table::Coil, 4, Values::None),
                ..exchange(me, pump)
            }),
            Clause::Write,
            "allows only writes of coil 0-3",
            "write coil 0 3",
        ),
        (
            seen(Exchange {
                read: register(100),
                ..exchange(me, press)
            }),
            Clause::Read,
            "allows only reads of holding_register 0-99",
            "read holding_register 0 99",
        ),
        (
            seen(Exchange {
                read: high,
                ..exchange(me, press)
            }),
            Clause::Value,
            "declares force from -5 to 20",
            "",
        ),
        (
            frame("02:00:00:00:00:02", 5),
            Clause::Client,
            "lets only 02:00:00:00:00:01 ask",
            "sender 02:00:00:00:00:01",
        ),
        (
            frame("02:00:00:00:00:01", 4),
            Clause::Function,
            "allows only function 5",
            "function 5",
        ),
        (
            session(Session {
                source: "spiffe://iia.local/x",
                ..SESSION
            }),
            Clause::Source,
            "no contract names who speaks",
            "",
        ),
        (
            session(Session {
                destination: "spiffe://iia.local/x",
                ..SESSION
            }),
            Clause::Destination,
            "lets it speak to spiffe://iia.local/zone/lake/workload/l",
            "destination spiffe://iia.local/zone/lake/workload/l",
        ),
        (
            session(Session {
                source_zone: "cfg",
                ..SESSION
            }),
            Clause::Zone,
            "from zone cfg: contract iia.contract.internal.append is for zone collect",
            "source spiffe://iia.local/zone/collect/workload/c",
        ),
        (
            session(Session {
                protocol: "mqtt",
                ..SESSION
            }),
            Clause::Protocol,
            "is carried by iia_link",
            "protocol iia_link",
        ),
        (
            session(Session {
                listener: "10.0.0.1:1".parse().ok(),
                ..SESSION
            }),
            Clause::Listener,
            "is answered at tls/7443",
            "port tls/7443",
        ),
        (
            session(Session {
                operation: "DROP",
                ..SESSION
            }),
            Clause::Operation,
            "allows only APPEND",
            "operation APPEND",
        ),
        (
            session(Session {
                payload_len: 65,
                ..SESSION
            }),
            Clause::Payload,
            "allows 64 bytes at most",
            "max_size 64B",
        ),
        (
            message(source, Act::Subscribe, "plant/a/force"),
            Clause::Direction,
            "lets it publish only",
            "topic plant/+/force",
        ),
        (
            message(source, Act::Publish, "plant/a/speed"),
            Clause::Topic,
            "lets it publish only plant/+/force",
            "topic plant/+/force",
        ),
    ]
}

#[test]
fn every_clause_is_said_in_words_with_its_line() {
    let tree = Tree::from(made::text::entries(CATALOG).as_slice());
    let (catalog, _) = Catalog::of(&tree).unwrap();
    let matcher = Matcher::new(&catalog);
    for (seen, clause, words, line) in rows() {
        let verdict = matcher.judge(&seen);
        let reason = explain::reason(&catalog, &seen, &verdict);
        let Verdict::Violation {
            nearest,
            clause: got,
        } = verdict
        else {
            panic!("{words}: covered");
        };
        assert_eq!(got, clause, "{words}: {reason}");
        assert!(reason.ends_with(words), "{words}: {reason}");
        if let Some(nearest) = nearest.filter(|_| !line.is_empty()) {
            let name = catalog.name(nearest);
            let entry = tree.entries().find(|entry| entry.name == name).unwrap();
            let place = explain::place(&entry, &seen, got);
            let said = &tree.text()[place.start as usize..place.end as usize];
            assert_eq!(said.trim(), line, "{words}");
        }
    }
}

#[test]
fn a_rate_is_kept_and_what_is_beyond_it_is_said() {
    let tree = Tree::from(made::text::entries(CATALOG).as_slice());
    let (catalog, _) = Catalog::of(&tree).unwrap();
    let (matcher, mut meter) = (Matcher::new(&catalog), Meter::new(&catalog));
    let seen = Observation::Session(SESSION);
    let mut at = |millis: i64| {
        let now = Timestamp::from_ns(millis * 1_000_000);
        meter.count(matcher.judge(&seen), &seen, now)
    };
    // Two at once, then one each half second; a clock that goes back gives nothing, and nothing is saved up for ever.
    for (millis, covered) in [
        (0, true),
        (0, true),
        (499, false),
        (500, true),
        (100, false),
        (999, false),
        (1000, true),
        (90_000, true),
        (90_000, true),
        (90_000, false),
    ] {
        assert_eq!(at(millis).is_covered(), covered, "{millis} ms");
    }
    let reason = explain::reason(&catalog, &seen, &at(90_000));
    assert!(
        reason.ends_with("contract iia.contract.internal.append allows 2/s"),
        "{reason}"
    );
}
