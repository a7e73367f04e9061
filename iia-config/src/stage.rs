//! Staged and applied, side by side on disk, each whole: a crash leaves the one before or the one after.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, Digest};

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// Waits for leave.
    Staged,
    /// Is in force.
    Applied,
    /// The approval that was used last.
    Approval,
    /// The operators' keys.
    Trust,
}

impl Slot {
    /// The file's name.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Staged => "staged.icl.sig",
            Self::Applied => "applied.icl.sig",
            Self::Approval => "approval.icl.sig",
            Self::Trust => "trust.icl",
        }
    }
}

/// The file system refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("storage: {detail}")]
pub struct StageError {
    /// What the system said; not API.
    pub detail: String,
}

impl Coded for StageError {
    fn code(&self) -> Code {
        Code::new("CFG", 501)
    }
}

/// The directory of artifacts.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Names the directory.
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
        }
    }

    /// Puts bytes into a slot; durable on return. Gives the file's name and digest for the chain.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn put(&self, slot: Slot, bytes: &[u8]) -> Result<(String, Digest), StageError> {
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.dir)?;
            let path = self.dir.join(slot.file());
            let beside = path.with_extension("new");
            let mut file = File::create(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|error| StageError {
            detail: error.to_string(),
        })?;
        Ok((
            format!("config/{}", slot.file()),
            Digest::of(Context::File, bytes),
        ))
    }

    /// What lies in a slot; `None` when nothing does.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn get(&self, slot: Slot) -> Result<Option<Vec<u8>>, StageError> {
        match fs::read(self.dir.join(slot.file())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StageError {
                detail: error.to_string(),
            }),
        }
    }
}
