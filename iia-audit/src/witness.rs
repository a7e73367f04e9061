//! The witness: remembers the newest head of each log, cosigns only what is proven to extend it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::sign::Signer;

use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::fork::Fork;
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
    /// The newest as the log signed it; nothing before the first.
    note: String,
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
        self.logs.entry(key.name.clone()).or_insert(Followed {
            key,
            newest,
            note: String::new(),
        });
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
        // What others added to the note is not the log's word.
        followed.note = parsed.alone(&followed.key)?;
        Ok(Accepted {
            text,
            origin: origin.to_string(),
        })
    }

    /// The proof that a head which was refused as [`AuditError::Fork`] is one: it, and the head of its size that the log had
    /// signed before.
    ///
    /// # Errors
    /// As [`Fork::of`], when it is none; [`AuditError::Unsigned`] for a log that is not followed.
    pub fn fork(&self, note: &str) -> Result<Fork, AuditError> {
        let origin = note.lines().next().unwrap_or_default();
        let followed = self.logs.get(origin).ok_or_else(|| AuditError::Unsigned {
            who: origin.chars().take(64).collect(),
        })?;
        Fork::of(&followed.note, note, &followed.key)
    }

    /// What must be durable before an answer: a line of base64 a log, the newest head as it was signed, in order of origin.
    pub fn memory(&self) -> String {
        let notes = self.logs.values().map(|followed| &followed.note);
        let lines = notes.filter(|note| !note.is_empty());
        lines
            .map(|note| format!("{}\n", STANDARD.encode(note)))
            .collect()
    }

    /// Takes up what was durable; logs that are not followed are passed over.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`]: a witness that lost its memory must not sign.
    pub fn remember(&mut self, memory: &str) -> Result<(), AuditError> {
        let wrong = AuditError::Malformed {
            what: "memory of a witness",
        };
        for line in memory.lines() {
            let bytes = STANDARD.decode(line).map_err(|_| wrong.clone())?;
            let note = String::from_utf8(bytes).map_err(|_| wrong.clone())?;
            let origin = note.lines().next().unwrap_or_default();
            if let Some(followed) = self.logs.get_mut(origin) {
                let (newest, _) = Checkpoint::open(&note, &followed.key)?;
                (followed.newest, followed.note) = (newest, note);
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
