//! The witness: remembers the newest head of each log, cosigns only what is proven to extend it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};

use iia_core::sign::Signer;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::note::{self, VerifierKey};
use crate::tree::{self, Hash};

/// Logs that one witness follows at most.
pub const LOGS_MAX: usize = 4096;

/// A witness's memory.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    logs: BTreeMap<String, Followed>,
}

#[derive(Clone, Debug)]
struct Followed {
    key: VerifierKey,
    newest: Checkpoint,
}

/// A head that may be cosigned once the memory of it is durable.
#[derive(Debug)]
pub struct Accepted {
    text: String,
    origin: String,
}

impl Witness {
    /// Follows a log from nothing.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] when it follows too many.
    pub fn follow(&mut self, key: VerifierKey) -> Result<(), AuditError> {
        if self.logs.len() >= LOGS_MAX {
            return Err(AuditError::Malformed {
                what: "witness with room left",
            });
        }
        let newest = Checkpoint {
            origin: key.name.clone(),
            size: 0,
            root: tree::empty_root(),
        };
        self.logs
            .entry(key.name.clone())
            .or_insert(Followed { key, newest });
        Ok(())
    }

    /// Accepts a head that extends what is known. The caller makes [`Self::memory`] durable, then calls
    /// [`Accepted::cosign`]: a witness that answered first could be made to sign a fork after a crash.
    ///
    /// # Errors
    /// [`AuditError::Stale`] with the size known, [`AuditError::Fork`], [`AuditError::Inconsistent`],
    /// [`AuditError::Unsigned`], [`AuditError::Malformed`].
    pub fn accept(
        &mut self,
        note: &str,
        old_size: u64,
        proof: &[Hash],
    ) -> Result<Accepted, AuditError> {
        let origin = note.lines().next().unwrap_or_default();
        let unknown = || AuditError::Unsigned {
            who: origin.chars().take(64).collect(),
        };
        let followed = self.logs.get_mut(origin).ok_or_else(unknown)?;
        let (offered, parsed) = Checkpoint::open(note, &followed.key)?;
        let known = &followed.newest;
        if offered.size == known.size && offered.root != known.root {
            return Err(AuditError::Fork { size: known.size });
        }
        if old_size != known.size || offered.size < known.size {
            return Err(AuditError::Stale { size: known.size });
        }
        let (old, new) = ((known.size, &known.root), (offered.size, &offered.root));
        if !tree::verify_consistency(old, new, proof) {
            return Err(AuditError::Inconsistent {
                old: known.size,
                new: offered.size,
            });
        }
        let text = parsed.text.to_string();
        followed.newest = offered;
        Ok(Accepted {
            text,
            origin: origin.to_string(),
        })
    }

    /// What must be durable before an answer: one checkpoint text a log, in order of origin.
    pub fn memory(&self) -> String {
        self.logs
            .values()
            .map(|followed| format!("{}\n", followed.newest.to_text()))
            .collect()
    }

    /// Takes up what was durable; logs that are not followed are passed over.
    ///
    /// # Errors
    /// [`AuditError::Malformed`]: a witness that lost its memory must not sign.
    pub fn remember(&mut self, memory: &str) -> Result<(), AuditError> {
        for text in memory.split_terminator("\n\n") {
            let newest = Checkpoint::parse(&format!("{text}\n"))?;
            if let Some(followed) = self.logs.get_mut(&newest.origin) {
                followed.newest = newest;
            }
        }
        Ok(())
    }
}

impl Accepted {
    /// The cosignature line, at a time in seconds.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] when the key's holder does not answer.
    pub fn cosign(&self, name: &str, signer: &dyn Signer, time: u64) -> Result<String, AuditError> {
        note::cosign(&self.text, name, signer, time)
    }

    /// The log whose head it is.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}
