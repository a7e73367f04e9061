//! Who held up which side, from what rests in the two lakes.

use std::collections::BTreeSet;

use iia::lake_report::{each, word};
use iia::sla::{Kept, Verdict};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options};

use crate::boxdir::BoxDir;
use crate::screen::{Screen, Tone};
use crate::terms::Settings;

/// The contract under which the box sends.
const NORTH: &str = "iia.contract.boundary.site.telemetry";

/// Shows the streams with their counts, the statement of what was sent, and each promise that was not kept.
pub(super) fn tell(seg01: &BoxDir, site: &BoxDir, screen: &Screen) -> anyhow::Result<()> {
    let catalog = Settings::load(seg01)?.catalog;
    let kept = Kept::read(&seg01.lake(), &catalog)?;
    let mut behind = false;
    screen.line(Tone::Head, "Who held up which side");
    for (stream, here) in kept.streams.iter().filter(|(_, here)| *here > 0) {
        let there = arrived(stream, seg01, site)?;
        let words = format!(
            "{:<26} {here:>4} in the lake, {there:>4} at the site",
            stream.as_str()
        );
        screen.line(Tone::Quiet, &words);
        behind |= there < *here;
    }
    if behind {
        let words =
            "rows about the last messages stay here: a receipt for each receipt would never end";
        screen.line(Tone::Quiet, words);
    }
    let silent = kept.streams.iter().filter(|(_, rows)| *rows == 0);
    let silent = silent.map(|(stream, _)| stream.as_str().rsplit('.').next().unwrap_or_default());
    let silent: Vec<&str> = silent.collect();
    if !silent.is_empty() {
        screen.line(
            Tone::Quiet,
            &format!("nothing to tell: {}", silent.join(", ")),
        );
    }
    let sent = kept.accounts.iter().find(|one| one.contract == NORTH);
    if let Some(statement) = sent.and_then(|account| account.statement.as_ref()) {
        for line in statement.to_string().lines() {
            screen.line(Tone::Good, line);
        }
    }
    for account in &kept.accounts {
        for (promise, verdict) in &account.promises {
            if matches!(verdict, Verdict::Broken(_)) {
                let name = account
                    .contract
                    .trim_start_matches("iia.contract.boundary.");
                let words = format!("{name}: {}, {}: {verdict}", promise.clause, promise.agreed);
                screen.line(Tone::Bad, &words);
            }
        }
        for fault in &account.faults {
            screen.line(Tone::Quiet, &format!("{fault} ({})", fault.record));
        }
    }
    Ok(())
}

/// How many rows of a stream have come to the site from the box: the site writes rows of its own beside them.
fn arrived(stream: &Stream, seg01: &BoxDir, site: &BoxDir) -> anyhow::Result<u64> {
    let known: BTreeSet<String> = services(stream, seg01)?.into_iter().collect();
    let there = services(stream, site)?;
    Ok(there.iter().filter(|row| known.contains(*row)).count() as u64)
}

/// The source of each row of a stream.
fn services(stream: &Stream, dir: &BoxDir) -> anyhow::Result<Vec<String>> {
    let (lake, _) = Lake::open(&dir.lake(), &dir.state().join("wal"), Options::default())?;
    let mut services = Vec::new();
    each(&lake, stream, &mut |batch| {
        let words = (0..batch.num_rows()).filter_map(|row| word(batch, "service", row));
        services.extend(words.map(str::to_owned));
    })?;
    Ok(services)
}
