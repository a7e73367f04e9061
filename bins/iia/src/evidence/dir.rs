//! An evidence directory: the whole log, and whatever lies beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail};
use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::Genesis;
use iia_audit::note::NOTE_LEN_MAX;
use iia_audit::policy::Policy;
use iia_audit::verify::{Elsewhere, Outcome as Said, seen_above, verify_against, walk};
use iia_core::code::Coded as _;

use super::{Bad, Checked, Form, Keys, Outcome, Row};

/// Verifies, with the evidence of the next box up when it is given, which must hold first.
pub(super) fn check(dir: &Path, keys: &Keys) -> anyhow::Result<Checked> {
    let loaded = Genesis::load(&dir.join("audit")).ok();
    let mut elsewhere = Elsewhere {
        log: keys.log.clone(),
        heads: Vec::new(),
        seal_key: keys.seal.clone(),
    };
    if let (Some((above, key)), Some((genesis, _))) = (&keys.above, &loaded) {
        let above = super::directory(above)?;
        elsewhere.heads = seen_above(&above, key.as_ref(), genesis.origin()).map_err(|report| {
            let why = report.bad.map_or_else(String::new, |bad| bad.why);
            anyhow!("{}: does not verify itself: {why}", above.display())
        })?;
    }
    let report = verify_against(dir, &elsewhere);
    let heads = loaded
        .as_ref()
        .map_or_else(Heads::default, |(_, policy)| Heads::read(dir, policy));
    let seen = elsewhere.heads.iter().map(|head| head.size).max();
    let promised = heads.signed.max(seen.unwrap_or(0));
    let missing = match report.outcome() {
        Said::Failed => missing(dir, promised),
        _ => 0,
    };
    let (records, signed) = (report.records, heads.signed.min(report.records));
    Ok(Checked {
        form: Form::Directory,
        log_id: loaded.map(|(genesis, _)| genesis.log_id()),
        pinned: keys.log.is_some(),
        outcome: match report.outcome() {
            Said::Verified => Outcome::Verified,
            Said::TailNotWitnessed => Outcome::NotAllWitnessed,
            Said::Failed => Outcome::Failed,
        },
        records,
        missing,
        cosigned: heads.cosigned.into_iter().collect(),
        signed,
        seals: report.seals,
        sealed: report.sealed,
        hidden: Vec::new(),
        bad: report.bad.map(|bad| Bad {
            seq: bad.seq,
            file: bad.file.display().to_string(),
            offset: bad.offset,
            why: bad.why,
        }),
        origin: report.origin,
    })
}

/// Records that a log lacks although all that are there are good.
fn missing(dir: &Path, promised: u64) -> u64 {
    let mut there = 0;
    let read = walk(&dir.join("audit"), |_| there += 1);
    read.map_or(0, |()| promised.saturating_sub(there))
}

/// Signed heads of a log, as far as their signatures hold. Whether they are heads of its records, verification says.
#[derive(Default)]
struct Heads {
    signed: u64,
    cosigned: BTreeMap<u64, u64>,
}

impl Heads {
    fn read(dir: &Path, policy: &Policy) -> Self {
        let mut heads = Self::default();
        for folder in ["heads", "receipts"] {
            let files = fs::read_dir(dir.join("audit").join(folder));
            for file in files.into_iter().flatten().flatten() {
                let is_short = |meta: fs::Metadata| meta.len() <= NOTE_LEN_MAX as u64;
                if !file.metadata().is_ok_and(is_short) {
                    continue;
                }
                let note = fs::read_to_string(file.path()).unwrap_or_default();
                heads.take(&note, policy);
            }
        }
        heads
    }

    fn take(&mut self, note: &str, policy: &Policy) {
        let Ok((head, note)) = Checkpoint::open(note, &policy.log) else {
            return;
        };
        self.signed = self.signed.max(head.size);
        if let Ok(at) = policy.satisfied(&note) {
            self.cosigned.insert(head.size, at);
        }
    }
}

/// Gives the records below `end`.
pub(super) fn each(dir: &Path, end: u64, take: &mut dyn FnMut(&Row<'_>)) -> anyhow::Result<()> {
    let mut given = 0;
    let read = walk(&dir.join("audit"), |found| {
        if found.record.seq < end {
            given += 1;
            take(&Row {
                seq: found.record.seq,
                written: found.record.written,
                hash: found.record.hash,
                kind: Some(found.record.body.event.kind),
                record: Some(&found.record),
                file: found.file,
                offset: found.offset,
            });
        }
    });
    match read {
        // What is bad beyond the end was told by verification.
        Err(error) if given < end => bail!("{}: {}: {error}", dir.display(), error.code()),
        _ => Ok(()),
    }
}
