//! The keys of the issuer: made once, kept in files that their owner alone may read. They are software keys, and that
//! is what the log says (decision D19).

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use iia_core::id::TrustDomain;
use iia_core::time::Reading;
use iia_identity::issue::Issuer;
use iia_identity::jwt::JwtAuthority;

/// Life of the root certificate in years.
const ROOT_YEARS: i64 = 10;
const FOLDER: &str = "authority";
const STATE: &str = "x509";
const TOKENS: &str = "jwt.key";

/// The authorities of a trust domain, from `DIR/keys/authority`; they are made there when there are none.
pub(crate) fn open(
    dir: &Path,
    domain: &TrustDomain,
    (life_secs, now): (i64, Reading),
) -> anyhow::Result<(Issuer, JwtAuthority)> {
    let folder = dir.join("keys").join(FOLDER);
    if !folder.exists() {
        create(&folder, domain, (life_secs, now))?;
        tracing::info!(
            "made the keys of {domain}: software keys, in {}",
            folder.display()
        );
    }
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| path.display().to_string())
    };
    let issuer = Issuer::from_state(&read(STATE)?);
    let issuer = issuer.with_context(|| format!("keys in {}", folder.display()))?;
    let jwt = JwtAuthority::restore(domain.clone(), &read(TOKENS)?)?;
    Ok((issuer, jwt))
}

/// All of them or none: beside, synced, renamed.
fn create(
    folder: &Path,
    domain: &TrustDomain,
    (life_secs, now): (i64, Reading),
) -> anyhow::Result<()> {
    let issuer = Issuer::create(domain.clone(), life_secs, ROOT_YEARS, now)?;
    let jwt = JwtAuthority::create(domain.clone())?;
    let beside = folder.with_extension("new");
    if beside.exists() {
        fs::remove_dir_all(&beside)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&beside)?;
    keep(&beside.join(STATE), &issuer.to_state()?)?;
    keep(&beside.join(TOKENS), &jwt.secret())?;
    File::open(&beside)?.sync_all()?;
    fs::rename(&beside, folder)?;
    let parent = folder.parent().context("keys lie in a folder")?;
    Ok(File::open(parent)?.sync_all()?)
}

fn keep(path: &Path, secret: &[u8]) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret)?;
    Ok(file.sync_all()?)
}
