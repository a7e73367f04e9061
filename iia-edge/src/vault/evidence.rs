//! What of a log goes into a vault: closed segments, oldest first, and the papers that judge them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use iia_audit::AuditError;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::genesis::Genesis;
use iia_audit::policy::Policy;
use iia_audit::seal::Seal;
use iia_audit::segment::{HEADER_LEN_MAX, Header, Place, Reader};
use iia_audit::tree::{self, Hash};
use iia_audit::vault::{Receipt, Segment};
use iia_core::digest::Digest;

use super::OBJECT_LEN_MAX;
use super::layout::Kind;

/// Heads, receipts or segments in a log's directory at most.
const FILES_MAX: usize = 1_000_000;

/// Largest segment file that is read, in bytes.
const FILE_LEN_MAX: u64 = OBJECT_LEN_MAX as u64;

/// A log, and how far of it is in the vault.
#[derive(Debug)]
pub struct Evidence {
    audit: PathBuf,
    genesis: Genesis,
    policy: Policy,
    next: u64,
    chain: Digest,
    root: Hash,
}

/// A closed segment that was read from its first record to its last.
#[derive(Debug)]
pub struct Closed {
    /// Which.
    pub segment: Segment,
    /// The root of the tree over every record up to its end.
    pub root: Hash,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Anything else that goes into the vault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paper {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Evidence {
    /// Opens the log in an evidence directory.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`], [`AuditError::Storage`].
    pub fn open(dir: &Path) -> Result<Self, AuditError> {
        let audit = dir.join("audit");
        let (genesis, policy) = Genesis::load(&audit)?;
        Ok(Self {
            audit,
            genesis,
            policy,
            next: 0,
            chain: Digest::ZERO,
            root: tree::empty_root(),
        })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.genesis.origin()
    }

    /// The log.
    pub fn log_id(&self) -> Digest {
        self.genesis.log_id()
    }

    /// The first record that is not in the vault.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Goes on behind a segment that is there already; `false` for a receipt of another log or another place.
    pub fn resume(&mut self, receipt: &Receipt) -> bool {
        let segment = &receipt.statement().segment;
        let fits = segment.log_id == self.log_id() && segment.first == self.next;
        if fits {
            self.passed(segment, receipt.statement().root);
        }
        fits
    }

    /// A segment is in the vault.
    pub fn passed(&mut self, segment: &Segment, root: Hash) {
        self.root = root;
        self.next = segment.end;
        self.chain = segment.chain;
    }

    /// Reads and checks the next closed segment; `None` when only the open one is left.
    ///
    /// # Errors
    /// What is wrong with it: nothing that does not link goes into the vault.
    pub fn read(&self) -> Result<Option<Closed>, AuditError> {
        let firsts = self.numbered("seg", ".iia")?;
        let Some(end) = firsts.into_iter().find(|first| *first > self.next) else {
            return Ok(None);
        };
        let bytes = self.segment(self.next, FILE_LEN_MAX)?;
        let (after, _) = Header::decode(&self.segment(end, HEADER_LEN_MAX as u64)?)?;
        // What stands behind its records is what a failed sync left, as the next segment says.
        let len = usize::try_from(after.previous_len).unwrap_or(usize::MAX);
        let closed = self.check(bytes, len)?;
        let ends = (closed.segment.end, closed.segment.chain) == (end, after.before);
        match ends && (after.first, after.log_id) == (end, self.log_id()) {
            true => Ok(Some(closed)),
            false => Err(self.bad("does not end where the next segment begins")),
        }
    }

    /// Whether the next segment has left the box.
    ///
    /// # Errors
    /// [`AuditError::Storage`].
    pub fn is_gone(&self) -> Result<bool, AuditError> {
        let firsts = self.numbered("seg", ".iia")?;
        Ok(firsts.first().is_some_and(|first| *first > self.next))
    }

    /// Checks the next segment as it was found elsewhere. What comes behind it must link to it all the same.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn recognise(&self, bytes: Vec<u8>) -> Result<Closed, AuditError> {
        let len = bytes.len();
        self.check(bytes, len)
    }

    /// Reads the next segment, whose records end at `len`.
    fn check(&self, bytes: Vec<u8>, len: usize) -> Result<Closed, AuditError> {
        let records = bytes.get(..len).ok_or_else(|| self.bad("is cut short"))?;
        let mut reader = Reader::open(records, &self.place())?;
        let mut edge = reader.header.frontier().unwrap_or_default();
        if edge.root() != self.root {
            return Err(self.bad("states another tree than the segments before it have"));
        }
        while let Some(record) = reader.read()? {
            edge.push(tree::leaf(record.hash.as_bytes()));
        }
        if reader.offset != len || reader.next == self.next {
            return Err(self.bad("holds no records, or something else behind them"));
        }
        let segment = Segment {
            log_id: self.log_id(),
            first: self.next,
            end: reader.next,
            chain: reader.before,
        };
        let root = edge.root();
        Ok(Closed {
            segment,
            root,
            bytes,
        })
    }

    fn place(&self) -> Place {
        Place {
            first: self.next,
            before: self.chain,
            log_id: self.log_id(),
        }
    }

    fn bad(&self, what: &'static str) -> AuditError {
        AuditError::BadRecord {
            seq: self.next,
            what,
        }
    }

    /// A segment file, or its first bytes.
    fn segment(&self, first: u64, len_max: u64) -> Result<Vec<u8>, AuditError> {
        let path = self.audit.join(format!("seg/{first:016x}.iia"));
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(storage)?;
        file.take(len_max)
            .read_to_end(&mut bytes)
            .map_err(storage)?;
        Ok(bytes)
    }

    /// What goes in before any segment.
    ///
    /// # Errors
    /// [`AuditError::Storage`].
    pub fn beginning(&self) -> Result<Vec<Paper>, AuditError> {
        let read = |name: &str, kind| {
            let bytes = fs::read(self.audit.join(name)).map_err(storage)?;
            Ok(Paper { kind, bytes })
        };
        Ok(vec![
            read("genesis", Kind::Genesis)?,
            read("policy", Kind::Policy)?,
        ])
    }

    /// The seals that state records of a closed segment, the last of its records excepted: so none can come later.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Storage`].
    pub fn seals(&self, segment: &Segment) -> Result<Option<Paper>, AuditError> {
        let Ok(text) = fs::read_to_string(self.audit.join("seals")) else {
            return Ok(None);
        };
        let mut part = String::new();
        for line in text.lines() {
            let size = Seal::parse(line)?.size;
            if (segment.first..segment.end).contains(&size) {
                part.push_str(line);
                part.push('\n');
            }
        }
        let kind = Kind::Seals(segment.first);
        let bytes = part.into_bytes();
        Ok((!bytes.is_empty()).then_some(Paper { kind, bytes }))
    }

    /// Sizes of the signed heads up to what is in the vault; sizes of the cosigned ones.
    ///
    /// # Errors
    /// [`AuditError::Storage`].
    pub fn notes(&self) -> Result<(Vec<u64>, Vec<u64>), AuditError> {
        let up_to = |folder: &str| {
            let mut sizes = self.numbered(folder, "")?;
            sizes.retain(|size| *size <= self.next);
            Ok(sizes)
        };
        Ok((up_to("heads")?, up_to("receipts")?))
    }

    /// A signed head, or a cosigned one.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`], [`AuditError::Storage`].
    pub fn note(&self, size: u64, cosigned: bool) -> Result<Paper, AuditError> {
        let folder = if cosigned { "receipts" } else { "heads" };
        let path = self.audit.join(format!("{folder}/{size:016x}"));
        let note = fs::read_to_string(path).map_err(storage)?;
        Checkpoint::open(&note, &self.policy.log)?;
        let bytes = note.into_bytes();
        let kind = match cosigned {
            true => Kind::receipt(size, &bytes),
            false => Kind::Head(size),
        };
        Ok(Paper { kind, bytes })
    }

    /// The numbers that files of a folder are named by, in order.
    fn numbered(&self, folder: &str, suffix: &str) -> Result<Vec<u64>, AuditError> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(self.audit.join(folder)).map_err(storage)? {
            let name = entry.map_err(storage)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(suffix));
            let number = number.filter(|number| number.len() == 16);
            numbers.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
            if numbers.len() > FILES_MAX {
                return Err(AuditError::Storage {
                    detail: format!("{folder} holds more files than are read"),
                });
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn storage(error: std::io::Error) -> AuditError {
    AuditError::Storage {
        detail: error.to_string(),
    }
}
