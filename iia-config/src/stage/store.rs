//! Files and the record that names them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use iia_core::digest::{Context, Digest, hex};

use super::disk::{BESIDE, Disk, FileSystem, replace};
use super::kept::Kept;
use super::state::{KEPT_MAX, State};
use super::{StageError, disk};
use crate::envelope::body_of;
use crate::revocation::Revoked;
use crate::trust::{Class, Trust};

const EVIDENCE: &str = "evidence";
const ARTIFACTS: &str = "config";
const STATE: &str = "state";
const RECORD: &str = "config.state";

/// Which artifact of a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    /// Waits for leave.
    Staged,
    /// Is in force; of approvals, was used last.
    Applied,
    /// Was in force before.
    Previous,
}

/// The artifacts of one box: `evidence/config/` in its directory, whose every byte the audit chain covers, and
/// `state/config.state`, which is no evidence.
#[derive(Clone, Debug)]
pub struct Store<D = FileSystem> {
    root: PathBuf,
    disk: D,
}

impl Store {
    /// Names the box by its directory.
    pub fn at(root: &Path) -> Self {
        Self::on(FileSystem, root)
    }
}

impl<D: Disk> Store<D> {
    /// Names the box by its directory.
    pub fn on(disk: D, root: &Path) -> Self {
        let root = root.to_path_buf();
        Self { root, disk }
    }

    /// What lies in a slot of a class; `None` when nothing does. What was changed on disk is an error, not an answer.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn get(&self, class: Class, slot: Slot) -> Result<Option<Vec<u8>>, StageError> {
        let Some(state) = self.load()? else {
            return Ok(None);
        };
        let stand = state.of(class);
        let file = match slot {
            Slot::Applied if class == Class::Approval => state.approval(),
            Slot::Staged => stand.staged.map(Kept::file),
            Slot::Applied => stand.applied.map(Kept::file),
            Slot::Previous => stand.previous.map(Kept::file),
        };
        file.map(|file| self.read_file(file)).transpose()
    }

    /// What the box remembers; `None` before its artifacts were begun.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn load(&self) -> Result<Option<State>, StageError> {
        let record = self.disk.read(&self.record())?;
        record.map(|bytes| State::decode(&bytes)).transpose()
    }

    /// The envelope of an artifact that is kept.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn envelope(&self, kept: &Kept) -> Result<Vec<u8>, StageError> {
        self.read_file(kept.file())
    }

    /// The operators' keys in force; `None` before the box was begun.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn trust(&self) -> Result<Option<Trust>, StageError> {
        let state = self.load()?;
        state.map_or(Ok(None), |state| self.trust_of(&state))
    }

    /// The operators' keys that a state has in force.
    pub(crate) fn trust_of(&self, state: &State) -> Result<Option<Trust>, StageError> {
        let Some(kept) = state.of(Class::Trust).applied else {
            return Ok(None);
        };
        let bytes = self.envelope(kept)?;
        let trust = Trust::parse(body_of(&bytes));
        Ok(Some(
            trust.map_err(|_| StageError::damaged("the trust document"))?,
        ))
    }

    /// Who is revoked on this box. A revocation counts as it did when it was taken: operators may have changed since.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn revoked(&self) -> Result<Revoked, StageError> {
        let state = self.load()?;
        state.map_or_else(|| Ok(Revoked::default()), |state| self.revoked_of(&state))
    }

    /// Who is revoked by the files that a state names.
    pub(crate) fn revoked_of(&self, state: &State) -> Result<Revoked, StageError> {
        let mut all = Revoked::default();
        for file in state.revocations() {
            let bytes = self.read_file(file)?;
            let one = Revoked::parse(body_of(&bytes));
            all.add(one.map_err(|_| StageError::damaged("a revocation"))?);
        }
        Ok(all)
    }

    /// Keeps others from changing this box.
    pub(crate) fn lock(&self) -> Result<Option<File>, StageError> {
        self.disk.make_dir(&self.root.join(STATE))?;
        let path = self.root.join(STATE).join("config.lock");
        self.disk.lock(&path).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => StageError::Locked,
            _ => error.into(),
        })
    }

    /// Begins: an empty record. From here on a missing record is damage.
    pub(crate) fn begin(&self) -> Result<State, StageError> {
        if self.disk.read(&self.record())?.is_some() || !self.files()?.is_empty() {
            return Err(StageError::Begun);
        }
        self.disk.make_dir(&self.artifacts())?;
        self.disk.make_dir(&self.root.join(STATE))?;
        self.disk.sync_dir(&self.root.join(EVIDENCE))?;
        self.disk.sync_dir(&self.root)?;
        let state = State::default();
        self.commit(&state)?;
        Ok(state)
    }

    /// Opens: the record, and away with files that a crash left behind before the record named them.
    pub(crate) fn reopen(&self) -> Result<State, StageError> {
        let state = self.load()?;
        let state = state.ok_or(StageError::damaged("the state record"))?;
        let named: BTreeSet<&str> = state.files().collect();
        for path in self.files()? {
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| named.contains(name)) {
                self.disk.remove(&path)?;
            }
        }
        let torn = self.record().with_extension(BESIDE);
        if self.disk.read(&torn)?.is_some() {
            self.disk.remove(&torn)?;
        }
        Ok(state)
    }

    /// Makes the record durable: the one moment at which anything changes.
    pub(crate) fn commit(&self, state: &State) -> Result<(), StageError> {
        Ok(replace(&self.disk, &self.record(), &state.encode())?)
    }

    /// Makes a file of these bytes durable; nothing names it yet. Gives its name, and path and digest for the chain.
    pub(crate) fn keep(&self, state: &State, bytes: &[u8]) -> Result<Placed, StageError> {
        if state.files().count() >= KEPT_MAX || state.used_len() >= KEPT_MAX {
            let what = "artifacts and approvals that a box keeps";
            return Err(StageError::Full {
                what,
                max: KEPT_MAX,
            });
        }
        let digest = Digest::of(Context::File, bytes);
        let file = format!("{}.sig", hex(digest.as_bytes()));
        let path = self.artifacts().join(&file);
        if self.disk.read(&path)?.as_deref() != Some(bytes) {
            disk::replace(&self.disk, &path, bytes)?;
        }
        Ok(Placed {
            path: format!("{ARTIFACTS}/{file}"),
            file,
            digest,
        })
    }

    fn artifacts(&self) -> PathBuf {
        self.root.join(EVIDENCE).join(ARTIFACTS)
    }

    /// Where the record lies: whenever anything changes, another file has this name.
    pub fn record(&self) -> PathBuf {
        self.root.join(STATE).join(RECORD)
    }

    fn files(&self) -> Result<Vec<PathBuf>, StageError> {
        Ok(self.disk.list(&self.artifacts())?)
    }

    /// A file's name is its digest, so a changed file is seen.
    fn read_file(&self, file: &str) -> Result<Vec<u8>, StageError> {
        let bytes = self.disk.read(&self.artifacts().join(file))?;
        let bytes = bytes.ok_or(StageError::damaged("an artifact"))?;
        let digest = Digest::of(Context::File, &bytes);
        if file == format!("{}.sig", hex(digest.as_bytes())) {
            Ok(bytes)
        } else {
            Err(StageError::damaged("an artifact"))
        }
    }
}

/// Where bytes were put.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) path: String,
    pub(crate) file: String,
    pub(crate) digest: Digest,
}
