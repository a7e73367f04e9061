//! Operators' keys off the box: files of several tools, and tokens. A secret is read into memory that is erased, is
//! never printed, and its file must be readable by its owner alone.
//!
//! A key that also logs in somewhere (OpenSSH) or signs releases (minisign) can be used: what is signed here begins
//! with `DSSEv1` and the payload type, which neither of them signs. A key of its own is better all the same.

mod error;
mod file;
#[cfg(feature = "minisign")]
mod minisign;
#[cfg(feature = "openssh")]
mod openssh;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
mod public;

use iia_core::sign::SoftwareKey;
use zeroize::Zeroizing;

pub use self::error::KeyError;
pub use self::file::{KEY_LEN_MAX, create, load};
pub use self::public::parse_public;

/// Asks a person for the passphrase of a key; called only when the key has one.
pub type Ask<'a> = dyn FnMut() -> Option<Zeroizing<String>> + 'a;

/// Reads a private key in any of the forms that are known: 32 raw bytes, 64 hexadecimal digits, minisign, OpenSSH.
///
/// # Errors
/// [`KeyError`].
pub fn parse(bytes: &[u8], ask: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    if bytes.starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----") {
        return open_ssh(bytes, ask);
    }
    if bytes.starts_with(b"untrusted comment:") {
        return mini_sign(bytes, ask);
    }
    let seed = Zeroizing::new(seed(bytes).ok_or(KeyError::UnknownForm)?);
    Ok(SoftwareKey::from_seed(&seed))
}

/// 32 raw bytes, or their lower-case hexadecimal on one line.
fn seed(bytes: &[u8]) -> Option<[u8; 32]> {
    if let Ok(seed) = bytes.try_into() {
        return Some(seed);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut seed = [0; 32];
    iia_core::digest::decode_hex(text.strip_suffix('\n').unwrap_or(text), &mut seed)?;
    Some(seed)
}

#[cfg(feature = "openssh")]
use self::openssh::read as open_ssh;
#[cfg(not(feature = "openssh"))]
fn open_ssh(_: &[u8], _: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    Err(KeyError::NotBuilt { form: "OpenSSH" })
}

#[cfg(feature = "minisign")]
use self::minisign::read as mini_sign;
#[cfg(not(feature = "minisign"))]
fn mini_sign(_: &[u8], _: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    Err(KeyError::NotBuilt { form: "minisign" })
}
