//! Evidence: quotes over registers, and the proof that an attestation key lives in the TPM that its maker certified.

use tss_esapi::Context;
use tss_esapi::abstraction::{AsymmetricAlgorithmSelection, ek};
use tss_esapi::constants::SessionType;
use tss_esapi::handles::{AuthHandle, KeyHandle, SessionHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::key_bits::RsaKeyBits;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{
    Data, Digest, EncryptedSecret, IdObject, Name, PcrSelectionList, PcrSlot, Public,
    SignatureScheme, SymmetricDefinition,
};
use tss_esapi::traits::{Marshall as _, UnMarshall as _};
use zeroize::Zeroizing;

use super::{HardwareError, KeyBlob, Tpm, failed, flush, template, with_loaded};

/// Longest nonce in bytes: a name of SHA-512, as the TPM has it.
const NONCE_LEN_MAX: usize = 66;
const RSA_2048: AsymmetricAlgorithmSelection =
    AsymmetricAlgorithmSelection::Rsa(RsaKeyBits::Rsa2048);

/// A quote as a verifier takes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quoted {
    /// TPMS_ATTEST.
    pub attest: Vec<u8>,
    /// TPMT_SIGNATURE.
    pub signature: Vec<u8>,
    /// The values of the registers, ascending, one after the other.
    pub pcrs: Vec<u8>,
}

/// A challenge that only the TPM with a certain endorsement and attestation key can answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// TPM2B_ID_OBJECT without its length.
    pub credential: Vec<u8>,
    /// TPM2B_ENCRYPTED_SECRET without its length.
    pub secret: Vec<u8>,
}

impl Tpm {
    /// Makes an attestation key: restricted, so it signs only what its TPM made.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`].
    pub fn create_attestation_key(&self) -> Result<KeyBlob, HardwareError> {
        self.create(template::attestation)
    }

    /// Quotes registers of the SHA-256 bank with a nonce, which the verifier chose.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`], [`HardwareError::NotOfThisTpm`], [`HardwareError::TooLong`].
    pub fn quote(&self, key: &KeyBlob, nonce: &[u8], pcrs: &[u8]) -> Result<Quoted, HardwareError> {
        if nonce.len() > NONCE_LEN_MAX {
            let (what, max) = ("bytes of a nonce", NONCE_LEN_MAX);
            return Err(HardwareError::TooLong { what, max });
        }
        let (parts, nonce) = (key.parts()?, nonce.to_vec());
        let selection = selection(pcrs)?;
        self.run(move |context| {
            let failed = failed("quote");
            let nonce = Data::try_from(nonce).map_err(&failed)?;
            let pcrs = values(context, &selection)?;
            let (attest, signature) = with_loaded(context, parts, |context, key| {
                context
                    .execute_with_session(Some(AuthSession::Password), |context| {
                        context.quote(key, nonce, SignatureScheme::Null, selection)
                    })
                    .map_err(&failed)
            })?;
            Ok(Quoted {
                attest: attest.marshall().map_err(&failed)?,
                signature: signature.marshall().map_err(&failed)?,
                pcrs,
            })
        })
    }

    /// The endorsement key's TPMT_PUBLIC, and its certificate where the maker left one.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`].
    pub fn endorsement(&self) -> Result<(Vec<u8>, Option<Vec<u8>>), HardwareError> {
        self.run(|context| {
            let failed = failed("endorsement key");
            let key = ek::create_ek_object_2(context, RSA_2048, None).map_err(&failed)?;
            let public = context.read_public(key).map_err(&failed);
            flush(context, key.into())?;
            let public = public?.0.marshall().map_err(&failed)?;
            Ok((public, ek::retrieve_ek_pubcert(context, RSA_2048).ok()))
        })
    }

    /// Answers a challenge: gives back what was encrypted for this attestation key in this TPM.
    ///
    /// # Errors
    /// [`HardwareError::NotBound`] when it was made for another key or another TPM.
    pub fn activate(
        &self,
        key: &KeyBlob,
        challenge: &Challenge,
    ) -> Result<Zeroizing<Vec<u8>>, HardwareError> {
        let (parts, challenge) = (key.parts()?, challenge.clone());
        self.run(move |context| {
            let bad = |_| HardwareError::NotBound;
            let credential = IdObject::try_from(challenge.credential).map_err(bad)?;
            let secret = EncryptedSecret::try_from(challenge.secret).map_err(bad)?;
            let endorsement = ek::create_ek_object_2(context, RSA_2048, None)
                .map_err(failed("endorsement key"))?;
            let answer = with_loaded(context, parts, |context, key| {
                with_endorsement_session(context, |context, session| {
                    let sessions = (Some(AuthSession::Password), Some(session), None);
                    context.execute_with_sessions(sessions, |context| {
                        let answer =
                            context.activate_credential(key, endorsement, credential, secret);
                        answer.map_err(bad)
                    })
                })
            });
            flush(context, endorsement.into())?;
            Ok(Zeroizing::new(answer?.value().to_vec()))
        })
    }

    /// Makes a challenge for an attestation key by its name and for the endorsement key of its TPM; any TPM can.
    ///
    /// # Errors
    /// [`HardwareError::BadBlob`] for a key that is none, [`HardwareError::TooLong`].
    pub fn challenge(
        &self,
        endorsement: &[u8],
        name: &[u8],
        credential: &[u8],
    ) -> Result<Challenge, HardwareError> {
        let bad = |_| HardwareError::BadBlob {
            what: "no key, or no name",
        };
        let public = Public::unmarshall(endorsement).map_err(bad)?;
        let name = Name::try_from(name.to_vec()).map_err(bad)?;
        let credential = Digest::try_from(credential.to_vec()).map_err(|_| {
            let (what, max) = ("bytes of a credential", 64);
            HardwareError::TooLong { what, max }
        })?;
        self.run(move |context| {
            let failed = failed("make a challenge");
            let key: KeyHandle = context
                .execute_without_session(|context| {
                    context.load_external_public(public, Hierarchy::Null)
                })
                .map_err(&failed)?;
            let made = context
                .execute_without_session(|context| context.make_credential(key, credential, name));
            flush(context, key.into())?;
            let (credential, secret) = made.map_err(&failed)?;
            Ok(Challenge {
                credential: credential.value().to_vec(),
                secret: secret.value().to_vec(),
            })
        })
    }
}

/// A policy session in which the endorsement hierarchy has authorised, which the endorsement key asks for.
fn with_endorsement_session<T>(
    context: &mut Context,
    call: impl FnOnce(&mut Context, AuthSession) -> Result<T, HardwareError>,
) -> Result<T, HardwareError> {
    let failed = failed("policy of the endorsement key");
    let session = context
        .execute_without_session(|context| {
            context.start_auth_session(
                None,
                None,
                None,
                SessionType::Policy,
                SymmetricDefinition::AES_128_CFB,
                HashingAlgorithm::Sha256,
            )
        })
        .map_err(&failed)?
        .ok_or(HardwareError::Internal { what: "a session" })?;
    let policy = PolicySession::try_from(session).map_err(&failed)?;
    let authorised = context.execute_with_session(Some(AuthSession::Password), |context| {
        let none = (Default::default(), Default::default(), Default::default());
        context.policy_secret(
            policy,
            AuthHandle::Endorsement,
            none.0,
            none.1,
            none.2,
            None,
        )
    });
    let result = match authorised {
        Ok(_) => call(context, session),
        Err(error) => Err(failed(error)),
    };
    // A session that was used up is gone already.
    let _gone = flush(context, SessionHandle::from(session).into());
    result
}

/// Registers of the SHA-256 bank.
pub(super) fn selection(pcrs: &[u8]) -> Result<PcrSelectionList, HardwareError> {
    let what = "no register, or one that no TPM has";
    let bad = |_| HardwareError::BadPolicy { what };
    let slots: Result<Vec<PcrSlot>, _> = pcrs
        .iter()
        .map(|pcr| PcrSlot::try_from(1u32.checked_shl(u32::from(*pcr)).unwrap_or(0)))
        .collect();
    let slots = slots.map_err(bad)?;
    if slots.is_empty() {
        return Err(HardwareError::BadPolicy { what });
    }
    PcrSelectionList::builder()
        .with_selection(HashingAlgorithm::Sha256, &slots)
        .build()
        .map_err(bad)
}

fn values(context: &mut Context, selection: &PcrSelectionList) -> Result<Vec<u8>, HardwareError> {
    let failed = failed("read registers");
    let (mut left, mut values) = (selection.clone(), Vec::new());
    // A TPM gives eight at a time.
    while !left.is_empty() {
        let (_, read, digests) = context
            .execute_without_session(|context| context.pcr_read(left.clone()))
            .map_err(&failed)?;
        if digests.is_empty() {
            return Err(HardwareError::Internal { what: "registers" });
        }
        let digests = digests.value().iter();
        values.extend(digests.flat_map(|digest| digest.value().to_vec()));
        left.subtract(&read).map_err(&failed)?;
    }
    Ok(values)
}

impl Tpm {
    /// The values of registers of the SHA-256 bank, ascending, one after the other.
    ///
    /// # Errors
    /// [`HardwareError::Tpm`], [`HardwareError::BadPolicy`] for a register that does not exist.
    pub fn registers(&self, pcrs: &[u8]) -> Result<Vec<u8>, HardwareError> {
        let selection = selection(pcrs)?;
        self.run(move |context| values(context, &selection))
    }
}
