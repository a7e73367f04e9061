//! The state of a log on disk that writer and mirror share: segments, the chain, the tree, the sources' numbers.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use iia_core::digest::Digest;

use super::MIRRORED;
use super::files::{storage, sweep, write_new, write_over};
use super::recover::{self, Recovery};
use super::tail::Tail;
use super::tiles::{TILES, Tiles};
use crate::AuditError;
use crate::frame;
use crate::genesis::Genesis;
use crate::policy::Policy;
use crate::segment::{Header, Mark};
use crate::tree::{self, Hash};

/// An open log directory. It is locked while it is open.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) dir: PathBuf,
    pub(super) genesis: Genesis,
    pub(super) policy: Policy,
    pub(super) key: [u8; 32],
    pub(super) tail: Tail,
    /// Number of the first record of the open segment, and where the one before it ends.
    pub(super) segment: u64,
    previous_len: u64,
    pub(super) chain: Digest,
    pub(super) tiles: Tiles,
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) boot: u32,
    _lock: File,
}

/// Records to be stored, and what the log is with them.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) chain: Digest,
    pub(super) leaves: Vec<Hash>,
    pub(super) marks: BTreeMap<String, u64>,
    pub(super) boot: u32,
}

impl Batch {
    /// Nothing behind `chain`.
    pub(super) const fn new(chain: Digest, boot: u32) -> Self {
        Self {
            bytes: Vec::new(),
            chain,
            leaves: Vec::new(),
            marks: BTreeMap::new(),
            boot,
        }
    }

    /// Takes up the hashes of records whose bytes are there.
    pub(super) fn link(&mut self, hashes: &[Digest]) {
        self.chain = hashes.last().copied().unwrap_or(self.chain);
        self.leaves
            .extend(hashes.iter().map(|hash| tree::leaf(hash.as_bytes())));
    }

    /// Takes up the number of a source.
    pub(super) fn mark(&mut self, source: &str, number: u64) {
        match self.marks.get_mut(source) {
            Some(mark) => *mark = (*mark).max(number),
            None => drop(self.marks.insert(source.into(), number)),
        }
    }
}

impl Store {
    /// Makes a directory with the texts and the first segment of a log.
    pub(super) fn create(
        dir: &Path,
        (genesis, policy): (&str, &str),
        log_id: Digest,
    ) -> Result<(), AuditError> {
        for part in ["seg", "heads", "receipts", MIRRORED, TILES] {
            fs::create_dir_all(dir.join(part)).map_err(storage)?;
        }
        write_new(&dir.join("policy"), policy.as_bytes())?;
        write_new(&dir.join("genesis"), genesis.as_bytes())?;
        write_new(&segment_path(dir, 0), &Header::genesis(log_id).encode()?)
    }

    /// Opens a directory after whatever happened.
    pub(super) fn open(dir: &Path) -> Result<(Self, Recovery), AuditError> {
        Self::open_as(dir, false)
    }

    /// Opens a copy of a log that is elsewhere.
    pub(super) fn open_copy(dir: &Path) -> Result<(Self, Recovery), AuditError> {
        Self::open_as(dir, true)
    }

    fn open_as(dir: &Path, is_copy: bool) -> Result<(Self, Recovery), AuditError> {
        let mut options = OpenOptions::new();
        let lock = options.create(true).append(true).open(dir.join("lock"));
        let lock = lock.map_err(storage)?;
        lock.try_lock().map_err(|_| AuditError::Storage {
            detail: "another process has the log open".into(),
        })?;
        for folder in ["", "seg", "heads", "receipts", MIRRORED] {
            sweep(&dir.join(folder))?;
        }
        let (genesis, policy) = Genesis::load(dir)?;
        let scan = recover::scan(dir, &genesis, is_copy)?;
        let store = Self {
            dir: dir.to_path_buf(),
            key: frame::log_key(&genesis.log_id()),
            genesis,
            policy,
            tail: Tail::open(&segment_path(dir, scan.segment), scan.len)?,
            segment: scan.segment,
            previous_len: scan.previous_len,
            chain: scan.chain,
            tiles: scan.tiles,
            marks: scan.marks,
            boot: scan.boot,
            _lock: lock,
        };
        Ok((store, scan.recovery))
    }

    /// Records stored.
    pub(super) const fn size(&self) -> u64 {
        self.tiles.frontier().size()
    }

    /// Writes records and syncs; they are part of the log when this returns.
    ///
    /// # Errors
    /// [`AuditError::Full`] when nothing was written; [`AuditError::Storage`] when what is on the disk is not known.
    pub(super) fn write(&mut self, batch: Batch) -> Result<(), AuditError> {
        if !batch.bytes.is_empty() {
            self.tail.append(&batch.bytes)?;
        }
        self.chain = batch.chain;
        self.boot = batch.boot;
        batch
            .leaves
            .into_iter()
            .for_each(|leaf| self.tiles.push(leaf));
        for (source, number) in batch.marks {
            let mark = self.marks.entry(source).or_default();
            *mark = (*mark).max(number);
        }
        Ok(())
    }

    /// Closes the open segment and begins the next.
    pub(super) fn close_segment(&mut self) -> Result<(), AuditError> {
        self.tail.finish()?;
        self.begin_segment()
    }

    /// Begins a segment behind the last good record, whatever stands there. One without records is begun anew.
    pub(super) fn begin_segment(&mut self) -> Result<(), AuditError> {
        self.tiles.store()?;
        let header = self.header();
        let bytes = header.encode()?;
        let path = segment_path(&self.dir, header.first);
        match header.first == self.segment {
            true => write_over(&path, &bytes)?,
            false => write_new(&path, &bytes)?,
        }
        self.tail = Tail::open(&path, bytes.len() as u64)?;
        (self.segment, self.previous_len) = (header.first, header.previous_len);
        self.tiles.stored()
    }

    /// The header of a segment that begins now.
    pub(super) fn header(&self) -> Header {
        let peaks = self.tiles.frontier().peaks().iter();
        let mark = |(source, number): (&String, &u64)| Mark {
            source: source.clone(),
            number: *number,
        };
        Header {
            first: self.size(),
            before: self.chain,
            log_id: self.genesis.log_id(),
            peaks: peaks.map(|peak| Digest::from_bytes(*peak)).collect(),
            previous_len: match self.segment == self.size() {
                true => self.previous_len,
                false => self.tail.len(),
            },
            boot: self.boot,
            marks: self.marks.iter().map(mark).collect(),
        }
    }

    /// The root that the log had with `size` records.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| tree::range(&self.tiles, (0, size)))?
    }
}

/// The file of the segment that begins with record `first`.
pub(super) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("seg").join(format!("{first:016x}.iia"))
}
