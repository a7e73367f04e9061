//! The private half, for whoever builds images and executables; a box has none.

use rcgen::{KeyPair, SigningKey as _};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::AdmissionError;
use crate::key::{self, KeyKind, PrivateKey};

/// A key that signs what is built: P-256 or Ed25519.
pub struct BuildKey(KeyPair);

impl BuildKey {
    /// Makes a key; gives its private half to keep.
    ///
    /// # Errors
    /// [`AdmissionError::BadKey`] when the provider refuses.
    pub fn create(kind: KeyKind) -> Result<(Self, PrivateKey), AdmissionError> {
        let (pair, secret) = key::generate(kind).map_err(|_| AdmissionError::BadKey)?;
        Ok((Self(pair), secret))
    }

    /// Reads a private key: PKCS#8 as PEM (`openssl genpkey`) or DER.
    ///
    /// # Errors
    /// [`AdmissionError::BadKey`].
    pub fn read(bytes: &[u8]) -> Result<Self, AdmissionError> {
        let pem = PrivatePkcs8KeyDer::from_pem_slice(bytes);
        let der = pem.map_or_else(|_| bytes.to_vec(), |der| der.secret_pkcs8_der().to_vec());
        let pair = key::load(&PrivateKey::from_pkcs8(der));
        pair.map(Self).map_err(|_| AdmissionError::BadKey)
    }

    /// The public half as PEM: what boxes, Podman and cosign trust.
    pub fn public_pem(&self) -> String {
        self.0.public_key_pem()
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`AdmissionError::BadKey`] when the provider refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AdmissionError> {
        self.0.sign(message).map_err(|_| AdmissionError::BadKey)
    }
}
