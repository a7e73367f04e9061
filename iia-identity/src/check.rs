//! Signatures of keys that are not ours, checked by the TLS provider: what an observer does in pure Rust, faster.

use iia_core::outside::{Check, Curve, HashName, OutsideKey, Scheme};
use iia_core::sign::SignError;
use rustls::pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs as algorithms;

use crate::der;

/// The provider's algorithms as a [`Check`]. RSA-PSS needs a salt as long as the hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProviderCheck;

impl Check for ProviderCheck {
    fn check(
        &self,
        key: &OutsideKey,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignError> {
        let algorithm = algorithm(key, scheme).ok_or(SignError::BadKey)?;
        let (key, signature) = match key {
            OutsideKey::Rsa { modulus, exponent } => (
                der::numbers(&[modulus, &exponent.to_be_bytes()]),
                signature.to_vec(),
            ),
            OutsideKey::Ecdsa { curve, point } => {
                let (r, s) = signature
                    .split_at_checked(curve.coordinate_len())
                    .filter(|(_, s)| s.len() == curve.coordinate_len())
                    .ok_or(SignError::BadSignature)?;
                (point.clone(), der::numbers(&[r, s]))
            }
        };
        algorithm
            .verify_signature(&key, message, &signature)
            .map_err(|_| SignError::BadSignature)
    }
}

fn algorithm(
    key: &OutsideKey,
    scheme: Scheme,
) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    use HashName::{Sha256, Sha384, Sha512};
    let ecdsa = |curve, hash| -> Option<&'static dyn SignatureVerificationAlgorithm> {
        match (curve, hash) {
            (Curve::P256, Sha256) => Some(algorithms::ECDSA_P256_SHA256),
            (Curve::P256, Sha384) => Some(algorithms::ECDSA_P256_SHA384),
            (Curve::P384, Sha256) => Some(algorithms::ECDSA_P384_SHA256),
            (Curve::P384, Sha384) => Some(algorithms::ECDSA_P384_SHA384),
            _ => None,
        }
    };
    match (key, scheme) {
        (OutsideKey::Ecdsa { curve, .. }, Scheme::Ecdsa(hash)) => ecdsa(*curve, hash),
        (OutsideKey::Rsa { .. }, Scheme::RsaPkcs1(Sha256)) => {
            Some(algorithms::RSA_PKCS1_2048_8192_SHA256)
        }
        (OutsideKey::Rsa { .. }, Scheme::RsaPkcs1(Sha384)) => {
            Some(algorithms::RSA_PKCS1_2048_8192_SHA384)
        }
        (OutsideKey::Rsa { .. }, Scheme::RsaPkcs1(Sha512)) => {
            Some(algorithms::RSA_PKCS1_2048_8192_SHA512)
        }
        (OutsideKey::Rsa { .. }, Scheme::RsaPss(Sha256)) => {
            Some(algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY)
        }
        (OutsideKey::Rsa { .. }, Scheme::RsaPss(Sha384)) => {
            Some(algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY)
        }
        (OutsideKey::Rsa { .. }, Scheme::RsaPss(Sha512)) => {
            Some(algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY)
        }
        _ => None,
    }
}

/// SHA-256 over `parts`, one after the other, by the provider.
pub(crate) fn sha256(parts: &[&[u8]]) -> Option<[u8; 32]> {
    use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256;
    let suite = TLS13_CHACHA20_POLY1305_SHA256.tls13()?;
    let mut hash = suite.common.hash_provider.start();
    parts.iter().for_each(|part| hash.update(part));
    hash.finish().as_ref().try_into().ok()
}
