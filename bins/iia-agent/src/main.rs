//! Gives the workloads of a box their identities over the SPIFFE Workload API, by the box's signed configuration.
//!
//! A program of its own because the Workload API is gRPC, which is HTTP/2: nothing of that is in the tree of a box.
#![forbid(unsafe_code)]

mod authority;
mod serve;
mod terms;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The box's directory, as the applier has it
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where workloads ask: SPIFFE_ENDPOINT_SOCKET=unix:PATH
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// How long an SVID lives, in seconds: an hour at most
    #[arg(long, value_name = "SECONDS", default_value_t = iia_identity::issue::SVID_LIFE_MAX_SECS)]
    svid_life: i64,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("IIA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match serve::run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
