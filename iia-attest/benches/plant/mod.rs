//! A plant of any size: one client, and as many servers as there are contracts.
#![allow(dead_code, reason = "every bench uses some of it")]
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]

use std::net::IpAddr;

use iia_attest::network::{Deed, Seen, Touched};
use iia_contract::Catalog;
use iia_contract::raw::{Entry, Field, Kind, Number, Span, Unit, Value, Version};
use iia_contract::scope::Run;
use iia_core::Timestamp;
use iia_core::observe::{Flow, Outcome, Protocol, Table, Transport};

pub(crate) const CONTRACTS: [u32; 3] = [10, 1000, 65_535];
const CLIENT: [u8; 4] = [10, 255, 255, 1];

pub(crate) const fn at(ns: i64) -> Timestamp {
    Timestamp::from_ns(ns)
}

pub(crate) fn server(number: u32) -> [u8; 4] {
    let [_, a, b, c] = number.to_be_bytes();
    [10, a, b, c]
}

fn field(key: &str, values: &[(&str, Kind)]) -> Field {
    let span = Span::default();
    let value = |(text, kind): &(&str, Kind)| Value {
        kind: *kind,
        text: (*text).into(),
        span,
    };
    Field {
        key: key.into(),
        values: values.iter().map(value).collect(),
        span,
    }
}

const fn number(count: i64, unit: Unit) -> Kind {
    Kind::Number(Number {
        micros: count * 1_000_000,
        unit,
        per: None,
    })
}

fn entry(index: u32) -> Entry {
    let server = format!("tcp/{}:502", IpAddr::from(server(index)));
    let client = IpAddr::from(CLIENT).to_string();
    let run = [
        ("holding_register", Kind::Atom),
        ("0", number(0, Unit::None)),
        ("99", number(99, Unit::None)),
    ];
    Entry {
        kind: "contract".into(),
        name: format!("iia.contract.device.d{index}"),
        version: Some(Version {
            major: 1,
            minor: 0,
            patch: 0,
        }),
        fields: vec![
            field("scope", &[("device", Kind::Atom)]),
            field("protocol", &[("modbus_tcp", Kind::Atom)]),
            field("client", &[(&client, Kind::Net)]),
            field("server", &[(&server, Kind::Port)]),
            field("read", &run),
            field("silence", &[("10s", number(10, Unit::S))]),
        ],
        blocks: vec![],
        span: Span::default(),
    }
}

pub(crate) fn catalog(contracts: u32) -> Catalog {
    let entries: Vec<Entry> = (0..contracts).map(entry).collect();
    Catalog::check(&entries).unwrap().0
}

pub(crate) fn seen(number: u32, until: Timestamp) -> Seen {
    Seen {
        client: CLIENT.into(),
        server: server(number).into(),
        port: 502,
        count: 1,
        until,
    }
}

pub(crate) fn exchange(number: u32) -> Deed {
    let run = Run {
        table: Table::HoldingRegister,
        first: 0,
        last: 9,
    };
    let flow = Flow {
        orig_h: CLIENT.into(),
        orig_p: 40_000,
        resp_h: server(number).into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    };
    Deed::Exchange {
        flow,
        protocol: Protocol::ModbusTcp,
        unit: 1,
        func: 3,
        outcome: Outcome::Answered,
        read: Some(Touched {
            run,
            values: Vec::new(),
        }),
        write: None,
    }
}
