//! The log on disk: one writer, append only, durable when it says so.

mod ratchet;
mod recover;
mod tail;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use iia_core::SpiffeId;
use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::sign::Signer;
use iia_core::time::{Reading, TimeState};

pub use crate::genesis::Genesis;
pub use self::ratchet::Ratchet;
pub(crate) use self::ratchet::SEALS;
pub use self::recover::Recovery;
pub(crate) use self::recover::segments;
pub use self::tail::ROOM_LEN;
use self::tail::Tail;
use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::frame::{self, Body, SALT_LEN, Written};
use crate::policy::Policy;
use crate::segment::{HEADER_LEN, Header};
use crate::tree::{self, Hash};

/// A segment is closed and a new one begun beyond this many bytes.
pub const SEGMENT_LEN_MAX: u64 = 64 * 1024 * 1024;

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
    tail: Tail,
    chain: Digest,
    leaves: Vec<Hash>,
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
        for part in ["seg", "heads", "receipts"] {
            fs::create_dir_all(dir.join(part)).map_err(storage)?;
        }
        let genesis = Genesis::new(policy, now.wall);
        write_new(&dir.join("policy"), policy.to_text().as_bytes())?;
        write_new(&dir.join("genesis"), genesis.sign(signer)?.as_bytes())?;
        let header = Header {
            first: 0,
            before: Digest::ZERO,
            log_id: genesis.log_id(),
        };
        write_new(&segment_path(dir, 0), &header.encode())?;
        Self::open(dir).map(|(log, _)| log)
    }

    /// Opens a log, verifying every record; a torn tail is put aside and reported.
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
        let path = segment_path(dir, scan.segment_first);
        let tail = Tail::open(&path, scan.segment_len)?;
        let key = frame::log_key(&genesis.log_id());
        let log = Self {
            dir: dir.to_path_buf(),
            genesis,
            key,
            tail,
            chain: scan.chain,
            leaves: scan.leaves,
            marks: scan.marks,
            boot: scan.boot + 1,
            boottime_ns: 0,
            poisoned: false,
            _lock: lock,
        };
        Ok((log, scan.recovery))
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
        self.leaves.append(&mut leaves);
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

    fn rotate(&mut self) -> Result<(), AuditError> {
        if self.tail.len() <= SEGMENT_LEN_MAX {
            return Ok(());
        }
        self.tail.finish()?;
        let header = Header {
            first: self.size(),
            before: self.chain,
            log_id: self.genesis.log_id(),
        };
        let path = segment_path(&self.dir, self.size());
        write_new(&path, &header.encode())?;
        self.tail = Tail::open(&path, HEADER_LEN as u64)?;
        Ok(())
    }

    /// Records stored.
    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// The newest source number stored of a source.
    pub fn watermark(&self, source: &SpiffeId) -> u64 {
        self.marks.get(source.as_str()).copied().unwrap_or(0)
    }

    /// The chain hash of the newest record.
    pub const fn chain_head(&self) -> Digest {
        self.chain
    }

    /// The head of the log as it is now.
    pub fn head(&self) -> Checkpoint {
        let origin = self.genesis.origin().into();
        Checkpoint {
            origin,
            size: self.size(),
            root: tree::root(&self.leaves),
        }
    }

    /// Signs the head and keeps it.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Storage`].
    pub fn publish_head(&mut self, signer: &dyn Signer) -> Result<String, AuditError> {
        let head = self.head();
        let note = head.sign(signer)?;
        write_over(
            &self.dir.join("heads").join(format!("{:016x}", head.size)),
            note.as_bytes(),
        )?;
        Ok(note)
    }

    /// Proves that the head extends what somebody knows of size `old`.
    pub fn consistency(&self, old: u64) -> Vec<Hash> {
        usize::try_from(old).map_or_else(|_| Vec::new(), |old| tree::consistency(&self.leaves, old))
    }

    /// Proves that record `seq` is under the head.
    pub fn inclusion(&self, seq: u64) -> Vec<Hash> {
        usize::try_from(seq).map_or_else(|_| Vec::new(), |seq| tree::inclusion(&self.leaves, seq))
    }

    /// Keeps a cosigned head once policy and root are found good; gives the size it covers.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Inconsistent`], [`AuditError::Storage`].
    pub fn keep_receipt(&mut self, note: &str) -> Result<u64, AuditError> {
        let (_, policy) = Genesis::load(&self.dir)?;
        let (head, parsed) = Checkpoint::open(note, &policy.log)?;
        policy.satisfied(&parsed)?;
        let prefix = usize::try_from(head.size)
            .ok()
            .and_then(|size| self.leaves.get(..size));
        if prefix.is_none_or(|prefix| tree::root(prefix) != head.root) {
            return Err(AuditError::Inconsistent {
                old: head.size,
                new: self.size(),
            });
        }
        write_over(
            &self
                .dir
                .join("receipts")
                .join(format!("{:016x}", head.size)),
            note.as_bytes(),
        )?;
        Ok(head.size)
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

pub(crate) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join("seg").join(format!("{first:016x}.iia"))
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), AuditError> {
    if path.exists() {
        return Err(AuditError::Storage {
            detail: format!("{} exists already", path.display()),
        });
    }
    write_over(path, bytes)
}

/// Beside, synced, renamed, directory synced: a power cut leaves the old or the new.
fn write_over(path: &Path, bytes: &[u8]) -> Result<(), AuditError> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(storage)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(storage)?;
    move_over(&beside, path)
}

fn move_over(beside: &Path, path: &Path) -> Result<(), AuditError> {
    fs::rename(beside, path).map_err(storage)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

fn sync_dir(dir: &Path) -> Result<(), AuditError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(storage)
}

pub(crate) fn storage(error: std::io::Error) -> AuditError {
    AuditError::Storage {
        detail: error.to_string(),
    }
}
