//! The keeper of the seal keys: one key, on disk, replaced after each seal.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Log, storage};
use crate::AuditError;
use crate::seal::{Seal, SealKey};

/// The seals of a log are lines of this file.
pub(crate) const SEALS: &str = "seals";
/// Bytes at the end of the seals that hold the last line at least.
const LINE_LEN_MAX: u64 = 256;

/// The key of the open epoch, in a file that only its owner may read. Flash may keep what was replaced: where that
/// matters the file lies on a volume whose key is in a TPM.
#[derive(Debug)]
pub struct Ratchet {
    path: PathBuf,
    key: SealKey,
}

impl Ratchet {
    /// Begins a ratchet in a new file; gives the key of epoch 0, which is to leave the box and not to stay on it.
    ///
    /// # Errors
    /// [`AuditError::Storage`], also when there is one already.
    pub fn begin(path: &Path) -> Result<(Self, SealKey), AuditError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| AuditError::Storage {
            detail: "random source".into(),
        })?;
        if path.exists() {
            return Err(AuditError::Storage {
                detail: format!("{} exists already", path.display()),
            });
        }
        let key = SealKey::first(seed);
        let ratchet = Self {
            path: path.to_path_buf(),
            key: key.clone(),
        };
        ratchet.keep()?;
        Ok((ratchet, key))
    }

    /// Opens the ratchet of a log; a seal whose key was not replaced before a crash has used it up.
    ///
    /// # Errors
    /// [`AuditError::Storage`], [`AuditError::Malformed`]; [`AuditError::Unsealed`] when seals and key do not join.
    pub fn open(path: &Path, log: &Log) -> Result<Self, AuditError> {
        let text = Zeroizing::new(fs::read_to_string(path).map_err(storage)?);
        let mut ratchet = Self {
            path: path.to_path_buf(),
            key: SealKey::parse(&text)?,
        };
        let next = last_seal(&log.store.dir.join(SEALS))?.map_or(0, |seal| seal.epoch + 1);
        if next == ratchet.key.epoch() + 1 {
            ratchet.advance()?;
        }
        match next == ratchet.key.epoch() {
            true => Ok(ratchet),
            false => Err(AuditError::Unsealed {
                epoch: ratchet.key.epoch(),
            }),
        }
    }

    fn advance(&mut self) -> Result<(), AuditError> {
        self.key = self.key.next();
        self.keep()
    }

    fn keep(&self) -> Result<(), AuditError> {
        let beside = self.path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .map_err(storage)?;
        file.write_all(self.key.to_text().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        super::move_over(&beside, &self.path)
    }
}

impl Log {
    /// Seals the log as it is, ends the epoch and erases its key.
    ///
    /// # Errors
    /// [`AuditError::Storage`]; the ratchet is then to be opened again.
    pub fn seal(&mut self, ratchet: &mut Ratchet) -> Result<Seal, AuditError> {
        let state = (self.size(), &self.store.chain);
        let seal = ratchet.key.seal(&self.store.genesis.log_id(), state);
        let path = self.store.dir.join(SEALS);
        let is_new = !path.exists();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = file.map_err(storage)?;
        file.write_all(seal.to_line().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        if is_new {
            super::sync_dir(&self.store.dir)?;
        }
        ratchet.advance()?;
        Ok(seal)
    }
}

/// The last whole line; what a crash left behind it is cut off.
fn last_seal(path: &Path) -> Result<Option<Seal>, AuditError> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(storage(error)),
    };
    let len = file.metadata().map_err(storage)?.len();
    let end = read_end(&mut file, len).map_err(storage)?;
    let whole = end.rfind('\n').map_or(0, |at| at + 1);
    let torn = (end.len() - whole) as u64;
    if torn > 0 {
        let cut = file.set_len(len - torn);
        cut.and_then(|()| file.sync_all()).map_err(storage)?;
    }
    let lines = end.get(..whole).unwrap_or_default();
    let last = lines.lines().next_back();
    last.map(Seal::parse).transpose()
}

fn read_end(file: &mut File, len: u64) -> std::io::Result<String> {
    use std::io::{Seek as _, SeekFrom};
    file.seek(SeekFrom::Start(len.saturating_sub(LINE_LEN_MAX)))?;
    let mut end = String::new();
    file.take(LINE_LEN_MAX).read_to_string(&mut end)?;
    Ok(end)
}
