//! The end of the demo: what the evidence says, checked by the verifier, and a report that needs nothing else.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use iia::lake_report;
use iia::report::render;
use iia_audit::note::VerifierKey;
use iia_audit::verify::{Outcome, Report, records, verify};
use iia_core::event::EventKind;
use iia_core::store::{Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options, ipc};

use super::screen::{Screen, Tone};
use super::story::Told;
use crate::boxdir::BoxDir;

/// Shows the summary and writes the report.
pub(crate) fn tell(dir: &Path, told: &Told, screen: &mut Screen) -> anyhow::Result<()> {
    screen.finish();
    let seg01 = BoxDir::at(&dir.join("seg01"));
    let (packets, exchanges, violations) = told.counts;
    screen.line(Tone::Head, "What the evidence says");
    let stored = rows(&seg01, &Stream::MODBUS)?;
    let reached = rows(&BoxDir::at(&dir.join("site")), &Stream::MODBUS)?;
    let complete = stored == exchanges;
    let tone = if complete { Tone::Good } else { Tone::Bad };
    screen.line(tone, &format!("{packets} packets, {exchanges} exchanges counted, {stored} in the lake, {reached} at the site"));
    screen.line(Tone::Note, &format!("{violations} violations"));
    let whole = sequence_is_whole(&seg01)?;
    let words = if whole {
        "no record is missing and none is there twice, although the lake was killed"
    } else {
        "records are missing or doubled"
    };
    screen.line(if whole { Tone::Good } else { Tone::Bad }, words);
    let key = VerifierKey::parse(&told.log_key)?;
    let report = verify(&dir.join("seg01"), Some(&key));
    show(&report, screen);
    let path = dir.join("report.html");
    write(&path, &seg01, told, &report)?;
    screen.line(Tone::Good, &format!("report: {}", path.display()));
    screen.line(
        Tone::Quiet,
        &format!(
            "check it yourself: iia-verify {} --key '{}'",
            dir.join("seg01").display(),
            told.log_key
        ),
    );
    anyhow::ensure!(complete && whole, "records were lost");
    anyhow::ensure!(
        report.outcome() == Outcome::Verified,
        "the evidence does not verify"
    );
    Ok(())
}

fn show(report: &Report, screen: &Screen) {
    match (report.outcome(), &report.bad) {
        (Outcome::Verified, _) => {
            let words = format!(
                "verified: {} records, {} receipts of the site's witness, {} files as the chain says",
                report.records, report.receipts, report.files
            );
            screen.line(Tone::Good, &words);
        }
        (_, Some(bad)) => {
            screen.line(
                Tone::Bad,
                &format!("record {} in {}: {}", bad.seq, bad.file.display(), bad.why),
            );
        }
        _ => {
            let words = format!(
                "{} of {} records are witnessed",
                report.witnessed, report.records
            );
            screen.line(Tone::Bad, &words);
        }
    }
}

fn open(dir: &BoxDir) -> anyhow::Result<Lake> {
    Ok(Lake::open(&dir.lake(), &dir.state().join("wal"), Options::default())?.0)
}

fn rows(dir: &BoxDir, stream: &Stream) -> anyhow::Result<u64> {
    Ok(open(dir)?.rows(stream))
}

/// Whether the exchanges are numbered 1, 2, 3 … in the order in which they lie in the lake.
fn sequence_is_whole(dir: &BoxDir) -> anyhow::Result<bool> {
    use arrow_array::cast::AsArray as _;
    let lake = open(dir)?;
    let (mut cursor, mut next, mut whole) = (Cursor(0), 1i64, true);
    loop {
        let drawn = lake.siphon(&Stream::MODBUS, cursor, 8192)?;
        if drawn.rows == 0 {
            return Ok(whole);
        }
        for batch in ipc::decode(&drawn.ipc)?.1 {
            let column = batch.column_by_name("seq").context("rows have numbers")?;
            for seq in column
                .as_primitive::<arrow_array::types::Int64Type>()
                .values()
            {
                whole &= *seq == next;
                next += 1;
            }
        }
        cursor = drawn.next;
    }
}

fn write(path: &Path, dir: &BoxDir, told: &Told, verified: &Report) -> anyhow::Result<()> {
    let mut report = lake_report::read(&dir.lake(), &dir.state().join("wal"))?;
    let (mut kinds, mut chain) = (std::collections::BTreeMap::<&str, u64>::new(), Vec::new());
    records(&dir.audit(), |record| {
        *kinds.entry(record.body.event.kind.name()).or_default() += 1;
        let told = !matches!(
            record.body.event.kind,
            EventKind::SessionOpened | EventKind::SessionClosed
        );
        if told && chain.len() < 400 {
            chain.push(record.to_line());
        }
    })?;
    let head = verified
        .chain_head
        .map_or_else(String::new, |head| head.to_string());
    report.title = "seg01: what was said at the press line".into();
    report.facts = vec![
        ("packets".into(), told.counts.0.to_string()),
        ("exchanges".into(), report.exchanges.to_string()),
        ("without contract".into(), report.violating.to_string()),
        ("audit records".into(), verified.records.to_string()),
        ("witnessed".into(), verified.witnessed.to_string()),
        ("north".into(), told.north.clone()),
        (
            "chain head".into(),
            head.get(..19).unwrap_or_default().into(),
        ),
    ];
    report.sections = vec![
        ("Consumers".into(), told.consumers.clone()),
        (
            "Audit chain by kind".into(),
            kinds
                .iter()
                .map(|(kind, count)| format!("{kind} {count}"))
                .collect(),
        ),
        (
            "Audit chain, without opening and closing of sessions".into(),
            chain,
        ),
    ];
    fs::write(path, render(&report)).with_context(|| format!("write {}", path.display()))
}
