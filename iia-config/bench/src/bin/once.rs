//! One pass for an instruction counter, which other programs do not disturb:
//! `valgrind --tool=callgrind target/release/once icl|json [CONTRACTS]`.

#[path = "../others.rs"]
mod others;
#[path = "../site.rs"]
#[allow(dead_code, reason = "others come from the bench beside it")]
mod site;

use std::hint::black_box;

use iia_config::format;
use iia_config::parse::parse;
use iia_config::validate::{Facts, validate};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let contracts = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let text = site::document(contracts);
    match what.as_str() {
        "icl" => icl(&text),
        "json" => json(&text),
        _ => eprintln!("usage: once icl|json [CONTRACTS]"),
    }
}

#[inline(never)]
fn icl(text: &str) {
    let document = parse(black_box(text.as_bytes()), usize::MAX).unwrap_or_default();
    let checked = validate(&document, &Facts::of_box("seg01"));
    black_box((format::is_canonical(&document), checked.is_ok()));
}

fn json(text: &str) {
    let document = parse(text.as_bytes(), usize::MAX).unwrap_or_default();
    read_json(&others::json(&document).to_string());
}

#[inline(never)]
fn read_json(text: &str) {
    black_box(serde_json::from_str::<serde_json::Value>(black_box(text)).is_ok());
}
