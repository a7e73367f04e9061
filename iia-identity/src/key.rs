//! Private keys of workloads and authorities: P-256 by default, Ed25519 for peers that read it.
//!
//! ML-DSA is not among them: the TLS stack here knows no signature scheme for it, so such an SVID could never be used.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;
use zeroize::Zeroizing;

use crate::IdentityError;
use crate::random;

/// The kind of a key pair.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyKind {
    /// ECDSA over P-256 with SHA-256, which everybody reads.
    #[default]
    P256,
    /// Ed25519.
    Ed25519,
}

/// A private key: PKCS#8, version 1, erased when dropped, never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// PKCS#8 version 1 of an Ed25519 key up to its 32 secret bytes (RFC 8410 7). What the provider writes itself is version
/// 2, with the public key behind it, and OpenSSL 3.0 refuses that.
const ED25519_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl PrivateKey {
    /// The PKCS#8 bytes.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.0
    }

    /// Takes PKCS#8 bytes as they are; whether they are a key shows when they are used.
    pub fn from_pkcs8(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// Makes a key pair.
pub(crate) fn generate(kind: KeyKind) -> Result<(KeyPair, PrivateKey), IdentityError> {
    if kind == KeyKind::P256 {
        let pair = KeyPair::generate().map_err(|_| refused("make a key"))?;
        let secret = PrivateKey::from_pkcs8(pair.serialize_der());
        return Ok((pair, secret));
    }
    let mut secret = Zeroizing::new([0; 32]);
    random::fill(secret.as_mut())?;
    let mut bytes = Vec::with_capacity(ED25519_HEAD.len() + secret.len());
    bytes.extend_from_slice(&ED25519_HEAD);
    bytes.extend_from_slice(secret.as_ref());
    let secret = PrivateKey::from_pkcs8(bytes);
    Ok((load(&secret)?, secret))
}

/// The key pair of a private key of one of our kinds.
pub(crate) fn load(secret: &PrivateKey) -> Result<KeyPair, IdentityError> {
    let algorithm = match secret.as_pkcs8().starts_with(&ED25519_HEAD) {
        true => &PKCS_ED25519,
        false => &PKCS_ECDSA_P256_SHA256,
    };
    let der = PrivatePkcs8KeyDer::from(secret.as_pkcs8());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm).map_err(|_| refused("read a key"))
}

const fn refused(what: &'static str) -> IdentityError {
    IdentityError::Internal { what }
}
