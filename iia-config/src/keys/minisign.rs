//! Keys that `minisign` made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::sign::{Signer as _, SoftwareKey};
use minisign::SecretKeyBox;
use zeroize::Zeroizing;

use super::{Ask, KeyError};

/// Where the seed stands in the key's bytes: behind algorithms, salt, limits and key number.
const SEED_AT: usize = 2 + 2 + 2 + 32 + 8 + 8 + 8;

pub(super) fn read(bytes: &[u8], ask: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| KeyError::UnknownForm)?;
    let line = text.lines().nth(1).ok_or(KeyError::UnknownForm)?;
    let raw = STANDARD.decode(line.trim_end());
    let raw = Zeroizing::new(raw.map_err(|_| KeyError::UnknownForm)?);
    if raw.get(..2) != Some(b"Ed") {
        return Err(KeyError::WrongAlgorithm);
    }
    match raw.get(2..4) {
        Some(b"Sc") => {
            let passphrase = ask().ok_or(KeyError::Passphrase)?;
            let boxed = SecretKeyBox::from_string(text).map_err(|_| KeyError::UnknownForm)?;
            let opened = boxed.into_secret_key(Some(passphrase.to_string()));
            let opened = opened.map_err(|_| KeyError::Passphrase)?;
            key(&Zeroizing::new(opened.to_bytes()))
        }
        // WHY: not by the crate. It wants a checksum, and `minisign -W` writes none into a key without password.
        Some([0, 0]) => key(&raw),
        _ => Err(KeyError::UnknownForm),
    }
}

/// The seed stands before its own public key, so a damaged one is seen.
fn key(raw: &[u8]) -> Result<SoftwareKey, KeyError> {
    let (_, rest) = raw.split_at_checked(SEED_AT).ok_or(KeyError::UnknownForm)?;
    let (seed, rest) = rest
        .split_first_chunk::<32>()
        .ok_or(KeyError::UnknownForm)?;
    let key = SoftwareKey::from_seed(&Zeroizing::new(*seed));
    if rest.first_chunk::<32>() == Some(key.public_key().as_bytes()) {
        Ok(key)
    } else {
        Err(KeyError::UnknownForm)
    }
}
