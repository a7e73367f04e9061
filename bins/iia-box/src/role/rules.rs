//! Rules that do not come with the box: they are those that a signed artifact names, as long as it says, or none.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use iia_config::engine::Engine;
use iia_core::Timestamp;
use iia_core::code::Coded as _;

/// Where they lie, below the directory of the box: `NAME.rules`.
pub(super) const FOLDER: &str = "rules";

/// The rules of an engine, of at most so many bytes; nothing where no artifact names any. Rules that are not those, or that have
/// ended at `now`, are not used, and that is an error. `now` is the time where it can be trusted.
pub(super) fn named(
    engine: &Engine,
    dir: &Path,
    (len_max, now): (u64, Option<Timestamp>),
) -> anyhow::Result<Option<String>> {
    if engine.digest.is_none() {
        return Ok(None);
    }
    let path = dir.join(FOLDER).join(format!("{}.rules", engine.name));
    let file = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    file.take(len_max + 1)
        .read_to_string(&mut text)
        .with_context(|| path.display().to_string())?;
    engine
        .check(text.as_bytes(), now)
        .map_err(|error| anyhow::anyhow!("{}: {}: {error}", path.display(), error.code()))?;
    Ok(Some(text))
}
