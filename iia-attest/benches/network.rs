//! Observations a second with many contracts, and the floor beneath: looking a contract up in a map.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use std::collections::BTreeMap;
use std::net::IpAddr;

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Seen};
use iia_contract::Catalog;
use iia_contract::raw::{Entry, Field, Kind, Number, Span, Unit, Value, Version};
use iia_core::Timestamp;

const CONTRACTS: [u32; 2] = [10, 1000];
const CLIENT: [u8; 4] = [10, 0, 0, 1];

fn main() {
    divan::main();
}

fn server(number: u32) -> [u8; 4] {
    let [_, _, high, low] = number.to_be_bytes();
    [10, 1, high, low]
}

fn field(key: &str, text: String, kind: Kind) -> Field {
    let span = Span::default();
    let values = vec![Value { kind, text, span }];
    Field {
        key: key.into(),
        values,
        span,
    }
}

fn catalog(contracts: u32) -> Catalog {
    let ten = Number {
        micros: 10_000_000,
        unit: Unit::S,
        per: None,
    };
    let entry = |number: u32| Entry {
        kind: "contract".into(),
        name: format!("iia.contract.device.d{number}"),
        version: Some(Version {
            major: 1,
            minor: 0,
            patch: 0,
        }),
        fields: vec![
            field("scope", "device".into(), Kind::Atom),
            field("protocol", "modbus_tcp".into(), Kind::Atom),
            field("client", IpAddr::from(CLIENT).to_string(), Kind::Net),
            field(
                "server",
                format!("tcp/{}:502", IpAddr::from(server(number))),
                Kind::Port,
            ),
            field("silence", "10s".into(), Kind::Number(ten)),
        ],
        blocks: vec![],
        span: Span::default(),
    };
    Catalog::check(&(0..contracts).map(entry).collect::<Vec<_>>())
        .unwrap()
        .0
}

#[divan::bench(args = CONTRACTS)]
fn floor_lookup(bencher: divan::Bencher, contracts: u32) {
    let map: BTreeMap<(IpAddr, u16), u32> = (0..contracts)
        .map(|number| ((server(number).into(), 502), number))
        .collect();
    let mut number = 0;
    bencher.bench_local(|| {
        number = (number + 1) % contracts;
        map.get(&(server(number).into(), 502)).copied()
    });
}

#[divan::bench(args = CONTRACTS)]
fn observe(bencher: divan::Bencher, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    let mut number = 0;
    bencher.bench_local(|| {
        number = (number + 1) % contracts;
        let seen = Seen {
            client: CLIENT.into(),
            server: server(number).into(),
            port: 502,
            count: 1,
            until: Timestamp::from_secs(1),
        };
        observer.handle_observation(Timestamp::from_secs(1), seen);
        observer.poll_finding()
    });
}

#[divan::bench(args = CONTRACTS)]
fn timeout_with_nothing_due(bencher: divan::Bencher, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    let now = Timestamp::from_secs(1);
    observer.handle_timeout(now);
    bencher.bench_local(|| observer.handle_timeout(now));
}
