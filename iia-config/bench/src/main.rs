//! ICL/1 beside other languages, on the same content, in one run: time a core, and memory beside the text.
//!
//! `cargo run --release -- --bench` in this directory for time, with `--features memory` for memory; figures are in `docs/config-performance.md`.

mod others;
mod site;

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use iia_config::parse::{Document, parse};
use iia_config::validate::{Facts, validate};
use iia_config::format;

/// Counting costs time, so memory is measured in a run of its own.
#[cfg(feature = "memory")]
#[global_allocator]
static MEMORY: divan::AllocProfiler = divan::AllocProfiler::system();

const CONTRACTS: usize = 10_000;

static ICL: LazyLock<String> = LazyLock::new(|| site::document(CONTRACTS));
static JSON: LazyLock<String> = LazyLock::new(|| others::json(&read()).to_string());
static YAML: LazyLock<String> = LazyLock::new(|| serde_yaml_ng::to_string(&others::json(&read())).unwrap_or_default());
static TOML: LazyLock<String> = LazyLock::new(|| others::toml(&read()));
static KDL: LazyLock<String> = LazyLock::new(|| others::kdl(&read()));

fn read() -> Document {
    parse(ICL.as_bytes(), usize::MAX).unwrap_or_default()
}

fn main() {
    let facts = Facts::of_box("seg01");
    let document = read();
    match validate(&document, &facts) {
        Ok(checked) => println!(
            "{} contracts, {} warnings, canonical {}; bytes: icl {} json {} toml {} yaml {} kdl {}; tree {} bytes, {:.2} of the text",
            checked.catalog.contracts().len(),
            checked.warnings.len(),
            format::is_canonical(&document),
            ICL.len(),
            JSON.len(),
            TOML.len(),
            YAML.len(),
            KDL.len(),
            document.heap_len(),
            document.heap_len() as f64 / ICL.len() as f64,
        ),
        Err(found) => {
            let texts: Vec<String> = found.iter().take(5).map(|found| found.render("generated", &ICL)).collect();
            println!("{}", texts.concat());
        }
    }
    divan::main();
}

#[divan::bench]
fn icl_parse_validate_canonical(bencher: Bencher) {
    let facts = Facts::of_box("seg01");
    bencher.bench(|| {
        let document = parse(black_box(ICL.as_bytes()), usize::MAX).unwrap_or_default();
        let checked = validate(&document, &facts);
        (format::is_canonical(&document), checked, document)
    });
}

#[divan::bench]
fn icl_parse(bencher: Bencher) {
    bencher.bench(|| parse(black_box(ICL.as_bytes()), usize::MAX));
}

#[divan::bench]
fn icl_validate(bencher: Bencher) {
    let (facts, document) = (Facts::of_box("seg01"), read());
    bencher.bench(|| validate(black_box(&document), &facts));
}

#[divan::bench]
fn icl_is_canonical(bencher: Bencher) {
    let document = read();
    bencher.bench(|| format::is_canonical(black_box(&document)));
}

#[divan::bench]
fn icl_format(bencher: Bencher) {
    let document = read();
    bencher.bench(|| format::canonical(black_box(&document)));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn other_serde_json_value(bencher: Bencher) {
    bencher.bench(|| serde_json::from_str::<serde_json::Value>(black_box(&JSON)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn other_toml_edit(bencher: Bencher) {
    bencher.bench(|| black_box(&*TOML).parse::<toml_edit::DocumentMut>());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn other_serde_yaml_ng_value(bencher: Bencher) {
    bencher.bench(|| serde_yaml_ng::from_str::<serde_yaml_ng::Value>(black_box(&YAML)));
}

#[divan::bench(sample_count = 2, sample_size = 1)]
fn other_kdl(bencher: Bencher) {
    bencher.bench(|| black_box(&*KDL).parse::<kdl::KdlDocument>());
}
