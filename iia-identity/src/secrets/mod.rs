//! Secrets of workloads: encrypted at rest in the age format, handed to each workload in memory, only its own.
//!
//! Each secret is a file `ZONE/WORKLOAD/NAME.age`, encrypted to one X25519 key that a [`Keeper`] keeps: a TPM, which gives
//! it out only in a state of the machine that was signed, or software, which says so in every [`StoreEvidence`].

mod error;
mod hand;
mod keeper;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use iia_core::SpiffeId;
use iia_core::sign::KeyOrigin;
use zeroize::Zeroizing;

pub use error::SecretsError;
#[cfg(feature = "tpm")]
pub use keeper::TpmKeeper;
pub use keeper::{Keeper, SoftwareKeeper};

/// Secrets of one workload at most.
pub const SECRETS_MAX: usize = 64;
/// Largest secret in bytes.
pub const SECRET_LEN_MAX: usize = 64 * 1024;
/// Longest name of a secret in bytes.
pub const NAME_LEN_MAX: usize = 64;
/// What age and our first lines add to a secret at most.
const OVERHEAD_MAX: usize = 8 * 1024;

/// The store's key file.
const KEY: &str = "key";
/// First line of a secret's plain text; its owner and its name follow on lines of their own.
const FIRST: &str = "iia secret 1";

/// What a store says of itself in evidence; one with a software key never says anything else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoreEvidence {
    /// Where the store's key is kept.
    pub origin: KeyOrigin,
}

impl fmt::Display for StoreEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.origin {
            KeyOrigin::Hardware => "secrets at rest: key sealed by hardware",
            KeyOrigin::Software => "secrets at rest: key kept by SOFTWARE, not by hardware",
        })
    }
}

/// An open store.
pub struct SecretStore {
    dir: PathBuf,
    identity: Identity,
    origin: KeyOrigin,
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretStore").finish_non_exhaustive()
    }
}

impl SecretStore {
    /// Makes a store in a directory that does not exist yet.
    ///
    /// # Errors
    /// [`SecretsError::Io`], or what the keeper says.
    pub fn create(dir: &Path, keeper: &dyn Keeper) -> Result<Self, SecretsError> {
        private_dir(dir)?;
        let identity = Identity::generate();
        let text = identity.to_string();
        let kept = keeper.keep(text.expose_secret().as_bytes())?;
        let key = [keeper.mark().as_bytes(), b"\n", &kept].concat();
        write(&dir.join(KEY), &key)?;
        Ok(Self {
            dir: dir.into(),
            identity,
            origin: keeper.origin(),
        })
    }

    /// Opens a store with the keeper that it was made with.
    ///
    /// # Errors
    /// [`SecretsError::WrongKeeper`], [`SecretsError::BadStore`], or what the keeper says: sealed, for one.
    pub fn open(dir: &Path, keeper: &dyn Keeper) -> Result<Self, SecretsError> {
        let key = read(&dir.join(KEY), OVERHEAD_MAX)?;
        let mut parts = key.splitn(2, |byte| *byte == b'\n');
        let (mark, kept) = (parts.next(), parts.next());
        if mark != Some(keeper.mark().as_bytes()) {
            return Err(SecretsError::WrongKeeper);
        }
        let key = keeper.recall(kept.unwrap_or_default())?;
        let text = std::str::from_utf8(&key).map_err(|_| NO_KEY)?;
        let identity = text.parse().map_err(|_| NO_KEY)?;
        Ok(Self {
            dir: dir.into(),
            identity,
            origin: keeper.origin(),
        })
    }

    /// What evidence says of this store.
    pub const fn evidence(&self) -> StoreEvidence {
        StoreEvidence {
            origin: self.origin,
        }
    }

    /// Puts a secret in, or in place of an older one; plain text is never written.
    ///
    /// # Errors
    /// [`SecretsError::BadName`], [`SecretsError::TooMuch`], [`SecretsError::Io`].
    pub fn put(&self, owner: &SpiffeId, name: &str, secret: &[u8]) -> Result<(), SecretsError> {
        let dir = self.folder(owner)?;
        check_name(name)?;
        if secret.len() > SECRET_LEN_MAX {
            let (what, max) = ("bytes of a secret", SECRET_LEN_MAX);
            return Err(SecretsError::TooMuch { what, max });
        }
        let file = dir.join(format!("{name}.age"));
        if !file.exists() && self.names(owner)?.len() >= SECRETS_MAX {
            let (what, max) = ("secrets of one workload", SECRETS_MAX);
            return Err(SecretsError::TooMuch { what, max });
        }
        let head = head(owner, name);
        let mut plain = Zeroizing::new(Vec::with_capacity(head.len() + secret.len()));
        plain.extend_from_slice(head.as_bytes());
        plain.extend_from_slice(secret);
        let sealed = age::encrypt(&self.identity.to_public(), &plain);
        let sealed = sealed.map_err(|_| SecretsError::Io { what: "encrypt" })?;
        if let Some(zone) = dir.parent().filter(|zone| !zone.exists()) {
            private_dir(zone)?;
        }
        if !dir.exists() {
            private_dir(&dir)?;
        }
        write(&file, &sealed)
    }

    /// A secret of `owner`; the bytes are erased when dropped.
    ///
    /// # Errors
    /// [`SecretsError::NotTheirs`] for a file that was put in another's place or changed.
    pub fn get(&self, owner: &SpiffeId, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        check_name(name)?;
        let file = self.folder(owner)?.join(format!("{name}.age"));
        let sealed = read(&file, SECRET_LEN_MAX + OVERHEAD_MAX)?;
        let plain = age::decrypt(&self.identity, &sealed);
        let plain = Zeroizing::new(plain.map_err(|_| SecretsError::NotTheirs)?);
        let secret = plain.strip_prefix(head(owner, name).as_bytes());
        let secret = secret.ok_or(SecretsError::NotTheirs)?;
        Ok(Zeroizing::new(secret.to_vec()))
    }

    /// The names of the secrets of `owner`, in order.
    ///
    /// # Errors
    /// [`SecretsError::TooMuch`], [`SecretsError::Io`].
    pub fn names(&self, owner: &SpiffeId) -> Result<Vec<String>, SecretsError> {
        let dir = self.folder(owner)?;
        let Ok(entries) = fs::read_dir(dir) else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|_| SecretsError::Io { what: "list" })?;
            let file = entry.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".age"));
            names.extend(
                name.filter(|name| check_name(name).is_ok())
                    .map(str::to_owned),
            );
            if names.len() > SECRETS_MAX {
                let (what, max) = ("secrets of one workload", SECRETS_MAX);
                return Err(SecretsError::TooMuch { what, max });
            }
        }
        names.sort();
        Ok(names)
    }

    fn folder(&self, owner: &SpiffeId) -> Result<PathBuf, SecretsError> {
        let (zone, workload) = owner.zone_workload().ok_or(SecretsError::BadName)?;
        Ok(self.dir.join(zone).join(workload))
    }
}

const NO_KEY: SecretsError = SecretsError::BadStore {
    what: "its key file holds no key",
};

/// A secret says whose it is inside what is encrypted, so that no file counts in another's place.
fn head(owner: &SpiffeId, name: &str) -> String {
    format!("{FIRST}\n{owner}\n{name}\n")
}

fn check_name(name: &str) -> Result<(), SecretsError> {
    let good =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if name.is_empty() || name.len() > NAME_LEN_MAX || !name.bytes().all(good) {
        return Err(SecretsError::BadName);
    }
    Ok(())
}

fn private_dir(dir: &Path) -> Result<(), SecretsError> {
    let made = fs::DirBuilder::new().mode(0o700).create(dir);
    made.map_err(|_| SecretsError::Io {
        what: "make a directory",
    })
}

/// Whole or not at all: beside, synced, renamed.
fn write(file: &Path, bytes: &[u8]) -> Result<(), SecretsError> {
    let beside = file.with_extension("new");
    let done = (|| {
        // What a fall left behind holds nothing that counts.
        let _left = fs::remove_file(&beside);
        let mut to = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        to.write_all(bytes)?;
        to.sync_all()?;
        fs::rename(&beside, file)?;
        match file.parent() {
            Some(dir) => File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    })();
    done.map_err(|_: std::io::Error| SecretsError::Io { what: "write" })
}

fn read(file: &Path, max: usize) -> Result<Vec<u8>, SecretsError> {
    let failed = |_| SecretsError::Io { what: "read" };
    let from = File::open(file).map_err(failed)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > max {
        let what = "bytes of a file of the store";
        return Err(SecretsError::TooMuch { what, max });
    }
    Ok(bytes)
}
