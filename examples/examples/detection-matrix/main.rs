//! What is detected, by which stream, how soon, and in which words: faults are injected into real components, one row each.
//!
//! `cargo run -p iia-examples --example detection-matrix -- 15 docs/detection-matrix.md` does each of them fifteen times and
//! writes the page; streams named behind it are done alone, and what the page has of the others stays. It needs root, nft, ip and python3: everything happens in a network namespace of its own.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

mod admission;
mod audit_chain;
mod brokers;
mod clean;
mod config;
mod firewall;
mod identity;
mod image;
mod io;
mod line;
mod network;
mod page;
mod table;

use std::error::Error;
use std::process::{Command, ExitCode};

use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::time::{Clock as _, Floor, SystemClock};
use table::{FAULTS, Fault};

/// Says that the namespace is there.
const INSIDE: &str = "IIA_IN_A_NAMESPACE";

/// What became of a fault once.
pub(crate) struct Outcome {
    /// Nanoseconds until it was told, and how it was.
    pub(crate) told: Option<(i64, Finding)>,
}

impl Outcome {
    pub(crate) const fn told(acted: Timestamp, now: Timestamp, finding: Finding) -> Self {
        let after_ns = now.since_ns(acted);
        Self {
            told: Some((after_ns, finding)),
        }
    }

    pub(crate) const fn silent() -> Self {
        Self { told: None }
    }
}

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    SystemClock::new(Floor::new(Timestamp::from_ns(0)), 0)
        .read()
        .wall
}

/// The contracts of a text.
pub(crate) fn catalog(text: &str) -> Result<Catalog, Box<dyn Error>> {
    let text = format!("iia-config 1\n\n{text}");
    let document = parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX);
    let document = document.map_err(|found| format!("{found:?}"))?;
    Ok(validate::catalog(&document).map_err(|found| format!("{found:?}"))?)
}

fn main() -> ExitCode {
    let done = match std::env::var_os(INSIDE) {
        Some(_) => work(),
        None => enter(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("detection-matrix: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does the work in a network namespace of its own, where the plant of the rows of `io` is made as well.
fn enter() -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let done = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", io::MAKE])
        .arg(program)
        .args(std::env::args().skip(1))
        .env(INSIDE, "1")
        .status()?;
    match done.success() {
        true => Ok(()),
        false => Err("it did not come to its end".into()),
    }
}

fn work() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [runs, path, streams @ ..] = arguments.as_slice() else {
        return Err("detection-matrix RUNS PAGE [STREAM...]".into());
    };
    let runs: usize = runs.parse()?;
    Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status()?;
    network::prepare()?;
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let mut rows = Vec::new();
    // With no runs only what is clean is observed, and the page keeps the rest.
    for fault in FAULTS {
        let is_asked =
            runs > 0 && streams.is_empty() || streams.iter().any(|one| one == fault.stream);
        let can = fault.stream != "image" || image::can();
        if !can {
            eprintln!("SKIPPED: {}: ../shared has no quotes", fault.done);
        }
        let kept = page::kept(&before, fault);
        if let Some(line) = kept.filter(|_| !is_asked || !can) {
            rows.push(line);
            continue;
        }
        let outcomes: Result<Vec<Outcome>, _> = (0..runs).map(|_| once(fault)).collect();
        let line = page::Row::new(fault, outcomes?).line();
        println!("{line}");
        rows.push(line);
    }
    let clean = match streams {
        [] => page::clean(&clean::run()?),
        _ => page::kept_clean(&before).ok_or("the page has nothing to keep")?,
    };
    let runs = match runs {
        0 => page::kept_runs(&before).ok_or("the page has nothing to keep")?,
        runs => runs,
    };
    std::fs::write(path, page::page(&rows, &clean, runs))?;
    Ok(())
}

fn once(fault: &Fault) -> Result<Outcome, Box<dyn Error>> {
    let outcome = match fault.stream {
        "network" => network::run(fault.done),
        "policy_drift" if fault.done.starts_with("admission: ") => admission::run(fault.done),
        "policy_drift" => match brokers::run(fault.done) {
            Ok(None) => firewall::run(fault.done),
            done => done,
        },
        "identity" => identity::run(fault.done),
        "config" => config::run(fault.done),
        "image" => image::run(fault.done),
        "audit_chain" => audit_chain::run(fault.done),
        "io" => io::run(fault.done),
        _ => Ok(None),
    };
    let outcome = outcome.map_err(|error| format!("{}: {error}", fault.done))?;
    outcome.ok_or_else(|| format!("nobody does this: {}", fault.done).into())
}
