//! What the papers made from evidence have in common: what they are asked, and the three forms in which they are put out.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::evidence::{Evidence, Outcome};
use iia_core::Timestamp;

use super::choice::time;
use super::keys::Given;

#[derive(clap::Args)]
pub(crate) struct Paper {
    /// A box's directory, its evidence, a bundle, or a table (Parquet)
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    #[command(flatten)]
    given: Given,
    /// Only what was written at or after this time, such as 2026-11-28T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Only what was written at or before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Prints one JSON object, whose schema is in docs/
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes one HTML file without script or outside reference, for a screen and for paper
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The forms of a paper.
pub(crate) struct Forms<'a, T> {
    pub(crate) text: fn(&T) -> String,
    pub(crate) json: &'a dyn Fn(&T) -> String,
    pub(crate) html: fn(&T) -> String,
}

impl Paper {
    pub(crate) fn evidence(&self) -> anyhow::Result<Evidence> {
        Evidence::open(&self.path, &self.given.keys()?)
    }

    /// Puts a paper out as it was asked for; the code says whether its evidence held.
    pub(crate) fn put<T>(
        &self,
        paper: &T,
        forms: &Forms<'_, T>,
        outcome: Outcome,
        out: &mut impl Write,
    ) -> anyhow::Result<ExitCode> {
        match &self.html {
            Some(file) => {
                let name = file.display();
                fs::write(file, (forms.html)(paper)).with_context(|| format!("{name}"))?;
                writeln!(out, "written: {name}")?;
            }
            None if self.json => writeln!(out, "{}", (forms.json)(paper))?,
            None => write!(out, "{}", (forms.text)(paper))?,
        }
        Ok(match outcome {
            Outcome::Failed => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        })
    }
}
