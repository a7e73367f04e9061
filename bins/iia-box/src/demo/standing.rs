//! What stands open at the press line, as `iia attest watch --once` shows it.

use std::path::Path;

use iia::evidence::{Evidence, Keys};
use iia::standing::{Standing, html};
use iia_audit::note::VerifierKey;
use iia_core::time::Clock as _;

use crate::boxdir::BoxDir;
use crate::screen::{Screen, Tone};
use crate::workload::clock;

/// Findings that get lines of their own.
const SHOWN_MAX: usize = 6;

/// Shows the open findings with whoever answers for them, counts what is over, and writes the page into `dir`.
pub(super) fn tell(
    seg01: &BoxDir,
    (dir, key): (&Path, &VerifierKey),
    screen: &Screen,
) -> anyhow::Result<()> {
    screen.line(Tone::Head, "What stands open at seg01");
    let keys = Keys {
        log: Some(key.clone()),
        ..Keys::default()
    };
    let evidence = Evidence::open(seg01.path(), &keys)?;
    let standing = Standing::read(&evidence, seg01.path(), clock().read().wall)?;
    let open = standing.board.open();
    for one in open.iter().take(SHOWN_MAX) {
        let finding = &one.finding;
        let words = format!(
            "{} {}: {}",
            one.gravity.name(),
            finding.stream,
            finding.reason
        );
        screen.line(Tone::Bad, &words);
        let who = one
            .accountable
            .iter()
            .map(|one| format!("{} ({})", one.role, one.contact));
        let who: Vec<String> = who.collect();
        let words = format!("finding {}; accountable: {}", one.id, who.join(", "));
        screen.line(Tone::Quiet, &words);
    }
    let more = open.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        screen.line(Tone::Quiet, &format!("and {more} more"));
    }
    let over = standing.board.over().count();
    screen.line(Tone::Note, &format!("{} open, {over} over", open.len()));
    let path = dir.join("findings.html");
    std::fs::write(&path, html(&standing))?;
    screen.line(Tone::Good, &format!("page: {}", path.display()));
    screen.verbatim(&format!(
        "iia attest watch {} --once",
        seg01.path().display()
    ));
    Ok(())
}
