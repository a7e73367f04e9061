//! Policies over a TPM's registers, as whoever builds images signs them: no TPM is needed to make one.
//!
//! A secret is sealed to a signer, not to values. An update comes with a newly signed policy over the values that it
//! will have, so the secret opens before and after; values that nobody signed open nothing.

mod text;

use crate::check::sha256;
use crate::tpm_error::HardwareError;

pub use text::{POLICY_LEN_MAX, PolicyFile};

/// Registers of a policy at most.
pub const PCRS_MAX: u8 = 24;
/// Largest reference text of a policy in bytes.
pub const REFERENCE_LEN_MAX: usize = 64;

const POLICY_PCR: u32 = 0x0000_017f;
const POLICY_AUTHORIZE: u32 = 0x0000_016a;
const SHA256: u16 = 0x000b;

/// A policy: these registers of the SHA-256 bank have these values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PcrPolicy {
    /// Registers in ascending order with their values.
    values: Vec<(u8, [u8; 32])>,
}

impl PcrPolicy {
    /// A policy over `values`, in any order.
    ///
    /// # Errors
    /// [`HardwareError::BadPolicy`] for none, for a register that does not exist or is named twice.
    pub fn new(mut values: Vec<(u8, [u8; 32])>) -> Result<Self, HardwareError> {
        values.sort_unstable();
        let twice = values
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.0 == b.0));
        let there = values.iter().all(|(pcr, _)| *pcr < PCRS_MAX);
        if values.is_empty() || twice || !there {
            return Err(HardwareError::BadPolicy {
                what: "no register, one twice, or one that no TPM has",
            });
        }
        Ok(Self { values })
    }

    /// The registers, ascending.
    pub fn registers(&self) -> impl Iterator<Item = u8> {
        self.values.iter().map(|(pcr, _)| *pcr)
    }

    /// The registers with their values, ascending.
    pub fn values(&self) -> &[(u8, [u8; 32])] {
        &self.values
    }

    /// The digest that a session has after TPM2_PolicyPCR with these values (Part 3, 23.7).
    ///
    /// # Errors
    /// [`HardwareError::Internal`] when the provider lacks SHA-256.
    pub fn digest(&self) -> Result<[u8; 32], HardwareError> {
        let mut bits = [0u8; 3];
        for (pcr, _) in &self.values {
            if let Some(byte) = bits.get_mut(usize::from(pcr / 8)) {
                *byte |= 1 << (pcr % 8);
            }
        }
        let values: Vec<&[u8]> = self.values.iter().map(|(_, value)| &value[..]).collect();
        let values = hash(&values)?;
        hash(&[
            &[0; 32],
            &POLICY_PCR.to_be_bytes(),
            &1u32.to_be_bytes(),
            &SHA256.to_be_bytes(),
            &[3],
            &bits,
            &values,
        ])
    }

    /// The bytes that the signer signs with ECDSA over P-256 and SHA-256 (Part 3, 23.16).
    ///
    /// `reference` says what the policy is for, so that one signer can speak for several things.
    ///
    /// # Errors
    /// [`HardwareError::TooLong`] for the reference.
    pub fn message(&self, reference: &[u8]) -> Result<Vec<u8>, HardwareError> {
        check_reference(reference)?;
        Ok([&self.digest()?[..], reference].concat())
    }
}

/// A policy that its signer signed: what comes with an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedPolicy {
    /// The policy.
    pub policy: PcrPolicy,
    /// r and s of the signature over [`PcrPolicy::message`], 64 bytes.
    pub signature: [u8; 64],
}

/// The policy of an object that opens in every state that `signer`, a key by its name, signed for `reference`
/// (TPM2_PolicyAuthorize, Part 3, 23.16).
///
/// # Errors
/// [`HardwareError::TooLong`] for the reference.
pub fn authorized(signer: &[u8], reference: &[u8]) -> Result<[u8; 32], HardwareError> {
    check_reference(reference)?;
    let first = hash(&[&[0; 32], &POLICY_AUTHORIZE.to_be_bytes(), signer])?;
    hash(&[&first, reference])
}

fn check_reference(reference: &[u8]) -> Result<(), HardwareError> {
    if reference.len() > REFERENCE_LEN_MAX {
        let (what, max) = ("bytes of a policy's reference", REFERENCE_LEN_MAX);
        return Err(HardwareError::TooLong { what, max });
    }
    Ok(())
}

pub(crate) fn hash(parts: &[&[u8]]) -> Result<[u8; 32], HardwareError> {
    sha256(parts).ok_or(HardwareError::Internal { what: "SHA-256" })
}
