//! Reads a log and says how far its newest signed heads reach.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::AuditError;
use crate::bundle::signed;
use crate::checkpoint::Checkpoint;
use crate::frame::Record;
use crate::log::{Genesis, storage};
use crate::tree::{self, Hash};
use crate::verify::{records, start};

/// How far a log is covered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Coverage {
    /// Records in it.
    pub records: u64,
    /// Records under a head that the log signed.
    pub signed: u64,
    /// Records under a head that enough witnesses cosigned.
    pub witnessed: u64,
    /// When they had cosigned it, in seconds since the epoch; 0 when there is none.
    pub witnessed_at: u64,
}

/// The newest signed heads of a log, verified, before their roots are held against the records.
#[derive(Clone, Debug)]
pub struct Heads {
    audit: PathBuf,
    coverage: Coverage,
    roots: BTreeMap<u64, Hash>,
}

impl Heads {
    /// Reads the newest receipt and the newest head of the log in evidence directory `dir`.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Malformed`], [`AuditError::Storage`].
    pub fn newest(dir: &Path) -> Result<Self, AuditError> {
        let audit = dir.join("audit");
        let (_, policy) = Genesis::load(&audit)?;
        let heads = signed(&audit)?;
        let mut newest = Self {
            audit,
            coverage: Coverage::default(),
            roots: BTreeMap::new(),
        };
        let receipt = heads.iter().rfind(|(_, (_, cosigned))| *cosigned);
        let head = heads.iter().next_back();
        for (size, (path, cosigned)) in receipt.into_iter().chain(head) {
            let text = fs::read_to_string(path).map_err(storage)?;
            let (checkpoint, note) = Checkpoint::open(&text, &policy.log)?;
            if checkpoint.size != *size {
                return Err(AuditError::Malformed {
                    what: "head of this name",
                });
            }
            newest.roots.insert(*size, checkpoint.root);
            newest.coverage.signed = newest.coverage.signed.max(*size);
            if *cosigned {
                newest.coverage.witnessed_at = policy.satisfied(&note)?;
                newest.coverage.witnessed = *size;
            }
        }
        Ok(newest)
    }

    /// How far the heads say that they reach.
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Reads every record in order; the heads must be heads of these records.
    ///
    /// # Errors
    /// What is wrong with the first bad record; [`AuditError::Inconsistent`] for a head of other or more records.
    pub fn read(mut self, mut take: impl FnMut(Record)) -> Result<Coverage, AuditError> {
        let mut frontier = start(&self.audit)?;
        // What was retired is under every head that is still there.
        self.roots.retain(|size, _| *size > frontier.size());
        let mut differs = None;
        records(&self.audit, |record| {
            frontier.push(tree::leaf(record.hash.as_bytes()));
            let stated = self.roots.remove(&frontier.size());
            if stated.is_some_and(|root| root != frontier.root()) {
                differs = Some(frontier.size());
            }
            take(record);
        })?;
        self.roots.remove(&0);
        let differs = differs.or(self.roots.keys().next().copied());
        match differs {
            Some(new) => Err(AuditError::Inconsistent {
                old: frontier.size(),
                new,
            }),
            None => Ok(Coverage {
                records: frontier.size(),
                ..self.coverage
            }),
        }
    }
}
