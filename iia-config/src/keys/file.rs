//! Key files: made for the owner alone, refused when anybody else may read them.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use iia_core::sign::SoftwareKey;
use zeroize::Zeroizing;

use super::{Ask, KeyError, parse};

/// Bytes of a key file at most.
pub const KEY_LEN_MAX: usize = 16 * 1024;

/// Reads a private key from a file.
///
/// # Errors
/// [`KeyError::Open`] when others may read it; whatever [`parse`] says.
pub fn load(path: &Path, ask: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { mode });
    }
    // The whole room is taken at once, so that no half-read copy is left behind by growth.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_LEN_MAX + 1));
    let limit = u64::try_from(KEY_LEN_MAX).unwrap_or(u64::MAX) + 1;
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > KEY_LEN_MAX {
        return Err(KeyError::UnknownForm);
    }
    parse(&bytes, ask)
}

/// Makes a new key in a new file: 64 hexadecimal digits, for the owner alone.
///
/// # Errors
/// [`KeyError::Storage`], also when the file is there already.
pub fn create(path: &Path) -> Result<SoftwareKey, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|_| KeyError::Storage {
        detail: "random source".into(),
    })?;
    let mut text = Zeroizing::new(iia_core::digest::hex(seed.as_ref()));
    text.push('\n');
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(SoftwareKey::from_seed(&seed))
}
