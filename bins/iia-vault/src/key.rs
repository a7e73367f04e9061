//! The vault's key: 32 bytes in a file that its owner alone may read.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use iia_audit::note::{Purpose, VerifierKey};
use iia_core::sign::{Signer as _, SoftwareKey};
use zeroize::Zeroizing;

use crate::config::{Settings, secret};

/// Makes the key, unless there is one, and prints what verifies receipts.
pub(crate) fn make(settings: &Settings) -> anyhow::Result<ExitCode> {
    if !settings.key.exists() {
        create(&settings.key)?;
    }
    let known = VerifierKey {
        name: settings.name.clone(),
        purpose: Purpose::Log,
        key: load(&settings.key)?.public_key(),
    };
    println!("{}", known.to_text());
    Ok(ExitCode::SUCCESS)
}

fn create(path: &Path) -> anyhow::Result<()> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| anyhow::anyhow!("random source: {error}"))?;
    let mut new = OpenOptions::new();
    let file = new.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| path.display().to_string())?;
    file.write_all(seed.as_ref())?;
    Ok(file.sync_all()?)
}

/// Reads the key.
pub(crate) fn load(path: &Path) -> anyhow::Result<SoftwareKey> {
    let bytes = secret(path).context("the vault's key (make one with `iia-vault key`)")?;
    let seed: [u8; 32] = bytes
        .as_slice()
        .try_into()
        .context("a key file holds 32 bytes")?;
    Ok(SoftwareKey::from_seed(&Zeroizing::new(seed)))
}
