//! A P-256 key in a TPM as the key of an SVID: it signs handshakes and requests, and never leaves.

use std::fmt;
use std::sync::Arc;

use iia_core::sign::KeyOrigin;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::alg_id::ECDSA_P256;
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{SignatureAlgorithm, SignatureScheme};
use tss_esapi::constants::StructureTag;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{
    Digest, HashScheme, HashcheckTicket, Public, Signature, SignatureScheme as TpmScheme,
};
use tss_esapi::tss2_esys::TPMT_TK_HASHCHECK;

use super::{HardwareError, KeyBlob, Tpm, failed, storage_key, template, with_loaded};
use crate::check::sha256;
use crate::der;

impl Tpm {
    /// Makes a signing key; what comes back is useless without this TPM and may be kept anywhere.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`].
    pub fn create_key(&self) -> Result<KeyBlob, HardwareError> {
        self.create(template::signing)
    }

    pub(super) fn create(
        &self,
        template: fn() -> Result<Public, tss_esapi::Error>,
    ) -> Result<KeyBlob, HardwareError> {
        self.run(move |context| {
            let failed = failed("create a key");
            let parent = storage_key(context)?;
            let public = template().map_err(&failed)?;
            let made = context
                .execute_with_session(Some(AuthSession::Password), |context| {
                    context.create(parent, public, None, None, None, None)
                })
                .map_err(&failed)?;
            KeyBlob::new(&made.out_public, &made.out_private)
        })
    }

    /// A key for handshakes and requests.
    ///
    /// # Errors
    /// [`HardwareError::BadBlob`] for anything but a P-256 key; [`HardwareError::NotOfThisTpm`].
    pub fn key(&self, blob: &KeyBlob) -> Result<TpmKey, HardwareError> {
        let (public, _) = blob.parts()?;
        let point = point(&public).ok_or(HardwareError::BadBlob {
            what: "no P-256 key",
        })?;
        let parts = blob.parts()?;
        self.run(move |context| with_loaded(context, parts, |_, _| Ok(())))?;
        Ok(TpmKey(Arc::new(Inner {
            tpm: self.clone(),
            blob: blob.clone(),
            point,
        })))
    }
}

/// 0x04 and both coordinates.
fn point(public: &Public) -> Option<Vec<u8>> {
    let Public::Ecc { unique, .. } = public else {
        return None;
    };
    let mut point = vec![4];
    for coordinate in [unique.x().value(), unique.y().value()] {
        let zeros = 32usize.checked_sub(coordinate.len())?;
        point.extend(std::iter::repeat_n(0, zeros));
        point.extend_from_slice(coordinate);
    }
    Some(point)
}

struct Inner {
    tpm: Tpm,
    blob: KeyBlob,
    point: Vec<u8>,
}

/// A key in a TPM; cheap to clone.
#[derive(Clone)]
pub struct TpmKey(Arc<Inner>);

impl fmt::Debug for TpmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TpmKey").finish_non_exhaustive()
    }
}

impl TpmKey {
    /// Where the private half lives.
    pub const fn origin(&self) -> KeyOrigin {
        KeyOrigin::Hardware
    }

    /// The blob that was loaded.
    pub fn blob(&self) -> &KeyBlob {
        &self.0.blob
    }

    /// An ECDSA signature over the SHA-256 of `message`, in DER.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`], [`HardwareError::Busy`].
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, HardwareError> {
        let digest = sha256(&[message]).ok_or(HardwareError::Internal { what: "SHA-256" })?;
        let parts = self.0.blob.parts()?;
        self.0.tpm.run(move |context| {
            let failed = failed("sign");
            let digest = Digest::try_from(digest.to_vec()).map_err(&failed)?;
            let scheme = TpmScheme::EcDsa {
                hash_scheme: HashScheme::new(HashingAlgorithm::Sha256),
            };
            let signature = with_loaded(context, parts, |context, key| {
                let ticket = no_ticket().map_err(&failed)?;
                context
                    .execute_with_session(Some(AuthSession::Password), |context| {
                        context.sign(key, digest, scheme, ticket)
                    })
                    .map_err(&failed)
            })?;
            let Signature::EcDsa(signature) = signature else {
                return Err(HardwareError::Internal {
                    what: "a signature",
                });
            };
            let numbers = [signature.signature_r(), signature.signature_s()];
            Ok(der::numbers(&numbers.map(|number| number.value())))
        })
    }
}

/// A key that may sign anything needs no proof of where a digest comes from.
fn no_ticket() -> Result<HashcheckTicket, tss_esapi::Error> {
    let ticket = TPMT_TK_HASHCHECK {
        tag: StructureTag::Hashcheck.into(),
        hierarchy: tss_esapi::handles::TpmHandle::from(Hierarchy::Null).into(),
        digest: Default::default(),
    };
    ticket.try_into()
}

impl SigningKey for TpmKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let ours = SignatureScheme::ECDSA_NISTP256_SHA256;
        offered
            .contains(&ours)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(public_key_to_spki(&ECDSA_P256, &self.0.point))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for TpmKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signed = self.sign_der(message);
        signed.map_err(|error| rustls::Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

impl rcgen::PublicKeyData for TpmKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0.point
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for TpmKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.sign_der(message)
            .map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
