//! Executables: what was hashed is what runs, because it is started by the descriptor that was hashed.

use std::fs::{File, Metadata};
use std::io::{Read as _, Seek as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::payload::verify_bundle;
use super::{AdmissionError, Keys, Sha256};

/// Largest executable in bytes.
pub const EXECUTABLE_LEN_MAX: u64 = 1024 * 1024 * 1024;
/// Write permission of group and others.
const OTHERS_WRITE: u32 = 0o022;
/// Directories with this bit let nobody rename what is another's.
const STICKY: u32 = 0o1000;

/// A file that was opened and hashed, and is still open.
///
/// What remains: whoever may write the file at all can write between hashing and exec. The kernel refuses to run a file
/// that somebody has open for writing, and one that runs cannot be written; a write that began and ended in between
/// changes the times of the file, and [`Executable::check_unwritten`] sees it. So: hash, start, check, and kill what was
/// started when the check fails. What ran by then ran for as long as that takes.
#[derive(Debug)]
pub struct Executable {
    file: File,
    digest: Sha256,
    before: Stamp,
}

/// What changes when a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stamp {
    inode: (u64, u64),
    len: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(known: &Metadata) -> Self {
        Self {
            inode: (known.dev(), known.ino()),
            len: known.len(),
            changed: (known.ctime(), known.ctime_nsec()),
        }
    }
}

impl Executable {
    /// Opens and hashes a file. It must be a plain one that only its owner may write, in a directory alike.
    ///
    /// # Errors
    /// [`AdmissionError::Writable`], [`AdmissionError::TooLarge`], [`AdmissionError::Environment`].
    pub fn open(path: &Path) -> Result<Self, AdmissionError> {
        let known = std::fs::metadata(path).map_err(|_| unreadable())?;
        if !known.is_file() {
            return Err(unreadable());
        }
        let file = File::open(path).map_err(|_| unreadable())?;
        let before = file.metadata().map_err(|_| unreadable())?;
        let dir = path.parent().unwrap_or(Path::new("/"));
        let dir = std::fs::metadata(dir).map_err(|_| unreadable())?;
        let shared = dir.mode() & OTHERS_WRITE != 0 && dir.mode() & STICKY == 0;
        if before.mode() & OTHERS_WRITE != 0 || shared {
            return Err(AdmissionError::Writable);
        }
        let (digest, _) = Sha256::of_reader(&file, EXECUTABLE_LEN_MAX)?;
        let opened = Self {
            file,
            digest,
            before: Stamp::of(&before),
        };
        opened.check_unwritten()?;
        Ok(opened)
    }

    /// The digest of what was read.
    pub const fn digest(&self) -> Sha256 {
        self.digest
    }

    /// Whether nobody wrote since it was opened; to be asked again after it was started.
    ///
    /// # Errors
    /// [`AdmissionError::Written`].
    pub fn check_unwritten(&self) -> Result<(), AdmissionError> {
        let now = self.file.metadata().map_err(|_| unreadable())?;
        match Stamp::of(&now) == self.before {
            true => Ok(()),
            false => Err(AdmissionError::Written),
        }
    }

    /// Where this process, and a child of it until it runs something else, finds the open file.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// Verifies a bundle over it.
    pub(super) fn verify(&self, bundle: &[u8], keys: &Keys) -> Result<(), AdmissionError> {
        let mut content = || {
            let mut bytes = Vec::new();
            let mut file = &self.file;
            let read = file.rewind().and_then(|()| {
                let whole = file.take(EXECUTABLE_LEN_MAX);
                { whole }.read_to_end(&mut bytes)
            });
            read.map_err(|_| unreadable())?;
            Ok(bytes)
        };
        verify_bundle(bundle, &self.digest, &mut content, keys)
    }
}

const fn unreadable() -> AdmissionError {
    AdmissionError::Environment {
        what: "read an executable",
    }
}
