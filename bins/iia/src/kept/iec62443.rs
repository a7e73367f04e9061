//! `iia report 62443`: what the evidence shows of the system requirements that a box claims.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::{Evidence, Outcome};
use iia::iec62443::{Report, html, json, text};
use iia_core::Timestamp;

use crate::audit::choice::time;
use crate::audit::keys::Given;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory, its evidence, a bundle, or a table (Parquet)
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    #[command(flatten)]
    given: Given,
    /// Only what was written at or after this time, such as 2026-11-28T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only what was written at or before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Prints one JSON object (docs/iec62443.schema.json)
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes one HTML file without script or outside reference, for a screen and for paper
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let evidence = Evidence::open(&arguments.path, &arguments.given.keys()?)?;
    let report = Report::read(&evidence, (arguments.since, arguments.until))?;
    match &arguments.html {
        Some(file) => {
            let name = file.display();
            fs::write(file, html(&report)).with_context(|| format!("{name}"))?;
            writeln!(out, "written: {name}")?;
        }
        None if arguments.json => writeln!(out, "{}", json(&report))?,
        None => write!(out, "{}", text(&report))?,
    }
    Ok(match evidence.checked.outcome {
        Outcome::Failed => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}
