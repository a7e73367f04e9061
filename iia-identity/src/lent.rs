//! A key that somebody else holds: whoever has it asks for each signature and never sees the private half. So a supervisor
//! lends a workload a key of a TPM, to which the workload itself has no way.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

/// Asks whoever holds the key for an ECDSA signature over the SHA-256 of a message, in DER; `None` when it gives none.
pub type Sign = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// A P-256 key for handshakes; cheap to clone.
#[derive(Clone)]
pub struct LentKey {
    public: Arc<[u8]>,
    sign: Arc<Sign>,
}

impl LentKey {
    /// A key by its public half, a SubjectPublicKeyInfo in DER, and the way to whoever holds it.
    pub fn new(
        public: &[u8],
        sign: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            public: public.into(),
            sign: Arc::new(sign),
        }
    }

    /// The public half.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// An ECDSA signature over the SHA-256 of `message`, in DER; `None` when whoever holds the key gives none.
    pub fn sign_der(&self, message: &[u8]) -> Option<Vec<u8>> {
        (self.sign)(message)
    }
}

impl fmt::Debug for LentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LentKey").finish_non_exhaustive()
    }
}

impl SigningKey for LentKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let ours = SignatureScheme::ECDSA_NISTP256_SHA256;
        offered
            .contains(&ours)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(&self.public[..]))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for LentKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let none = || rustls::Error::General("whoever holds the key does not sign".into());
        self.sign_der(message).ok_or_else(none)
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
