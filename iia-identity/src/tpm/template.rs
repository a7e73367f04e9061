//! Public areas of the keys that are made here.

use tss_esapi::Error;
use tss_esapi::attributes::{ObjectAttributes, ObjectAttributesBuilder};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::structures::{
    Digest, EccPoint, EccScheme, HashScheme, KeyDerivationFunctionScheme, KeyedHashScheme, Public,
    PublicBuilder, PublicEccParametersBuilder, PublicKeyedHashParameters,
    SymmetricDefinitionObject,
};
use tss_esapi::traits::UnMarshall as _;

/// Made in the TPM, and never outside it.
fn stays() -> ObjectAttributesBuilder {
    ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
}

/// The storage key: it wraps other keys and does nothing else.
pub(super) fn storage() -> Result<Public, Error> {
    let attributes = stays()
        .with_restricted(true)
        .with_decrypt(true)
        .with_no_da(true);
    let symmetric = SymmetricDefinitionObject::AES_128_CFB;
    ecc(
        attributes.build()?,
        EccScheme::Null,
        symmetric,
        (true, false),
    )
}

/// A key that signs whatever its owner asks, such as handshakes.
pub(super) fn signing() -> Result<Public, Error> {
    let attributes = stays().with_sign_encrypt(true).with_no_da(true);
    let symmetric = SymmetricDefinitionObject::Null;
    ecc(attributes.build()?, ecdsa(), symmetric, (false, true))
}

/// An attestation key: it signs only what its TPM made.
pub(super) fn attestation() -> Result<Public, Error> {
    let attributes = stays()
        .with_sign_encrypt(true)
        .with_restricted(true)
        .with_no_da(true);
    let symmetric = SymmetricDefinitionObject::Null;
    ecc(attributes.build()?, ecdsa(), symmetric, (true, true))
}

fn ecdsa() -> EccScheme {
    EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256))
}

fn ecc(
    attributes: ObjectAttributes,
    scheme: EccScheme,
    symmetric: SymmetricDefinitionObject,
    (restricted, signs): (bool, bool),
) -> Result<Public, Error> {
    let parameters = PublicEccParametersBuilder::new()
        .with_symmetric(symmetric)
        .with_ecc_scheme(scheme)
        .with_curve(EccCurve::NistP256)
        .with_key_derivation_function_scheme(KeyDerivationFunctionScheme::Null)
        .with_restricted(restricted)
        .with_is_signing_key(signs)
        .with_is_decryption_key(!signs)
        .build()?;
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
}

/// A sealed secret that only `policy` opens: no password does.
pub(super) fn sealed(policy: [u8; 32]) -> Result<Public, Error> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_admin_with_policy(true)
        .with_no_da(true)
        .build()?;
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::KeyedHash)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_auth_policy(Digest::try_from(policy.to_vec())?)
        .with_keyed_hash_parameters(PublicKeyedHashParameters::new(KeyedHashScheme::Null))
        .with_keyed_hash_unique_identifier(Digest::default())
        .build()
}

/// The public half of somebody's P-256 key outside any TPM, to check signatures with.
///
/// A key has one name only with one set of attributes; these are those that the TPM tools give it.
pub(super) fn outside(point: &[u8; 65]) -> Result<Public, Error> {
    // ECC, SHA-256, userWithAuth | decrypt | sign, no policy, no symmetric, no scheme, P-256, no key derivation.
    const HEAD: [u8; 18] = [
        0, 0x23, 0, 0x0b, 0, 6, 0, 0x40, 0, 0, 0, 0x10, 0, 0x10, 0, 3, 0, 0x10,
    ];
    const LEN: [u8; 2] = [0, 32];
    let (_, coordinates) = point.split_at(1);
    let (x, y) = coordinates.split_at(32);
    Public::unmarshall(&[&HEAD[..], &LEN, x, &LEN, y].concat())
}
