//! Heads of a log: signed, proven, and taken back with the signatures of witnesses.

use std::fs;

use iia_core::sign::Signer;

use super::{Log, storage, write_over};
use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::note::Note;
use crate::policy::Policy;
use crate::tree::{self, Hash};

/// The folder of heads that mirrors signed, in a log's directory.
pub(crate) const MIRRORED: &str = "mirrored";

impl Log {
    /// The head of the log as it is now.
    pub fn head(&self) -> Checkpoint {
        Checkpoint {
            origin: self.store.genesis.origin().into(),
            size: self.size(),
            root: self.store.tiles.frontier().root(),
        }
    }

    /// Signs the head and keeps it.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Storage`].
    pub fn publish_head(&mut self, signer: &dyn Signer) -> Result<String, AuditError> {
        let head = self.head();
        let note = head.sign(signer)?;
        self.keep("heads", head.size, &note)?;
        Ok(note)
    }

    fn keep(&self, folder: &str, size: u64, note: &str) -> Result<(), AuditError> {
        let path = self.store.dir.join(folder).join(format!("{size:016x}"));
        write_over(&path, note.as_bytes())
    }

    /// Proves that the head extends what somebody knows of size `old`.
    ///
    /// # Errors
    /// [`AuditError::Inconsistent`] when it is of more records; [`AuditError::BadTile`] when a tile is not there.
    pub fn consistency(&self, old: u64) -> Result<Vec<Hash>, AuditError> {
        let new = self.size();
        if old > new {
            return Err(AuditError::Inconsistent { old, new });
        }
        let proof = tree::consistency(&self.store.tiles, old, new);
        proof.ok_or(AuditError::BadTile { size: new })
    }

    /// Proves that record `seq` is under the head.
    ///
    /// # Errors
    /// [`AuditError::NotIncluded`] when it is not; [`AuditError::BadTile`] when a tile is not there.
    pub fn inclusion(&self, seq: u64) -> Result<Vec<Hash>, AuditError> {
        let size = self.size();
        if seq >= size {
            return Err(AuditError::NotIncluded { seq, size });
        }
        tree::inclusion(&self.store.tiles, seq, size).ok_or(AuditError::BadTile { size })
    }

    /// Keeps a head that every mirror signed, once root and signatures are found good; gives the size it covers.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Inconsistent`], [`AuditError::Storage`].
    pub fn keep_mirrored(&mut self, note: &str) -> Result<u64, AuditError> {
        let size = self.keep_cosigned(MIRRORED, note, |policy, note| policy.mirrored(note))?;
        // The newest says all that those before it said.
        for (_, path) in self
            .signed(MIRRORED)?
            .into_iter()
            .filter(|(old, _)| *old < size)
        {
            fs::remove_file(path).map_err(storage)?;
        }
        Ok(size)
    }

    /// Keeps a cosigned head once policy and root are found good; gives the size it covers.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Inconsistent`], [`AuditError::Storage`].
    pub fn keep_receipt(&mut self, note: &str) -> Result<u64, AuditError> {
        self.keep_cosigned("receipts", note, |policy, note| policy.satisfied(note))
    }

    fn keep_cosigned(
        &self,
        folder: &str,
        note: &str,
        judge: impl Fn(&Policy, &Note<'_>) -> Result<u64, AuditError>,
    ) -> Result<u64, AuditError> {
        let policy = &self.store.policy;
        let (head, parsed) = Checkpoint::open(note, &policy.log)?;
        judge(policy, &parsed)?;
        if self.store.root_at(head.size) != Some(head.root) {
            return Err(AuditError::Inconsistent {
                old: head.size,
                new: self.size(),
            });
        }
        self.keep(folder, head.size, note)?;
        Ok(head.size)
    }

    /// Records that every mirror has stored, as it signed.
    ///
    /// # Errors
    /// [`AuditError::Storage`], [`AuditError::Malformed`]: what cannot be read is no leave to delete.
    pub fn mirrored(&self) -> Result<u64, AuditError> {
        let policy = &self.store.policy;
        let mut most = 0;
        for (_, path) in self.signed(MIRRORED)? {
            let note = fs::read_to_string(path).map_err(storage)?;
            let (head, parsed) = Checkpoint::open(&note, &policy.log)?;
            policy.mirrored(&parsed)?;
            if self.store.root_at(head.size) == Some(head.root) {
                most = most.max(head.size);
            }
        }
        Ok(most)
    }
}
