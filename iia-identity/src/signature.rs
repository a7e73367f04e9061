//! Signatures over other things than handshakes: certificates of authorities, revocation lists, images.

use rustls::pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P384_SHA384, ED25519, RSA_PKCS1_2048_8192_SHA256,
};
use x509_parser::asn1_rs::BitString;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION,
    OID_PKCS1_SHA256WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ED25519,
};
use x509_parser::prelude::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// How a key of this kind signs; `None` for kinds that nobody here believes.
pub(crate) fn algorithm(
    key: &SubjectPublicKeyInfo<'_>,
) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    let kind = &key.algorithm.algorithm;
    let curve = || key.algorithm.parameters.as_ref()?.as_oid().ok();
    if *kind == OID_SIG_ED25519 {
        Some(ED25519)
    } else if *kind == OID_PKCS1_RSAENCRYPTION {
        Some(RSA_PKCS1_2048_8192_SHA256)
    } else if *kind != OID_KEY_TYPE_EC_PUBLIC_KEY {
        None
    } else if curve() == Some(OID_EC_P256) {
        Some(ECDSA_P256_SHA256)
    } else if curve() == Some(OID_NIST_EC_P384) {
        Some(ECDSA_P384_SHA384)
    } else {
        None
    }
}

/// Whether `signature` over `message` is of this key.
pub(crate) fn holds(key: &SubjectPublicKeyInfo<'_>, message: &[u8], signature: &[u8]) -> bool {
    algorithm(key).is_some_and(|algorithm| {
        let point = &key.subject_public_key.data;
        algorithm
            .verify_signature(point, message, signature)
            .is_ok()
    })
}

/// The same for a signed ASN.1 structure, which names its algorithm: it must be the one with which the key signs.
pub(crate) fn holds_as(
    key: &SubjectPublicKeyInfo<'_>,
    named: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &BitString<'_>,
) -> bool {
    let kind = &key.algorithm.algorithm;
    let fits = if *kind == OID_SIG_ED25519 {
        named.algorithm == OID_SIG_ED25519
    } else if *kind == OID_PKCS1_RSAENCRYPTION {
        named.algorithm == OID_PKCS1_SHA256WITHRSA
    } else {
        let hash = match key
            .algorithm
            .parameters
            .as_ref()
            .map(|curve| curve.as_oid())
        {
            Some(Ok(curve)) if curve == OID_NIST_EC_P384 => OID_SIG_ECDSA_WITH_SHA384,
            _ => OID_SIG_ECDSA_WITH_SHA256,
        };
        named.algorithm == hash
    };
    fits && signature.unused_bits == 0 && holds(key, message, &signature.data)
}
