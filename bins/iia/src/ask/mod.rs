//! The well-known questions about a catalog or a box, and who answers for an event.

#[cfg(feature = "operator")]
mod evidence;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use iia_config::parse::Document;
use iia_contract::answer::{Manifest, Question, Raci};
use iia_contract::schema::EVENTS;
use iia_contract::version::{Change, History};
use iia_core::Timestamp;
use iia_core::time::parse_utc;

use crate::config::document;
use crate::table::{Align, Table};

#[derive(clap::Args)]
pub(crate) struct Ask {
    /// contract/ID, contract/ID/history, contract/ID/watermark, catalog/manifest or catalog/raci/EVENT
    question: String,
    /// Catalogs as they came in force, the oldest first; all but history ask the last one
    #[cfg_attr(feature = "operator", arg(required_unless_present = "evidence"))]
    #[cfg_attr(not(feature = "operator"), arg(required = true))]
    #[arg(value_name = "CATALOG")]
    files: Vec<PathBuf>,
    /// A box's directory or its evidence: asked for the catalogs that were in force there, and for its lake
    #[cfg(feature = "operator")]
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    evidence: Option<PathBuf>,
    /// Asks as of this time, such as 2026-11-28T00:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Who {
    /// The event, such as box_outage; without it all events are listed
    event: Option<String>,
    /// A catalog with the contracts and the parties
    #[arg(long, value_name = "CATALOG")]
    catalog: PathBuf,
    /// Only contracts whose id contains this
    #[arg(long, value_name = "ID")]
    contract: Option<String>,
}

/// Answers a well-known question.
pub(crate) fn ask(arguments: &Ask, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let question = Question::parse(&arguments.question)
        .with_context(|| format!("`{}` is no well-known question", arguments.question))?;
    let documents = documents(arguments)?;
    let (_, last) = documents.last().context("no catalog was in force")?;
    match question {
        Question::Manifest => manifest(last, out)?,
        Question::Raci(event) => return raci(last, event, "", out),
        Question::Contract(id) => return contract(&history(&documents)?, id, arguments, out),
        Question::History(id) => return versions(&history(&documents)?, id, out),
        #[cfg(feature = "operator")]
        Question::Watermark(id) if arguments.evidence.is_some() => {
            let dir = arguments.evidence.as_deref().unwrap_or(Path::new("."));
            let catalog = iia_config::validate::catalog(last)
                .map_err(|_| anyhow!("what is in force is not sound"))?;
            return evidence::watermark((dir, &catalog), id, out);
        }
        Question::Watermark(_) => {
            bail!("how far records are durable is asked of a box (--evidence), not of a catalog")
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The catalogs, the oldest first, each with the time from which it was in force: what a box applied, or, of files, the
/// time at which each was issued.
fn documents(arguments: &Ask) -> anyhow::Result<Vec<(Timestamp, Document)>> {
    #[cfg(feature = "operator")]
    if let Some(dir) = &arguments.evidence {
        return evidence::documents(dir);
    }
    let read = |file: &PathBuf| {
        let document = document(file)?;
        let mut artifacts = document.of_kind("artifact");
        let issued = artifacts
            .next()
            .and_then(|entry| parse_utc(entry.text("issued")));
        drop(artifacts);
        Ok((issued.unwrap_or_default(), document))
    };
    arguments.files.iter().map(read).collect()
}

/// Says who is accountable for an event, and how they are reached.
pub(crate) fn who(arguments: &Who, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let document = document(&arguments.catalog)?;
    let contract = arguments.contract.as_deref().unwrap_or_default();
    match &arguments.event {
        Some(event) => raci(&document, event, contract, out),
        None => every(&document, contract, out),
    }
}

/// The versions of every contract, from catalogs as they came in force.
fn history(documents: &[(Timestamp, Document)]) -> anyhow::Result<History> {
    let mut history = History::default();
    for (at, document) in documents {
        history.take(document.tree(), *at).map_err(|wrong| {
            let step = |one: &iia_contract::version::history::Illegal| {
                let (step, due) = (&one.step, one.step.due());
                let (before, after) = (step.before, step.after);
                format!(
                    "{} goes from {before} to {after}, {due} is due ({:?})",
                    one.contract, step.change
                )
            };
            anyhow!("{}", wrong.iter().map(step).collect::<Vec<_>>().join("; "))
        })?;
    }
    Ok(history)
}

fn contract(
    history: &History,
    id: &str,
    arguments: &Ask,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let at = match &arguments.at {
        Some(text) => parse_utc(text).with_context(|| format!("`{text}` is no time"))?,
        None => Timestamp::from_ns(i64::MAX),
    };
    let mut none = true;
    for record in history.in_force(id, at) {
        writeln!(out, "{}", record.text)?;
        none = false;
    }
    found(none, &format!("no version of {id} is in force"))
}

fn versions(history: &History, id: &str, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut table = Table::new([
        ("version", Align::Left),
        ("from", Align::Left),
        ("until", Align::Left),
        ("change", Align::Left),
    ]);
    let mut none = true;
    for record in history.versions(id) {
        none = false;
        let until = record
            .until
            .map_or_else(|| "in force".into(), |until| until.to_string());
        let change = match &record.change {
            Change::None => "new".into(),
            Change::Compatible => "adds".into(),
            Change::Breaking(what) => format!("breaks: {what}"),
        };
        table.row([
            record.version.to_string(),
            record.from.to_string(),
            until,
            change,
        ]);
    }
    if !none {
        table.write(out, "")?;
    }
    found(none, &format!("no version of {id} is known"))
}

fn manifest(document: &Document, out: &mut impl Write) -> anyhow::Result<()> {
    let manifest = Manifest::of(document.tree());
    let mut table = Table::new([
        ("contract", Align::Left),
        ("version", Align::Left),
        ("digest", Align::Left),
    ]);
    for one in &manifest.contracts {
        table.row([
            one.id.clone(),
            one.version.to_string(),
            one.digest.to_string(),
        ]);
    }
    table.row(["all".into(), String::new(), manifest.digest().to_string()]);
    Ok(table.write(out, "")?)
}

fn raci(
    document: &Document,
    event: &str,
    contract: &str,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let mut answers = Raci::of(document.tree(), event);
    answers.retain(|answer| answer.contract.contains(contract));
    for answer in &answers {
        writeln!(out, "{answer}")?;
    }
    let known = EVENTS.join(", ");
    found(
        answers.is_empty(),
        &format!("no boundary contract says who answers for {event}; events are {known}"),
    )
}

fn every(document: &Document, contract: &str, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut table = Table::new([
        ("event", Align::Left),
        ("contract", Align::Left),
        ("accountable here", Align::Left),
        ("accountable there", Align::Left),
    ]);
    let mut none = true;
    for event in EVENTS {
        for answer in Raci::of(document.tree(), event) {
            if answer.contract.contains(contract) {
                none = false;
                let role = |all: &[iia_contract::answer::Named]| {
                    all.first().map_or_else(String::new, |one| one.role.clone())
                };
                let sides = &answer.accountable;
                table.row([
                    (*event).into(),
                    answer.contract.clone(),
                    role(&sides.acs),
                    role(&sides.upstream),
                ]);
            }
        }
    }
    if !none {
        table.write(out, "")?;
    }
    found(none, "no boundary contract is there")
}

/// Nothing found is said aloud, and is an exit code of its own.
fn found(none: bool, words: &str) -> anyhow::Result<ExitCode> {
    if none {
        eprintln!("iia: {words}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
