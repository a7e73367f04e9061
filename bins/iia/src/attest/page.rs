//! `iia attest page`: what stands open on a box, what is over, and what its observers see, as one HTML file.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use iia::standing::html;

use super::watch::Of;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    of: Of,
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let standing = arguments.of.read()?;
    let name = arguments.output.display();
    fs::write(&arguments.output, html(&standing)).with_context(|| format!("{name}"))?;
    writeln!(out, "written: {name}")?;
    Ok(super::watch::code(&standing))
}
