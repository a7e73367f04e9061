//! A key in a TPM that is spoken to only while it signs: a TPM that others ask as well is not held.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use iia_core::sign::KeyOrigin;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::{HardwareError, KeyBlob, Tpm, TpmKey};

/// A key for handshakes; cheap to clone.
#[derive(Clone)]
pub struct SeldomKey(Arc<Inner>);

struct Inner {
    address: String,
    patience: Duration,
    blob: KeyBlob,
    public: Vec<u8>,
}

impl SeldomKey {
    /// A key of the TPM at this address, which answers within `patience`.
    ///
    /// # Errors
    /// [`HardwareError::Internal`] for a key without a public half.
    pub fn new(key: &TpmKey, address: &str, patience: Duration) -> Result<Self, HardwareError> {
        let public = SigningKey::public_key(key);
        let what = "a key without a public half";
        let public = public.ok_or(HardwareError::Internal { what })?;
        Ok(Self(Arc::new(Inner {
            address: address.into(),
            patience,
            blob: key.blob().clone(),
            public: public.as_ref().to_vec(),
        })))
    }

    /// Where the private half lives.
    pub const fn origin(&self) -> KeyOrigin {
        KeyOrigin::Hardware
    }

    fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, HardwareError> {
        let tpm = Tpm::open_within(&self.0.address, self.0.patience)?;
        tpm.key(&self.0.blob)?.sign_der(message)
    }
}

impl fmt::Debug for SeldomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeldomKey").finish_non_exhaustive()
    }
}

impl SigningKey for SeldomKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let ours = SignatureScheme::ECDSA_NISTP256_SHA256;
        offered
            .contains(&ours)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.0.public.as_slice()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for SeldomKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signed = self.sign_der(message);
        signed.map_err(|error| rustls::Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
