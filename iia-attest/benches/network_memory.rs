//! How much an observer holds when every contract has been heard, and every place for strangers is taken: `max alloc`.

mod plant;

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Network, Wire};
use plant::{CONTRACTS, at, catalog, exchange, seen};

#[global_allocator]
static MEMORY: divan::AllocProfiler = divan::AllocProfiler::system();

/// More strangers than there is room for.
const STRANGERS: u32 = 100_000;

fn main() {
    divan::main();
}

#[divan::bench(args = CONTRACTS, sample_count = 1, sample_size = 1)]
fn runs(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let catalog = catalog(contracts);
    bencher.bench_local(|| {
        let mut observer = Network::new(&catalog);
        for number in 0..contracts + STRANGERS {
            let now = at(i64::from(number));
            observer.handle_observation(now, seen(number, now));
        }
        observer
    });
}

#[divan::bench(args = CONTRACTS, sample_count = 1, sample_size = 1)]
fn exchanges(bencher: divan::Bencher<'_, '_>, contracts: u32) {
    let catalog = catalog(contracts);
    bencher.bench_local(|| {
        let mut observer = Wire::new(&catalog);
        for number in 0..contracts + STRANGERS {
            observer.handle_observation(at(i64::from(number)), exchange(number));
        }
        observer
    });
}
