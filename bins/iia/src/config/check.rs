//! `iia config check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use iia_config::diagnostic::Diagnostic;
use iia_config::parse::{Document, Magic, Reading, parse, parse_partial};
use iia_config::validate::{self, Facts};
use iia_config::{format, limits};
use iia_core::time::parse_utc;

use super::report::{Checked, Format, tell};
use super::{Files, name, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// The box it is for; the first target when not given
    #[arg(long = "box", value_name = "NAME")]
    box_name: Option<String>,
    /// A set of boxes that the box belongs to
    #[arg(long, value_name = "NAME")]
    fleet: Vec<String>,
    /// What is applied now: changes from it are judged
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The time to judge by, such as 2026-11-24T09:00:00Z; without it nothing expires
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// A contract under which somebody is connected
    #[arg(long, value_name = "ID")]
    live: Vec<String>,
    /// Warnings reject
    #[arg(long)]
    strict: bool,
    /// Contracts alone, without a box around them
    #[arg(long)]
    catalog: bool,
    /// How to tell
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let facts = facts(arguments)?;
    let mut all = Vec::new();
    for file in &arguments.files.files {
        let bytes = read(file)?;
        let found = one(&bytes, arguments, &facts);
        all.push(Checked::new(name(file), &bytes, found));
    }
    tell(&all, arguments.format)?;
    Ok(all.iter().all(Checked::is_good))
}

fn facts(arguments: &Arguments) -> anyhow::Result<Facts> {
    let now = match &arguments.now {
        None => None,
        Some(text) => match parse_utc(text) {
            Some(now) => Some(now),
            None => anyhow::bail!("`{text}` is no time such as 2026-11-24T09:00:00Z"),
        },
    };
    Ok(Facts {
        fleets: arguments.fleet.clone(),
        now,
        previous: arguments.previous.as_deref().map(previous).transpose()?,
        live: arguments.live.iter().cloned().collect(),
        strict: arguments.strict,
        ..Facts::default()
    })
}

fn previous(file: &Path) -> anyhow::Result<Arc<Document>> {
    let bytes = read(file)?;
    match parse(&bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => Ok(Arc::new(document)),
        Err(found) => anyhow::bail!(
            "{} has {} mistakes; check it first",
            file.display(),
            found.len()
        ),
    }
}

fn one(bytes: &[u8], arguments: &Arguments, facts: &Facts) -> Vec<Diagnostic> {
    let Reading {
        document,
        mut diagnostics,
    } = parse_partial(bytes, limits::DOCUMENT_LEN_MAX);
    let Some(document) = document else {
        return diagnostics;
    };
    if !diagnostics.is_empty() {
        diagnostics.extend(validate::entries_alone(&document));
        return diagnostics;
    }
    let mut targets = document
        .of_kind("artifact")
        .flat_map(|entry| entry.fields("target"));
    let first = targets
        .next()
        .map_or_else(String::new, |field| field.text().to_owned());
    let manifest = document.magic == Magic::Manifest;
    let boxes = document
        .of_kind("manifest")
        .next()
        .map(|entry| entry.text("box").to_owned());
    let named = arguments.box_name.clone().or(boxes).unwrap_or(first);
    let facts = Facts {
        box_name: named,
        ..facts.clone()
    };
    let mut found = match (arguments.catalog, manifest) {
        (true, _) => validate::catalog(&document).err().unwrap_or_default(),
        (false, true) => validate::manifest(&document, &facts)
            .err()
            .unwrap_or_default(),
        (false, false) => match validate::validate(&document, &facts) {
            Ok(checked) => checked.warnings,
            Err(found) => found,
        },
    };
    found.extend(format::not_canonical(&document));
    found
}
