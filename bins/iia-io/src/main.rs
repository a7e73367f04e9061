//! The IO master: reads the plant a second time at a tap of its own, and signs what it read.
//!
//! A program of its own, so that it can be another process, of another user, in another network, than whatever it checks. It
//! takes frames from the kernel as the collector does and reads them with the decoders of `iia_attest::io`, which are none of
//! the collector's; what it read goes into the audit chain under its own key.
#![forbid(unsafe_code)]

mod chain;
mod identity;
mod tap;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// What it can be told. Who it is says its supervisor, on standard input.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Where it listens; nothing is ever sent there
    #[arg(long, value_name = "NAME")]
    interface: String,
    /// Its own key, which only its own user may read: of any form that `iia config key` makes or knows
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("IIA_LOG"))
        .with_writer(std::io::stderr)
        .init();
    match watch::run(&Arguments::parse()) {
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
    eprintln!("iia-io: {text}");
}
