//! Who keeps the key of a store: a TPM, or software that says so.

use iia_core::sign::KeyOrigin;
use zeroize::Zeroizing;

use super::SecretsError;
#[cfg(feature = "tpm")]
use crate::{
    pcr_policy::SignedPolicy,
    tpm::{KeyBlob, Tpm},
};

/// Keeps the key of a store.
pub trait Keeper {
    /// Where the key is kept.
    fn origin(&self) -> KeyOrigin;

    /// The first line of the key file, which says what keeps it.
    fn mark(&self) -> &'static str;

    /// What to write down so that the key can be recalled.
    ///
    /// # Errors
    /// What keeps it failed.
    fn keep(&self, key: &[u8]) -> Result<Vec<u8>, SecretsError>;

    /// The key again.
    ///
    /// # Errors
    /// What keeps it refuses.
    fn recall(&self, kept: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretsError>;
}

/// Keeps the key in the file itself: whoever reads the disk reads it. For machines without a TPM, and said in evidence.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftwareKeeper;

impl Keeper for SoftwareKeeper {
    fn origin(&self) -> KeyOrigin {
        KeyOrigin::Software
    }

    fn mark(&self) -> &'static str {
        "iia secret store 1, key kept by software"
    }

    fn keep(&self, key: &[u8]) -> Result<Vec<u8>, SecretsError> {
        Ok(key.to_vec())
    }

    fn recall(&self, kept: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        Ok(Zeroizing::new(kept.to_vec()))
    }
}

/// Keeps the key sealed by a TPM to a signer of states of the machine.
#[cfg(feature = "tpm")]
#[derive(Clone, Debug)]
pub struct TpmKeeper {
    /// The TPM.
    pub tpm: Tpm,
    /// The signer, an uncompressed point of P-256.
    pub signer: [u8; 65],
    /// The policy that came with the running image.
    pub policy: SignedPolicy,
}

/// What policies for a store's key are signed for.
#[cfg(feature = "tpm")]
const REFERENCE: &[u8] = b"iia secret store 1";

#[cfg(feature = "tpm")]
impl TpmKeeper {
    /// The first line of the key file.
    pub const MARK: &'static str = "iia secret store 1, key sealed by a TPM";

    /// What policies for a store's key are signed for.
    pub const REFERENCE: &'static [u8] = REFERENCE;
}

#[cfg(feature = "tpm")]
impl Keeper for TpmKeeper {
    fn origin(&self) -> KeyOrigin {
        KeyOrigin::Hardware
    }

    fn mark(&self) -> &'static str {
        Self::MARK
    }

    fn keep(&self, key: &[u8]) -> Result<Vec<u8>, SecretsError> {
        Ok(self.tpm.seal(key, &self.signer, REFERENCE)?.to_bytes())
    }

    fn recall(&self, kept: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
        let sealed = KeyBlob::parse(kept)?;
        let opened = self
            .tpm
            .unseal(&sealed, &self.signer, REFERENCE, &self.policy);
        Ok(opened?)
    }
}
