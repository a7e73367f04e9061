//! Captures against a catalog: what is covered, what is not, and why.

pub(crate) mod catalog;
mod findings;
mod shadow;
mod tell;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia::report::{Seen, Tally, render};
use iia_contract::matcher::{Matcher, Verdict};
use iia_contract::{Catalog, explain};
use iia_core::observe::Observation;

use crate::input::{Input, Reading};
pub(crate) use catalog::{document, read as catalog};
use findings::Findings;

/// What is judged, and by what.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The catalog: a configuration text with contracts
    #[arg(long, value_name = "CATALOG")]
    catalog: PathBuf,
    #[command(flatten)]
    input: Input,
    /// Writes a self-contained HTML report
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
    /// Tells every kind of violation, not only the most frequent
    #[arg(long)]
    all: bool,
    /// Says what would have been refused, had the catalog been in force: by contract and clause; exit code 0
    #[arg(long, conflicts_with = "json")]
    shadow: bool,
    /// Prints one JSON object a line: each contract that covers, each kind of violation, the sum
    #[arg(long)]
    json: bool,
}

/// How much is told.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Mode {
    /// What is covered and what is not.
    Check,
    /// Why what is not is not.
    Explain,
}

pub(crate) fn run(
    arguments: &Arguments,
    mode: Mode,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let catalog = catalog(&arguments.catalog)?;
    let mut reading = Reading::new(&arguments.input);
    let captures = reading.captures();
    let mut findings = Findings::default();
    let mut tally = Tally::new();
    for capture in &captures {
        judge(&catalog, &mut reading, capture, (&mut findings, &mut tally));
    }
    match (arguments.json, mode) {
        _ if arguments.shadow => shadow::tell(out, &findings, &catalog)?,
        (true, _) => tell::json(out, &findings, &catalog)?,
        (false, Mode::Check) => tell::check(out, &findings, &catalog, arguments.all)?,
        (false, Mode::Explain) => tell::explain(out, &findings, &catalog, arguments.all)?,
    }
    if let Some(path) = &arguments.report {
        write_report(path, tally, arguments)?;
        writeln!(out, "report in {}", path.display())?;
    }
    Ok(reading.exit(findings.violations > 0 && !arguments.shadow))
}

fn judge(
    catalog: &Catalog,
    reading: &mut Reading<'_>,
    capture: &Path,
    (findings, tally): (&mut Findings, &mut Tally),
) {
    let matcher = Matcher::new(catalog);
    reading.read(capture, &mut |observation| {
        if !observation.judged() {
            return;
        }
        let verdict = matcher.judge(observation);
        let (mut contract, mut reason) = (None, None);
        match verdict {
            Verdict::Covered {
                contract: index, ..
            } => {
                findings.covered(index);
                contract = Some(catalog.name(index));
            }
            Verdict::Violation { nearest, clause } => {
                let words = explain::reason(catalog, observation, &verdict);
                findings.violation(&words, (nearest, clause), observation);
                reason = Some(words);
            }
        }
        if let Observation::Exchange(exchange) = observation {
            tally.add(&Seen {
                ts: exchange.ts,
                client: &exchange.flow.orig_h.to_string(),
                server: &format!("{}:{}", exchange.flow.resp_h, exchange.flow.resp_p),
                contract,
                reason: reason.as_deref(),
            });
        }
    });
}

fn write_report(path: &Path, tally: Tally, arguments: &Arguments) -> anyhow::Result<()> {
    let mut report = tally.finish();
    let names = arguments
        .input
        .paths
        .iter()
        .map(|path| path.display().to_string());
    report.title = "Captures against their contracts".into();
    report.facts = vec![
        ("exchanges".into(), report.exchanges.to_string()),
        ("without contract".into(), report.violating.to_string()),
        ("captures".into(), names.collect::<Vec<_>>().join(" ")),
        ("catalog".into(), arguments.catalog.display().to_string()),
    ];
    fs::write(path, render(&report)).with_context(|| format!("write {}", path.display()))
}
