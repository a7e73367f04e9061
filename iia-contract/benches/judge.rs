//! Verdicts per second with one thousand contracts.
use iia_contract::Catalog;
use iia_contract::matcher::Matcher;
use iia_contract::raw::{Entry, Field, Kind, Number, Span as At, Unit, Value, Version};
use iia_core::observe::{
    Exchange, Flow, Observation, Outcome, Protocol, Span, Table, Transport, Values,
};

fn main() {
    divan::main();
}

fn catalog(count: u32) -> Catalog {
    let value = |text: String, kind| Value {
        kind,
        text,
        span: At::default(),
    };
    let field = |key: &str, values: Vec<Value>| Field {
        key: key.into(),
        values,
        span: At::default(),
    };
    let number = |n: i64| {
        let number = Number {
            micros: n * 1_000_000,
            unit: Unit::None,
            per: None,
        };
        value(n.to_string(), Kind::Number(number))
    };
    let entries: Vec<Entry> = (0..count)
        .map(|i| Entry {
            kind: "contract".into(),
            name: format!("iia.contract.device.d{i}"),
            version: Some(Version {
                major: 1,
                minor: 0,
                patch: 0,
            }),
            fields: vec![
                field("scope", vec![value("device".into(), Kind::Atom)]),
                field("protocol", vec![value("modbus_tcp".into(), Kind::Atom)]),
                field("client", vec![value("10.0.0.1".into(), Kind::Net)]),
                field(
                    "server",
                    vec![value(
                        format!("tcp/10.1.{}.{}:502", i / 250, i % 250),
                        Kind::Port,
                    )],
                ),
                field(
                    "read",
                    vec![
                        value("holding_register".into(), Kind::Atom),
                        number(0),
                        number(99),
                    ],
                ),
            ],
            blocks: vec![],
            span: At::default(),
        })
        .collect();
    Catalog::check(&entries)
        .map(|(catalog, _)| catalog)
        .unwrap_or_default()
}

#[divan::bench(args = [1, 1000])]
fn judge(bencher: divan::Bencher, contracts: u32) {
    let catalog = catalog(contracts);
    let matcher = Matcher::new(&catalog);
    let flow = Flow {
        orig_h: [10, 0, 0, 1].into(),
        orig_p: 5,
        resp_h: [10, 1, 0, 0].into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    };
    let exchange = Exchange {
        ts: iia_core::Timestamp::default(),
        flow,
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func: 3,
        read: Some(Span {
            table: Table::HoldingRegister,
            addr: 5,
            count: 10,
            values: Values::None,
        }),
        write: None,
        latency_ns: None,
    };
    let observation = Observation::Exchange(exchange);
    bencher.bench_local(|| matcher.judge(divan::black_box(&observation)));
}
