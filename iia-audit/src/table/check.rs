//! Verifies a table with nothing but the file and keys obtained elsewhere.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::digest::Digest;

use super::read::{Stopped, Table, read};
use super::{FORMAT, GENESIS, HEAD, POLICY, row};
use crate::bundle::{Bad, HEADS_MAX, Head, Known, Outcome, head_of};
use crate::envelope::Shown;
use crate::frame;
use crate::log::Genesis;
use crate::tree::{self, Frontier, Hash};

/// What a table shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// The log: the digest of its genesis.
    pub log_id: Option<Digest>,
    /// Whether the log's key came from elsewhere.
    pub pinned: bool,
    /// Records found good.
    pub records: u64,
    /// Of these, without their bodies.
    pub redacted: u64,
    /// The heads, the smallest first.
    pub heads: Vec<Head>,
    /// The first thing that is wrong; its entry is `rows`, a word, or `container`.
    pub bad: Option<Bad>,
}

impl Report {
    /// The outcome, in the words of a bundle.
    pub fn outcome(&self) -> Outcome {
        let witnessed = self.heads.iter().filter(|head| head.cosigned.is_some());
        let witnessed = witnessed.map(|head| head.size).max();
        match &self.bad {
            Some(_) => Outcome::Failed,
            None if !self.pinned => Outcome::Unpinned,
            None if witnessed == Some(self.records) => Outcome::ProvenAndWitnessed,
            None => Outcome::ProvenNotWitnessed,
        }
    }
}

/// Verifies a table; `take` is given each record that is found good, with its row's number being its own.
pub fn verify(bytes: &[u8], known: &Known, take: impl FnMut(&Shown)) -> Report {
    let mut report = Report {
        pinned: known.log.is_some(),
        ..Report::default()
    };
    if let Err(bad) = check(bytes, known, &mut report, take) {
        report.bad = Some(bad);
    }
    report
}

fn wrong(entry: &str, why: impl ToString) -> Bad {
    Bad {
        entry: entry.into(),
        offset: 0,
        seq: None,
        why: why.to_string(),
    }
}

fn check(
    bytes: &[u8],
    known: &Known,
    report: &mut Report,
    mut take: impl FnMut(&Shown),
) -> Result<(), Bad> {
    let container = |stopped: Stopped| Bad {
        entry: "container".into(),
        offset: stopped.offset,
        seq: None,
        why: stopped.why,
    };
    let table = read(bytes).map_err(container)?;
    let mut words = table.words.iter();
    let mut word = |name: &str| match words.next() {
        Some((key, value)) if key == name => Ok(value.as_str()),
        _ => Err(wrong(name, "is not where it must be")),
    };
    if word(FORMAT.0)? != FORMAT.1 {
        return Err(wrong(FORMAT.0, "is no table of this version"));
    }
    let (genesis, policy) =
        Genesis::check(word(GENESIS)?, word(POLICY)?).map_err(|error| wrong(GENESIS, error))?;
    if known.log.as_ref().is_some_and(|key| *key != policy.log) {
        return Err(wrong(POLICY, "the log's key is not the one given"));
    }
    report.origin = genesis.origin().into();
    report.log_id = Some(genesis.log_id());
    let mut claims: VecDeque<(Head, Hash, &str)> = VecDeque::new();
    for (name, note) in words {
        let after = claims.back().map_or(0, |(head, ..)| head.size);
        let named = |size: u64| alloc::format!("{HEAD}{size:016x}");
        let (head, root) = head_of(note, &policy, known).map_err(|why| wrong(name, why))?;
        if *name != named(head.size) || head.size <= after || claims.len() == HEADS_MAX {
            return Err(wrong(
                name,
                "is out of order, empty or of another size than its name",
            ));
        }
        claims.push_back((head, root, name));
    }
    if claims.back().map(|(head, ..)| head.size) != Some(table.rows) {
        return Err(wrong(HEAD, "no head is over all the rows and no more"));
    }
    rows(&table, &genesis.log_id(), (claims, report), &mut take)
}

/// Each row is the next record of the log, and the heads are heads of them.
fn rows(
    table: &Table<'_>,
    log_id: &Digest,
    (mut claims, report): (VecDeque<(Head, Hash, &str)>, &mut Report),
    take: &mut dyn FnMut(&Shown),
) -> Result<(), Bad> {
    let key = frame::log_key(log_id);
    let (mut before, mut frontier) = (Digest::ZERO, Frontier::default());
    let mut entry = "rows".to_string();
    let read = table.rows(|cells| {
        let seq = frontier.size();
        let shown = row::read(cells, (&key, &before), seq)?;
        before = shown.hash();
        frontier.push(tree::leaf(before.as_bytes()));
        if let Some((head, root, name)) = claims.front()
            && head.size == frontier.size()
        {
            if *root != frontier.root() {
                entry = (*name).into();
                return Err("the head has another root than the records".into());
            }
            report.heads.push(head.clone());
            claims.pop_front();
        }
        report.records = frontier.size();
        report.redacted += u64::from(shown.whole().is_none());
        take(&shown);
        Ok(())
    });
    read.map_err(|stopped| {
        let in_rows = stopped.row < table.rows;
        Bad {
            entry: if in_rows {
                entry.clone()
            } else {
                "container".into()
            },
            offset: stopped.offset,
            seq: in_rows.then_some(stopped.row),
            why: stopped.why,
        }
    })
}
