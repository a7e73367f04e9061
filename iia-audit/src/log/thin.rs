//! Heads and receipts come each minute or sooner: for a month of them to stay few, those that say no more than others go.

use std::fs;
use std::path::PathBuf;

use super::{Log, storage};
use crate::AuditError;
use crate::note::Note;

/// Receipts closer to each other than this are one: what they say about time differs by less.
const EVERY_S: u64 = 60;

impl Log {
    /// Removes heads up to the newest receipt, and of receipts within a minute all but the first; the newest always stays.
    /// Gives how many went. Each receipt is looked at once, so that this may be asked each minute.
    ///
    /// # Errors
    /// [`AuditError::Storage`], [`AuditError::Malformed`].
    pub fn thin(&mut self) -> Result<usize, AuditError> {
        let receipts = self.signed("receipts")?;
        let Some((newest, _)) = receipts.last().cloned() else {
            return Ok(0);
        };
        let mut gone = 0;
        let (mut kept_at, from) = self.thinned;
        for (_, path) in receipts
            .into_iter()
            .filter(|(size, _)| (from..newest).contains(size))
        {
            let text = fs::read_to_string(&path).map_err(storage)?;
            let at = self.store.policy.satisfied(&Note::parse(&text)?)?;
            if kept_at.is_some_and(|kept| at < kept + EVERY_S) {
                fs::remove_file(path).map_err(storage)?;
                gone += 1;
            } else {
                kept_at = Some(at);
            }
        }
        self.thinned = (kept_at, newest);
        for (_, path) in self
            .signed("heads")?
            .into_iter()
            .filter(|(size, _)| *size <= newest)
        {
            fs::remove_file(path).map_err(storage)?;
            gone += 1;
        }
        Ok(gone)
    }

    /// The signed heads of a folder by their sizes.
    pub(super) fn signed(&self, folder: &str) -> Result<Vec<(u64, PathBuf)>, AuditError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.store.dir.join(folder)).map_err(storage)? {
            let path = entry.map_err(storage)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let size = name.and_then(|name| u64::from_str_radix(name, 16).ok());
            found.extend(size.map(|size| (size, path)));
        }
        found.sort();
        Ok(found)
    }
}
