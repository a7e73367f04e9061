//! Judges of files that other programs read.

mod compose;
mod image;
mod service;
mod tree;

use std::fs;
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

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Compose {
        files,
        digests_only,
    } = command;
    let mut good = true;
    for file in &files {
        good &= judge(file, Strictness { digests_only })?;
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn judge(file: &Path, strictness: Strictness) -> anyhow::Result<bool> {
    let text = fs::read_to_string(file).with_context(|| format!("open {}", file.display()))?;
    let found = compose::judge(&text, strictness);
    for Finding {
        line,
        code,
        message,
        help,
    } in &found
    {
        println!("{}:{line}: {code} {message}\n    {help}", file.display());
    }
    if found.is_empty() {
        println!(
            "{}: pinned, and nothing open that is not contracted",
            file.display()
        );
    }
    Ok(found.is_empty())
}
