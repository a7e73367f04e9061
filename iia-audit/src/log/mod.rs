//! The log on disk: one writer, append only, durable when it says so.

mod files;
mod heads;
mod ratchet;
mod recover;
mod tail;
mod tiles;
mod walk;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use iia_core::SpiffeId;
use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::sign::Signer;
use iia_core::time::{Reading, TimeState};

pub(crate) use self::files::storage;
use self::files::{move_over, sync_dir, write_new, write_over};
pub use self::ratchet::Ratchet;
pub(crate) use self::ratchet::SEALS;
pub use self::recover::Recovery;
pub use self::tail::ROOM_LEN;
use self::tail::Tail;
pub(crate) use self::tiles::{TILES, Tiles, read as read_tile};
pub(crate) use self::walk::{Segment, Walk, name as segment_name};
use crate::AuditError;
use crate::frame::{self, Body, SALT_LEN, Written};
pub use crate::genesis::Genesis;
use crate::policy::Policy;
use crate::segment::{HEADER_ALIGN, Header, Mark, SEGMENT_LEN_MAX};
use crate::tree;

/// An event with the identity of whoever sent it, taken from its certificate.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who sent it.
    pub source: SpiffeId,
    /// What it stated.
    pub event: Event,
}

/// An open log. There is one writer at a time: the directory is locked while it is open.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    genesis: Genesis,
    key: [u8; 32],
    segment_len: u64,
    tail: Tail,
    chain: Digest,
    tiles: Tiles,
    marks: BTreeMap<String, u64>,
    boot: u32,
    boottime_ns: u64,
    poisoned: bool,
    _lock: File,
}

impl Log {
    /// Makes a new log in `dir`, whose heads are judged by `policy`.
    ///
    /// # Errors
    /// [`AuditError::Storage`], also when there is one already.
    pub fn create(
        dir: &Path,
        policy: &Policy,
        signer: &dyn Signer,
        now: Reading,
    ) -> Result<Self, AuditError> {
        for part in ["seg", "heads", "receipts", TILES] {
            fs::create_dir_all(dir.join(part)).map_err(storage)?;
        }
        let genesis = Genesis::new(policy, now.wall);
        write_new(&dir.join("policy"), policy.to_text().as_bytes())?;
        write_new(&dir.join("genesis"), genesis.sign(signer)?.as_bytes())?;
        let header = Header::genesis(genesis.log_id());
        write_new(&segment_path(dir, 0), &header.encode()?)?;
        Self::open(dir).map(|(log, _)| log)
    }

    /// Opens a log, verifying every record of its open segment; a torn tail is put aside and reported. What this costs
    /// does not grow with the log: `verify` reads all of it.
    ///
    /// # Errors
    /// Damage anywhere but at the very end: the log is then left as it is (fail closed).
    pub fn open(dir: &Path) -> Result<(Self, Recovery), AuditError> {
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join("lock"))
            .map_err(storage)?;
        lock.try_lock().map_err(|_| AuditError::Storage {
            detail: "another process has the log open".into(),
        })?;
        let (genesis, _policy) = Genesis::load(dir)?;
        let scan = recover::scan(dir, &genesis)?;
        let (path, len) = &scan.segment;
        let log = Self {
            dir: dir.to_path_buf(),
            key: frame::log_key(&genesis.log_id()),
            genesis,
            segment_len: SEGMENT_LEN_MAX,
            tail: Tail::open(path, *len)?,
            chain: scan.chain,
            tiles: scan.tiles,
            marks: scan.marks,
            boot: scan.boot + 1,
            boottime_ns: 0,
            poisoned: false,
            _lock: lock,
        };
        Ok((log, scan.recovery))
    }

    /// Closes segments beyond `len` bytes, [`SEGMENT_LEN_MAX`] at most and where nothing is said. Short segments can be
    /// retired sooner; each costs a header.
    #[must_use]
    pub fn with_segment_len(mut self, len: u64) -> Self {
        self.segment_len = len.clamp(HEADER_ALIGN as u64, SEGMENT_LEN_MAX);
        self
    }

    /// Appends events in order; durable on return. Events whose source number is already stored are passed over, so
    /// a repeated submission is harmless; a source number of 0 is always stored.
    ///
    /// # Errors
    /// [`AuditError::Poisoned`] after a failed sync: what was written is then unknown until the log is opened again.
    pub fn append(&mut self, submissions: &[Submission], now: Reading) -> Result<u64, AuditError> {
        if self.poisoned {
            return Err(AuditError::Poisoned);
        }
        self.rotate()?;
        let written = self.written(now);
        let mut bytes = Vec::new();
        let (mut chain, mut leaves, mut marks) = (self.chain, Vec::new(), BTreeMap::new());
        for Submission { source, event } in submissions {
            let mark = marks
                .get(source.as_str())
                .copied()
                .unwrap_or_else(|| self.watermark(source));
            if event.source_seq != 0 && event.source_seq <= mark {
                continue;
            }
            let seq = self.size() + leaves.len() as u64;
            let body = Body {
                source: source.as_str().into(),
                event: event.clone(),
            };
            chain = frame::encode(
                &mut bytes,
                (&self.key, &chain),
                seq,
                (written, salt()?),
                &body,
            )?;
            leaves.push(tree::leaf(chain.as_bytes()));
            marks.insert(body.source, mark.max(event.source_seq));
        }
        if !bytes.is_empty() {
            self.persist(&bytes)?;
        }
        self.chain = chain;
        leaves.into_iter().for_each(|leaf| self.tiles.push(leaf));
        self.marks.append(&mut marks);
        Ok(self.size())
    }

    /// When a batch is written; the monotonic clock tells batches apart ([`crate::segment::Reader::is_torn`]).
    fn written(&mut self, now: Reading) -> Written {
        let error_us = match now.state {
            TimeState::Unknown => u32::MAX,
            TimeState::Holdover { error_ns } | TimeState::Synchronised { error_ns } => {
                u32::try_from(error_ns / 1000).unwrap_or(u32::MAX)
            }
        };
        self.boottime_ns = now.monotonic_ns.max(self.boottime_ns + 1);
        Written {
            utc_ns: now.wall.as_ns(),
            boottime_ns: self.boottime_ns,
            boot: self.boot,
            error_us,
        }
    }

    /// Writes and syncs. A failed sync leaves the pages clean and the bytes unknown, so it is never tried again.
    fn persist(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        let done = self.tail.append(bytes);
        self.poisoned = done.is_err();
        done
    }

    /// Closes the open segment when it is long enough, and begins the next.
    fn rotate(&mut self) -> Result<(), AuditError> {
        match self.tail.len() > self.segment_len {
            true => self.close_segment(),
            false => Ok(()),
        }
    }

    fn close_segment(&mut self) -> Result<(), AuditError> {
        self.tail.finish()?;
        self.tiles.store()?;
        let header = self.header(self.tail.len()).encode()?;
        let path = segment_path(&self.dir, self.size());
        write_new(&path, &header)?;
        self.tail = Tail::open(&path, header.len() as u64)?;
        Ok(())
    }

    /// The header of a segment that begins now.
    fn header(&self, previous_len: u64) -> Header {
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
            previous_len,
            boot: self.boot,
            marks: self.marks.iter().map(mark).collect(),
        }
    }

    /// Records stored.
    pub fn size(&self) -> u64 {
        self.tiles.frontier().size()
    }

    /// The newest source number stored of a source.
    pub fn watermark(&self, source: &SpiffeId) -> u64 {
        self.marks.get(source.as_str()).copied().unwrap_or(0)
    }

    /// The chain hash of the newest record.
    pub const fn chain_head(&self) -> Digest {
        self.chain
    }

    /// The key that heads are verified with.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }
}

fn salt() -> Result<[u8; SALT_LEN], AuditError> {
    let mut salt = [0; SALT_LEN];
    getrandom::fill(&mut salt).map_err(|_| AuditError::Storage {
        detail: "random source".into(),
    })?;
    Ok(salt)
}

fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("seg").join(format!("{first:016x}.iia"))
}
