//! Signatures checked in pure Rust, without std: RSASSA, RSA-PSS, ECDSA over P-256 and P-384.

use iia_core::outside::{Check, Curve, HashName, OutsideKey, Scheme};
use iia_core::sign::SignError;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::{BoxedUint, Pss, PublicKey};
use sha2::{Sha256, Sha384, Sha512};

use super::algorithm::hash_of;

/// The checker of an observer; it has no secrets, so timing tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct PureRust;

impl Check for PureRust {
    fn check(
        &self,
        key: &OutsideKey,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignError> {
        match (key, scheme) {
            (OutsideKey::Ecdsa { curve, point }, Scheme::Ecdsa(hash)) => {
                let digest = hash_of(hash, &[message]);
                match curve {
                    Curve::P256 => p256(point, &digest, signature),
                    Curve::P384 => p384(point, &digest, signature),
                }
            }
            (OutsideKey::Rsa { modulus, exponent }, scheme) => {
                let key = rsa_key(modulus, *exponent)?;
                rsa(&key, scheme, message, signature)
            }
            _ => Err(SignError::BadKey),
        }
    }
}

fn p256(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), SignError> {
    use p256::ecdsa::{Signature, VerifyingKey};
    let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| SignError::BadKey)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignError::BadSignature)?;
    let verified = key.verify_prehash(digest, &signature);
    verified.map_err(|_| SignError::BadSignature)
}

fn p384(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), SignError> {
    use p384::ecdsa::{Signature, VerifyingKey};
    let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| SignError::BadKey)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignError::BadSignature)?;
    let verified = key.verify_prehash(digest, &signature);
    verified.map_err(|_| SignError::BadSignature)
}

fn rsa_key(modulus: &[u8], exponent: u32) -> Result<PublicKey, SignError> {
    let bits = u32::try_from(modulus.len() * 8).map_err(|_| SignError::BadKey)?;
    let modulus = BoxedUint::from_be_slice(modulus, bits).map_err(|_| SignError::BadKey)?;
    PublicKey::new(modulus, BoxedUint::from(exponent)).map_err(|_| SignError::BadKey)
}

fn rsa(key: &PublicKey, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), SignError> {
    let (pss, hash) = match scheme {
        Scheme::RsaPkcs1(hash) => (false, hash),
        Scheme::RsaPss(hash) => (true, hash),
        Scheme::Ecdsa(_) => return Err(SignError::BadKey),
    };
    let digest = hash_of(hash, &[message]);
    let verified = match (pss, hash) {
        (false, HashName::Sha256) => key.pkcs1v15_verify_prehash::<Sha256>(&digest, signature),
        (false, HashName::Sha384) => key.pkcs1v15_verify_prehash::<Sha384>(&digest, signature),
        (false, HashName::Sha512) => key.pkcs1v15_verify_prehash::<Sha512>(&digest, signature),
        (true, HashName::Sha256) => key.verify(any_salt::<Sha256>(), &digest, signature),
        (true, HashName::Sha384) => key.verify(any_salt::<Sha384>(), &digest, signature),
        (true, HashName::Sha512) => key.verify(any_salt::<Sha512>(), &digest, signature),
        (_, HashName::Sha1) => return Err(SignError::BadSignature),
    };
    verified.map_err(|_| SignError::BadSignature)
}

/// The salt is as long as the hash, or fills the block: TPMs do either (Part 1, B.7).
fn any_salt<D: sha2::Digest>() -> Pss<D> {
    Pss {
        salt_len: None,
        ..Pss::new()
    }
}
