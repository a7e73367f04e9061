//! Rules that do not come with the box: they are those that the signed configuration names, or none.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use iia_config::engine::Engine;
use iia_identity::admission::Sha256;

/// Where they lie, below the directory of the box: `NAME.rules`.
pub(super) const FOLDER: &str = "rules";

/// The rules of an engine, of at most so many bytes; nothing where the configuration names none. Rules that are not those are not
/// used, and that is an error.
pub(super) fn named(engine: &Engine, dir: &Path, len_max: u64) -> anyhow::Result<Option<String>> {
    let Some(digest) = &engine.digest else {
        return Ok(None);
    };
    let path = dir.join(FOLDER).join(format!("{}.rules", engine.name));
    let file = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    file.take(len_max + 1)
        .read_to_string(&mut text)
        .with_context(|| path.display().to_string())?;
    let found = Sha256::of(text.as_bytes()).to_string();
    anyhow::ensure!(
        found == *digest,
        "{}: the rules are {found}, the configuration names {digest}",
        path.display()
    );
    Ok(Some(text))
}
