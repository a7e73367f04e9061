//! An industrial boundary box: one process a role, joined by contracted mTLS links; and the walking demo.
#![forbid(unsafe_code)]

mod accounts;
mod admit;
mod asks;
mod beat;
mod boxdir;
mod cell;
mod chain;
mod client;
mod commission;
mod deed;
mod demo;
mod findings;
mod host;
mod issue;
mod keeper;
mod keys;
mod lender;
mod life;
mod live;
mod machine;
#[cfg(feature = "tpm")]
mod machine_key;
mod mirror;
mod node;
mod observe;
mod operators;
mod orders;
mod outage;
mod passive;
#[cfg(feature = "tpm")]
mod pcrs;
mod policy;
mod proof;
mod published;
mod refused;
mod revoked;
mod role;
mod screen;
mod secrets;
mod shown;
mod supervise;
mod tally;
mod terms;
mod users;
mod wire;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use iia_capture::live::passive::Interface;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a box: its keys, and what others have to know of it
    New(life::New),
    /// Makes the key by which the machine's TPM attests what the machine has started
    #[cfg(feature = "tpm")]
    Attester(life::Attester),
    /// Begins a box that was made: its operators, and its chain of evidence
    Begin(life::Begin),
    /// Runs a box as its applied configuration says, and follows each change of it
    Run(life::Run),
    /// Runs three boxes on this machine and replays industrial traffic through them, from packet to north
    Demo(DemoArguments),
    /// Puts a secret, read from standard input, into a box's store for one workload
    Secret(secrets::Put),
    /// The PKI of the cell: certificates of its devices
    #[command(subcommand)]
    Cell(cell::Step),
    /// Makes the policy by which a TPM opens what it has sealed
    #[cfg(feature = "tpm")]
    #[command(subcommand)]
    Policy(pcrs::Step),
    /// Runs one role; the supervisor does this
    #[command(hide = true)]
    Role {
        /// The role's name
        name: String,
        /// The box's name, for whoever lists processes
        of: Option<String>,
    },
}

/// What the demo can be told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArguments {
    /// Replays this capture instead of the bundled one
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Takes over this interface, which becomes passive, and watches it instead of replaying a capture
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pcap", "speed"])]
    interface: Option<Interface>,
    /// How long the interface is watched; 0 until it is interrupted
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 60,
        requires = "interface"
    )]
    seconds: u64,
    /// Configures the box with this artifact instead of the bundled one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Configures the box one level up with this artifact instead of the bundled one
    #[arg(long, value_name = "FILE")]
    config_above: Option<PathBuf>,
    /// Starts the box's IO master with this command, word by word: `iia-io` and its arguments, behind whatever gives it a
    /// network and a user of its own
    #[arg(long, value_name = "COMMAND", requires = "interface")]
    io_master: Option<String>,
    /// How many times faster than it happened; 0 is as fast as the machine can
    #[arg(long, default_value_t = 4.0)]
    speed: f64,
    /// Where the boxes keep their things; must not exist yet
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Gives the box at the press line this store of secrets, made by `iia-box secret`
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// Below which directory in memory its roles get their secrets
    #[arg(
        long,
        value_name = "DIR",
        default_value = "/dev/shm",
        requires = "secrets"
    )]
    memory: PathBuf,
    #[command(flatten)]
    sealing: keeper::Sealing,
    #[command(flatten)]
    cell: cell::OfCell,
    /// Runs roles as users of their own, from this one on: 64 for each box
    #[arg(long, value_name = "FIRST")]
    users: Option<u32>,
    /// Does not kill the lake half-way
    #[arg(long)]
    no_kill: bool,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("IIA_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let outcome = match Arguments::parse().command {
        Command::New(new) => new.run(),
        #[cfg(feature = "tpm")]
        Command::Attester(attester) => attester.run(),
        Command::Begin(begin) => begin.run(),
        Command::Run(run) => run.run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Secret(put) => put.run(),
        Command::Cell(step) => step.run(),
        #[cfg(feature = "tpm")]
        Command::Policy(step) => step.run(),
        Command::Role { name, .. } => role::run(&name),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a program says on standard error why it fails"
)]
fn fail(text: &str) {
    eprintln!("iia-box: {text}");
}
