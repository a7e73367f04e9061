//! The one key by which the machine of a box attests. The issuer asks for quotes under it before it gives anything, and the
//! observer of the image publishes quotes under it. Whoever comes first, `iia-box attester` or the issuer, has it made in the
//! TPM; the observer only uses it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use iia_identity::secrets::SecretsError;
use iia_identity::tpm::{KeyBlob, Tpm};

use crate::boxdir::BoxDir;
use crate::issue::Denied;
use crate::keeper::tpm::read;
use crate::keys;

/// The key of the box in `dir`, made by its TPM where there is none yet.
pub(crate) fn made(dir: &BoxDir, tpm: &Tpm) -> Result<KeyBlob, Denied> {
    let place = dir.attestation_key();
    if !place.exists() {
        let key = tpm.create_attestation_key()?.to_bytes();
        keep_first(&place, &key).map_err(|_| SecretsError::Io {
            what: "keep the attestation key",
        })?;
    }
    kept(dir)
}

/// The key of the box in `dir`, which somebody had made.
pub(crate) fn kept(dir: &BoxDir) -> Result<KeyBlob, Denied> {
    Ok(KeyBlob::parse(&read(&dir.attestation_key())?)?)
}

/// Writes a file whole, or leaves the one that somebody else wrote meanwhile: two who come at once have one key.
fn keep_first(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = place.with_extension(std::process::id().to_string());
    let _left_by_a_crash = fs::remove_file(&beside);
    keys::keep(&beside, bytes).map_err(io::Error::other)?;
    let linked = fs::hard_link(&beside, place);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(place.parent().unwrap_or(Path::new(".")))?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_second_leaves_the_first_ones_key() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("attestation-key");
        keep_first(&place, b"first").unwrap();
        keep_first(&place, b"second").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
