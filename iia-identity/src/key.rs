//! Private keys of workloads and authorities: P-256 by default, Ed25519 for peers that read it.
//!
//! ML-DSA is not among them: the TLS stack here knows no signature scheme for it, so such an SVID could never be used.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SignatureAlgorithm};
use rustls::pki_types::PrivatePkcs8KeyDer;
use zeroize::Zeroizing;

use crate::IdentityError;

/// The kind of a key pair.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyKind {
    /// ECDSA over P-256 with SHA-256, which everybody reads.
    #[default]
    P256,
    /// Ed25519.
    Ed25519,
}

/// Characters of base64 in a line of PEM (RFC 7468 2).
const PEM_LINE: usize = 64;

/// A private key: PKCS#8, version 1, erased when dropped, never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// PKCS#8 version 1 of an Ed25519 key up to its 32 secret bytes (RFC 8410 7). Version 2 has the public key behind it, and
/// OpenSSL 3.0 refuses that.
const ED25519_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl PrivateKey {
    /// The PKCS#8 bytes.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.0
    }

    /// The key as PEM, for a file that only its owner reads.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let body = Zeroizing::new(STANDARD.encode(self.as_pkcs8()));
        let mut text = Zeroizing::new(String::with_capacity(2 * body.len() + 128));
        text.push_str("-----BEGIN PRIVATE KEY-----\n");
        let (mut rest, mut line) = (body.as_str(), PEM_LINE);
        while !rest.is_empty() {
            line = line.min(rest.len());
            let (part, after) = rest.split_at_checked(line).unwrap_or((rest, ""));
            text.push_str(part);
            text.push('\n');
            rest = after;
        }
        text.push_str("-----END PRIVATE KEY-----\n");
        text
    }

    /// Takes PKCS#8 bytes as they are; whether they are a key shows when they are used.
    pub fn from_pkcs8(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// The public half of a key that was made here.
pub(crate) struct Public {
    kind: KeyKind,
    point: Vec<u8>,
}

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.kind {
            KeyKind::P256 => &PKCS_ECDSA_P256_SHA256,
            KeyKind::Ed25519 => &PKCS_ED25519,
        }
    }
}

/// Makes a key for somebody else. Reading it back, as whoever signs with it must, costs as much again.
pub(crate) fn make(kind: KeyKind) -> Result<(Public, PrivateKey), IdentityError> {
    let cannot = |_| refused("make a key");
    let (point, secret) = match kind {
        KeyKind::P256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(cannot)?;
            let secret = pair.to_pkcs8v1().map_err(cannot)?;
            (pair.public_key().as_ref().to_vec(), secret)
        }
        KeyKind::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(cannot)?;
            let secret = pair.to_pkcs8v1().map_err(cannot)?;
            (pair.public_key().as_ref().to_vec(), secret)
        }
    };
    let secret = PrivateKey::from_pkcs8(secret.as_ref().to_vec());
    Ok((Public { kind, point }, secret))
}

/// Makes a key pair that signs.
pub(crate) fn generate(kind: KeyKind) -> Result<(KeyPair, PrivateKey), IdentityError> {
    let (_, secret) = make(kind)?;
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
