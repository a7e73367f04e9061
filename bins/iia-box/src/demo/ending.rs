//! The end of the demo: what the evidence says, checked by the verifier, and a report that needs nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia::lake_report;
use iia::report::{Table, render};
use iia_audit::frame::Record;
use iia_audit::note::VerifierKey;
use iia_audit::seal::SealKey;
use iia_audit::verify::{
    Elsewhere, Outcome, Report, records, seen_above, verify_against, verify_log,
};
use iia_config::stage::{Slot, Store};
use iia_config::trust::Class;
use iia_core::Timestamp;
use iia_core::event::EventKind;
use iia_core::store::{Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options, ipc};

use super::levels::{self, LEVELS};
use super::story::Told;
use crate::boxdir::BoxDir;
use crate::screen::{Screen, Tone};

/// Records of the chain that the report shows at most.
const CHAIN_ROWS_MAX: usize = 400;

/// Shows the summary and writes the report.
pub(crate) fn tell(dir: &Path, told: &Told, screen: &mut Screen) -> anyhow::Result<()> {
    screen.finish();
    let [enterprise, site, seg01] = LEVELS.map(|level| levels::dir(dir, level.name));
    let (packets, exchanges, violations) = told.counts;
    screen.line(Tone::Head, "What the evidence says");
    let stored = rows(&seg01, &Stream::MODBUS)?;
    let reached = rows(&site, &Stream::MODBUS)?;
    let top = rows(&enterprise, &Stream::MODBUS)?;
    let complete = stored == exchanges;
    let words = format!(
        "{packets} packets, {exchanges} exchanges counted, {stored} in the lake, {reached} at the site, {top} at the enterprise"
    );
    screen.line(tone(complete), &words);
    screen.line(Tone::Note, &format!("{violations} violations"));
    let whole = sequence_is_whole(&seg01)?;
    let words = match (whole, told.killed) {
        (true, true) => {
            "no record is missing and none is there twice, although the lake was killed"
        }
        (true, false) => "no record is missing and none is there twice",
        (false, _) => "records are missing or doubled",
    };
    screen.line(tone(whole), words);
    let [top_key, site_key, key] = told.log_keys.as_slice() else {
        anyhow::bail!("three boxes have three logs");
    };
    let (top_key, site_key) = (VerifierKey::parse(top_key)?, VerifierKey::parse(site_key)?);
    let elsewhere = |name, key: &VerifierKey, heads| -> anyhow::Result<Elsewhere> {
        let seal_key = fs::read_to_string(super::escrow(dir, name))?;
        Ok(Elsewhere {
            log: Some(key.clone()),
            heads,
            seal_key: Some(SealKey::parse(&seal_key)?),
            ..Elsewhere::default()
        })
    };
    let known = elsewhere("enterprise", &top_key, Vec::new())?;
    let topmost = verify_against(&enterprise.evidence(), &known);
    say("enterprise", &topmost, screen);
    let seen = seen_above(&enterprise.evidence(), Some(&top_key), &site_key.name);
    let known = elsewhere("site", &site_key, seen.unwrap_or_default())?;
    let above = verify_against(&site.evidence(), &known);
    say("site", &above, screen);
    let log_key = VerifierKey::parse(key)?;
    // What the site has seen of this log must be in it: a log cut back together with its receipts shows.
    let seen = seen_above(&site.evidence(), Some(&site_key), &log_key.name).unwrap_or_default();
    let known = elsewhere("seg01", &log_key, seen)?;
    let report = verify_against(&seg01.evidence(), &known);
    say("seg01", &report, screen);
    mirrored(("site", &site), ("seg01", &log_key), &report, screen)?;
    mirrored(
        ("enterprise", &enterprise),
        ("site", &site_key),
        &above,
        screen,
    )?;
    let boxes = [&enterprise, &site, &seg01];
    super::heads::tell(boxes, [&site_key, &log_key], screen)?;
    super::kept::tell(&seg01, &site, screen)?;
    super::said::tell(&seg01, screen)?;
    super::standing::tell(&seg01, (dir, &log_key), screen)?;
    screen.line(Tone::Head, "To take along");
    let path = dir.join("report.html");
    write(&path, &seg01, told, &report)?;
    screen.line(Tone::Good, &format!("report: {}", path.display()));
    let evidence = seg01.evidence();
    screen.line(Tone::Quiet, "check it yourself:");
    if let Some(catalog) = applied(&seg01)? {
        let (seg01, catalog) = (seg01.path().display(), catalog.display());
        screen.verbatim(&format!("iia report sla {seg01} --catalog {catalog}"));
    }
    screen.verbatim(&format!(
        "iia-verify {} --key '{key}' --above {} --seal-key {}",
        evidence.display(),
        site.evidence().display(),
        super::escrow(dir, "seg01").display()
    ));
    screen.verbatim(&format!(
        "iia audit timeline {} --key '{key}' --seal-key {} --html timeline.html",
        evidence.display(),
        super::escrow(dir, "seg01").display()
    ));
    screen.verbatim(&format!(
        "iia audit bundle {} -o incident.tar --kind contract_violation && iia-verify incident.tar --key '{key}' --records",
        evidence.display()
    ));
    anyhow::ensure!(complete && whole, "records were lost");
    anyhow::ensure!(
        [&report, &above, &topmost]
            .iter()
            .all(|report| report.outcome() == Outcome::Verified),
        "the evidence does not verify"
    );
    Ok(())
}

/// What a box holds of the log below it, verified like the original.
fn mirrored(
    (above, dir): (&str, &BoxDir),
    (below, log): (&str, &VerifierKey),
    report: &Report,
    screen: &Screen,
) -> anyhow::Result<()> {
    let known = Elsewhere {
        log: Some(log.clone()),
        ..Elsewhere::default()
    };
    let copy = verify_log(&dir.mirrors().join(log.name.replace('/', "-")), &known);
    let good = copy.bad.is_none() && copy.records >= report.mirrored && report.mirrored > 0;
    let words = match &copy.bad {
        None => format!(
            "{above} holds {} of {below}'s {} records byte for byte and has signed for {}: what is older than thirty days may go",
            copy.records, report.records, report.mirrored
        ),
        Some(bad) => format!("the copy at {above}: record {}: {}", bad.seq, bad.why),
    };
    screen.line(tone(good), &words);
    anyhow::ensure!(good, "the log is not replicated");
    Ok(())
}

/// What was in force at the end, where the evidence keeps it.
fn applied(dir: &BoxDir) -> anyhow::Result<Option<PathBuf>> {
    let applied = Store::at(dir.path()).get(Class::Config, Slot::Applied)?;
    let files = fs::read_dir(dir.config())?;
    let mut paths = files.flatten().map(|entry| entry.path());
    Ok(paths.find(|path| fs::read(path).ok() == applied))
}

const fn tone(good: bool) -> Tone {
    if good { Tone::Good } else { Tone::Bad }
}

/// Says what came of a verification.
fn say(name: &str, report: &Report, screen: &Screen) {
    let words = match (report.outcome(), &report.bad) {
        (Outcome::Verified, _) => format!(
            "{name} verified: {} records, receipts of a witness: {}, seals: {}, files as the chain says: {}",
            report.records, report.receipts, report.seals, report.files
        ),
        (_, Some(bad)) => format!(
            "{name}: record {} in {}: {}",
            bad.seq,
            bad.file.display(),
            bad.why
        ),
        _ => format!(
            "{name}: {} of {} records are witnessed",
            report.witnessed, report.records
        ),
    };
    screen.line(tone(report.outcome() == Outcome::Verified), &words);
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
    let head = verified
        .chain_head
        .map_or_else(String::new, |head| head.to_string());
    report.title = "seg01: what was said at the press line".into();
    let fact = |label: &str, value: String| (label.to_owned(), value);
    report.facts = vec![
        fact("packets", told.counts.0.to_string()),
        fact("exchanges", report.exchanges.to_string()),
        fact("without contract", report.violating.to_string()),
        fact("audit records", verified.records.to_string()),
        fact("witnessed", verified.witnessed.to_string()),
        fact("chain head", head.get(..19).unwrap_or_default().into()),
    ];
    let mut consumers = Table::new("Consumers and the next box up", &["what they were told"]);
    let lines = told.consumers.iter().chain([&told.north]);
    consumers.rows = lines.map(|line| vec![line.clone()]).collect();
    let [kinds, chain] = chain(dir)?;
    report.tables = vec![consumers, kinds, chain];
    fs::write(path, render(&report)).with_context(|| format!("write {}", path.display()))
}

/// The audit chain, counted and in words.
fn chain(dir: &BoxDir) -> anyhow::Result<[Table; 2]> {
    let mut kinds = BTreeMap::<&str, u64>::new();
    let heading = "Audit chain, without opening and closing of sessions";
    let mut chain = Table::new(heading, &["record", "when", "what", "by", "details"]);
    records(&dir.audit(), |record| {
        let event = &record.body.event;
        *kinds.entry(event.kind.name()).or_default() += 1;
        let sessions = matches!(
            event.kind,
            EventKind::SessionOpened | EventKind::SessionClosed
        );
        if !sessions && chain.rows.len() < CHAIN_ROWS_MAX {
            chain.rows.push(row(&record));
        }
    })?;
    let mut counted = Table::new("Audit chain by kind", &["kind", "records"]);
    counted.rows = kinds
        .iter()
        .map(|(kind, count)| vec![(*kind).to_owned(), count.to_string()])
        .collect();
    Ok([counted, chain])
}

fn row(record: &Record) -> Vec<String> {
    let event = &record.body.event;
    let at = Timestamp::from_ns(event.ts_ns).to_string();
    let source = record.body.source.rsplit('/').next().unwrap_or_default();
    let fields = event.fields.iter();
    let fields = fields.map(|field| format!("{} {}", field.key, field.value));
    vec![
        record.seq.to_string(),
        at.get(11..23).unwrap_or_default().into(),
        event.kind.name().replace('_', " "),
        source.to_owned(),
        fields.collect::<Vec<_>>().join(", "),
    ]
}
