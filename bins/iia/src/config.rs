//! The configuration language at the command line.

#[cfg(feature = "operator")]
mod operator;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::diagnostic::{Diagnostic, Severity};
use iia_config::validate::{Facts, validate};
use iia_config::{format, limits, parse::parse};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Writes documents in canonical form
    Fmt {
        /// Documents
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Changes nothing; exit code 1 when a document is not canonical
        #[arg(long)]
        check: bool,
    },
    /// Validates a document as the box would
    Check {
        /// Documents
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The box it is for; the first target when not given
        #[arg(long = "box")]
        box_name: Option<String>,
    },
    /// Keys, signing, approving, and what a box keeps
    #[cfg(feature = "operator")]
    #[command(flatten)]
    Operator(Box<operator::Command>),
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut good = true;
    match command {
        #[cfg(feature = "operator")]
        Command::Operator(command) => return operator::run(*command),
        Command::Fmt { files, check } => {
            for file in files {
                good &= fmt(&file, check)?;
            }
        }
        Command::Check { files, box_name } => {
            for file in files {
                good &= check(&file, box_name.as_deref())?;
            }
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("open {}", file.display()))
}

fn tell(file: &Path, bytes: &[u8], found: &[Diagnostic]) {
    let text = String::from_utf8_lossy(bytes);
    found.iter().for_each(|diagnostic| {
        eprint!("{}", diagnostic.render(&file.display().to_string(), &text))
    });
}

fn fmt(file: &Path, check: bool) -> anyhow::Result<bool> {
    let bytes = read(file)?;
    let document = match parse(&bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => document,
        Err(found) => {
            tell(file, &bytes, &found);
            return Ok(false);
        }
    };
    let canonical = format::canonical(&document);
    if canonical.as_bytes() == bytes {
        return Ok(true);
    }
    if check {
        println!("{} is not canonical", file.display());
        return Ok(false);
    }
    fs::write(file, canonical).with_context(|| format!("write {}", file.display()))?;
    println!("formatted {}", file.display());
    Ok(true)
}

fn check(file: &Path, box_name: Option<&str>) -> anyhow::Result<bool> {
    let bytes = read(file)?;
    let document = match parse(&bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => document,
        Err(found) => {
            tell(file, &bytes, &found);
            return Ok(false);
        }
    };
    let mut targets = document
        .of_kind("artifact")
        .flat_map(|entry| entry.fields("target"));
    let first = targets
        .next()
        .map_or_else(String::new, |field| field.text().to_owned());
    let facts = Facts::of_box(box_name.map_or(first, str::to_owned));
    let (found, good) = match validate(&document, &facts) {
        Ok(checked) => (checked.warnings, true),
        Err(found) => (found, false),
    };
    tell(file, &bytes, &found);
    if good && format::canonical(&document).as_bytes() != bytes {
        println!(
            "{} is sound but not canonical; run `iia config fmt` before signing",
            file.display()
        );
        return Ok(false);
    }
    let errors = found
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    println!(
        "{}: {}",
        file.display(),
        if good {
            "sound".into()
        } else {
            format!("{errors} rules are broken")
        }
    );
    Ok(good)
}
