//! Captures against a catalog: what is covered, what is not, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::captures;
use iia::report::{Seen, Tally, render};
use iia_config::{limits, parse::parse, validate};
use iia_contract::matcher::{Matcher, Verdict};
use iia_contract::{Catalog, explain};
use iia_core::observe::Observation;

/// Kinds of violation told at most.
const KINDS_MAX: usize = 200;

/// What is judged, and by what.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The catalog: a configuration text with contracts
    #[arg(long, value_name = "C")]
    catalog: PathBuf,
    /// Capture files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Writes a self-contained HTML report
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
}

struct Kind {
    count: u64,
    clause: &'static str,
    nearest: Option<u32>,
    example: String,
}

/// Reads a catalog, telling every mistake in it.
pub(crate) fn catalog(path: &PathBuf) -> anyhow::Result<Catalog> {
    let bytes = fs::read(path).with_context(|| format!("open {}", path.display()))?;
    let found = match parse(&bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => match validate::catalog(&document) {
            Ok(catalog) => return Ok(catalog),
            Err(found) => found,
        },
        Err(found) => found,
    };
    let text = String::from_utf8_lossy(&bytes);
    for diagnostic in &found {
        eprint!("{}", diagnostic.render(&path.display().to_string(), &text));
    }
    anyhow::bail!("{} mistakes in the catalog", found.len())
}

pub(crate) fn run(arguments: &Arguments, explains: bool) -> anyhow::Result<ExitCode> {
    let catalog = catalog(&arguments.catalog)?;
    let matcher = Matcher::new(&catalog);
    let mut tally = Tally::new();
    let mut covered: BTreeMap<&str, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    let mut damaged = false;
    for file in &arguments.files {
        let outcome = captures::read(file, &mut |observation| {
            let verdict = matcher.judge(observation);
            let reason = explain::reason(&catalog, observation, &verdict);
            let contract = match verdict {
                Verdict::Covered { contract } => Some(catalog.name(contract)),
                Verdict::Violation { .. } => None,
            };
            match contract {
                Some(name) => *covered.entry(name).or_default() += 1,
                None => count(&mut kinds, &reason, &verdict, observation),
            }
            if let Observation::Exchange(exchange) = observation {
                let client = exchange.flow.orig_h.to_string();
                let server = format!("{}:{}", exchange.flow.resp_h, exchange.flow.resp_p);
                let reason = contract.is_none().then_some(reason.as_str());
                tally.add(&Seen {
                    ts: exchange.ts,
                    client: &client,
                    server: &server,
                    contract,
                    reason,
                });
            }
        })?;
        damaged |= crate::inspect::tell_damage(file, &outcome);
    }
    for (name, count) in &covered {
        println!("covered    {count:>8}  {name}");
    }
    for (reason, kind) in &kinds {
        println!("violation  {:>8}  {reason}", kind.count);
        if explains {
            let nearest = kind.nearest.map_or("none", |index| catalog.name(index));
            println!(
                "                     nearest contract {nearest}; clause that failed: {}",
                kind.clause
            );
            println!("                     first seen {}", kind.example);
        }
    }
    if let Some(path) = &arguments.report {
        write_report(path, tally, arguments)?;
    }
    let clean = kinds.is_empty() && !damaged;
    println!(
        "{}",
        if kinds.is_empty() {
            "everything is contracted"
        } else {
            "not everything is contracted"
        }
    );
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn count(
    kinds: &mut BTreeMap<String, Kind>,
    reason: &str,
    verdict: &Verdict,
    observation: &Observation<'_>,
) {
    let Verdict::Violation { nearest, clause } = *verdict else {
        return;
    };
    if let Some(kind) = kinds.get_mut(reason) {
        kind.count += 1;
    } else if kinds.len() < KINDS_MAX {
        let example = format!("at {} in flow {}", observation.ts(), observation.flow());
        kinds.insert(
            reason.to_owned(),
            Kind {
                count: 1,
                clause: clause.name(),
                nearest,
                example,
            },
        );
    } else {
        let rest = kinds.entry("further kinds of violation".into());
        rest.or_insert(Kind {
            count: 0,
            clause: "several",
            nearest: None,
            example: String::new(),
        })
        .count += 1;
    }
}

fn write_report(path: &PathBuf, tally: Tally, arguments: &Arguments) -> anyhow::Result<()> {
    let mut report = tally.finish();
    let names: Vec<String> = arguments
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    report.title = "Captures against their contracts".into();
    report.facts = vec![
        ("exchanges".into(), report.exchanges.to_string()),
        ("without contract".into(), report.violating.to_string()),
        ("captures".into(), names.join(" ")),
        ("catalog".into(), arguments.catalog.display().to_string()),
    ];
    fs::write(path, render(&report)).with_context(|| format!("write {}", path.display()))?;
    println!("report in {}", path.display());
    Ok(())
}
