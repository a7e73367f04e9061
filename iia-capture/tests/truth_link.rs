//! What is said without a protocol of industry, held against tshark on this machine's own captures of others.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;

use iia_core::observe::Protocol;

#[test]
fn addresses_and_time_are_told() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("addresses_and_time_are_told");
    };
    let mut told = std::collections::BTreeMap::<(&str, &str), usize>::new();
    for (path, _) in oracle::manifest(&corpus) {
        truth::read(&corpus.join(path), &mut |said| {
            *told.entry((said.protocol.name(), said.what)).or_default() += 1;
        });
    }
    eprintln!("{told:#?}");
    assert!(told.keys().any(|key| key.0 == Protocol::Arp.name()));
}
