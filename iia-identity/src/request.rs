//! Signing requests: of everything that one says only its public key counts, after its signature was found good.

use rcgen::{
    CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PKCS_RSA_SHA256, PublicKey, PublicKeyData as _,
};
use rustls::pki_types::CertificateSigningRequestDer;
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey as Read;

use crate::IdentityError;

/// Largest signing request in bytes.
pub const REQUEST_LEN_MAX: usize = 16 * 1024;
/// Smallest and largest RSA key of a device in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The key of a device: many of them have RSA and nothing else.
pub(crate) struct DeviceKey {
    pub(crate) key: PublicKey,
    pub(crate) is_rsa: bool,
}

/// The public key of a workload's request: P-256, P-384 or Ed25519.
pub(crate) fn workload_key(request: &[u8]) -> Result<PublicKey, IdentityError> {
    let key = open(request)?;
    let known = [
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ED25519,
    ];
    match known.contains(&key.algorithm()) {
        true => Ok(key),
        false => Err(IdentityError::BadRequest),
    }
}

/// The public key of a device's request: as a workload's, or RSA of 2048 to 4096 bits.
pub(crate) fn device_key(request: &[u8]) -> Result<DeviceKey, IdentityError> {
    let key = open(request)?;
    if *key.algorithm() != PKCS_RSA_SHA256 {
        let key = workload_key(request)?;
        return Ok(DeviceKey { key, is_rsa: false });
    }
    let info = key.subject_public_key_info();
    let bits = match SubjectPublicKeyInfo::from_der(&info) {
        Ok((_, info)) => match info.parsed() {
            Ok(Read::RSA(rsa)) => rsa.key_size(),
            _ => 0,
        },
        Err(_) => 0,
    };
    match RSA_BITS.contains(&bits) {
        true => Ok(DeviceKey { key, is_rsa: true }),
        false => Err(IdentityError::BadRequest),
    }
}

fn open(request: &[u8]) -> Result<PublicKey, IdentityError> {
    if request.len() > REQUEST_LEN_MAX {
        return Err(IdentityError::BadRequest);
    }
    let der = CertificateSigningRequestDer::from(request);
    let read = CertificateSigningRequestParams::from_der(&der);
    Ok(read.map_err(|_| IdentityError::BadRequest)?.public_key)
}
