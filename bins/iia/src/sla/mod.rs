//! Who held up which side: what each boundary contract promises, and how it was kept, from the rows of a lake
//! (001:276-291).

mod rows;
mod tell;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iia_contract::Catalog;
use iia_contract::adherence::Statement;
use iia_contract::adherence::message::{Fate, Message};
use iia_contract::adherence::promise::Promise;
use iia_contract::scope::Contract;
use iia_core::Timestamp;
use iia_core::stream::Stream;
use iia_lake::{Lake, LakeError, Options};

use rows::Row;

/// The streams on which adherence is told (001:280-289).
pub const STREAMS: [Stream; 9] = [
    Stream::VIOLATION,
    Stream::CONNECTIVITY,
    Stream::DELIVERY,
    Stream::AUTH,
    Stream::SCHEMA,
    Stream::QUOTA,
    Stream::RECONCILIATION,
    Stream::AUDIT_VERIFY,
    Stream::SLA_BREACH,
];

/// What a lake says about its contracts.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Rows of each stream of [`STREAMS`], in its order.
    pub streams: Vec<(Stream, u64)>,
    /// The boundary contracts, in the catalog's order.
    pub accounts: Vec<Account>,
    /// Faults under no boundary contract of the catalog, such as failed authentications without one.
    pub others: Vec<Fault>,
}

/// One boundary contract.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub contract: String,
    /// Its version.
    pub version: String,
    /// What was sent and how it fared; nothing when nothing was sent.
    pub statement: Option<Statement>,
    /// What is promised, and whether it was kept.
    pub promises: Vec<(Promise, Verdict)>,
    /// Each time something was not as agreed.
    pub faults: Vec<Fault>,
}

/// Whether a promise was kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// No record says that it was broken, and at least one window is over.
    Unbroken,
    /// It was broken, so many times.
    Broken(u64),
    /// The records are too few for any window to be over.
    Open,
}

/// One time that something was not as agreed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The stream on which it was told.
    pub stream: Stream,
    /// The clause.
    pub clause: String,
    /// When the window began, where the clause has one.
    pub from: Option<Timestamp>,
    /// When the window ended, or when it happened.
    pub until: Timestamp,
    /// What, in words.
    pub reason: String,
    /// The record that says so: `stream#service/number`.
    pub record: String,
}

/// The folder of segments in a lake's folder, a bundle of evidence, or a box's directory.
///
/// # Errors
/// [`LakeError::Missing`].
pub fn locate(path: &Path) -> Result<PathBuf, LakeError> {
    let places = [
        path.join("evidence/lake"),
        path.join("lake"),
        path.to_path_buf(),
    ];
    let found = places.into_iter().find(|place| has_streams(place));
    found.ok_or_else(|| LakeError::Missing {
        path: path.display().to_string(),
    })
}

fn has_streams(place: &Path) -> bool {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_str().is_some_and(|name| name.starts_with("ot.")))
}

impl Kept {
    /// Reads the sealed segments below [`locate`]'s folder, without changing anything there.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(segments: &Path, catalog: &Catalog) -> anyhow::Result<Self> {
        let nothing = tempfile::tempdir()?;
        let (lake, _) = Lake::open(segments, nothing.path(), Options::default())?;
        let mut rows = Vec::new();
        for stream in &STREAMS {
            rows::read(&lake, stream, &mut rows)?;
        }
        let streams = STREAMS.map(|stream| (stream.clone(), lake.rows(&stream)));
        Ok(Self::of(streams.to_vec(), &rows, catalog))
    }

    fn of(streams: Vec<(Stream, u64)>, rows: &[Row], catalog: &Catalog) -> Self {
        let mut by: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by.entry(&row.contract).or_default().push(row);
        }
        // Newer versions stand after older ones.
        let newest = |one: &&Contract| catalog.versions(one.id.as_str()).last() == Some(*one);
        let contracts = catalog.contracts().iter().filter(newest);
        let span = span(rows);
        let mut accounts = Vec::new();
        for contract in contracts {
            let promises = Promise::of(contract);
            if promises.is_empty() {
                continue;
            }
            let rows = by.remove(contract.id.as_str()).unwrap_or_default();
            accounts.push(Account::of(contract, promises, &rows, span));
        }
        let others = by.into_values().flatten();
        let others = others
            .filter(|row| row.stream != Stream::VIOLATION)
            .filter_map(|row| row.fault(&[]));
        Self {
            streams,
            accounts,
            others: others.collect(),
        }
    }
}

/// The time that the rows span, in nanoseconds.
fn span(rows: &[Row]) -> i64 {
    let own = rows.iter().filter(|row| row.stream != Stream::VIOLATION);
    let times = own.map(|row| row.at);
    let (first, last) = (times.clone().min(), times.max());
    first
        .zip(last)
        .map_or(0, |(first, last)| last.since_ns(first))
}

impl Account {
    fn of(contract: &Contract, promises: Vec<Promise>, rows: &[&Row], span: i64) -> Self {
        let faults: Vec<Fault> = rows.iter().filter_map(|row| row.fault(&promises)).collect();
        let verdict = |promise: &Promise| {
            let of =
                |fault: &&Fault| fault.stream == *promise.stream && fault.clause == promise.clause;
            match faults.iter().filter(of).count() as u64 {
                0 if span < promise.window_ns => Verdict::Open,
                0 => Verdict::Unbroken,
                some => Verdict::Broken(some),
            }
        };
        let verdicts: Vec<Verdict> = promises.iter().map(verdict).collect();
        Self {
            contract: contract.id.as_str().into(),
            version: contract.version.to_string(),
            statement: statement(contract, rows),
            promises: promises.into_iter().zip(verdicts).collect(),
            faults,
        }
    }
}

/// What the log of messages says; a message of which there are several lines has its last known fate.
fn statement(contract: &Contract, rows: &[&Row]) -> Option<Statement> {
    let mut messages: BTreeMap<u64, Message> = BTreeMap::new();
    for message in rows.iter().filter_map(|row| row.message()) {
        let known = messages.get(&message.ticket);
        if known.is_none_or(|known: &Message| known.fate.is_open()) {
            messages.insert(message.ticket, message);
        }
    }
    let times = messages.values().map(|message| match message.fate {
        Fate::Acked(at, _) | Fate::Rejected(at) => (message.sent, at),
        Fate::Waiting | Fate::Part(..) | Fate::Dropped => (message.sent, message.sent),
    });
    let from = times.clone().map(|(sent, _)| sent).min()?;
    let until = times.map(|(_, done)| done).max()? + 1;
    Statement::of(contract, messages.into_values(), (from, until))
}
