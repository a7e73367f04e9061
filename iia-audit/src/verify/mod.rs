//! Offline verification of an evidence directory: chain, heads, receipts, and every file the chain refers to.
//!
//! It says what is covered and what is not, and never says verified for less.

mod chain;
mod files;
mod follow;
mod heads;
mod seals;
mod tiles;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::frame::Record;
use crate::log::{Genesis, MIRRORED, RESERVE, RESERVE_LEN, SEALS, TILES, Walk, is_unfinished};
use crate::note::VerifierKey;
use crate::own::OwnKey;
use crate::seal::SealKey;
use crate::segment::Sources;
use crate::tile::{Edge, Tile};
use crate::tree::Hash;

pub(crate) use self::chain::referred;
pub use self::files::FILE_LEN_MAX;
pub use self::follow::{Follow, LOOK_LEN_MAX};
use self::heads::Folder;
pub use self::heads::seen_above;
use self::seals::Seals;
pub use self::walk::{Found, start, walk};

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
    /// Records found good, with those that were retired.
    pub records: u64,
    /// Records at the beginning that were retired: their hashes are there and under every head, their content is not.
    pub retired: u64,
    /// Bytes that failed syncs left behind records, as the log itself says.
    pub abandoned: u64,
    /// The chain hash of the last of them.
    pub chain_head: Option<Digest>,
    /// Signed heads found good.
    pub heads: u64,
    /// Receipts found good.
    pub receipts: u64,
    /// Records that a receipt covers.
    pub witnessed: u64,
    /// Records that every mirror has stored, as it signed.
    pub mirrored: u64,
    /// When the newest receipt was given, in seconds since the epoch.
    pub witnessed_at: u64,
    /// Seals found well-formed.
    pub seals: u64,
    /// Records that seals cover, as checked with the key of epoch 0; nothing when no such key was given.
    pub sealed: Option<u64>,
    /// Files whose digests the chain holds and that were found good.
    pub files: u64,
    /// Records with the good signature of their own source, of those sources whose keys were given.
    pub own: u64,
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
    edge: Edge,
    /// Tiles that lie there, by the size of the tree at which they are complete.
    tiles: BTreeMap<u64, Vec<Tile>>,
    /// The newest number of every source, which headers state.
    marks: BTreeMap<String, u64>,
    /// What the records say was retired: up to which, and the chain hash there.
    retired: BTreeMap<u64, String>,
    /// The chain hash before the first record that is there.
    before_first: Digest,
    /// Where the records of the segment before ended, and in which boot.
    previous_len: u64,
    boot: u32,
    /// Roots wanted at these sizes, and the files that state them.
    claims: BTreeMap<u64, Vec<(PathBuf, Hash)>>,
    seals: Seals,
    sources: Sources,
    own_keys: Vec<OwnKey>,
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
    /// Sources whose every record must carry their own signature, and none of whose numbers may be missing.
    pub sources: Vec<OwnKey>,
}

/// Verifies the evidence directory `dir` against what is known from elsewhere.
pub fn verify_against(dir: &Path, elsewhere: &Elsewhere) -> Report {
    Verifier::new(dir).report(elsewhere, Scope::Evidence)
}

/// Verifies the log in `dir/audit` as [`verify_against`] does, and none of the files that its records refer to: for a
/// copy of the log that was kept without them, as in a vault.
pub fn verify_log(dir: &Path, elsewhere: &Elsewhere) -> Report {
    Verifier::new(dir).report(elsewhere, Scope::Log)
}

/// How much of an evidence directory is asked about.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Scope {
    /// The log and every file that its records refer to.
    Evidence,
    /// The log alone.
    Log,
}

/// Reads every record of a log that is there, in order; stops at the first bad one.
///
/// # Errors
/// What is wrong with it.
pub fn records(audit: &Path, mut take: impl FnMut(Record)) -> Result<(), AuditError> {
    let (genesis, _) = Genesis::load(audit)?;
    let mut walk = Walk::new(audit, genesis.log_id())?;
    while let Some(segment) = walk.next()? {
        let mut reader = segment.reader()?;
        while let Some(record) = reader.read()? {
            take(record);
        }
        walk.went_to(&reader);
    }
    Ok(())
}

impl<'a> Verifier<'a> {
    fn new(dir: &'a Path) -> Self {
        Self {
            dir,
            report: Report::default(),
            edge: Edge::default(),
            tiles: BTreeMap::new(),
            marks: BTreeMap::new(),
            retired: BTreeMap::new(),
            before_first: Digest::ZERO,
            previous_len: 0,
            boot: 0,
            claims: BTreeMap::new(),
            seals: Seals::default(),
            sources: Sources::default(),
            own_keys: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    fn report(mut self, elsewhere: &Elsewhere, scope: Scope) -> Report {
        self.claims_from(&elsewhere.heads);
        self.own_keys.clone_from(&elsewhere.sources);
        self.report.bad = self.run(elsewhere, scope).err();
        self.report
    }

    fn run(&mut self, elsewhere: &Elsewhere, scope: Scope) -> Result<(), Bad> {
        let audit = self.dir.join("audit");
        let (genesis, policy) =
            Genesis::load(&audit).map_err(|error| self.bad("audit/genesis", &error.to_string()))?;
        let pinned = elsewhere.log.as_ref();
        if pinned.is_some_and(|pinned| *pinned != policy.log) {
            return Err(self.bad("audit/policy", "the log's key is not the one given"));
        }
        self.report.origin = genesis.origin().into();
        self.known_names(&audit)?;
        self.report.heads = self.claims_of(Folder::Heads, &policy)?;
        self.report.receipts = self.claims_of(Folder::Receipts, &policy)?;
        self.claims_of(Folder::Mirrored, &policy)?;
        self.tiles_begin(&audit)?;
        self.claim_met()?;
        self.seals_begin(elsewhere.seal_key.as_ref())?;
        self.seals_met(&genesis.log_id())?;
        self.chain(&audit, &genesis)?;
        self.seals_end()?;
        self.tiles_end()?;
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
        if scope == Scope::Log {
            return Ok(());
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
        const KNOWN: [&str; 10] = [
            "genesis", "policy", "seg", "heads", "receipts", "lock", SEALS, TILES, RESERVE,
            MIRRORED,
        ];
        for path in finished(audit).map_err(|why| self.bad("audit", &why))? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if !KNOWN.contains(&name) {
                return Err(self.bad(&format!("audit/{name}"), "is no part of a log"));
            }
        }
        let len = |name: &str| fs::metadata(audit.join(name)).map_or(0, |data| data.len());
        if len("lock") > 0 {
            return Err(self.bad("audit/lock", "is not empty"));
        }
        let is_room = len(RESERVE) <= RESERVE_LEN as u64
            && fs::read(audit.join(RESERVE))
                .map_or(true, |bytes| bytes.iter().all(|byte| *byte == 0));
        match is_room {
            true => Ok(()),
            false => Err(self.bad("audit/reserve", "is not the room that it should be")),
        }
    }
}

/// The paths in a folder of the log, in order, without what a fall cut off while it was written.
fn finished(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = listing(dir)?;
    paths.retain(|path| !is_unfinished(path));
    Ok(paths)
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
