//! `iia audit timeline`, `iia report nis2`: what an early warning of an incident has to say, from evidence alone.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::{Evidence, Outcome};
use iia::timeline::{CrossBorder, Options, Timeline, html, json, text};
use iia_core::Timestamp;

use super::choice::time;
use super::keys::Given;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory, its evidence, a bundle, or a table (Parquet)
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    #[command(flatten)]
    given: Given,
    /// What you state about an impact across borders: yes, no or unknown, with words behind a colon
    #[arg(long, value_name = "ANSWER[: WORDS]", value_parser = border)]
    cross_border: Option<CrossBorder>,
    /// Only what was written at or after this time, such as 2026-11-28T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only what was written at or before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Prints one JSON object (docs/timeline.schema.json)
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes one HTML file without script or outside reference, for a screen and for paper
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn border(words: &str) -> Result<CrossBorder, &'static str> {
    CrossBorder::parse(words).ok_or("say yes, no or unknown, and words behind a colon if you like")
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let evidence = Evidence::open(&arguments.path, &arguments.given.keys()?)?;
    let options = Options {
        cross_border: arguments.cross_border.clone(),
        since: arguments.since,
        until: arguments.until,
    };
    let timeline = Timeline::read(&evidence, options)?;
    match &arguments.html {
        Some(file) => {
            let name = file.display();
            fs::write(file, html(&timeline)).with_context(|| format!("{name}"))?;
            writeln!(out, "written: {name}")?;
        }
        None if arguments.json => writeln!(out, "{}", json(&timeline))?,
        None => write!(out, "{}", text(&timeline))?,
    }
    Ok(match evidence.checked.outcome {
        Outcome::Failed => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}
