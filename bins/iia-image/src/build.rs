//! From files to a layout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_identity::image::Image;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The layout to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The reference name
    #[arg(long)]
    name: String,
    /// A program, put into /usr/bin under its own name; may be given again, the first one is what the image runs
    #[arg(long, value_name = "FILE", required = true)]
    program: Vec<PathBuf>,
    /// Any other file, as PATH=FILE; may be given again
    #[arg(long, value_name = "PATH=FILE")]
    file: Vec<String>,
    /// What follows the program when nothing else is said; may be given again
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    argument: Vec<String>,
    /// The architecture, as Go names it
    #[arg(long, default_value = native())]
    architecture: String,
    /// A label, as KEY=VALUE; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    label: Vec<String>,
    /// The time of everything in it, seconds since 1970; SOURCE_DATE_EPOCH where it is not given
    #[arg(long, value_name = "SECONDS")]
    epoch: Option<u64>,
}

/// This machine's architecture.
const fn native() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

pub(crate) fn build(arguments: &Arguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        !arguments.out.exists(),
        "{} is there already",
        arguments.out.display()
    );
    let mut image = Image::new(&arguments.architecture, epoch(arguments.epoch)?);
    let mut entrypoint = Vec::new();
    for program in &arguments.program {
        let name = program.file_name().and_then(|name| name.to_str());
        let path = format!("usr/bin/{}", name.context("a program needs a plain name")?);
        image.put(&path, read(program)?, true)?;
        if entrypoint.is_empty() {
            entrypoint.push(format!("/{path}"));
        }
    }
    entrypoint.extend(arguments.argument.iter().cloned());
    image.set_entrypoint(entrypoint);
    for file in &arguments.file {
        let (path, from) = file.split_once('=').context("a file is PATH=FILE")?;
        image.put(path.trim_start_matches('/'), read(Path::new(from))?, false)?;
    }
    for label in &arguments.label {
        let (key, value) = label.split_once('=').context("a label is KEY=VALUE")?;
        image.label(key, value);
    }
    println!("{}", image.write(&arguments.out, &arguments.name)?);
    Ok(())
}

/// Never the clock: the same source gives the same image tomorrow.
fn epoch(given: Option<u64>) -> anyhow::Result<u64> {
    match given {
        Some(seconds) => Ok(seconds),
        None => std::env::var("SOURCE_DATE_EPOCH")
            .ok()
            .and_then(|text| text.parse().ok())
            .context("give --epoch or SOURCE_DATE_EPOCH"),
    }
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("open {}", path.display()))
}
