//! What is in captures: one in a page, many in a line each, or every exchange for scripts.

pub(crate) mod exchange;
mod overview;
mod page;
mod spoken;
mod techniques;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use iia::captures::Outcome;
use iia_core::observe::Observation;

use crate::input::{Input, Reading};
use overview::Overview;
use page::Page;

/// Captures that each get a page of their own; of more, each gets a line.
const PAGES_MAX: usize = 3;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Prints every exchange, tab separated, with a head line
    #[arg(long, conflicts_with = "json")]
    rows: bool,
    /// Prints every exchange as one JSON object a line
    #[arg(long)]
    json: bool,
    /// A page for each capture, however many there are
    #[arg(long)]
    pages: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut reading = Reading::new(&arguments.input);
    let captures = reading.captures();
    if arguments.rows {
        exchange::head(out)?;
    }
    let pages = arguments.pages || captures.len() <= PAGES_MAX;
    let mut overview = Overview::default();
    for capture in &captures {
        if arguments.rows || arguments.json {
            stream(&mut reading, capture, arguments.json, out)?;
            continue;
        }
        let mut page = Page::default();
        let outcome = reading.read(capture, &mut |observation| page.add(observation));
        let Some(outcome) = outcome else { continue };
        if pages {
            page.write(out, capture, &outcome)?;
        } else {
            overview.add(capture, &outcome, &page);
        }
    }
    if !pages && !arguments.rows && !arguments.json {
        overview.write(out)?;
    }
    Ok(reading.exit(false))
}

/// Every exchange of a capture, as it is found.
fn stream(
    reading: &mut Reading<'_>,
    capture: &Path,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut done = Ok(());
    reading.read(capture, &mut |observation| {
        if let (Observation::Exchange(exchange), true) = (observation, done.is_ok()) {
            done = if json {
                exchange::json(out, capture, exchange)
            } else {
                exchange::row(out, capture, exchange)
            };
        }
    });
    done
}

/// How long a capture lasts, in words.
fn duration(outcome: &Outcome) -> String {
    let seconds = outcome
        .span
        .map_or(0.0, |(first, last)| last.since_ns(first) as f64 / 1e9);
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}
