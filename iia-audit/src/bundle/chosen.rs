//! What is chosen of a log, and the signed heads that prove it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use super::HEADS_MAX;
use super::cover::{self, Leaf};
use super::writer::Writer;
use crate::AuditError;
use crate::envelope::{Envelope, Shown};
use crate::frame::{self, Record};
use crate::log::{Genesis, Tiles, Walk, storage};
use crate::segment::Reader;
use crate::tree;

/// How a record goes into a bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Show {
    /// With its body.
    Whole,
    /// Redacted: its envelope alone.
    Bare,
    /// Not at all.
    Nothing,
}

/// Signed heads by their sizes, each with its file and whether it is a receipt.
pub(crate) type Heads = BTreeMap<u64, (PathBuf, bool)>;

/// Signed heads by their sizes, a receipt before a head of the same size.
pub(crate) fn signed(audit: &Path) -> Result<Heads, AuditError> {
    let mut found = BTreeMap::new();
    for folder in ["heads", "receipts"] {
        for entry in fs::read_dir(audit.join(folder)).map_err(storage)? {
            let path = entry.map_err(storage)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.filter(|name| name.len() == 16);
            if let Some(size) = name.and_then(|name| u64::from_str_radix(name, 16).ok()) {
                found.insert(size, (path, folder == "receipts"));
            }
        }
    }
    Ok(found)
}

/// The first receipt over each record, for what it says about time; a head alone where there is none.
pub(super) fn pick(heads: &Heads, shown: &[Shown]) -> BTreeMap<u64, PathBuf> {
    let mut picked = BTreeMap::new();
    let receipts: BTreeMap<u64, &PathBuf> = heads
        .iter()
        .filter(|(_, (_, cosigned))| *cosigned)
        .map(|(size, (path, _))| (*size, path))
        .collect();
    for one in shown {
        let over = one.seq() + 1;
        let receipt = receipts.range(over..).next();
        let newest = || heads.range(over..).next_back();
        let newest = || newest().map(|(size, (path, _))| (*size, path));
        let over = receipt.map(|(size, path)| (*size, *path)).or_else(newest);
        picked.extend(over.map(|(size, path)| (size, path.clone())));
    }
    thin(&mut picked);
    picked
}

/// Leaves out every second head while there are too many. Every record stays covered as long as the newest receipt and
/// the newest head stay.
pub(crate) fn thin(heads: &mut BTreeMap<u64, PathBuf>) {
    while heads.len() > HEADS_MAX {
        let (last, mut places) = (heads.len() - 1, 0..);
        heads.retain(|_, _| {
            let place = places.next().unwrap_or(last);
            place % 2 == 0 || place + 1 >= last
        });
    }
}

/// What was chosen, and the tree that proves it.
pub(super) struct Chosen {
    pub(super) shown: Vec<Shown>,
    pub(super) records: Vec<u8>,
    /// The tree of the log, up to the largest signed head at least.
    pub(super) tree: Tiles,
    pub(super) unproven: Vec<u64>,
}

impl Chosen {
    /// Reads the log up to the largest signed head.
    pub(super) fn read(
        audit: &Path,
        heads: &Heads,
        mut choose: impl FnMut(&Record) -> Show,
    ) -> Result<Self, AuditError> {
        let (genesis, _) = Genesis::load(audit)?;
        let log_id = genesis.log_id();
        let top = heads.keys().next_back().copied().unwrap_or(0);
        let mut writer = Writer::default();
        let mut chosen = Self {
            shown: Vec::new(),
            records: Vec::new(),
            tree: Tiles::new(audit),
            unproven: Vec::new(),
        };
        let mut walk = Walk::new(audit, log_id)?;
        while let Some(segment) = walk.next()? {
            let mut reader = segment.reader()?;
            if segment.is_last {
                chosen.tree = tree_before(audit, &reader)?;
            }
            loop {
                let (from, link, seq) = (reader.offset, reader.before, reader.next);
                let record = match reader.read() {
                    Ok(Some(record)) => record,
                    Ok(None) => break,
                    // The log is being written: what is beyond every head may be torn.
                    Err(_) if seq >= top => break,
                    Err(error) => return Err(error),
                };
                if segment.is_last {
                    chosen.tree.push(tree::leaf(record.hash.as_bytes()));
                }
                let show = choose(&record);
                if seq >= top {
                    let unproven = (show != Show::Nothing).then_some(seq);
                    chosen.unproven.extend(unproven);
                } else if show != Show::Nothing {
                    let frame = segment.bytes.get(from..reader.offset).unwrap_or_default();
                    writer.push(seq, &link, frame, show == Show::Whole);
                    let one = shown(record, show, frame, (&log_id, &link))?;
                    chosen.shown.push(one);
                }
            }
            walk.went_to(&reader);
        }
        chosen.records = writer.finish();
        Ok(chosen)
    }

    /// The nodes of the tree that prove the chosen records under these heads.
    pub(super) fn nodes(&self, heads: &BTreeMap<u64, PathBuf>) -> Result<Vec<u8>, AuditError> {
        let sizes: Vec<u64> = heads.keys().copied().collect();
        let leaf = |one: &Shown| -> Leaf { (one.seq(), tree::leaf(one.hash().as_bytes())) };
        let leaves: Vec<Leaf> = self.shown.iter().map(leaf).collect();
        let mut nodes = Vec::new();
        let mut given = |from: u64, to: u64| {
            let node = tree::range(&self.tree, (from, to))?;
            nodes.extend_from_slice(&node);
            Some(node)
        };
        match cover::roots(&sizes, &leaves, &mut given) {
            Some(_) => Ok(nodes),
            None => Err(AuditError::Malformed {
                what: "choice: no signed head of this log covers a record of it",
            }),
        }
    }
}

/// The tree before a segment, from its tiles.
fn tree_before(audit: &Path, reader: &Reader<'_>) -> Result<Tiles, AuditError> {
    let size = reader.header.first;
    let frontier = reader
        .header
        .frontier()
        .ok_or(AuditError::BadTile { size })?;
    Tiles::load(audit, &frontier)
}

fn shown(
    record: Record,
    show: Show,
    frame: &[u8],
    (log_id, before): (&Digest, &Digest),
) -> Result<Shown, AuditError> {
    if show == Show::Whole {
        return Ok(Shown::Whole(record));
    }
    let key = frame::log_key(log_id);
    let envelope = Envelope::read(frame, (&key, before), record.seq)?;
    Ok(Shown::Bare(envelope))
}
