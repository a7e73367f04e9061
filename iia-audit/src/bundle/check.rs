//! Verifies a bundle with nothing but the file and keys obtained elsewhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use iia_core::digest::{Context, Digest};

use super::cover::{self, Leaf};
use super::tar::{self, Entry};
use super::{CAPTURES, HEADS_MAX, TITLE, TITLE_TEXT, runs};
use crate::checkpoint::Checkpoint;
use crate::envelope::Shown;
use crate::frame;
use crate::genesis::Genesis;
use crate::note::VerifierKey;
use crate::policy::Policy;
use crate::tree::{self, Hash};

/// Keys obtained elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The log's key. Without it the key in the bundle is taken, and whoever made the bundle could have made it.
    pub log: Option<VerifierKey>,
    /// Witnesses that must have cosigned a head over every record, whatever the bundle's policy asks.
    pub witnesses: Vec<VerifierKey>,
}

/// What was found wrong first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bad {
    /// The entry of the bundle; `container` for the archive itself.
    pub entry: String,
    /// The byte of the file near which it shows.
    pub offset: usize,
    /// The record that it is about.
    pub seq: Option<u64>,
    /// Why, in words.
    pub why: String,
}

/// A signed head of a bundle.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Records that it covers.
    pub size: u64,
    /// When enough witnesses had cosigned it, in seconds since the epoch; `None` with the log's signature alone.
    pub cosigned: Option<u64>,
}

/// What a bundle shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// The log: the digest of its genesis.
    pub log_id: Option<Digest>,
    /// Whether the log's key came from elsewhere.
    pub pinned: bool,
    /// The records shown, in order, each proven.
    pub shown: Vec<Shown>,
    /// The heads, the smallest first.
    pub heads: Vec<Head>,
    /// Files with the record that names each.
    pub files: Vec<(String, u64)>,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

/// The things that verification can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every shown record is in the log of the key given, and under a head that its witnesses cosigned.
    ProvenAndWitnessed,
    /// Every shown record is in the log of the key given; not all are under a cosigned head.
    ProvenNotWitnessed,
    /// Everything agrees, but nobody said whose log it should be.
    Unpinned,
    /// Something is wrong.
    Failed,
}

impl Report {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        if self.bad.is_some() || self.shown.is_empty() {
            Outcome::Failed
        } else if !self.pinned {
            Outcome::Unpinned
        } else if self
            .shown
            .iter()
            .all(|one| self.existed_by(one.seq()).is_some())
        {
            Outcome::ProvenAndWitnessed
        } else {
            Outcome::ProvenNotWitnessed
        }
    }

    /// The first time at which witnesses had seen a head over record `seq`, in seconds since the epoch: their clocks
    /// and not the log's. `None` for a record under no cosigned head.
    pub fn existed_by(&self, seq: u64) -> Option<u64> {
        let over = self.heads.iter().filter(|head| seq < head.size);
        over.filter_map(|head| head.cosigned).min()
    }

    /// Records that the log had at the largest head.
    pub fn size(&self) -> u64 {
        self.heads.last().map_or(0, |head| head.size)
    }

    /// Ranges of records that are not shown, up to the largest head.
    pub fn gaps(&self) -> Vec<(u64, u64)> {
        let (mut gaps, mut next) = (Vec::new(), 0);
        let ends = self.shown.iter().map(Shown::seq).chain([self.size()]);
        for seq in ends {
            if next < seq {
                gaps.push((next, seq - 1));
            }
            next = seq.saturating_add(1);
        }
        gaps
    }
}

/// Verifies a bundle.
pub fn verify(bundle: &[u8], known: &Known) -> Report {
    let mut report = Report::default();
    if let Err(bad) = check(bundle, known, &mut report) {
        report.bad = Some(bad);
    }
    report
}

fn wrong(entry: &Entry<'_>, why: impl ToString) -> Bad {
    Bad {
        entry: entry.name.into(),
        offset: entry.offset,
        seq: None,
        why: why.to_string(),
    }
}

fn check(bundle: &[u8], known: &Known, report: &mut Report) -> Result<(), Bad> {
    let container = |(offset, why): tar::Stopped| Bad {
        entry: "container".into(),
        offset,
        seq: None,
        why: why.into(),
    };
    let entries = tar::read(bundle).map_err(container)?;
    let mut left = Entries(entries.as_slice(), bundle.len());
    let title = left.named(TITLE)?;
    if title.bytes != TITLE_TEXT.as_bytes() {
        return Err(wrong(title, "is no bundle of this version"));
    }
    let (genesis, policy) = beginning(&mut left, known)?;
    report.origin = genesis.origin().into();
    report.log_id = Some(genesis.log_id());
    report.pinned = known.log.is_some();
    let tree = left.named("tree")?;
    report.shown = shown(left.named("records")?, &genesis.log_id())?;
    let claims = left.heads(&policy, known)?;
    covered(tree, report, &claims)?;
    report.heads = claims.into_iter().map(|(head, _)| head).collect();
    report.files = left.files(&report.shown)?;
    Ok(())
}

/// Genesis and policy, which must be of the log whose key was given.
fn beginning(left: &mut Entries<'_>, known: &Known) -> Result<(Genesis, Policy), Bad> {
    let first = left.named("genesis")?;
    let second = left.named("policy")?;
    let text = |entry: &Entry<'_>| {
        core::str::from_utf8(entry.bytes)
            .map(ToString::to_string)
            .map_err(|_| wrong(entry, "is not text"))
    };
    let (genesis, policy) =
        Genesis::check(&text(first)?, &text(second)?).map_err(|error| wrong(first, error))?;
    if known.log.as_ref().is_some_and(|key| *key != policy.log) {
        return Err(wrong(second, "the log's key is not the one given"));
    }
    Ok((genesis, policy))
}

fn shown(entry: &Entry<'_>, log_id: &Digest) -> Result<Vec<Shown>, Bad> {
    let read = runs::read(entry.bytes, &frame::log_key(log_id));
    let shown = read.map_err(|(at, error)| Bad {
        offset: entry.offset + at,
        seq: error.seq(),
        ..wrong(entry, error)
    })?;
    match shown.is_empty() {
        true => Err(wrong(entry, "holds no record")),
        false => Ok(shown),
    }
}

/// Every record is in every head that reaches over it, and the heads are heads of one tree.
fn covered(tree: &Entry<'_>, report: &Report, claims: &[(Head, Hash)]) -> Result<(), Bad> {
    let sizes: Vec<u64> = claims.iter().map(|(head, _)| head.size).collect();
    let leaf = |one: &Shown| -> Leaf { (one.seq(), tree::leaf(one.hash().as_bytes())) };
    let leaves: Vec<Leaf> = report.shown.iter().map(leaf).collect();
    if leaves.last().map(|(seq, _)| *seq) >= sizes.last().copied() {
        return Err(wrong(tree, "records beyond the largest head"));
    }
    let mut given = tree.bytes.chunks(32);
    let roots = cover::roots(&sizes, &leaves, &mut |_, _| given.next()?.try_into().ok());
    let Some(roots) = roots.filter(|_| given.next().is_none()) else {
        return Err(wrong(
            tree,
            "another number of hashes than the records and heads need",
        ));
    };
    let stated = claims.iter().zip(&roots);
    for ((head, stated), root) in stated {
        if stated != root {
            let why = alloc::format!("the records are not in the head of size {}", head.size);
            return Err(wrong(tree, why));
        }
    }
    Ok(())
}

/// The entries that are still to be read, and where the archive ends.
struct Entries<'a>(&'a [Entry<'a>], usize);

impl<'a> Entries<'a> {
    fn named(&mut self, name: &str) -> Result<&'a Entry<'a>, Bad> {
        match self.0.split_first() {
            Some((entry, rest)) if entry.name == name => {
                self.0 = rest;
                Ok(entry)
            }
            found => Err(Bad {
                entry: name.into(),
                offset: found.map_or(self.1, |(entry, _)| entry.offset),
                seq: None,
                why: "is not where it must be".into(),
            }),
        }
    }

    /// The heads, whose sizes rise; at least one.
    fn heads(&mut self, policy: &Policy, known: &Known) -> Result<Vec<(Head, Hash)>, Bad> {
        let mut claims: Vec<(Head, Hash)> = Vec::new();
        while let Some((entry, rest)) = self.0.split_first()
            && entry.name.starts_with("heads/")
        {
            let (head, root) = head(entry, policy, known)?;
            let after = claims.last().is_none_or(|(last, _)| last.size < head.size);
            if !after || head.size == 0 || claims.len() == HEADS_MAX {
                return Err(wrong(entry, "is out of order, empty or one too many"));
            }
            claims.push((head, root));
            self.0 = rest;
        }
        match claims.is_empty() {
            true => self.named("heads/").map(|_| claims),
            false => Ok(claims),
        }
    }

    /// Files, whose names rise; a whole record shown here names each with its digest.
    fn files(&self, shown: &[Shown]) -> Result<Vec<(String, u64)>, Bad> {
        let mut files: Vec<(String, u64)> = Vec::new();
        for entry in self.0 {
            if !is_file(entry.name) {
                return Err(wrong(entry, "is no part of a bundle"));
            }
            if files
                .last()
                .is_some_and(|(last, _)| last.as_str() >= entry.name)
            {
                return Err(wrong(entry, "is out of order"));
            }
            let digest = Digest::of(context(entry.name), entry.bytes).to_string();
            let names = |one: &&Shown| names(one, entry.name, &digest);
            let by = shown.iter().find(names);
            let by = by.ok_or_else(|| wrong(entry, "no record shown here names this content"))?;
            files.push((entry.name.into(), by.seq()));
        }
        Ok(files)
    }
}

/// Whether a file of this name may be in a bundle.
pub(super) fn is_file(name: &str) -> bool {
    let folders = [CAPTURES, "config/", "lake/", "quarantine/"];
    tar::is_name(name) && folders.iter().any(|folder| name.starts_with(folder))
}

/// What the digest of a file is made for, by its name.
pub(super) fn context(name: &str) -> Context {
    if name.starts_with("lake/") {
        Context::LakeSegment
    } else if name.starts_with(CAPTURES) {
        Context::Capture
    } else {
        Context::File
    }
}

/// Whether a record names a file with this digest. A capture is known by its digest, whatever its file is called.
pub(super) fn names(one: &Shown, name: &str, digest: &str) -> bool {
    let Some(record) = one.whole() else {
        return false;
    };
    let event = &record.body.event;
    let named = name.starts_with(CAPTURES) || event.field("path") == Some(name);
    named && event.field("digest") == Some(digest)
}

/// A head with the log's signature, and with no other than good ones of the policy's witnesses.
fn head(entry: &Entry<'_>, policy: &Policy, known: &Known) -> Result<(Head, Hash), Bad> {
    let note = core::str::from_utf8(entry.bytes).map_err(|_| wrong(entry, "is not text"))?;
    let (head, root) = head_of(note, policy, known).map_err(|why| wrong(entry, why))?;
    if entry.name != name_of(head.size) {
        return Err(wrong(entry, "is of another size than its name"));
    }
    Ok((head, root))
}

/// What a signed head states; the reason in words when a signature is missing, wrong or of a stranger.
pub(crate) fn head_of(note: &str, policy: &Policy, known: &Known) -> Result<(Head, Hash), String> {
    let opened = Checkpoint::open(note, &policy.log);
    let (checkpoint, note) = opened.map_err(|error| error.to_string())?;
    let witnesses = policy.witnesses.iter();
    let good = witnesses.filter(|witness| note.verify(witness).is_ok());
    if note.signatures() != 1 + good.count() {
        return Err("has a signature nobody vouches for".into());
    }
    let wanted = known.witnesses.iter().map(|witness| note.verify(witness));
    let wanted: Option<Vec<u64>> = wanted.map(Result::ok).collect();
    let cosigned = policy.satisfied(&note).ok().and_then(|at| {
        let latest = wanted?.into_iter().max();
        Some(latest.map_or(at, |latest| latest.max(at)))
    });
    let size = checkpoint.size;
    Ok((Head { size, cosigned }, checkpoint.root))
}

/// The name of a head's entry.
pub(super) fn name_of(size: u64) -> String {
    alloc::format!("heads/{size:016x}")
}
