//! The open end of a segment: room that was written ahead, so that a sync has nothing but records to write.
//!
//! A file that grows changes its length with every record, and a sync then waits for the file system's journal as well.
//! Room of zeros is made durable first; what a power cut leaves behind the last record is still zero.

use std::fs::{File, OpenOptions};
use std::io::Error;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::files::{storage, unknown};
use crate::AuditError;

/// Bytes that are written ahead at a time.
pub const ROOM_LEN: u64 = 1024 * 1024;

/// A segment that is written to.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    len: u64,
    room: u64,
}

impl Tail {
    /// Opens a segment whose records end at `len`.
    pub(super) fn open(path: &Path, len: u64) -> Result<Self, AuditError> {
        let file = OpenOptions::new().write(true).open(path).map_err(storage)?;
        let room = file.metadata().map_err(storage)?.len();
        Ok(Self { file, len, room })
    }

    /// Bytes up to the end of the last record.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Writes records and syncs.
    ///
    /// # Errors
    /// [`AuditError::Full`] when there is no room: nothing was written. [`AuditError::Storage`]: what is on the disk is
    /// then not known, for a failed sync leaves its pages clean.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        let end = self.len + bytes.len() as u64;
        if end > self.room {
            // On a disk that is nearly full there is room for these records at least, or for none.
            let ahead = self.make_room(end + ROOM_LEN);
            ahead.or_else(|_| self.make_room(end)).map_err(storage)?;
        }
        let written = self.file.write_all_at(bytes, self.len);
        written
            .and_then(|()| self.file.sync_data())
            .map_err(unknown)?;
        self.len = end;
        Ok(())
    }

    /// What fails here touches no record, and is done anew the next time: the pages are written again before they are
    /// synced again.
    fn make_room(&mut self, room: u64) -> Result<(), Error> {
        let ahead = usize::try_from(room - self.room).unwrap_or(usize::MAX);
        self.file.write_all_at(&vec![0; ahead], self.room)?;
        self.file.sync_all()?;
        self.room = room;
        Ok(())
    }

    /// Ends the segment with its last record.
    pub(super) fn finish(&mut self) -> Result<(), AuditError> {
        let cut = self.file.set_len(self.len);
        cut.and_then(|()| self.file.sync_all()).map_err(storage)?;
        self.room = self.len;
        Ok(())
    }
}

impl Drop for Tail {
    /// What is left of the room goes; if that fails it is read as room the next time.
    fn drop(&mut self) {
        let _kept = self.file.set_len(self.len);
    }
}
