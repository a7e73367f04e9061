//! Three crates and no runtime: packets from a capture, judged by a catalog, each violation in words.
//!
//! `cargo run -p iia-examples --example judge -- examples/box-pi/box.icl examples/captures/press-line.pcap`
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::process::ExitCode;

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_config::{limits, parse::parse, validate};
use iia_contract::matcher::{Matcher, Verdict};
use iia_contract::{Catalog, explain};
use iia_core::observe::Observation;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [catalog, capture] = arguments.as_slice() else {
        eprintln!("judge CATALOG CAPTURE");
        return ExitCode::from(2);
    };
    match read(catalog).and_then(|catalog| judge(&catalog, capture)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("judge: {error}");
            ExitCode::from(2)
        }
    }
}

/// Reads the contracts of a configuration text.
fn read(path: &str) -> Result<Catalog, Box<dyn Error>> {
    let text = fs::read(path)?;
    let document = parse(&text, limits::DOCUMENT_LEN_MAX);
    let catalog = document.and_then(|document| validate::catalog(&document));
    catalog.map_err(|found| format!("{} mistakes in {path}", found.len()).into())
}

/// Prints every exchange that no contract covers; gives how many there were.
fn judge(catalog: &Catalog, capture: &str) -> Result<u64, Box<dyn Error>> {
    let mut source = PcapSource::open(BufReader::new(File::open(capture)?))?;
    let mut pipeline = Pipeline::new(Options::default());
    let matcher = Matcher::new(catalog);
    let mut violations = 0;
    let mut sink = |observation: &Observation<'_>| {
        let verdict = matcher.judge(observation);
        if matches!(observation, Observation::Exchange(_))
            && matches!(verdict, Verdict::Violation { .. })
        {
            violations += 1;
            let reason = explain::reason(catalog, observation, &verdict);
            println!("{} {reason}", observation.ts());
        }
    };
    while let Some(packet) = source.next_packet()? {
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    println!("{violations} exchanges that no contract covers");
    Ok(violations)
}
