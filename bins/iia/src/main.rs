//! The operator's and researcher's command line.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

mod allows;
mod ask;
mod attest;
#[cfg(feature = "operator")]
mod audit;
mod bench;
mod check;
mod compile;
mod config;
mod coverage;
mod decode;
mod detect;
mod devices;
mod export;
mod input;
mod inspect;
mod kept;
mod learn;
mod lint;
mod surface;

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use iia::table;

#[derive(Parser)]
#[command(
    version,
    about = "Reads industrial captures, judges them against contracts, and says why",
    after_help = EXIT_CODES
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 good; 1 something is not contracted, damaged or not canonical; \
2 wrong arguments, or something could not be read.\nErrors are one line each, with a code that stays: \
`iia: FILE: IIA-CAP-0002: neither pcap nor pcapng`.";

#[derive(Subcommand)]
enum Command {
    /// Says what is in captures: who spoke to whom, with which functions and values
    Inspect(inspect::Arguments),
    /// Writes everything that was said in captures, field by field: lines, JSON or Parquet
    Decode(decode::Arguments),
    /// Says which techniques of attack captures show, by rules that can be read; exit code 1 when there is one
    Detect(detect::Arguments),
    /// Judges captures against a catalog; exit code 1 when something is not contracted
    Check(check::Arguments),
    /// Lists every flow of captures and every socket of this machine that no contract covers; exit code 1 when there is one
    Coverage(coverage::Arguments),
    /// Lists who is on the control network, and which contract knows each; exit code 1 when somebody is unknown
    Devices(devices::Arguments),
    /// Says why each kind of violation is one, and which contract came nearest
    Explain(check::Arguments),
    /// Says whether a flow is allowed, by which contract and where it says so; exit code 1 when it is refused
    Allows(allows::Arguments),
    /// Proposes a catalog from captures, for a person to cut down
    Learn(learn::Arguments),
    /// Compiles a catalog to what enforces it: firewall, brokers, identities, network policies, rules
    Compile(compile::Arguments),
    /// Says how what is loaded differs from what the catalog compiles to; exit code 1 when it does
    Drift(compile::DriftArguments),
    /// Lists every listener and every connection of a box, with who, why and by which contracts
    Surface(surface::Arguments),
    /// Says who is accountable for an event, on each side of each boundary contract, and how they are reached
    Who(ask::Who),
    /// Answers a well-known question: contract/ID, contract/ID/history, contract/ID/watermark, catalog/manifest,
    /// catalog/raci/EVENT
    Ask(ask::Ask),
    /// What a box's observers found and see, and what a machine's TPM says of it
    #[command(subcommand)]
    Attest(attest::Command),
    /// What a box's audit log says and proves: records, proofs, bundles for an auditor
    #[cfg(feature = "operator")]
    #[command(subcommand)]
    Audit(audit::Command),
    /// Reports on what rests in the lake of a box, and on what its evidence shows
    #[command(subcommand)]
    Report(kept::Command),
    /// Says what changes between two catalogs, what is opened and cut, and which versions are due
    #[cfg(feature = "operator")]
    Diff(config::Diff),
    /// Writes a catalog as AsyncAPI, Open Data Contract or JSON Schema, or draws the box (SVG)
    Export(export::Arguments),
    /// The configuration language
    #[command(subcommand)]
    Config(config::Command),
    /// Judges files that other programs read, such as compose manifests
    #[command(subcommand)]
    Lint(lint::Command),
    /// Measures this machine
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Whoever reads our output may stop reading; that ends the program without a word (128 + SIGPIPE), as it does others.
#[cfg(unix)]
fn end_with_the_reader() {
    let always = std::sync::Arc::new(true.into());
    let _no_signals_here =
        signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGPIPE, 141, always);
}

fn main() -> ExitCode {
    #[cfg(unix)]
    end_with_the_reader();
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

/// One line on the error stream.
fn complain(error: &anyhow::Error) {
    eprintln!("iia: {error:#}");
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let code = match command {
        Command::Inspect(arguments) => inspect::run(&arguments, &mut out)?,
        Command::Decode(arguments) => decode::run(&arguments, &mut out)?,
        Command::Detect(arguments) => detect::run(&arguments, &mut out)?,
        Command::Check(arguments) => check::run(&arguments, check::Mode::Check, &mut out)?,
        Command::Explain(arguments) => check::run(&arguments, check::Mode::Explain, &mut out)?,
        Command::Coverage(arguments) => coverage::run(&arguments, &mut out)?,
        Command::Devices(arguments) => devices::run(&arguments, &mut out)?,
        Command::Allows(arguments) => allows::run(&arguments, &mut out)?,
        Command::Learn(arguments) => learn::run(&arguments, &mut out)?,
        Command::Compile(arguments) => compile::run(&arguments, &mut out)?,
        Command::Drift(arguments) => compile::drift(&arguments, &mut out)?,
        Command::Surface(arguments) => surface::run(&arguments, &mut out)?,
        Command::Who(arguments) => ask::who(&arguments, &mut out)?,
        Command::Ask(arguments) => ask::ask(&arguments, &mut out)?,
        Command::Attest(command) => attest::run(&command, &mut out)?,
        #[cfg(feature = "operator")]
        Command::Audit(command) => audit::run(&command, &mut out)?,
        Command::Report(command) => kept::run(&command, &mut out)?,
        #[cfg(feature = "operator")]
        Command::Diff(arguments) => {
            drop(out);
            return config::diff(&arguments);
        }
        Command::Export(arguments) => export::run(&arguments, &mut out)?,
        Command::Config(command) => {
            drop(out);
            return config::run(command);
        }
        Command::Lint(command) => lint::run(&command, &mut out)?,
        Command::Bench(command) => {
            drop(out);
            return bench::run(command);
        }
    };
    out.flush()?;
    Ok(code)
}

/// Whoever read our output, `head` say, has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
