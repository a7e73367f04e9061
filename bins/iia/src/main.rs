//! The operator's and researcher's command line.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

mod bench;
mod check;
mod config;
mod inspect;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    version,
    about = "Reads industrial captures, judges them against contracts, and says why"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says what is in captures: who spoke to whom, with which functions and values
    Inspect {
        /// Capture files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Prints every exchange, tab separated
        #[arg(long)]
        rows: bool,
    },
    /// Judges captures against a catalog; exit code 1 when something is not contracted
    Check(check::Arguments),
    /// Says why each kind of violation is one, with the contract that came nearest
    Explain(check::Arguments),
    /// Proposes a catalog from captures, for a person to cut down
    Learn {
        /// Capture files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The box's name in the proposal
        #[arg(long, default_value = "box")]
        name: String,
    },
    /// The configuration language
    #[command(subcommand)]
    Config(config::Command),
    /// Measures this machine
    #[command(subcommand)]
    Bench(bench::Command),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Inspect { files, rows } => inspect::run(&files, rows),
        Command::Check(arguments) => check::run(&arguments, false),
        Command::Explain(arguments) => check::run(&arguments, true),
        Command::Learn { files, name } => inspect::learn(&files, &name),
        Command::Config(command) => config::run(command),
        Command::Bench(command) => bench::run(command),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("iia: {error:#}");
            ExitCode::from(2)
        }
    }
}
