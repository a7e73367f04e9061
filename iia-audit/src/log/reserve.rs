//! Room that a full disk cannot take: the log gives it back to itself to tell that the disk is full.

use std::fs;
use std::path::Path;

use super::files::{storage, sync_dir, write_over};
use crate::AuditError;

/// The file of the reserve in a log's directory: zeros.
pub(crate) const RESERVE: &str = "reserve";
/// Its bytes: enough for some thousand records and the header of a segment.
pub const RESERVE_LEN: usize = 1024 * 1024;

/// Whether the reserve is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reserve {
    is_there: bool,
}

impl Reserve {
    /// Makes the reserve when it is not there and the disk has room for it.
    pub(super) fn make(dir: &Path) -> Self {
        let path = dir.join(RESERVE);
        let has_it = fs::metadata(&path).is_ok_and(|data| data.len() == RESERVE_LEN as u64);
        let is_there = has_it || write_over(&path, &vec![0; RESERVE_LEN]).is_ok();
        if !is_there {
            // What a full disk left of it is of no use.
            let _gone = fs::remove_file(path.with_extension("new"));
        }
        Self { is_there }
    }

    /// Gives the room back to the disk; whether there was any.
    pub(super) fn release(&mut self, dir: &Path) -> Result<bool, AuditError> {
        if !self.is_there {
            return Ok(false);
        }
        fs::remove_file(dir.join(RESERVE)).map_err(storage)?;
        self.is_there = false;
        sync_dir(dir)?;
        Ok(true)
    }

    pub(super) const fn is_there(self) -> bool {
        self.is_there
    }
}
