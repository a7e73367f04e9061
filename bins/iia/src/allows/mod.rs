//! One question, one answer: is this allowed, by which contract, and where does it say so.

mod flow;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use iia_contract::explain;
use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_contract::{Catalog, tree::Tree};
use iia_core::observe::Observation;
use serde_json::json;

use crate::check;

/// What is asked, of which catalog.
#[derive(clap::Args)]
#[command(after_long_help = flow::FORMS)]
pub(crate) struct Arguments {
    /// The catalog: a configuration text with contracts
    #[arg(long, value_name = "CATALOG")]
    catalog: PathBuf,
    /// What is asked, such as "10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp write holding_register 110"; `--help` tells
    /// every form
    #[arg(required = true, value_name = "FLOW")]
    flow: Vec<String>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// A line of the catalog.
struct Line {
    number: usize,
    text: String,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (document, catalog) = check::document(&arguments.catalog)?;
    let words = arguments.flow.join(" ");
    let observation = flow::parse(&words)
        .map_err(|why| anyhow!("`{words}`: {why}; `iia allows --help` tells every form"))?;
    let verdict = Matcher::new(&catalog).judge(&observation);
    let (contract, clause) = match verdict {
        Verdict::Covered { contract, clause } => (Some(contract), clause),
        Verdict::Violation { nearest, clause } => (nearest, clause),
    };
    let line = contract
        .and_then(|contract| line(&catalog, document.tree(), (contract, clause), &observation));
    let reason = explain::reason(&catalog, &observation, &verdict);
    let name = contract.map(|contract| catalog.name(contract));
    if arguments.json {
        let object = json!({
            "allowed": verdict.is_covered(),
            "contract": name,
            "clause": clause.name(),
            "file": arguments.catalog.display().to_string(),
            "line": line.as_ref().map(|line| line.number),
            "reason": Some(reason).filter(|reason| !reason.is_empty()),
        });
        writeln!(out, "{object}")?;
    } else {
        match verdict.is_covered() {
            true => writeln!(out, "allowed by contract {}", name.unwrap_or_default())?,
            false => writeln!(out, "refused: {reason}")?,
        }
        writeln!(out, "    clause  {}", clause.name())?;
        tell(out, &arguments.catalog, line)?;
    }
    Ok(match verdict.is_covered() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

fn tell(out: &mut impl Write, file: &Path, line: Option<Line>) -> anyhow::Result<()> {
    if let Some(Line { number, text }) = line {
        writeln!(out, "    said in {}:{number}: {text}", file.display())?;
    }
    Ok(())
}

/// The line of the catalog that the clause is about.
fn line(
    catalog: &Catalog,
    tree: &Tree,
    (contract, clause): (u32, Clause),
    observation: &Observation<'_>,
) -> Option<Line> {
    let contract = catalog.contracts().get(contract as usize)?;
    let mut entries = tree.entries();
    let entry = entries.find(|entry| {
        entry.kind == "contract"
            && entry.name == &*contract.id
            && entry.version == Some(contract.version)
    })?;
    let start = explain::place(&entry, observation, clause).start as usize;
    let before = tree.text().get(..start)?;
    let number = before.matches('\n').count() + 1;
    let text = tree.text().lines().nth(number - 1)?.trim().to_owned();
    Some(Line { number, text })
}
