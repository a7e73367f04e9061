//! What is in a capture, in a page that fits on a screen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iia::captures::{self, Outcome};
use iia_contract::learn::Learner;
use iia_core::code::Coded as _;
use iia_core::observe::{Exchange, Observation, Span};

/// Pairs shown at most; the rest is counted together.
const PAIRS_MAX: usize = 40;

#[derive(Default)]
struct Pair {
    exchanges: u64,
    exceptions: u64,
    unanswered: u64,
    functions: BTreeMap<u8, u64>,
}

pub(crate) fn run(files: &[PathBuf], rows: bool) -> anyhow::Result<ExitCode> {
    let mut damaged = false;
    for file in files {
        let mut pairs: BTreeMap<(String, String), Pair> = BTreeMap::new();
        if rows {
            println!("ts\torig\tresp\ttransaction\tunit\tfunc\toutcome\tread\twrite\tlatency_us");
        }
        let outcome = captures::read(file, &mut |observation| {
            let Observation::Exchange(exchange) = observation else {
                return;
            };
            if rows {
                println!("{}", row(exchange));
            }
            count(exchange, &mut pairs);
        })?;
        if !rows {
            show(file, &outcome, &pairs);
        }
        damaged |= tell_damage(file, &outcome);
    }
    Ok(if damaged {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Says where and why reading ended early.
pub(crate) fn tell_damage(file: &Path, outcome: &Outcome) -> bool {
    if let Some(error) = outcome.error {
        eprintln!(
            "{}: {}: {error}; what came before was read",
            file.display(),
            error.code()
        );
    }
    outcome.error.is_some()
}

fn count(exchange: &Exchange<'_>, pairs: &mut BTreeMap<(String, String), Pair>) {
    let flow = &exchange.flow;
    let key = (
        flow.orig_h.to_string(),
        format!("{}:{} unit {}", flow.resp_h, flow.resp_p, exchange.unit),
    );
    let full = pairs.len() >= PAIRS_MAX && !pairs.contains_key(&key);
    let pair = pairs
        .entry(if full {
            ("others".into(), String::new())
        } else {
            key
        })
        .or_default();
    pair.exchanges += 1;
    pair.exceptions += u64::from(exchange.outcome.name() == "exception");
    pair.unanswered += u64::from(exchange.outcome.name() == "unanswered");
    *pair.functions.entry(exchange.func).or_default() += 1;
}

fn show(file: &Path, outcome: &Outcome, pairs: &BTreeMap<(String, String), Pair>) {
    let stats = outcome.stats;
    println!("{}", file.display());
    println!(
        "  {} packets, {} bytes; {} flows, {} not IP",
        stats.packets, stats.bytes, stats.conns, stats.not_ip
    );
    if stats.fragments + stats.malformed > 0 {
        println!(
            "  {} fragments not put together, {} packets malformed",
            stats.fragments, stats.malformed
        );
    }
    println!(
        "  Modbus/TCP: {} units in {} exchanges, {} malformed",
        stats.units, stats.exchanges, stats.units_malformed
    );
    for ((client, server), pair) in pairs {
        let functions: Vec<String> = pair
            .functions
            .iter()
            .map(|(func, count)| format!("{func}\u{d7}{count}"))
            .collect();
        println!(
            "    {client:>15} > {server:<28} {:>7} exchanges, {} exceptions, {} unanswered; functions {}",
            pair.exchanges,
            pair.exceptions,
            pair.unanswered,
            functions.join(" ")
        );
    }
}

fn row(exchange: &Exchange<'_>) -> String {
    let flow = &exchange.flow;
    format!(
        "{}\t{}:{}\t{}:{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        exchange.ts,
        flow.orig_h,
        flow.orig_p,
        flow.resp_h,
        flow.resp_p,
        exchange.transaction,
        exchange.unit,
        exchange.func,
        exchange.outcome.name(),
        span(exchange.read.as_ref()),
        span(exchange.write.as_ref()),
        exchange
            .latency_ns
            .map_or_else(|| "-".into(), |ns| (ns / 1000).to_string()),
    )
}

fn span(span: Option<&Span<'_>>) -> String {
    let Some(span) = span else { return "-".into() };
    let values: Vec<String> = span.iter().map(|value| value.to_string()).collect();
    let values = if values.is_empty() {
        String::new()
    } else {
        format!("={}", values.join(","))
    };
    format!(
        "{}[{}+{}]{values}",
        span.table.name(),
        span.addr,
        span.count
    )
}

pub(crate) fn learn(files: &[PathBuf], name: &str) -> anyhow::Result<ExitCode> {
    let mut learner = Learner::default();
    for file in files {
        let outcome = captures::read(file, &mut |observation| learner.observe(observation))?;
        tell_damage(file, &outcome);
    }
    print!("{}", learner.to_icl(name));
    if learner.left_out() > 0 {
        eprintln!(
            "{} exchanges of further pairs found no room",
            learner.left_out()
        );
    }
    Ok(ExitCode::SUCCESS)
}
