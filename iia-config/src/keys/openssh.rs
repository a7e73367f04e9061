//! Keys that `ssh-keygen` made.

use iia_core::sign::SoftwareKey;
use ssh_key::PrivateKey;
use zeroize::Zeroizing;

use super::{Ask, KeyError};

pub(super) fn read(bytes: &[u8], ask: &mut Ask<'_>) -> Result<SoftwareKey, KeyError> {
    let mut key = PrivateKey::from_openssh(bytes).map_err(|_| KeyError::UnknownForm)?;
    if key.is_encrypted() {
        let passphrase = ask().ok_or(KeyError::Passphrase)?;
        let opened = key.decrypt(passphrase.as_bytes());
        key = opened.map_err(|_| KeyError::Passphrase)?;
    }
    let pair = key.key_data().ed25519().ok_or(KeyError::WrongAlgorithm)?;
    let seed = Zeroizing::new(pair.private.to_bytes());
    Ok(SoftwareKey::from_seed(&seed))
}
