//! ML-DSA-44 (FIPS 204): signatures that a quantum computer does not forge. 2,420 bytes each; for heads, once a minute.

use alloc::boxed::Box;

use ml_dsa::signature::Keypair as _;
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa44, VerifyingKey};
use zeroize::Zeroizing;

use crate::sign::SignError;

/// Bytes of a public key.
pub const PUBLIC_KEY_LEN: usize = 1312;
/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 2420;

/// A public key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey(Box<[u8; PUBLIC_KEY_LEN]>);

impl PublicKey {
    /// Wraps key bytes; every string of this length is a key.
    pub fn from_bytes(bytes: [u8; PUBLIC_KEY_LEN]) -> Self {
        Self(Box::new(bytes))
    }

    /// The key bytes.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.0
    }

    /// Verifies `signature` over `message`, with the empty context.
    ///
    /// # Errors
    /// [`SignError::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> Result<(), SignError> {
        let key = VerifyingKey::<MlDsa44>::decode(&EncodedVerifyingKey::<MlDsa44>::from(*self.0));
        let signature = ml_dsa::Signature::decode(&EncodedSignature::<MlDsa44>::from(*signature));
        let good =
            signature.is_some_and(|signature| key.verify_with_context(message, &[], &signature));
        good.then_some(()).ok_or(SignError::BadSignature)
    }
}

/// A key in memory; erased when dropped, never printed.
pub struct SoftwareKey(ml_dsa::SigningKey<MlDsa44>);

impl SoftwareKey {
    /// Makes the key of a secret seed (FIPS 204 ML-DSA.KeyGen), which the caller took from the system's random source.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        let mut bytes = ml_dsa::Seed::default();
        bytes.copy_from_slice(seed.as_slice());
        Self(ml_dsa::SigningKey::from_seed(&bytes))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().encode().into())
    }

    /// Signs a message whose bytes already name their purpose, with the empty context; the same message has the same
    /// signature.
    ///
    /// # Errors
    /// [`SignError::Unavailable`], which this key never is.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignError> {
        let signed = self.0.expanded_key().sign_deterministic(message, &[]);
        let signature = signed.map_err(|_| SignError::Unavailable)?;
        Ok(signature.encode().into())
    }
}
