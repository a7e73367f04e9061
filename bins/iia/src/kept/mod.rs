//! `iia report`: promised and kept, contract by contract, from what rests in a lake; and what evidence shows.

#[cfg(feature = "operator")]
mod iec62443;
mod json;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use iia::sla::{self, Kept, Verdict};
use iia_core::code::Coded as _;
use iia_lake::LakeError;

use crate::check::document;

/// What is reported on.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Says what each boundary contract promises and how it was kept; exit code 1 when something was not
    Sla(Arguments),
    /// What an early warning of an incident has to say (NIS2 article 23), from evidence alone: `iia audit timeline`
    #[cfg(feature = "operator")]
    Nis2(Box<crate::audit::timeline::Arguments>),
    /// What the evidence shows of the system requirements of IEC 62443-3-3 that a box claims; exit code 1 when the
    /// evidence does not hold
    #[cfg(feature = "operator")]
    #[command(name = "62443")]
    Iec62443(Box<iec62443::Arguments>),
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A lake's folder, a bundle of evidence, or a box's directory; only sealed records are read
    path: PathBuf,
    /// The catalog that was in force
    #[arg(long, value_name = "CATALOG")]
    catalog: PathBuf,
    /// Only contracts whose id has this in it
    #[arg(long, value_name = "PART")]
    contract: Option<String>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match command {
        Command::Sla(arguments) => sla(arguments, out),
        #[cfg(feature = "operator")]
        Command::Nis2(arguments) => crate::audit::timeline::run(arguments, out),
        #[cfg(feature = "operator")]
        Command::Iec62443(arguments) => iec62443::run(arguments, out),
    }
}

fn sla(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let (_, catalog) = document(&arguments.catalog)?;
    let in_words = |error: &LakeError| anyhow!("{}: {error}", error.code());
    let segments = sla::locate(&arguments.path).map_err(|error| in_words(&error))?;
    let mut kept = Kept::read(&segments, &catalog).map_err(|error| {
        let lake = error.downcast_ref::<LakeError>().map(in_words);
        lake.unwrap_or(error)
    })?;
    if let Some(part) = &arguments.contract {
        kept.accounts
            .retain(|one| one.contract.contains(part.as_str()));
        kept.others.clear();
    }
    match arguments.json {
        true => writeln!(out, "{}", json::of(&kept))?,
        false => write!(out, "{kept}")?,
    }
    let promises = kept.accounts.iter().flat_map(|one| &one.promises);
    let broken = promises
        .filter(|(_, verdict)| matches!(verdict, Verdict::Broken(_)))
        .count();
    Ok(match broken {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
