//! What a box's audit log says, for people, and what an auditor is given of it.

mod bundle;
pub(crate) mod choice;
mod export;
pub(crate) mod keys;
pub(crate) mod paper;
mod prove;
mod show;
pub(crate) mod timeline;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use iia_audit::AuditError;
use iia_core::code::Coded as _;

/// What is wanted of the log.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Prints the records in words, and how far signed heads and receipts cover them
    Show(show::Arguments),
    /// Reconstructs an incident for an early warning (NIS2 article 23): T+0, awareness, deadlines, each entry with its
    /// record; exit code 1 when the evidence does not hold
    Timeline(Box<timeline::Arguments>),
    /// Writes the proof of one record (C2SP tlog-proof), which iia-verify checks with two keys
    Prove(prove::Arguments),
    /// Writes the whole log as one Parquet file, which any tool for tables opens and which iia-verify checks alone
    Export(export::Arguments),
    /// Writes chosen records with their proofs and files into one file, which iia-verify checks with a key
    Bundle(bundle::Arguments),
}

pub(crate) fn run(command: &Command, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show(arguments) => show::run(arguments, out),
        Command::Timeline(arguments) => timeline::run(arguments, out),
        Command::Export(arguments) => export::run(arguments, out),
        Command::Prove(arguments) => prove::run(arguments, out),
        Command::Bundle(arguments) => bundle::run(arguments, out),
    }
}

/// An error of a log, with its place and code.
fn at(place: impl Display) -> impl Fn(AuditError) -> anyhow::Error {
    move |error| anyhow!("{place}: {}: {error}", error.code())
}
