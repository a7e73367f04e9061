//! How long the compiler takes for a large catalog.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark may fail"
)]

#[path = "../tests/net/world.rs"]
mod world;

use divan::{Bencher, black_box};
use iia_contract::compile::nft;

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 10_000], sample_count = 20)]
fn compile(bencher: Bencher<'_, '_>, contracts: usize) {
    let (topology, catalog) = world::random(7, false, 40, contracts);
    bencher.bench(|| {
        nft::ruleset(black_box(&catalog), black_box(&topology))
            .0
            .to_string()
    });
}

#[divan::bench(args = [100, 10_000], sample_count = 20)]
fn delta(bencher: Bencher<'_, '_>, contracts: usize) {
    let (topology, catalog) = world::random(7, false, 40, contracts);
    let before = nft::ruleset(&catalog, &topology).0;
    bencher.bench(|| nft::delta(black_box(&before), black_box(&before)));
}
