//! Observations a second with few and many contracts, and the floor beneath: looking a contract up in a map.
//!
//! Memory is in `network_memory`, since counting it costs time.

mod plant;

use std::collections::BTreeMap;
use std::net::IpAddr;

use divan::counter::ItemsCount;
use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Wire};
use plant::{CONTRACTS, at, catalog, exchange, seen, server};

/// Contracts take turns by a stride that is prime, so that no lookup is the one before.
const STRIDE: u32 = 7919;
/// Observations of a row.
const ROW: u32 = 4 * 65_536;

fn main() {
    divan::main();
}

fn turns(contracts: u32) -> impl FnMut() -> u32 {
    let mut number = 0;
    move || {
        number = (number + STRIDE) % contracts;
        number
    }
}

#[divan::bench(args = CONTRACTS)]
fn floor_lookup(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let map: BTreeMap<(IpAddr, u16), u32> = (0..contracts)
        .map(|number| ((server(number).into(), 502), number))
        .collect();
    let mut next = turns(contracts);
    bencher.bench_local(|| map.get(&(server(next()).into(), 502)).copied());
}

#[divan::bench(args = CONTRACTS)]
fn runs_of_the_agreed(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    let mut next = turns(contracts);
    let mut ns = 0;
    bencher.bench_local(|| {
        ns += 1000;
        observer.handle_observation(at(ns), seen(next(), at(ns)));
        observer.poll_finding()
    });
}

#[divan::bench(args = CONTRACTS)]
fn exchanges_of_the_agreed(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Wire::new(&catalog(contracts));
    let mut next = turns(contracts);
    let mut ns = 0;
    bencher.bench_local(|| {
        ns += 1000;
        observer.handle_observation(at(ns), exchange(next()));
        observer.poll_finding()
    });
}

/// How many of the agreed an observer takes in a second that has known them all: every contract is heard four times, by turns.
#[divan::bench(args = CONTRACTS, sample_count = 20, sample_size = 1)]
fn exchanges_in_a_row(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Wire::new(&catalog(contracts));
    let mut next = turns(contracts);
    let mut ns = 0;
    bencher.counter(ItemsCount::new(ROW)).bench_local(|| {
        for _ in 0..ROW {
            ns += 1000;
            observer.handle_observation(at(ns), exchange(next()));
        }
        assert!(observer.poll_finding().is_none());
    });
}

#[divan::bench(args = CONTRACTS, sample_count = 20, sample_size = 1)]
fn runs_in_a_row(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    let mut next = turns(contracts);
    let mut ns = 0;
    bencher.counter(ItemsCount::new(ROW)).bench_local(|| {
        for _ in 0..ROW {
            ns += 1000;
            observer.handle_observation(at(ns), seen(next(), at(ns)));
        }
        assert!(observer.poll_finding().is_none());
    });
}

/// Every one of them is another stranger: the first are named, the rest is counted.
#[divan::bench(args = CONTRACTS)]
fn runs_of_strangers(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    let (mut number, mut ns) = (contracts, 0);
    bencher.bench_local(|| {
        (number, ns) = ((number + 1) % (1 << 24), ns + 1000);
        observer.handle_observation(at(ns), seen(number.max(contracts), at(ns)));
        observer.poll_finding()
    });
}

#[divan::bench(args = CONTRACTS)]
fn timeout_with_nothing_due(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let mut observer = Network::new(&catalog(contracts));
    observer.handle_timeout(at(1));
    bencher.bench_local(|| observer.handle_timeout(at(1)));
}
