//! `iia audit prove`: the proof of one record, as text.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia::evidence::directory;

use super::at;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A box's directory or its evidence
    dir: PathBuf,
    /// The number of the record
    seq: u64,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let dir = directory(&arguments.dir)?;
    let proof = iia_audit::bundle::prove(&dir, arguments.seq).map_err(at(dir.display()))?;
    write!(out, "{}", proof.to_text())?;
    Ok(ExitCode::SUCCESS)
}
