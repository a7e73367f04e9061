//! Everything that can be done on the wire and was not agreed is found: by address, port, VLAN, unit, function, range,
//! value, and by Ethernet address where nobody has another.
#![expect(clippy::panic, reason = "tests")]

mod agreed;

use agreed::{CELL, at, catalog, drain};
use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Deed, Touched, Wire};
use iia_contract::scope::Run;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::{Flow, Frame, Mac, Outcome, Protocol, Table, Transport};

const PRESS: &str = "iia.contract.device.press";

fn flow(client: [u8; 4], server: [u8; 4], port: u16) -> Flow {
    Flow {
        orig_h: client.into(),
        orig_p: 40_000,
        resp_h: server.into(),
        resp_p: port,
        transport: Transport::Tcp,
        vlan: if server == [10, 0, 0, 2] { 7 } else { 0 },
    }
}

fn press() -> Flow {
    flow([10, 0, 0, 1], [10, 0, 0, 2], 502)
}

fn touched(table: Table, first: u32, last: u32, values: &[u16]) -> Option<Touched> {
    Some(Touched {
        run: Run { table, first, last },
        values: values.to_vec(),
    })
}

/// A read of the press as it is agreed; each row changes something of it.
struct Asks {
    flow: Flow,
    protocol: Protocol,
    unit: u8,
    func: u8,
    outcome: Outcome,
    read: Option<Touched>,
    write: Option<Touched>,
}

fn asks() -> Asks {
    Asks {
        flow: press(),
        protocol: Protocol::ModbusTcp,
        unit: 1,
        func: 3,
        outcome: Outcome::Answered,
        read: touched(Table::HoldingRegister, 0, 9, &[0; 10]),
        write: None,
    }
}

impl From<Asks> for Deed {
    fn from(asks: Asks) -> Self {
        Self::Exchange {
            flow: asks.flow,
            protocol: asks.protocol,
            unit: asks.unit,
            func: asks.func,
            outcome: asks.outcome,
            read: asks.read,
            write: asks.write,
        }
    }
}

fn writes(first: u32, last: u32, values: &[u16]) -> Asks {
    Asks {
        func: 16,
        read: None,
        write: touched(Table::HoldingRegister, first, last, values),
        ..asks()
    }
}

fn frame(source: u8, destination: [u8; 6], ethertype: u16, protocol: Protocol) -> Deed {
    Deed::Frame(Frame {
        ts: at(0),
        source: Mac([2, 0, 0, 0, 0, source]),
        destination: Mac(destination),
        vlan: 0,
        ethertype,
        protocol,
        func: (protocol == Protocol::ProfinetDcp).then_some(5),
        payload_len: 46,
    })
}

const PROFINET: [u8; 6] = [1, 0x0e, 0xcf, 0, 0, 0];
const GOOSE: [u8; 6] = [1, 0x0c, 0xcd, 1, 0, 1];
const EVERYBODY: [u8; 6] = [0xff; 6];

fn observe(deed: Deed) -> Vec<Finding> {
    let mut wire = Wire::new(&catalog(CELL));
    wire.handle_observation(at(1), deed);
    drain(&mut wire)
}

/// What is agreed, in every form that the catalog has.
#[test]
fn what_is_agreed_is_no_finding() {
    let meter = Asks {
        flow: flow([10, 0, 0, 77], [10, 0, 0, 3], 502),
        unit: 200,
        func: 4,
        read: touched(Table::InputRegister, 1, 2, &[]),
        ..asks()
    };
    let clock = Deed::Flow {
        flow: Flow {
            transport: Transport::Udp,
            ..flow([10, 0, 0, 5], [10, 0, 0, 9], 123)
        },
        protocol: Protocol::Ntp,
        carried: true,
        answered: true,
    };
    let orphan = Asks {
        outcome: Outcome::Orphan,
        func: 99,
        read: None,
        ..asks()
    };
    let all: Vec<Deed> = vec![
        asks().into(),
        writes(5, 5, &[100]).into(),
        Asks {
            func: 43,
            read: None,
            ..asks()
        }
        .into(),
        orphan.into(),
        meter.into(),
        clock,
        frame(1, PROFINET, 0x8892, Protocol::ProfinetDcp),
        frame(2, GOOSE, 0x88b8, Protocol::Goose),
        frame(3, EVERYBODY, 0x88a4, Protocol::Ethercat),
    ];
    for deed in all {
        let said = format!("{deed:?}");
        assert_eq!(observe(deed), [], "{said}");
    }
}

/// Each way to leave what is agreed: the clause that fails, the contract that came nearest, and what is said of it.
#[test]
fn what_is_not_agreed_is_found_and_says_what_was_done() {
    let with = |change: fn(&mut Asks)| -> Deed {
        let mut asks = asks();
        change(&mut asks);
        asks.into()
    };
    let rows: Vec<(Deed, &str, &str, &str)> = vec![
        (
            with(|asks| asks.flow.resp_p = 503),
            "parties",
            "",
            "10.0.0.1 asks 10.0.0.2:503 for read holding_register 0..9, and no contract joins them",
        ),
        (
            with(|asks| asks.flow.transport = Transport::Udp),
            "parties",
            "",
            "no contract joins them",
        ),
        (
            with(|asks| asks.flow.orig_h = [10, 0, 0, 66].into()),
            "parties",
            PRESS,
            "10.0.0.66 asks 10.0.0.2:502 for read holding_register 0..9, and no contract names it there",
        ),
        (
            with(|asks| asks.protocol = Protocol::ModbusRtu),
            "protocol",
            PRESS,
            "is for modbus_tcp",
        ),
        (with(|asks| asks.flow.vlan = 8), "vlan", PRESS, "on VLAN 8"),
        (with(|asks| asks.flow.vlan = 0), "vlan", PRESS, "on VLAN 0"),
        (with(|asks| asks.unit = 2), "unit", PRESS, "for unit 2"),
        (
            with(|asks| asks.outcome = Outcome::Malformed),
            "malformed",
            PRESS,
            "breaks the protocol's rules",
        ),
        (
            with(|asks| (asks.func, asks.read) = (8, None)),
            "function",
            PRESS,
            "asks 10.0.0.2:502 for function 8, which contract iia.contract.device.press does not list",
        ),
        (
            with(|asks| asks.read = touched(Table::HoldingRegister, 0, 10, &[])),
            "read",
            PRESS,
            "read holding_register 0..10, which is outside",
        ),
        (
            with(|asks| asks.read = touched(Table::Coil, 0, 1, &[])),
            "read",
            PRESS,
            "read coil 0..1",
        ),
        (
            writes(4, 5, &[1, 1]).into(),
            "write",
            PRESS,
            "write holding_register 4..5, which is outside",
        ),
        (
            writes(5, 5, &[101]).into(),
            "value",
            PRESS,
            "write holding_register 5, with a value outside its range",
        ),
        (
            writes(5, 5, &[0xffff]).into(),
            "value",
            PRESS,
            "with a value outside its range",
        ),
        (
            Asks {
                flow: flow([10, 0, 0, 77], [10, 0, 0, 3], 502),
                ..writes(0, 0, &[1])
            }
            .into(),
            "read_only",
            "iia.contract.device.meter",
            "lets it read only",
        ),
        (
            Deed::Flow {
                flow: press(),
                protocol: Protocol::Http,
                carried: true,
                answered: true,
            },
            "protocol",
            PRESS,
            "10.0.0.1 speaks http to 10.0.0.2:502",
        ),
        (
            frame(9, PROFINET, 0x8892, Protocol::ProfinetDcp),
            "parties",
            "iia.contract.device.drive",
            "02:00:00:00:00:09 sends profinet_dcp frames (service 5) to the group 01:0e:cf:00:00:00",
        ),
        (
            frame(1, PROFINET, 0x8892, Protocol::ProfinetRt),
            "protocol",
            "iia.contract.device.drive",
            "is for profinet_dcp",
        ),
        (
            frame(2, [1, 0x0c, 0xcd, 1, 0, 2], 0x88b8, Protocol::Goose),
            "parties",
            "",
            "to the group 01:0c:cd:01:00:02 (frames of type 0x88b8), and no contract joins them",
        ),
        (
            frame(3, EVERYBODY, 0x8892, Protocol::ProfinetRt),
            "parties",
            "",
            "sends profinet_rt frames to everybody",
        ),
        // A protocol of the past that nobody knows here any more: IPX.
        (
            frame(7, EVERYBODY, 0x8137, Protocol::Unknown),
            "parties",
            "",
            "02:00:00:00:00:07 sends frames to everybody, ff:ff:ff:ff:ff:ff (frames of type 0x8137)",
        ),
    ];
    for (deed, clause, contract, words) in rows {
        let said = format!("{deed:?}");
        let found = observe(deed);
        let [one] = found.as_slice() else {
            panic!("{said}: {found:#?}");
        };
        assert_eq!(
            (one.clause.as_str(), one.contract.as_str()),
            (clause, contract),
            "{said}: {one:#?}"
        );
        assert!(one.reason.contains(words), "{words}: {}", one.reason);
        assert_eq!(
            (one.conclusion, one.severity),
            (Conclusion::Diverge, Severity::High)
        );
        assert!(!one.source.is_empty() && !one.destination.is_empty());
        assert_eq!(one.evidence.len(), 1, "{one:#?}");
    }
}

#[test]
fn the_same_is_told_once_and_another_function_or_unit_is_another_thing() {
    let mut wire = Wire::new(&catalog(CELL));
    let mut count = |ms: i64, deed: Deed| {
        wire.handle_observation(at(ms), deed);
        drain(&mut wire).len()
    };
    let odd = |unit, func| -> Deed {
        Asks {
            unit,
            func,
            ..asks()
        }
        .into()
    };
    assert_eq!(count(1, odd(2, 3)), 1);
    assert_eq!(count(2, odd(2, 3)), 0);
    assert_eq!(count(3, odd(3, 3)), 1);
    assert_eq!(count(4, odd(3, 4)), 1);
    assert_eq!(count(5, odd(3, 4)), 0);
}

/// A version that has gone out of force covers nothing any more; what it covered until then was fine.
#[test]
fn a_contract_that_has_ended_covers_nothing() {
    let text = CELL.replacen(
        "scope device",
        "scope device\n  deprecated 1970-01-01T00:01:00Z",
        1,
    );
    let mut wire = Wire::new(&catalog(&text));
    wire.handle_observation(at(59_999), asks().into());
    assert_eq!(drain(&mut wire), []);
    wire.handle_observation(at(60_000), asks().into());
    let found = drain(&mut wire);
    assert_eq!(found[0].clause, "deprecated");
    assert!(
        found[0].reason.ends_with("has gone out of force"),
        "{found:#?}"
    );
}

#[test]
fn what_was_lost_before_it_came_here_is_said() {
    let mut wire = Wire::new(&catalog(CELL));
    wire.handle_observation(at(1), Deed::Lost(12));
    let found = drain(&mut wire);
    assert_eq!(
        (found[0].conclusion, found[0].clause.as_str()),
        (Conclusion::Missing, "sight")
    );
    assert!(found[0].reason.starts_with("12 observations were lost"));
}
