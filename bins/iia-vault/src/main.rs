//! Puts the evidence of boxes into a store that lets nobody delete it, and gets it out again.
//!
//! Exit code 0: done, and good. 1: the store or the evidence is not what it should be. 2: it cannot be asked like this,
//! or the store does not answer. 3: good, but not all of it is witnessed by the next box.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks on standard output")]

mod client;
mod config;
mod fetch;
mod key;
mod probe;
mod put;
mod state;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use iia_audit::AuditError;
use iia_audit::note::VerifierKey;
use iia_core::code::Coded as _;
use iia_edge::vault::VaultError;

use crate::config::Vault;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Where the store is, how long it keeps, and where this vault's secrets lie
    #[arg(
        long,
        short,
        global = true,
        default_value = "vault.toml",
        value_name = "FILE"
    )]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Makes the key that signs receipts, and prints what verifies them
    Key,
    /// Attacks an object of its own in the bucket: does the store keep what it locks?
    Probe,
    /// Puts the closed segments of a log into the bucket, and keeps a receipt of each
    Put {
        /// The evidence directory, the one that holds audit/
        #[arg(value_name = "DIR")]
        evidence: PathBuf,
    },
    /// Gets a log out of the bucket and says what it is worth
    Fetch {
        /// A new directory for it
        #[arg(value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        which: Which,
    },
    /// Reads a log in the bucket from its first record to its last, and says what it is worth
    Verify {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(clap::Args)]
struct Which {
    /// The log, by its id or the start of it, where the bucket holds more than one
    #[arg(long, value_name = "ID")]
    log: Option<String>,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the bucket is taken
    #[arg(long, value_parser = VerifierKey::parse)]
    key: Option<VerifierKey>,
    /// The file with the first key of the log's seals
    #[arg(long, value_name = "FILE")]
    seal_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    #[cfg(unix)]
    end_with_the_reader();
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            println!("{}{error:#}", code_of(&error));
            ExitCode::from(if is_alarm(&error) { 1 } else { 2 })
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let What::Key = arguments.what {
        return key::make(&config::read(&arguments.config)?);
    }
    let vault = Vault::open(&arguments.config)?;
    match &arguments.what {
        What::Key => Ok(ExitCode::SUCCESS),
        What::Probe => probe::run(&vault),
        What::Put { evidence } => put::run(&vault, evidence),
        What::Fetch { out, which } => fetch::into(&vault, out, which),
        What::Verify { which } => fetch::look(&vault, which),
    }
}

/// The stable code in front of an error that has one.
fn code_of(error: &anyhow::Error) -> String {
    let vault = error.downcast_ref::<VaultError>().map(|error| error.code());
    let audit = error.downcast_ref::<AuditError>().map(|error| error.code());
    vault
        .or(audit)
        .map_or_else(String::new, |code| format!("{code} "))
}

/// Whether something is wrong with store or evidence; all else is a matter of asking.
fn is_alarm(error: &anyhow::Error) -> bool {
    let vault = error.downcast_ref::<VaultError>();
    let audit = error.downcast_ref::<AuditError>();
    vault.is_some_and(VaultError::is_alarm)
        || audit.is_some_and(|error| !matches!(error, AuditError::Storage { .. }))
}

/// Whoever reads our output may stop reading; that ends the program without a word (128 + SIGPIPE), as it does others.
#[cfg(unix)]
fn end_with_the_reader() {
    let always = std::sync::Arc::new(true.into());
    let _no_signals_here =
        signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGPIPE, 141, always);
}
