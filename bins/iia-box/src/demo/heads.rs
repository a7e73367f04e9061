//! The heads of the chains that rest in the two lakes as rows, each verified as any reader would.

use std::fs;

use iia::lake_report::{each, word};
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_core::stream::Stream;
use iia_lake::{Lake, Options};

use super::screen::{Screen, Tone};
use crate::boxdir::BoxDir;

/// Heads of one log in one lake.
#[derive(Debug, Default)]
struct Found {
    signed: u64,
    cosigned: u64,
    bad: u64,
}

/// Shows how many heads of the box rest here and at the site, and how many of them the site has signed.
pub(super) fn tell(
    (seg01, site): (&BoxDir, &BoxDir),
    log: &VerifierKey,
    screen: &Screen,
) -> anyhow::Result<()> {
    let policy = Policy::parse(&fs::read_to_string(seg01.audit().join("policy"))?)?;
    let (here, there) = (find(seg01, log, &policy)?, find(site, log, &policy)?);
    let good = here.bad + there.bad == 0 && here.signed > 0 && there.cosigned > 0;
    let words = match good {
        true => format!(
            "heads of seg01 as {}: {} here, {} at the site, {} of which the site has signed and published again",
            Stream::AUDIT_HEAD,
            here.signed,
            there.signed,
            there.cosigned
        ),
        false => format!("heads of seg01 do not verify: {here:?}, at the site {there:?}"),
    };
    screen.line(if good { Tone::Good } else { Tone::Bad }, &words);
    Ok(())
}

fn find(dir: &BoxDir, log: &VerifierKey, policy: &Policy) -> anyhow::Result<Found> {
    let (lake, _) = Lake::open(&dir.lake(), &dir.state().join("wal"), Options::default())?;
    let mut found = Found::default();
    each(&lake, &Stream::AUDIT_HEAD, &mut |batch| {
        for row in 0..batch.num_rows() {
            if word(batch, "origin", row) == Some(log.name.as_str()) {
                found.look(word(batch, "note", row).unwrap_or_default(), log, policy);
            }
        }
    })?;
    Ok(found)
}

impl Found {
    fn look(&mut self, note: &str, log: &VerifierKey, policy: &Policy) {
        match Checkpoint::open(note, log) {
            Ok((_, parsed)) => {
                self.signed += 1;
                self.cosigned += u64::from(policy.satisfied(&parsed).is_ok());
            }
            Err(_) => self.bad += 1,
        }
    }
}
