//! The outbox owns the cursor: it moves only when the other side says the rows are durable there.
//!
//! One small file a stream, written beside, synced and renamed, so that a power cut leaves the old or the new one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use iia_core::store::Cursor;
use iia_core::stream::Stream;

use crate::EdgeError;

/// Bytes of a cursor that are read: more than any number has, so that a longer file is a damaged one.
const CURSOR_LEN_MAX: u64 = 32;

/// Durable cursors, one a stream.
#[derive(Debug)]
pub struct Outbox {
    dir: PathBuf,
}

impl Outbox {
    /// Opens the outbox in `dir`, which is made when missing.
    ///
    /// # Errors
    /// [`EdgeError::Storage`].
    pub fn open(dir: &Path) -> Result<Self, EdgeError> {
        fs::create_dir_all(dir).map_err(storage)?;
        Ok(Self {
            dir: dir.to_path_buf(),
        })
    }

    /// Where to go on with `stream`; the start when nothing was acknowledged yet.
    ///
    /// # Errors
    /// [`EdgeError::DamagedOutbox`] or [`EdgeError::Storage`]; a damaged cursor is never taken for the start.
    pub fn cursor(&self, stream: &Stream) -> Result<Cursor, EdgeError> {
        let path = self.path(stream);
        match bounded(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Cursor(0)),
            Err(error) => Err(storage(error)),
            Ok(text) => parse(&text).ok_or(EdgeError::DamagedOutbox {
                path: path.display().to_string(),
            }),
        }
    }

    /// Moves the cursor of `stream`; durable on return.
    ///
    /// # Errors
    /// [`EdgeError::Storage`].
    pub fn acknowledge(&self, stream: &Stream, cursor: Cursor) -> Result<(), EdgeError> {
        let path = self.path(stream);
        let beside = path.with_extension("new");
        let mut file = File::create(&beside).map_err(storage)?;
        file.write_all(format!("{}\n", cursor.0).as_bytes())
            .map_err(storage)?;
        file.sync_all().map_err(storage)?;
        fs::rename(&beside, &path).map_err(storage)?;
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(storage)
    }

    fn path(&self, stream: &Stream) -> PathBuf {
        self.dir.join(format!("{stream}.cursor"))
    }
}

/// The text of a cursor: a number and a line feed are all that it can be.
fn bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(CURSOR_LEN_MAX)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str) -> Option<Cursor> {
    let digits = text.strip_suffix('\n')?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(Cursor(number))
}

fn storage(error: std::io::Error) -> EdgeError {
    EdgeError::Storage {
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path()).unwrap();
        assert_eq!(outbox.cursor(&Stream::MODBUS), Ok(Cursor(0)));
        outbox.acknowledge(&Stream::MODBUS, Cursor(41)).unwrap();
        outbox.acknowledge(&Stream::MODBUS, Cursor(42)).unwrap();
        assert_eq!(
            Outbox::open(dir.path()).unwrap().cursor(&Stream::MODBUS),
            Ok(Cursor(42))
        );
        assert_eq!(outbox.cursor(&Stream::CONN), Ok(Cursor(0)));
    }

    #[test]
    fn a_damaged_cursor_is_an_error_and_not_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path()).unwrap();
        let long = "4".repeat(1 << 20);
        for text in ["", "4", "x\n", "-1\n", "01\n", "4\n\n", &long] {
            fs::write(dir.path().join("ot.acs.modbus.cursor"), text).unwrap();
            let got = outbox.cursor(&Stream::MODBUS);
            assert!(
                matches!(got, Err(EdgeError::DamagedOutbox { .. })),
                "{text:?}"
            );
        }
    }
}
