//! Secrets sealed to whoever signs the state of the machine, and opened only in a state that was signed.

use tss_esapi::Context;
use tss_esapi::attributes::SessionAttributesBuilder;
use tss_esapi::constants::SessionType;
use tss_esapi::handles::{KeyHandle, ObjectHandle, SessionHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{
    Digest, EccParameter, EccSignature, Nonce, SensitiveData, Signature, SymmetricDefinition,
    VerifiedTicket,
};
use zeroize::Zeroizing;

use super::attest::selection;
use super::{HardwareError, KeyBlob, Tpm, failed, flush, storage_key, template, with_loaded};
use crate::pcr_policy::{SignedPolicy, authorized, hash};

/// Largest secret in bytes (MAX_SYM_DATA of most TPMs); larger things are encrypted with a key that is sealed.
pub const SECRET_LEN_MAX: usize = 128;

impl Tpm {
    /// Seals `secret` to a signer of policies, a P-256 key given as an uncompressed point, and to a reference.
    ///
    /// # Errors
    /// [`HardwareError::TooLong`], [`HardwareError::BadPolicy`] for a point that is none, [`HardwareError::Tpm`].
    pub fn seal(
        &self,
        secret: &[u8],
        signer: &[u8; 65],
        reference: &[u8],
    ) -> Result<KeyBlob, HardwareError> {
        if secret.is_empty() || secret.len() > SECRET_LEN_MAX {
            let (what, max) = ("bytes of a secret, or none", SECRET_LEN_MAX);
            return Err(HardwareError::TooLong { what, max });
        }
        let secret = Zeroizing::new(secret.to_vec());
        let (signer, reference) = (*signer, reference.to_vec());
        self.run(move |context| {
            let failed = failed("seal");
            let name = with_signer(context, &signer, |_, _, name| Ok(name.to_vec()))?;
            let public = template::sealed(authorized(&name, &reference)?).map_err(&failed)?;
            let secret = SensitiveData::try_from(secret.to_vec()).map_err(&failed)?;
            let parent = storage_key(context)?;
            let made = with_session(context, SessionType::Hmac, |context, session| {
                context
                    .execute_with_session(Some(session), |context| {
                        context.create(parent, public, None, Some(secret), None, None)
                    })
                    .map_err(&failed)
            })?;
            KeyBlob::new(&made.out_public, &made.out_private)
        })
    }

    /// Opens a sealed secret, if the registers have the values of `signed` and the signer signed just that.
    ///
    /// # Errors
    /// [`HardwareError::Sealed`] for another state, [`HardwareError::UnsignedPolicy`], [`HardwareError::NotOfThisTpm`].
    pub fn unseal(
        &self,
        sealed: &KeyBlob,
        signer: &[u8; 65],
        reference: &[u8],
        signed: &SignedPolicy,
    ) -> Result<Zeroizing<Vec<u8>>, HardwareError> {
        let approved = signed.policy.digest()?;
        let message = hash(&[&signed.policy.message(reference)?])?;
        let registers: Vec<u8> = signed.policy.registers().collect();
        let (parts, signer, reference) = (sealed.parts()?, *signer, reference.to_vec());
        let signature = signed.signature;
        self.run(move |context| {
            let failed = failed("unseal");
            let selection = selection(&registers)?;
            let (name, ticket) = with_signer(context, &signer, |context, key, name| {
                let ticket = approve(context, key, &message, &signature)?;
                Ok((name.to_vec(), ticket))
            })?;
            with_loaded(context, parts, |context, object| {
                with_session(context, SessionType::Policy, |context, session| {
                    let policy = PolicySession::try_from(session).map_err(&failed)?;
                    let to_digest = |bytes: [u8; 32]| Digest::try_from(bytes.to_vec());
                    let approved = to_digest(approved).map_err(&failed)?;
                    let reference = Nonce::try_from(reference).map_err(&failed)?;
                    let name = name.try_into().map_err(&failed)?;
                    context
                        .execute_without_session(|context| {
                            // No digest here: the TPM takes the values that the registers have.
                            context.policy_pcr(policy, Digest::default(), selection)?;
                            context.policy_authorize(policy, approved, reference, &name, ticket)
                        })
                        .map_err(|_| HardwareError::Sealed)?;
                    let secret = context
                        .execute_with_session(Some(session), |context| {
                            context.unseal(ObjectHandle::from(object))
                        })
                        .map_err(|_| HardwareError::Sealed)?;
                    Ok(Zeroizing::new(secret.value().to_vec()))
                })
            })
        })
    }
}

/// The TPM's word that the signer signed this message.
fn approve(
    context: &mut Context,
    key: KeyHandle,
    message: &[u8; 32],
    signature: &[u8; 64],
) -> Result<VerifiedTicket, HardwareError> {
    let failed = failed("policy's signature");
    let (r, s) = signature.split_at(32);
    let number = |bytes: &[u8]| EccParameter::try_from(bytes.to_vec()).map_err(&failed);
    let signature = EccSignature::create(HashingAlgorithm::Sha256, number(r)?, number(s)?);
    let signature = Signature::EcDsa(signature.map_err(&failed)?);
    let message = Digest::try_from(message.to_vec()).map_err(&failed)?;
    context
        .execute_without_session(|context| context.verify_signature(key, message, signature))
        .map_err(|_| HardwareError::UnsignedPolicy)
}

/// Loads the signer's public key, which makes its name, and takes it out again.
fn with_signer<T>(
    context: &mut Context,
    signer: &[u8; 65],
    call: impl FnOnce(&mut Context, KeyHandle, &[u8]) -> Result<T, HardwareError>,
) -> Result<T, HardwareError> {
    let what = "the signer is no point of P-256";
    let bad = |_| HardwareError::BadPolicy { what };
    let public = template::outside(signer).map_err(bad)?;
    // Not in the null hierarchy: tickets of that one are worth nothing.
    let key = context
        .execute_without_session(|context| context.load_external_public(public, Hierarchy::Owner))
        .map_err(bad)?;
    let name = context
        .tr_get_name(key.into())
        .map_err(failed("name of a key"));
    let result = name.and_then(|name| call(context, key, name.value()));
    flush(context, key.into())?;
    result
}

/// A session whose secret only the storage key knows, so that nobody on the bus reads what is sealed or opened.
fn with_session<T>(
    context: &mut Context,
    kind: SessionType,
    call: impl FnOnce(&mut Context, AuthSession) -> Result<T, HardwareError>,
) -> Result<T, HardwareError> {
    let failed = failed("session");
    let salt = storage_key(context)?;
    let session = context
        .execute_without_session(|context| {
            context.start_auth_session(
                Some(salt),
                None,
                None,
                kind,
                SymmetricDefinition::AES_128_CFB,
                HashingAlgorithm::Sha256,
            )
        })
        .map_err(&failed)?
        .ok_or(HardwareError::Internal { what: "a session" })?;
    let (attributes, mask) = SessionAttributesBuilder::new()
        .with_continue_session(true)
        .with_decrypt(kind == SessionType::Hmac)
        .with_encrypt(true)
        .build();
    let set = context.tr_sess_set_attributes(session, attributes, mask);
    let result = set.map_err(&failed).and_then(|()| call(context, session));
    flush(context, SessionHandle::from(session).into())?;
    result
}
