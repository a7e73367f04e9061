//! Handing secrets to a workload: files in memory, in a directory that only it can read.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use iia_core::SpiffeId;

use super::{SecretStore, SecretsError};

/// File systems that are memory: tmpfs and ramfs (statfs(2)).
const TMPFS: i64 = 0x0102_1994;
const RAMFS: i64 = 0x8584_58f6;

impl SecretStore {
    /// Writes the secrets of `owner` that are called `names` below `memory`, readable by `user` alone, and gives the
    /// directory. Where one is not in the store nothing is handed over.
    ///
    /// What a previous start left there goes first. The directory's name is the owner's zone and name; its parent stays
    /// with the caller, who gives others no more than the right to pass.
    ///
    /// # Errors
    /// [`SecretsError::NotInMemory`], [`SecretsError::Swaps`], [`SecretsError::Missing`], [`SecretsError::Io`], whatever
    /// [`SecretStore::get`] says.
    pub fn hand_over(
        &self,
        (owner, names): (&SpiffeId, &BTreeSet<String>),
        user: (u32, u32),
        memory: &Path,
    ) -> Result<PathBuf, SecretsError> {
        check_memory(memory)?;
        let dir = place(owner, memory)?;
        Self::withdraw(owner, memory)?;
        let written = self.write_below(&dir, (owner, names), user);
        if written.is_err() {
            Self::withdraw(owner, memory)?;
        }
        written.map(|()| dir)
    }

    fn write_below(
        &self,
        dir: &Path,
        (owner, names): (&SpiffeId, &BTreeSet<String>),
        user: (u32, u32),
    ) -> Result<(), SecretsError> {
        let failed = |_| SecretsError::Io {
            what: "hand over a secret",
        };
        let made = fs::DirBuilder::new().mode(0o700).create(dir);
        made.map_err(failed)?;
        let kept = self.names(owner)?;
        for name in names {
            if !kept.contains(name) {
                return Err(SecretsError::Missing { name: name.clone() });
            }
            let secret = self.get(owner, name)?;
            let file = dir.join(name);
            let mut to = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o400)
                .open(&file)
                .map_err(failed)?;
            to.write_all(&secret).map_err(failed)?;
            chown(&file, Some(user.0), Some(user.1)).map_err(failed)?;
        }
        // Last: nobody has looked in before everything is there.
        fs::set_permissions(dir, fs::Permissions::from_mode(0o500)).map_err(failed)?;
        chown(dir, Some(user.0), Some(user.1)).map_err(failed)
    }

    /// Takes back what was handed to `owner`.
    ///
    /// # Errors
    /// [`SecretsError::Io`].
    pub fn withdraw(owner: &SpiffeId, memory: &Path) -> Result<(), SecretsError> {
        match fs::remove_dir_all(place(owner, memory)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SecretsError::Io {
                what: "take a secret back",
            }),
            _ => Ok(()),
        }
    }
}

/// Where the secrets of `owner` go; a zone has no dot in its name, so no two owners share a place.
fn place(owner: &SpiffeId, memory: &Path) -> Result<PathBuf, SecretsError> {
    let (zone, workload) = owner.zone_workload().ok_or(SecretsError::BadName)?;
    if zone.contains('.') {
        return Err(SecretsError::BadName);
    }
    Ok(memory.join(format!("{zone}.{workload}")))
}

fn check_memory(memory: &Path) -> Result<(), SecretsError> {
    let stat = rustix::fs::statfs(memory).map_err(|_| SecretsError::NotInMemory)?;
    match stat.f_type {
        RAMFS => Ok(()),
        TMPFS if swaps() => Err(SecretsError::Swaps),
        TMPFS => Ok(()),
        _ => Err(SecretsError::NotInMemory),
    }
}

/// Whether memory may go to a disk: a swap that is not memory itself.
fn swaps() -> bool {
    let Ok(table) = fs::read_to_string("/proc/swaps") else {
        // Where nothing can be known nothing is risked.
        return true;
    };
    let mut used = table.lines().skip(1);
    used.any(|line| !line.starts_with("/dev/zram"))
}
