//! Entries as the configuration language delivers them, made by hand.
#![allow(dead_code, reason = "every test file uses some of it")]

pub(crate) mod text;

use iia_contract::raw::{Block, Entry, Field, Kind, Number, Span, Unit, Value, Version};
use iia_core::observe::{
    Exchange, Flow, Observation, Outcome, Protocol, Span as Addresses, Table, Transport, Values,
};

fn kind(text: &str) -> Kind {
    let bare = text.trim_end_matches(char::is_alphabetic);
    let unit = match text.strip_prefix(bare) {
        Some("") => Some(Unit::None),
        Some("d") => Some(Unit::D),
        Some("h") => Some(Unit::H),
        Some("m") => Some(Unit::M),
        _ => None,
    };
    if let (Some(unit), Ok(number)) = (unit, bare.parse::<i64>()) {
        let micros = number * 1_000_000;
        return Kind::Number(Number {
            micros,
            unit,
            per: None,
        });
    }
    match text {
        _ if text.starts_with('"') => Kind::String,
        _ if text.starts_with("spiffe://") => Kind::Spiffe,
        _ if text.contains("://") => Kind::Uri,
        _ if ["tcp/", "tls/", "sctp/"]
            .iter()
            .any(|one| text.starts_with(one)) =>
        {
            Kind::Port
        }
        _ if text.contains('*') => Kind::Pattern,
        _ if text.starts_with(|one: char| one.is_ascii_digit()) => Kind::Net,
        _ => Kind::Atom,
    }
}

/// Fields from lines such as `read holding_register 0 9`.
fn fields(lines: &str) -> Vec<Field> {
    let field = |line: &str| {
        let mut words = line.split_whitespace();
        let key = words.next().unwrap().into();
        let value = |text: &str| Value {
            kind: kind(text),
            text: text.trim_matches('"').into(),
            span: Span::default(),
        };
        Field {
            key,
            values: words.map(value).collect(),
            span: Span::default(),
        }
    };
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(field)
        .collect()
}

/// A contract without blocks.
pub(crate) fn contract(name: &str, lines: &str) -> Entry {
    Entry {
        kind: "contract".into(),
        name: name.into(),
        version: Some(Version {
            major: 1,
            minor: 0,
            patch: 0,
        }),
        fields: fields(lines),
        blocks: vec![],
        span: Span::default(),
    }
}

/// A sound device contract.
pub(crate) const DEVICE: &str = "scope device
    protocol modbus_tcp
    client 10.0.0.1
    server tcp/10.0.0.2:502
    read coil 0 9";

/// The lines of a sound internal contract; [`internal`] adds its blocks.
pub(crate) const INTERNAL: &str = "scope internal
    source spiffe://iia.local/zone/collect/workload/c
    destination spiffe://iia.local/zone/lake/workload/l
    operation APPEND
    cardinality one_to_one";

/// An internal contract with the blocks that it needs.
pub(crate) fn internal(name: &str, lines: &str) -> Entry {
    let transport = block(
        "transport",
        None,
        "protocol iia_link\nsecurity mtls\nport tls/7443",
    );
    let failure = block("failure", None, "on_unreachable retry\nbackoff_max 5m");
    Entry {
        blocks: vec![transport, failure],
        ..contract(name, lines)
    }
}

/// A block of a contract.
pub(crate) fn block(key: &str, name: Option<&str>, lines: &str) -> Block {
    let name = name.map(Into::into);
    Block {
        key: key.into(),
        name,
        fields: fields(lines),
        span: Span::default(),
    }
}

/// A Modbus request and its answer.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) client: [u8; 4],
    pub(crate) server: ([u8; 4], u16),
    pub(crate) unit: u8,
    pub(crate) func: u8,
    pub(crate) read: Option<(Table, u32, u32)>,
    pub(crate) write: Option<(Table, u32, u32)>,
}

impl Said {
    pub(crate) fn observation(&self) -> Observation<'static> {
        let span = |(table, addr, count)| Addresses {
            table,
            addr,
            count,
            values: Values::None,
        };
        Observation::Exchange(Exchange {
            ts: iia_core::Timestamp::from_secs(0),
            flow: Flow {
                orig_h: self.client.into(),
                orig_p: 40_000,
                resp_h: self.server.0.into(),
                resp_p: self.server.1,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::ModbusTcp,
            outcome: Outcome::Answered,
            transaction: 1,
            unit: self.unit,
            func: self.func,
            read: self.read.map(span),
            write: self.write.map(span),
            latency_ns: None,
        })
    }
}
