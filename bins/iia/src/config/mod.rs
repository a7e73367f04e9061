//! The configuration language at the command line.

mod check;
mod convert;
mod explain;
mod export;
mod fmt;
#[cfg(feature = "operator")]
mod operator;
mod report;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::envelope::Armour;
use iia_config::limits;
use iia_config::parse::{Document, parse};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Writes documents in canonical form; `-` reads standard input and writes standard output
    Fmt(fmt::Arguments),
    /// Validates documents as the box would; exit code 1 when one is refused
    Check(check::Arguments),
    /// Says what a rule demands and why, with an example that breaks it and one that keeps it
    Explain(explain::Arguments),
    /// Writes what is made from the one schema table
    Schema {
        /// What to write
        #[arg(value_enum)]
        what: export::What,
    },
    /// Reads TOML, YAML or JSON and writes the canonical text
    Convert(convert::Arguments),
    /// Keys, signing, approving, and what a box keeps
    #[cfg(feature = "operator")]
    #[command(flatten)]
    Operator(Box<operator::Command>),
}

#[cfg(feature = "operator")]
pub(crate) use operator::{Diff, diff};

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let good = match command {
        Command::Fmt(arguments) => fmt::run(&arguments)?,
        Command::Check(arguments) => check::run(&arguments)?,
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema { what } => {
            print!("{}", export::write(what)?);
            true
        }
        Command::Convert(arguments) => convert::run(&arguments)?,
        #[cfg(feature = "operator")]
        Command::Operator(command) => return operator::run(*command),
    };
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The longest file that is read: more than a document may have, so that the language itself says that it is too long.
const FILE_LEN_MAX: u64 = 2 * iia_config::limits::DOCUMENT_LEN_MAX as u64;

/// Reads a file, or standard input for `-`.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .take(FILE_LEN_MAX)
            .read_to_end(&mut bytes)?;
    } else {
        let open = fs::File::open(file).with_context(|| format!("open {}", file.display()))?;
        let read = open.take(FILE_LEN_MAX).read_to_end(&mut bytes);
        read.with_context(|| format!("read {}", file.display()))?;
    }
    Ok(bytes)
}

/// Reads a document or the body of an envelope, telling every mistake in it.
pub(crate) fn document(file: &Path) -> anyhow::Result<Document> {
    let bytes = read(file)?;
    let text = Armour::parse(&bytes).map_or(bytes.as_slice(), |armour| armour.body);
    parse(text, limits::DOCUMENT_LEN_MAX).map_err(|found| {
        tell(file, text, &found);
        anyhow::anyhow!("{} cannot be read", file.display())
    })
}

/// Tells a person what is wrong with a document.
fn tell(file: &Path, bytes: &[u8], found: &[iia_config::diagnostic::Diagnostic]) {
    report::mistakes(&report::Checked::new(name(file), bytes, found.to_vec()));
}

/// How a file is called in reports.
fn name(file: &Path) -> String {
    match file == Path::new("-") {
        true => "<stdin>".into(),
        false => file.display().to_string(),
    }
}

/// Files that are named at the command line.
#[derive(clap::Args)]
struct Files {
    /// Documents; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}
