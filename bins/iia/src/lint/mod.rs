//! Judges of files that other programs read.

mod compose;
mod image;
mod service;
mod tree;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Judges compose manifests: images pinned, users above 1000, no ports and no privileges unless contracted
    Compose {
        /// Manifests
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Takes digests only, no version tags
        #[arg(long)]
        digests_only: bool,
    },
}

/// How strict a judge is.
#[derive(Clone, Copy, Debug)]
struct Strictness {
    digests_only: bool,
}

/// What is wrong, and where.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Finding {
    line: usize,
    code: &'static str,
    message: String,
    help: &'static str,
}

pub(crate) fn run(command: &Command, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let Command::Compose {
        files,
        digests_only,
    } = command;
    let strictness = Strictness {
        digests_only: *digests_only,
    };
    let mut good = true;
    for file in files {
        good &= judge(file, strictness, out)?;
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn judge(file: &Path, strictness: Strictness, out: &mut impl Write) -> anyhow::Result<bool> {
    let text = fs::read_to_string(file).with_context(|| format!("open {}", file.display()))?;
    let (found, file) = (compose::judge(&text, strictness), file.display());
    for Finding {
        line,
        code,
        message,
        help,
    } in &found
    {
        writeln!(out, "{file}:{line}: {code} {message}\n    {help}")?;
    }
    if found.is_empty() {
        writeln!(
            out,
            "{file}: pinned, and nothing open that is not contracted"
        )?;
    }
    Ok(found.is_empty())
}
