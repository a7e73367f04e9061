//! Offline verification of an evidence directory: chain, heads, receipts, and every file the chain refers to.
//!
//! It says what is covered and what is not, and never says verified for less.

mod files;
mod heads;
mod seals;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;
use iia_core::event::EventKind;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::frame::Record;
use crate::log::{Genesis, SEALS, segments, storage};
use crate::note::VerifierKey;
use crate::seal::SealKey;
use crate::segment::{Header, Reader};
use crate::tree::{self, Frontier, Hash};

pub use self::files::FILE_LEN_MAX;
pub use self::heads::seen_above;
use self::seals::Seals;
pub use self::walk::{Found, walk};

/// What was found wrong first, in the order of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bad {
    /// The record at which it shows; the number of records where it is not about one.
    pub seq: u64,
    /// The file.
    pub file: PathBuf,
    /// The byte of the file at which the record starts; 0 where it is about the whole file.
    pub offset: u64,
    /// Why, in words.
    pub why: String,
}

/// What verification says.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// Records found good.
    pub records: u64,
    /// The chain hash of the last of them.
    pub chain_head: Option<Digest>,
    /// Signed heads found good.
    pub heads: u64,
    /// Receipts found good.
    pub receipts: u64,
    /// Records that a receipt covers.
    pub witnessed: u64,
    /// When the newest receipt was given, in seconds since the epoch.
    pub witnessed_at: u64,
    /// Seals found well-formed.
    pub seals: u64,
    /// Records that seals cover, as checked with the key of epoch 0; nothing when no such key was given.
    pub sealed: Option<u64>,
    /// Files whose digests the chain holds and that were found good.
    pub files: u64,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

/// The three things that verification can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every record is good and covered by receipts.
    Verified,
    /// Every record is good; the last ones are not yet witnessed.
    TailNotWitnessed,
    /// Something is wrong.
    Failed,
}

impl Report {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        match &self.bad {
            Some(_) => Outcome::Failed,
            None if self.witnessed == self.records && self.records > 0 => Outcome::Verified,
            None => Outcome::TailNotWitnessed,
        }
    }
}

struct Verifier<'a> {
    dir: &'a Path,
    report: Report,
    frontier: Frontier,
    /// Roots wanted at these sizes, and the files that state them.
    claims: BTreeMap<u64, Vec<(PathBuf, Hash)>>,
    seals: Seals,
    /// The newest digest the chain holds of each file, and the record that says so.
    files: BTreeMap<String, (Digest, u64)>,
}

/// Verifies the evidence directory `dir`: the log in `audit/` and whatever lies beside it. `pinned` is the log's key
/// from elsewhere; without it the key in the directory is taken, and whoever wrote the directory could have made it.
pub fn verify(dir: &Path, pinned: Option<&VerifierKey>) -> Report {
    let log = pinned.cloned();
    let elsewhere = Elsewhere {
        log,
        ..Elsewhere::default()
    };
    verify_against(dir, &elsewhere)
}

/// What is known of a log from elsewhere: what its own directory says of it could have been made by whoever wrote it.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    /// Its key.
    pub log: Option<VerifierKey>,
    /// Heads that somebody else has seen ([`seen_above`]): the log must contain them.
    pub heads: Vec<Checkpoint>,
    /// The key of epoch 0 of its seals: they must be there and hold.
    pub seal_key: Option<SealKey>,
}

/// Verifies the evidence directory `dir` against what is known from elsewhere.
pub fn verify_against(dir: &Path, elsewhere: &Elsewhere) -> Report {
    let mut verifier = Verifier {
        dir,
        report: Report::default(),
        frontier: Frontier::default(),
        claims: BTreeMap::new(),
        seals: Seals::default(),
        files: BTreeMap::new(),
    };
    verifier.claims_from(&elsewhere.heads);
    if let Err(bad) = verifier.run(elsewhere) {
        verifier.report.bad = Some(bad);
    }
    verifier.report
}

/// Reads every record of a log in order; stops at the first bad one.
///
/// # Errors
/// What is wrong with it.
pub fn records(audit: &Path, mut take: impl FnMut(Record)) -> Result<(), AuditError> {
    let (genesis, _) = Genesis::load(audit)?;
    let mut before = Digest::ZERO;
    for (first, path) in segments(audit)? {
        let bytes = fs::read(path).map_err(storage)?;
        let mut reader = Reader::open(
            &bytes,
            &Header {
                first,
                before,
                log_id: genesis.log_id(),
            },
        )?;
        while let Some(record) = reader.read()? {
            take(record);
        }
        before = reader.before;
    }
    Ok(())
}

impl Verifier<'_> {
    fn run(&mut self, elsewhere: &Elsewhere) -> Result<(), Bad> {
        let audit = self.dir.join("audit");
        let (genesis, policy) =
            Genesis::load(&audit).map_err(|error| self.bad("audit/genesis", &error.to_string()))?;
        let pinned = elsewhere.log.as_ref();
        if pinned.is_some_and(|pinned| *pinned != policy.log) {
            return Err(self.bad("audit/policy", "the log's key is not the one given"));
        }
        self.report.origin = genesis.origin().into();
        self.known_names(&audit)?;
        self.report.heads = self.claims_of("heads", &policy, false)?;
        self.report.receipts = self.claims_of("receipts", &policy, true)?;
        self.claim_met()?;
        self.seals_begin(elsewhere.seal_key.as_ref())?;
        self.seals_met(&genesis.log_id())?;
        self.chain(&genesis)?;
        self.seals_end()?;
        if let Some((size, claims)) = self.claims.first_key_value() {
            let words = format!(
                "states {size} records, the log holds {}: the end is missing",
                self.report.records
            );
            let file = claims
                .first()
                .map(|(path, _)| path.clone())
                .unwrap_or_default();
            return Err(Bad {
                seq: self.report.records,
                file,
                offset: 0,
                why: words,
            });
        }
        self.referred()?;
        self.nothing_uncovered()
    }

    fn bad(&self, file: &str, why: &str) -> Bad {
        Bad {
            seq: self.report.records,
            file: file.into(),
            offset: 0,
            why: why.into(),
        }
    }

    /// Nothing may lie in the audit directory that verification does not read.
    fn known_names(&self, audit: &Path) -> Result<(), Bad> {
        const KNOWN: [&str; 7] = [
            "genesis", "policy", "seg", "heads", "receipts", "lock", SEALS,
        ];
        for path in listing(audit).map_err(|why| self.bad("audit", &why))? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if !KNOWN.contains(&name) {
                return Err(self.bad(&format!("audit/{name}"), "is no part of a log"));
            }
        }
        match fs::metadata(audit.join("lock")) {
            Ok(lock) if lock.len() > 0 => Err(self.bad("audit/lock", "is not empty")),
            _ => Ok(()),
        }
    }

    fn chain(&mut self, genesis: &Genesis) -> Result<(), Bad> {
        let audit = self.dir.join("audit");
        let segments =
            segments(&audit).map_err(|error| self.bad("audit/seg", &error.to_string()))?;
        let mut before = Digest::ZERO;
        for (first, path) in segments {
            let file = format!("audit/seg/{first:016x}.iia");
            if first != self.report.records {
                return Err(self.bad(&file, "records before this segment are missing"));
            }
            let bytes = fs::read(&path).map_err(|error| self.bad(&file, &error.to_string()))?;
            let header = Header {
                first,
                before,
                log_id: genesis.log_id(),
            };
            let mut reader = Reader::open(&bytes, &header)
                .map_err(|error| self.bad(&file, &error.to_string()))?;
            loop {
                let offset = reader.offset as u64;
                match reader.read() {
                    Ok(Some(record)) => {
                        self.record(&record)?;
                        self.seals_met(&genesis.log_id())?;
                    }
                    Ok(None) => break,
                    Err(error) => {
                        let why = error.to_string();
                        return Err(Bad {
                            seq: self.report.records,
                            file: file.into(),
                            offset,
                            why,
                        });
                    }
                }
            }
            before = reader.before;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<(), Bad> {
        self.frontier.push(tree::leaf(record.hash.as_bytes()));
        self.report.records += 1;
        self.report.chain_head = Some(record.hash);
        let event = &record.body.event;
        let refers = matches!(
            event.kind,
            EventKind::SegmentSealed
                | EventKind::ArtifactStaged
                | EventKind::ArtifactApplied
                | EventKind::ArtifactAuthorised
                | EventKind::ArtifactSubmitted
                | EventKind::LogRecovered
        );
        if let (true, Some(path), Some(digest)) =
            (refers, event.field("path"), event.field("digest"))
        {
            let digest = digest
                .parse()
                .map_err(|_| self.bad("audit/seg", "a digest in a record is none"))?;
            self.files.insert(path.into(), (digest, record.seq));
        }
        self.claim_met()
    }
}

/// The paths in a folder, in order.
fn listing(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|error| error.to_string())?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    paths.sort();
    Ok(paths)
}
