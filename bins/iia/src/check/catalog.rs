//! A catalog from a file, or every mistake in it.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use anyhow::anyhow;
use iia_config::envelope::{Armour, ENVELOPE_LEN_MAX};
use iia_config::parse::{Document, parse};
use iia_config::validate::CatalogError;
use iia_config::{limits, validate};
use iia_contract::Catalog;
use iia_contract::scope::Terms;
use iia_core::code::Coded as _;

/// Mistakes told one by one at most.
const MISTAKES_MAX: usize = 20;

/// Reads a catalog to judge by, telling every mistake in it.
pub(crate) fn read(path: &Path) -> anyhow::Result<Catalog> {
    let (_, catalog) = document(path)?;
    Ok(told(catalog, &path.display().to_string()))
}

/// Reads a catalog with the text that it stands in, telling every mistake in it.
pub(crate) fn document(path: &Path) -> anyhow::Result<(Document, Catalog)> {
    let name = path.display().to_string();
    let bytes = bounded(path).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "there is no such file".into(),
            why => why.to_string(),
        };
        in_words(&name, &CatalogError::NotOpened { why })
    })?;
    // What is signed is read without its signatures: they say who wrote it, not what it says.
    let body = Armour::parse(&bytes).map_or(bytes.as_slice(), |armour| armour.body);
    let found = match parse(body, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => match validate::catalog(&document) {
            Ok(catalog) => return Ok((document, catalog)),
            Err(found) => found,
        },
        Err(found) => found,
    };
    let text = String::from_utf8_lossy(body);
    for diagnostic in found.iter().take(MISTAKES_MAX) {
        eprint!("{}", diagnostic.render(&name, &text));
    }
    let more = found.len().saturating_sub(MISTAKES_MAX);
    let more = if more > 0 {
        format!(", {more} of them not shown")
    } else {
        String::new()
    };
    let mistakes = crate::table::counted(found.len() as u64, "mistake") + &more;
    Err(in_words(&name, &CatalogError::NotSound { mistakes }))
}

/// A file's bytes, as far as a signed document may go; what is longer is refused for its length when it is read.
fn bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = ENVELOPE_LEN_MAX as u64 + 1;
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn in_words(name: &str, error: &CatalogError) -> anyhow::Error {
    anyhow!("{name}: {}: {error}", error.code())
}

/// Says so when a sound catalog can cover nothing.
fn told(catalog: Catalog, name: &str) -> Catalog {
    let devices = catalog.contracts().iter();
    if !devices
        .map(|contract| &contract.terms)
        .any(|terms| matches!(terms, Terms::Device(_)))
    {
        eprintln!("iia: {name}: no contract of scope device, so that no exchange can be covered");
    }
    catalog
}
