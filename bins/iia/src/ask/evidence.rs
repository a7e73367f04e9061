//! What a box keeps: the catalogs that were in force, proven from its audit chain, and how far its lake goes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use iia::marks::marks;
use iia::sla;
use iia_config::envelope::Armour;
use iia_config::history;
use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::{Document, parse};
use iia_config::trust::Class;
use iia_contract::Catalog;
use iia_contract::answer::Watermark;
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::{Context, Digest};
use iia_lake::{Lake, Options};

use super::found;
use crate::table::{Align, Table};

/// The documents that were applied and confirmed, the oldest first, each with the time from which it was in force.
pub(super) fn documents(dir: &Path) -> anyhow::Result<Vec<(Timestamp, Document)>> {
    let evidence = dir.join("evidence");
    let dir = if evidence.is_dir() { &evidence } else { dir };
    let history = history::history(dir, None)
        .map_err(|error| anyhow!("{}: {}: {error}", dir.display(), error.code()))?;
    if let Some(broken) = history.evidence.broken {
        anyhow::bail!("{}: the audit chain does not hold: {broken}", dir.display());
    }
    let texts = texts(&dir.join("config"))?;
    let confirmed = history.changes.iter().filter(|change| {
        change.class == Class::Config && change.confirmed.is_some() && change.went_back.is_empty()
    });
    let mut documents = Vec::new();
    for change in confirmed {
        let Some(artifact) = &change.artifact else {
            continue;
        };
        let text = texts.get(&artifact.digest).with_context(|| {
            format!(
                "artifact {} is not in the evidence any more",
                artifact.digest
            )
        })?;
        let document = parse(text, DOCUMENT_LEN_MAX)
            .map_err(|_| anyhow!("artifact {} cannot be read", artifact.digest))?;
        documents.push((change.at, document));
    }
    Ok(documents)
}

/// The bodies of the artifacts that are kept, by their digests.
fn texts(dir: &Path) -> anyhow::Result<BTreeMap<Digest, Vec<u8>>> {
    let files = fs::read_dir(dir).with_context(|| format!("open {}", dir.display()))?;
    let mut texts = BTreeMap::new();
    for file in files.flatten() {
        let bytes = fs::read(file.path())?;
        if let Ok(armour) = Armour::parse(&bytes) {
            let digest = Digest::of(Context::Artifact, armour.body);
            texts.insert(digest, armour.body.to_vec());
        }
    }
    Ok(texts)
}

/// How far the records go that a contract exposes.
pub(super) fn watermark(
    (dir, catalog): (&Path, &Catalog),
    id: &str,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let none = |what: &str| found(true, &format!("{id}: {what}"));
    let Some(contract) = catalog.by_id(id) else {
        return none("no such contract is in force");
    };
    let Terms::Boundary(boundary) = &contract.terms else {
        return none("only boundary contracts promise a watermark");
    };
    let Some(watermark) = Watermark::of(boundary, all(dir)?.into_iter()) else {
        return none("the contract promises no watermark");
    };
    let mut table = Table::new([
        ("stream", Align::Left),
        ("service", Align::Left),
        ("first", Align::Right),
        ("last", Align::Right),
        ("last written", Align::Left),
    ]);
    for mark in &watermark.marks {
        table.row([
            mark.stream.to_string(),
            mark.service.to_string(),
            mark.first.as_u64().to_string(),
            mark.last.as_u64().to_string(),
            mark.at.to_string(),
        ]);
    }
    if watermark.marks.is_empty() {
        return none("the lake holds no record that it exposes");
    }
    table.write(out, "")?;
    Ok(ExitCode::SUCCESS)
}

fn all(dir: &Path) -> anyhow::Result<Vec<iia_contract::answer::Mark>> {
    let in_words = |error: iia_lake::LakeError| anyhow!("{}: {error}", error.code());
    let segments: PathBuf = sla::locate(dir).map_err(in_words)?;
    let nothing = tempfile::tempdir()?;
    let (lake, _) = Lake::open(&segments, nothing.path(), Options::default()).map_err(in_words)?;
    marks(&lake)
}
