//! Which version of a contract was in force when.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::{Change, Step};
use crate::raw::Version;
use crate::tree::{Entry, Tree};

/// Versions of one contract that are remembered; older ones are forgotten and counted.
pub const VERSIONS_MAX: usize = 256;

/// One version of one contract, and when it was in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// The version.
    pub version: Version,
    /// From when on.
    pub from: Timestamp,
    /// Until when, that moment not included; nothing while no end is known.
    pub until: Option<Timestamp>,
    /// What kind of change brought it.
    pub change: Change,
    /// Its text as it stood.
    pub text: String,
}

impl Record {
    /// Whether it is in force at a time.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Every version that was in force, contract by contract.
#[derive(Clone, Debug, Default)]
pub struct History {
    records: BTreeMap<String, VecDeque<Record>>,
    last: Tree,
    forgotten: u64,
}

/// A contract whose version does not say what kind of change it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Illegal {
    /// The contract.
    pub contract: String,
    /// The step that is wrong.
    pub step: Step,
}

impl History {
    /// A catalog comes in force at a time, and the one before goes.
    ///
    /// # Errors
    /// Every contract whose version does not say what kind of change it is; the catalog before stays then.
    pub fn take(&mut self, tree: &Tree, at: Timestamp) -> Result<(), Vec<Illegal>> {
        let last = by_id(&self.last);
        let step = |entry: Entry<'_>| {
            let old = before(last.get(entry.name)?, &entry)?;
            Some(Step::between(&old, &entry))
        };
        let new = contracts(tree);
        let steps: Vec<(Entry<'_>, Option<Step>)> = new.map(|entry| (entry, step(entry))).collect();
        let illegal = |(entry, step): &(Entry<'_>, Option<Step>)| {
            let step = step.clone().filter(|step| step.fault().is_some())?;
            Some(Illegal {
                contract: entry.name.into(),
                step,
            })
        };
        let wrong: Vec<Illegal> = steps.iter().filter_map(illegal).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.end(tree, at);
        for (entry, step) in steps {
            self.begin(&entry, step, at);
        }
        self.last = tree.clone();
        Ok(())
    }

    /// Ends what the new catalog does not have any more.
    fn end(&mut self, tree: &Tree, at: Timestamp) {
        let stays: BTreeSet<(&str, Version)> = contracts(tree)
            .map(|one| (one.name, version(&one)))
            .collect();
        for (id, records) in &mut self.records {
            let open = records
                .iter_mut()
                .filter(|one| one.until.is_none_or(|until| until > at));
            let gone = open.filter(|one| !stays.contains(&(id.as_str(), one.version)));
            gone.for_each(|record| record.until = Some(at));
        }
    }

    fn begin(&mut self, entry: &Entry<'_>, step: Option<Step>, at: Timestamp) {
        let records = self.records.entry(entry.name.into()).or_default();
        let version = version(entry);
        // Until when it stays may be said later.
        let until = parse_utc(entry.text("deprecated"));
        let known = records
            .iter_mut()
            .find(|record| record.version == version && record.holds(at));
        if let Some(record) = known {
            record.until = until;
            return;
        }
        if records.len() >= VERSIONS_MAX {
            records.pop_front();
            self.forgotten += 1;
        }
        let change = step.map_or(Change::None, |step| step.change);
        let text = entry.source().into();
        records.push_back(Record {
            version,
            from: at,
            until,
            change,
            text,
        });
    }

    /// Every version of a contract that is remembered, the oldest first.
    pub fn versions(&self, id: &str) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.get(id).into_iter().flatten()
    }

    /// The versions of a contract that are in force at a time, the newest first.
    pub fn in_force(&self, id: &str, at: Timestamp) -> impl Iterator<Item = &Record> {
        self.versions(id)
            .rev()
            .filter(move |record| record.holds(at))
    }

    /// Every contract that was ever in force.
    pub fn contracts(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    /// Versions that found no room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

fn contracts(tree: &Tree) -> impl Iterator<Item = Entry<'_>> {
    tree.entries().filter(|entry| entry.kind == "contract")
}

fn version(entry: &Entry<'_>) -> Version {
    entry.version.unwrap_or(Version::NONE)
}

/// The contracts of a catalog by their ids.
fn by_id(tree: &Tree) -> BTreeMap<&str, Vec<Entry<'_>>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    contracts(tree).for_each(|entry| all.entry(entry.name).or_default().push(entry));
    all
}

/// What a contract is compared with: the same major version, or else the newest one that was there before.
fn before<'t>(versions: &[Entry<'t>], entry: &Entry<'_>) -> Option<Entry<'t>> {
    let same = versions
        .iter()
        .find(|other| version(other).major == version(entry).major);
    same.or_else(|| versions.iter().max_by_key(|other| other.version))
        .copied()
}
