//! A sidecar for an old device (R-PAP-20): a Modbus/TCP device that knows no TLS gets an identity. Whoever asks it speaks
//! mutual TLS under a contract to the sidecar beside it; what a second contract lets be read and written goes on, plain, over
//! the link between the two, and nothing else does.
//!
//! `sidecar serve CATALOG KEYS LISTEN DEVICE`, and `sidecar ask CATALOG KEYS ADDRESS PEER CONTRACT` for whoever asks: a line
//! of input is a unit and a request, hexadecimal; a line of output the answer, or why there is none.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks on its streams"
)]

mod ask;
mod device;
mod keys;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sidecar: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs it with its arguments.
pub(crate) fn run(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    match words.as_slice() {
        ["serve", catalog, keys, listen, device] => {
            local.block_on(&runtime, serve::run((catalog, keys), (listen, device)))
        }
        ["ask", catalog, keys, address, peer, contract] => local.block_on(
            &runtime,
            ask::run((catalog, keys), (address, peer, contract)),
        ),
        _ => Err(
            "serve CATALOG KEYS LISTEN DEVICE, or ask CATALOG KEYS ADDRESS PEER CONTRACT".into(),
        ),
    }
}
