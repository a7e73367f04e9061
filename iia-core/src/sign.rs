//! Signers and verifiers; a key in a TPM is just another [`Signer`].

use core::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use crate::code::{Code, Coded};
use crate::digest::hex;

/// Where a private key lives; software never claims to be hardware (decision D19).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyOrigin {
    /// In this process's memory or a file.
    Software,
    /// In a TPM or another element that never gives it out.
    Hardware,
}

/// An Ed25519 public key.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Wraps 32 key bytes; a bad point is refused when something is verified with it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 key bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight bytes of the key's digest, which name it in envelopes and notes.
    pub fn key_id(&self) -> KeyId {
        let digest = crate::digest::derive_key("iia 2026-11 key id v1", &self.0);
        let mut id = [0; 8];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        KeyId(id)
    }

    /// Verifies `signature` over `message`, refusing weak keys and malleable signatures.
    ///
    /// # Errors
    /// [`SignError::BadKey`] or [`SignError::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignError> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&self.0).map_err(|_| SignError::BadKey)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(message, &signature)
            .map_err(|_| SignError::BadSignature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", hex(&self.0))
    }
}

/// Names a public key in an envelope or a note; a hint, never a proof.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// Wraps eight bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The eight bytes.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 signature.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Wraps 64 signature bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Something that signs: a software key, a TPM, a token.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Where the private half lives.
    fn origin(&self) -> KeyOrigin;

    /// Signs a message whose bytes already name their purpose.
    ///
    /// # Errors
    /// [`SignError::Unavailable`] when the key's holder does not answer.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// An Ed25519 key in memory; erased when dropped, never printed, never copied.
pub struct SoftwareKey(ed25519_dalek::SigningKey);

impl SoftwareKey {
    /// Makes the key of a 32-byte secret seed, which the caller took from the system's random source.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn origin(&self) -> KeyOrigin {
        KeyOrigin::Software
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature(self.0.sign(message).to_bytes()))
    }
}

/// Why a signature was not made or not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The public key is not a point of the curve.
    #[error("public key is not a valid ed25519 key")]
    BadKey,
    /// The signature does not verify.
    #[error("signature does not verify")]
    BadSignature,
    /// The holder of the key does not answer.
    #[error("key holder is not available")]
    Unavailable,
}

impl Coded for SignError {
    fn code(&self) -> Code {
        match self {
            Self::BadKey => Code::new("COR", 101),
            Self::BadSignature => Code::new("COR", 102),
            Self::Unavailable => Code::new("COR", 501),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_only() {
        let key = SoftwareKey::from_seed(&Zeroizing::new([7; 32]));
        let signature = key.sign(b"head").unwrap();
        assert_eq!(key.public_key().verify(b"head", &signature), Ok(()));
        assert_eq!(
            key.public_key().verify(b"tail", &signature),
            Err(SignError::BadSignature)
        );
        for byte in 0..64 {
            let mut bent = *signature.as_bytes();
            bent[byte] ^= 1;
            assert!(
                key.public_key()
                    .verify(b"head", &Signature::from_bytes(bent))
                    .is_err(),
                "{byte}"
            );
        }
    }
}
