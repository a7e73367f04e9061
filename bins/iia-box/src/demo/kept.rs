//! Who held up which side, from what rests in the two lakes.

use iia::sla::{Kept, Verdict};

use super::screen::{Screen, Tone};
use crate::boxdir::BoxDir;
use crate::terms::Settings;

/// The contract under which the box sends.
const NORTH: &str = "iia.contract.boundary.site.telemetry";

/// Shows the streams with their counts, the statement of what was sent, and each promise that was not kept.
pub(super) fn tell(seg01: &BoxDir, site: &BoxDir, screen: &Screen) -> anyhow::Result<()> {
    let catalog = Settings::load(seg01)?.catalog;
    let kept = Kept::read(&seg01.lake(), &catalog)?;
    let above = Kept::read(&site.lake(), &catalog)?;
    screen.line(Tone::Head, "Who held up which side");
    let counts = kept.streams.iter().zip(&above.streams);
    let counts = counts.filter(|((_, here), _)| *here > 0);
    for ((stream, here), (_, there)) in counts {
        let words = format!(
            "{:<26} {here:>4} in the lake, {there:>4} at the site",
            stream.as_str()
        );
        screen.line(Tone::Quiet, &words);
    }
    if kept.streams.iter().map(|(_, rows)| rows).sum::<u64>()
        > above.streams.iter().map(|(_, rows)| rows).sum()
    {
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
