//! An evidence directory: the whole log, and whatever lies beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail};
use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::Genesis;
use iia_audit::note::NOTE_LEN_MAX;
use iia_audit::policy::Policy;
use iia_audit::tree::{self, Hash};
use iia_audit::verify::{
    Elsewhere, Outcome as Said, Report, seen_above, start, verify_against, walk,
};
use iia_core::code::Coded as _;

use super::{Bad, Checked, Form, Keys, Outcome, Row};

/// What tells whose log it is.
const BEGINNING: [&str; 2] = ["audit/genesis", "audit/policy"];

/// Verifies, with the evidence of the next box up when it is given, which must hold first.
pub(super) fn check(dir: &Path, keys: &Keys) -> anyhow::Result<Checked> {
    let loaded = Genesis::load(&dir.join("audit")).ok();
    let mut elsewhere = Elsewhere {
        log: keys.log.clone(),
        heads: Vec::new(),
        seal_key: keys.seal.clone(),
        ..Elsewhere::default()
    };
    if let (Some((above, key)), Some((genesis, _))) = (&keys.above, &loaded) {
        let above = super::directory(above)?;
        elsewhere.heads = seen_above(&above, key.as_ref(), genesis.origin()).map_err(|report| {
            let why = report.bad.map_or_else(String::new, |bad| bad.why);
            anyhow!("{}: does not verify itself: {why}", above.display())
        })?;
    }
    let report = verify_against(dir, &elsewhere);
    let mut heads = Heads::default();
    elsewhere.heads.iter().for_each(|head| heads.claim(head));
    if let Some((_, policy)) = &loaded {
        heads.read(dir, policy);
    }
    let held = match &report.bad {
        // Of a log whose beginning or key is wrong no head says anything.
        Some(bad) if BEGINNING.iter().any(|name| bad.file == Path::new(name)) => Held::default(),
        Some(_) => Held::read(dir, &heads),
        None => Held::all(&heads),
    };
    heads.cosigned.retain(|size, _| held.sizes.contains(size));
    Ok(Checked {
        form: Form::Directory,
        log_id: loaded.map(|(genesis, _)| genesis.log_id()),
        pinned: keys.log.is_some(),
        outcome: match report.outcome() {
            Said::Verified => Outcome::Verified,
            Said::TailNotWitnessed => Outcome::NotAllWitnessed,
            Said::Failed => Outcome::Failed,
        },
        records: report.records,
        retired: report.retired,
        told: told(&report, keys, &held),
        missing: held.missing,
        is_rewritten: held.is_rewritten,
        cosigned: heads.cosigned.into_iter().collect(),
        signed: held.sizes.last().copied().unwrap_or(0),
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

/// How many records may be told. Where a head or a seal that was made before does not fit them, they were written anew
/// after the last head that does.
fn told(report: &Report, keys: &Keys, held: &Held) -> u64 {
    let Some(bad) = &report.bad else {
        return report.records;
    };
    let good = bad.seq.min(report.records);
    let is_sealed = keys.seal.is_some() && bad.file == Path::new("audit/seals");
    match held.is_rewritten || is_sealed {
        true => good.min(held.sizes.last().copied().unwrap_or(0)),
        false => good,
    }
}

/// Signed heads of a log, as far as their signatures hold, and what the next box up saw.
#[derive(Default)]
struct Heads {
    roots: BTreeMap<u64, BTreeSet<Hash>>,
    cosigned: BTreeMap<u64, u64>,
}

impl Heads {
    fn claim(&mut self, head: &Checkpoint) {
        self.roots.entry(head.size).or_default().insert(head.root);
    }

    fn read(&mut self, dir: &Path, policy: &Policy) {
        for folder in ["heads", "receipts", "mirrored"] {
            let files = fs::read_dir(dir.join("audit").join(folder));
            for file in files.into_iter().flatten().flatten() {
                let is_short = |meta: fs::Metadata| meta.len() <= NOTE_LEN_MAX as u64;
                if !file.metadata().is_ok_and(is_short) {
                    continue;
                }
                let note = fs::read_to_string(file.path()).unwrap_or_default();
                self.take(&note, policy);
            }
        }
    }

    fn take(&mut self, note: &str, policy: &Policy) {
        let Ok((head, note)) = Checkpoint::open(note, &policy.log) else {
            return;
        };
        self.claim(&head);
        if let Ok(at) = policy.satisfied(&note) {
            self.cosigned.insert(head.size, at);
        }
    }
}

/// Which heads are heads of the records that are there.
#[derive(Default)]
struct Held {
    /// Their sizes.
    sizes: BTreeSet<u64>,
    /// Whether a head has another root than the records.
    is_rewritten: bool,
    /// Records that are not there although a head is over them.
    missing: u64,
}

impl Held {
    /// Verification held every head against the records.
    fn all(heads: &Heads) -> Self {
        Self {
            sizes: heads.roots.keys().copied().collect(),
            ..Self::default()
        }
    }

    /// Holds the heads against as many records as can be read, up to the first head that does not fit.
    fn read(dir: &Path, heads: &Heads) -> Self {
        let audit = dir.join("audit");
        let mut held = Self::default();
        let Ok(mut frontier) = start(&audit) else {
            return held;
        };
        let read = walk(&audit, |found| {
            frontier.push(tree::leaf(found.record.hash.as_bytes()));
            let Some(roots) = heads.roots.get(&frontier.size()) else {
                return;
            };
            let fits = roots.len() == 1 && roots.contains(&frontier.root());
            held.is_rewritten |= !fits;
            if !held.is_rewritten {
                held.sizes.insert(frontier.size());
            }
        });
        if read.is_ok() {
            let promised = heads.roots.keys().next_back().copied().unwrap_or(0);
            held.missing = promised.saturating_sub(frontier.size());
        }
        held
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
