//! The mirror: holds a log of somebody else byte for byte, and signs for what it has stored (C2SP tlog-mirror).
//!
//! It verifies every record before it stores it. Its directory is a log's directory: `verify` reads it, a vault takes it.

use std::fs;
use std::path::Path;

use iia_core::sign::Signer;

use super::store::{Batch, Store};
use super::{Genesis, Recovery, storage, write_over};
use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::chunk::{CHUNK_LEN_MAX, Chunk, Position};
use crate::frame;
use crate::note::{self, VerifierKey};
use crate::segment::Header;

/// A log of somebody else.
#[derive(Debug)]
pub struct Mirror {
    store: Store,
    /// The newest head that was signed for.
    signed: Option<Checkpoint>,
}

impl Mirror {
    /// Begins to mirror the log with these texts, whose key was obtained elsewhere.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] for another log, [`AuditError::Malformed`], [`AuditError::Storage`].
    pub fn create(
        dir: &Path,
        (genesis, policy): (&str, &str),
        log: &VerifierKey,
    ) -> Result<Self, AuditError> {
        let (beginning, judged) = Genesis::check(genesis, policy)?;
        if judged.log != *log {
            return Err(AuditError::Unsigned {
                who: log.name.clone(),
            });
        }
        Store::create(dir, (genesis, policy), beginning.log_id())?;
        Self::open(dir).map(|(mirror, _)| mirror)
    }

    /// Opens a mirror. What a fall left torn is put aside and comes again from the log.
    ///
    /// # Errors
    /// [`AuditError::Storage`], and whatever is wrong with what was stored.
    pub fn open(dir: &Path) -> Result<(Self, Recovery), AuditError> {
        let (store, recovery) = Store::open_copy(dir)?;
        let mut mirror = Self {
            store,
            signed: None,
        };
        mirror.signed = mirror.newest_signed()?;
        Ok((mirror, recovery))
    }

    fn newest_signed(&self) -> Result<Option<Checkpoint>, AuditError> {
        let mut newest: Option<Checkpoint> = None;
        for entry in fs::read_dir(self.store.dir.join("heads")).map_err(storage)? {
            let text = fs::read_to_string(entry.map_err(storage)?.path()).map_err(storage)?;
            let (head, _) = Checkpoint::open(&text, &self.store.policy.log)?;
            if newest.as_ref().is_none_or(|newest| newest.size < head.size) {
                newest = Some(head);
            }
        }
        Ok(newest)
    }

    /// The log's beginning.
    pub const fn genesis(&self) -> &Genesis {
        &self.store.genesis
    }

    /// Records stored.
    pub const fn size(&self) -> u64 {
        self.store.size()
    }

    /// Where the next chunk begins.
    pub fn position(&self) -> Position {
        let segment = self.store.segment;
        let offset = if segment == self.size() {
            0
        } else {
            self.store.tail.len()
        };
        Position { segment, offset }
    }

    /// Verifies and stores a chunk; durable on return. One that is stored already is passed over.
    ///
    /// # Errors
    /// [`AuditError::OutOfPlace`] with the position that is wanted; whatever is wrong with the first bad record, before
    /// which everything is stored.
    pub fn take(&mut self, chunk: &Chunk) -> Result<Position, AuditError> {
        let (len, max) = (chunk.bytes.len(), CHUNK_LEN_MAX);
        if len > max {
            return Err(AuditError::TooLong { len, max });
        }
        let wanted = self.position();
        let begins = chunk.at
            == Position {
                segment: self.size(),
                offset: 0,
            };
        if chunk.end() <= wanted && chunk.at < wanted {
            return Ok(wanted);
        }
        if !begins && chunk.at != wanted {
            return Err(AuditError::OutOfPlace {
                segment: wanted.segment,
                offset: wanted.offset,
            });
        }
        let header_len = if begins { self.begin(&chunk.bytes)? } else { 0 };
        self.store_records(chunk.bytes.get(header_len..).unwrap_or_default())?;
        Ok(self.position())
    }

    /// A segment begins: its header must state just what is stored here.
    fn begin(&mut self, bytes: &[u8]) -> Result<usize, AuditError> {
        let (stated, len) = Header::decode(bytes)?;
        let own = self.store.header();
        if stated != own {
            let (seq, what) = (own.first, "segment header");
            return Err(AuditError::BadRecord { seq, what });
        }
        if self.store.segment != own.first {
            self.store.close_segment()?;
        }
        Ok(len)
    }

    fn store_records(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        let mut batch = Batch::new(self.store.chain, self.store.boot);
        let (mut at, mut failed) = (0, None);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let seq = self.size() + batch.leaves.len() as u64;
            match frame::decode(rest, (&self.store.key, &batch.chain), seq) {
                Ok(record) => {
                    at += record.len;
                    batch.boot = record.written.boot;
                    batch.link(&[record.hash]);
                    batch.mark(&record.body.source, record.body.event.source_seq);
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        batch.bytes = bytes.get(..at).unwrap_or_default().to_vec();
        self.store.write(batch)?;
        failed.map_or(Ok(()), Err)
    }

    /// Signs for a head whose records are all here; the line is to be added to the note. The head is durable here before
    /// this returns, so that no other history is ever signed for.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Malformed`]; [`AuditError::Stale`] when records are missing here;
    /// [`AuditError::Fork`] when they are others, or the newest head that was signed for is not of these records.
    pub fn sign(
        &mut self,
        note: &str,
        (name, signer): (&str, &dyn Signer),
        time: u64,
    ) -> Result<String, AuditError> {
        let (head, parsed) = Checkpoint::open(note, &self.store.policy.log)?;
        if parsed.signatures() != 1 {
            let what = "head with the log's signature alone";
            return Err(AuditError::Malformed { what });
        }
        let here = |head: &Checkpoint| self.store.root_at(head.size) == Some(head.root);
        if head.size > self.size() {
            return Err(AuditError::Stale { size: self.size() });
        }
        if let Some(other) = [Some(&head), self.signed.as_ref()]
            .into_iter()
            .flatten()
            .find(|head| !here(head))
        {
            return Err(AuditError::Fork { size: other.size });
        }
        let line = note::cosign(&head.to_text(), name, signer, time)?;
        if self
            .signed
            .as_ref()
            .is_none_or(|signed| signed.size < head.size)
        {
            self.keep(&head, note)?;
        }
        Ok(line)
    }

    /// Keeps the newest head alone: it says all that those before it said.
    fn keep(&mut self, head: &Checkpoint, note: &str) -> Result<(), AuditError> {
        let path = |size: u64| self.store.dir.join("heads").join(format!("{size:016x}"));
        write_over(&path(head.size), note.as_bytes())?;
        if let Some(old) = &self.signed {
            fs::remove_file(path(old.size)).map_err(storage)?;
        }
        self.signed = Some(head.clone());
        Ok(())
    }
}
