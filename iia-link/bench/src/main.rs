//! Links beside bare TLS, other multiplexers and brokers: `cargo run --release` measures all, names measure some.
#![forbid(unsafe_code)]

mod bare;
mod brokers;
mod cut;
mod half_open;
mod handshakes;
mod memory;
mod muxes;
mod revoke;
mod rotate;
mod traffic;
mod world;

use std::error::Error;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What can be measured.
const ALL: [(&str, fn() -> Outcome); 8] = [
    ("handshakes", handshakes::run),
    ("traffic", traffic::run),
    ("brokers", brokers::run),
    ("memory", memory::run),
    ("half-open", half_open::run),
    ("revoke", revoke::run),
    ("rotate", rotate::run),
    ("cut", cut::run),
];

fn main() -> Outcome {
    let names: Vec<String> = std::env::args().skip(1).collect();
    world::many_files()?;
    for (name, measure) in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("\n## {name}\n");
            measure()?;
        }
    }
    Ok(())
}
