//! `iia config fmt`.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use iia_config::parse::parse;
use iia_config::{format, limits};
use similar::TextDiff;

use super::report::{Checked, Format, tell};
use super::{Files, name, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// Changes nothing, shows what would change; exit code 1 when a document is not canonical
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let mut good = true;
    for file in &arguments.files.files {
        good &= one(file, arguments.check)?;
    }
    Ok(good)
}

fn one(file: &Path, check: bool) -> anyhow::Result<bool> {
    let bytes = read(file)?;
    let document = match parse(&bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => document,
        Err(found) => {
            tell(&[Checked::new(name(file), &bytes, found)], Format::Human)?;
            return Ok(false);
        }
    };
    let canonical = format::canonical(&document);
    if file == Path::new("-") && !check {
        print!("{canonical}");
        return Ok(true);
    }
    if canonical.as_bytes() == bytes {
        return Ok(true);
    }
    if check {
        let name = name(file);
        let diff = TextDiff::from_lines(document.text(), &canonical);
        print!(
            "{}",
            diff.unified_diff()
                .header(&name, &format!("{name} (canonical)"))
        );
        return Ok(false);
    }
    replace(file, &canonical)?;
    eprintln!("formatted {}", file.display());
    Ok(true)
}

/// Writes beside the file and puts it in its place, so that a stop leaves one or the other.
fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    let dir = file
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let new = tempfile::NamedTempFile::new_in(dir)
        .with_context(|| format!("write in {}", dir.display()))?;
    fs::write(new.path(), text)?;
    fs::set_permissions(new.path(), fs::metadata(file)?.permissions())?;
    new.persist(file)
        .with_context(|| format!("write {}", file.display()))?;
    Ok(())
}
