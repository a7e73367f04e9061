//! A workload's current SVID, replaceable while handshakes go on.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use iia_core::Timestamp;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::IdentityError;
use crate::issue::PrivateKey;

/// A chain with its key, ready for handshakes.
pub struct Svid {
    key: Arc<CertifiedKey>,
    not_after: Timestamp,
}

impl Svid {
    /// Joins a chain, leaf first, with its key.
    ///
    /// # Errors
    /// [`IdentityError::BadCertificate`] when they do not belong together.
    pub fn new(chain: Vec<Vec<u8>>, key: PrivateKey) -> Result<Self, IdentityError> {
        let not_after = not_after(&chain)?;
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.as_pkcs8().to_vec()));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let key = CertifiedKey::from_der(chain, der, &provider)
            .map_err(|_| IdentityError::BadCertificate)?;
        Ok(Self {
            key: Arc::new(key),
            not_after,
        })
    }

    /// Joins a chain, leaf first, with a key that signs where it lives, such as in a TPM.
    ///
    /// # Errors
    /// [`IdentityError::BadCertificate`] when they do not belong together.
    pub fn with_signing_key(
        chain: Vec<Vec<u8>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, IdentityError> {
        let not_after = not_after(&chain)?;
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let key = CertifiedKey::new(chain, key);
        key.keys_match()
            .map_err(|_| IdentityError::BadCertificate)?;
        Ok(Self {
            key: Arc::new(key),
            not_after,
        })
    }
}

/// When the leaf of a chain ends.
fn not_after(chain: &[Vec<u8>]) -> Result<Timestamp, IdentityError> {
    let leaf = chain.first().ok_or(IdentityError::BadCertificate)?;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| IdentityError::BadCertificate)?;
    Ok(Timestamp::from_secs(
        parsed.validity().not_after.timestamp(),
    ))
}

/// The place where a workload's current SVID is; every handshake looks here.
pub struct Store {
    svid: RwLock<Svid>,
    number: AtomicU64,
}

impl Store {
    /// Starts with a first SVID.
    pub fn new(svid: Svid) -> Self {
        Self {
            svid: RwLock::new(svid),
            number: AtomicU64::new(0),
        }
    }

    /// Puts a newer SVID in place; handshakes from now on use it.
    pub fn replace(&self, svid: Svid) {
        *self.svid.write().unwrap_or_else(PoisonError::into_inner) = svid;
        self.number.fetch_add(1, Ordering::Release);
    }

    /// Which SVID is in place: another number is another one.
    pub fn number(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// When the current SVID ends.
    pub fn not_after(&self) -> Timestamp {
        self.svid
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .not_after
    }

    pub(crate) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.svid.read().unwrap_or_else(PoisonError::into_inner).key)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}
