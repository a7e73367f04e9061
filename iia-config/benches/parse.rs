//! Parsing and formatting per contract.
use iia_config::{format, parse::parse};

fn main() {
    divan::main();
}

fn document(contracts: usize) -> String {
    let mut text = String::from("iia-config 1\n");
    for number in 0..contracts {
        text.push_str(&format!(
            "\ncontract iia.contract.device.d{number:05} 1.0.0 {{\n  scope device\n  protocol modbus_tcp\n  client 10.20.0.10\n  server tcp/10.20.0.21:502\n  unit 1\n  read holding_register 0 19\n  read input_register 0 9\n  silence 10s\n}}\n"
        ));
    }
    text
}

#[divan::bench(args = [1, 100, 10_000])]
fn parse_contracts(bencher: divan::Bencher, contracts: usize) {
    let text = document(contracts);
    bencher
        .counter(contracts)
        .bench(|| parse(divan::black_box(text.as_bytes()), usize::MAX));
}

#[divan::bench(args = [100, 10_000])]
fn format_contracts(bencher: divan::Bencher, contracts: usize) {
    let document = parse(document(contracts).as_bytes(), usize::MAX);
    bencher
        .counter(contracts)
        .bench(|| document.as_ref().map(format::canonical));
}
