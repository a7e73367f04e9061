//! `iia attest report`: what a box says of itself to whoever keeps many.

use std::io::Write;
use std::process::ExitCode;

use iia::standing::{Outcome, report};

use super::watch::Of;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    of: Of,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let standing = arguments.of.read()?;
    writeln!(out, "{}", report(&standing))?;
    Ok(match standing.outcome() {
        Outcome::Convergent => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
