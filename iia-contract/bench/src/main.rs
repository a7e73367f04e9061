//! What a verdict costs, beside a plain hash lookup and beside cedar-policy with the same policies, in one run; and what
//! compiling the firewall costs.
//!
//! `cargo run --release` in this directory; figures are in `docs/contract-performance.md`. With `--no-default-features`
//! cedar-policy is left out, which takes most of the time to build. Parts are `flows`, `links`, `topics`, `firewall` and
//! `cedar`: all, or those that are named, such as `cargo run --release -- firewall`.

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
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    println!("nanoseconds of processor time: the fastest of many samples, the median, and the fastest in floors");
    let parts: [(&str, fn(usize)); 3] = [
        ("flows", verdict::flows),
        ("links", verdict::links),
        ("topics", verdict::topics),
    ];
    for (part, measure) in parts {
        if is_asked(part) {
            SIZES.into_iter().for_each(measure);
        }
    }
    if is_asked("firewall") {
        firewall::all();
    }
    #[cfg(feature = "cedar-policy")]
    if is_asked("cedar") {
        cedar::all();
    }
}
