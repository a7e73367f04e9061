//! What a verdict costs, beside a plain hash lookup and beside cedar-policy with the same policies, in one run; and what
//! compiling the firewall costs.
//!
//! `cargo run --release` in this directory; figures are in `docs/contract-performance.md`. With `--no-default-features`
//! cedar-policy is left out, which takes most of the time to build.

#[cfg(feature = "cedar-policy")]
mod cedar;
mod firewall;
mod floor;
mod measure;
mod site;
#[path = "../../tests/made/text.rs"]
mod text;
mod verdict;
#[path = "../../tests/net/world.rs"]
mod world;

/// Contracts in a catalog; the last is more than a box takes, and shows how cost grows.
const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

fn main() {
    println!("nanoseconds of processor time: the fastest of many samples, the median, and the fastest in floors");
    for contracts in SIZES {
        verdict::flows(contracts);
        verdict::links(contracts);
        verdict::topics(contracts);
    }
    firewall::all();
    #[cfg(feature = "cedar-policy")]
    cedar::all();
}
