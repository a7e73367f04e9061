//! Software keys in files: what stands in for a TPM and says so (decision D19). Seeds are readable by the owner only.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use iia_core::sign::SoftwareKey;
use zeroize::Zeroizing;

/// Makes a key in a new file.
pub(crate) fn create(path: &Path) -> anyhow::Result<SoftwareKey> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| anyhow::anyhow!("random source: {error}"))?;
    keep(path, seed.as_ref())?;
    Ok(SoftwareKey::from_seed(&seed))
}

/// Writes a secret to a new file that only its owner may read.
pub(crate) fn keep(path: &Path, secret: &[u8]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret)?;
    Ok(file.sync_all()?)
}

/// Reads a key back.
pub(crate) fn load(path: &Path) -> anyhow::Result<SoftwareKey> {
    let bytes =
        Zeroizing::new(fs::read(path).with_context(|| format!("read key {}", path.display()))?);
    let seed: [u8; 32] = bytes
        .as_slice()
        .try_into()
        .context("a key file holds 32 bytes")?;
    Ok(SoftwareKey::from_seed(&Zeroizing::new(seed)))
}
