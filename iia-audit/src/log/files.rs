//! Files that a power cut leaves whole: the old content or the new.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Write as _};
use std::path::Path;

use crate::AuditError;

/// Ends the name of a file that is being written.
const UNFINISHED: &str = "new";

/// Whether a path is of a file that was being written beside the one that it was to become.
pub(crate) fn is_unfinished(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == UNFINISHED)
}

/// Removes from a folder what a fall cut off while it was written.
pub(super) fn sweep(dir: &Path) -> Result<(), AuditError> {
    let entries = match fs::read_dir(dir) {
        // A copy of a log may lack a folder that had nothing in it.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(storage)?,
    };
    for entry in entries {
        let path = entry.map_err(storage)?.path();
        if is_unfinished(&path) {
            fs::remove_file(path).map_err(storage)?;
        }
    }
    Ok(())
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), AuditError> {
    if path.exists() {
        return Err(AuditError::Storage {
            detail: format!("{} exists already", path.display()),
        });
    }
    write_over(path, bytes)
}

/// Beside, synced, renamed, directory synced: a power cut leaves the old or the new.
pub(super) fn write_over(path: &Path, bytes: &[u8]) -> Result<(), AuditError> {
    let beside = path.with_extension(UNFINISHED);
    let mut file = File::create(&beside).map_err(storage)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(storage)?;
    move_over(&beside, path)
}

pub(super) fn move_over(beside: &Path, path: &Path) -> Result<(), AuditError> {
    fs::rename(beside, path).map_err(storage)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

pub(super) fn sync_dir(dir: &Path) -> Result<(), AuditError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(storage)
}

/// An error before which nothing was lost.
pub(crate) fn storage(error: Error) -> AuditError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            AuditError::Full
        }
        _ => unknown(error),
    }
}

/// An error after which what is on the disk is not known.
pub(super) fn unknown(error: Error) -> AuditError {
    AuditError::Storage {
        detail: error.to_string(),
    }
}
