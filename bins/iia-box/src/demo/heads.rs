//! The heads of the chains that rest in the lakes as rows, each verified as any reader would.

use std::fs;

use iia::lake_report::{each, word};
use iia_audit::checkpoint::Checkpoint;
use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_core::stream::Stream;
use iia_lake::{Lake, Options};

use crate::boxdir::BoxDir;
use crate::screen::{Screen, Tone};

/// Heads of one log in one lake.
#[derive(Debug, Default)]
struct Found {
    signed: u64,
    cosigned: u64,
    bad: u64,
}

/// Shows where the heads of the box and of the site rest, and how many of them the box above has signed.
pub(super) fn tell(
    [enterprise, site, seg01]: [&BoxDir; 3],
    logs: [&VerifierKey; 2],
    screen: &Screen,
) -> anyhow::Result<()> {
    let [of_site, of_seg01] = logs;
    let here = find(seg01, of_seg01, &policy(seg01)?)?;
    let above = find(site, of_seg01, &policy(seg01)?)?;
    let top = find(enterprise, of_seg01, &policy(seg01)?)?;
    let middle = find(enterprise, of_site, &policy(site)?)?;
    let bad = here.bad + above.bad + top.bad + middle.bad;
    let signed = [above.cosigned, top.cosigned, middle.cosigned];
    let good = bad == 0 && here.signed > 0 && !signed.contains(&0);
    let words = match good {
        true => format!(
            "heads of seg01 as {}: {} here, {} at the site, {} of which the site has signed and published again, {} of those at the enterprise; {} of the site's heads are signed there",
            Stream::AUDIT_HEAD,
            here.signed,
            above.signed,
            above.cosigned,
            top.cosigned,
            middle.cosigned
        ),
        false => format!(
            "heads do not verify, or did not arrive: seg01's {here:?}, at the site {above:?}, at the enterprise {top:?}; the site's there {middle:?}"
        ),
    };
    screen.line(if good { Tone::Good } else { Tone::Bad }, &words);
    Ok(())
}

fn policy(dir: &BoxDir) -> anyhow::Result<Policy> {
    let text = fs::read_to_string(dir.audit().join("policy"))?;
    Ok(Policy::parse(&text)?)
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
