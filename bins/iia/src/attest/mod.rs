//! `iia attest`: what the observers of a box found, and what a machine's TPM says of it; no TPM is needed here.

mod explain;
mod image;
mod log;
mod page;
mod quote;
mod report;
mod watch;

use std::io::{Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use iia_core::code::Coded;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Shows what stands open on a box, the gravest first, and goes on showing it until q is pressed
    Watch(watch::Arguments),
    /// Says what a finding means: what was compared with what, what proves it, who answers, what to do; or a stream, or a code
    Explain(explain::Arguments),
    /// Writes what stands open, what is over and what each observer sees as one HTML file
    Page(page::Arguments),
    /// Says which configuration is applied, what was loaded, what the observers found, and whether the box is convergent, pending
    /// or divergent, as one JSON object; exit code 1 for anything but the first
    Report(report::Arguments),
    /// Judges again what the TPM of a box attested of its image, from the records of the box alone, and writes it out for other
    /// programs; exit code 1 where it is not to be believed
    Image(image::Arguments),
    /// Judges a quote of a TPM 2.0: affirming, warning or contraindicated, with every reason; exit code 1 for the last
    Quote(quote::Arguments),
    /// Shows a log of a measured boot event by event, and the registers that it makes
    Log(log::Arguments),
}

pub(crate) fn run(command: &Command, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match command {
        Command::Watch(arguments) => watch::run(arguments, out),
        Command::Explain(arguments) => explain::run(arguments, out),
        Command::Page(arguments) => page::run(arguments, out),
        Command::Report(arguments) => report::run(arguments, out),
        Command::Image(arguments) => image::run(arguments, out),
        Command::Quote(arguments) => quote::run(arguments, out),
        Command::Log(arguments) => log::run(arguments, out),
    }
}

/// A file of at most `max` bytes.
fn read(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let named = || path.display().to_string();
    let file = std::fs::File::open(path).with_context(named)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(max)?.saturating_add(1);
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(named)?;
    if bytes.len() > max {
        return Err(anyhow!("{}: more than {max} bytes", path.display()));
    }
    Ok(bytes)
}

/// An error of a file, with its code.
fn of_file(path: &Path, error: impl Coded + std::fmt::Display) -> anyhow::Error {
    anyhow!("{}: {}: {error}", path.display(), error.code())
}

/// Bytes from hexadecimal, in either case.
fn hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; text.len() / 2];
    iia_core::digest::decode_hex(&text.to_ascii_lowercase(), &mut bytes)
        .map(|()| bytes)
        .ok_or_else(|| "an even number of hexadecimal digits is expected".into())
}
