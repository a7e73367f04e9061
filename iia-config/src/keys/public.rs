//! Public keys as the tools print them, for the trust document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::sign::PublicKey;

use super::KeyError;
use crate::trust;

/// Reads a public key: `ed25519:…` as documents write it, a line of OpenSSH, or a file of minisign.
///
/// # Errors
/// [`KeyError`].
pub fn parse_public(text: &str) -> Result<PublicKey, KeyError> {
    if let Some(key) = trust::parse_key(text.trim()) {
        return Ok(key);
    }
    if let Some(rest) = text.strip_prefix("ssh-") {
        let blob = rest
            .strip_prefix("ed25519 ")
            .ok_or(KeyError::WrongAlgorithm)?;
        return open_ssh(blob).ok_or(KeyError::UnknownForm);
    }
    if text.starts_with("untrusted comment:") {
        let line = text.lines().nth(1).and_then(mini_sign);
        return line.ok_or(KeyError::UnknownForm);
    }
    Err(KeyError::UnknownForm)
}

/// `string "ssh-ed25519"`, `string key`, each behind its length (RFC 8709).
fn open_ssh(blob: &str) -> Option<PublicKey> {
    let blob = STANDARD
        .decode(blob.split_ascii_whitespace().next()?)
        .ok()?;
    let rest = blob.strip_prefix(b"\0\0\0\x0bssh-ed25519\0\0\0\x20")?;
    Some(PublicKey::from_bytes(rest.try_into().ok()?))
}

/// `Ed`, eight bytes that name it, the key.
fn mini_sign(line: &str) -> Option<PublicKey> {
    let bytes = STANDARD.decode(line.trim_end()).ok()?;
    let (_number, key) = bytes.strip_prefix(b"Ed")?.split_first_chunk::<8>()?;
    Some(PublicKey::from_bytes(key.try_into().ok()?))
}
