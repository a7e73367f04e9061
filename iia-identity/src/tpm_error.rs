//! Why a TPM did not do what was asked.

use iia_core::code::{Code, Coded};

/// An error of keys, quotes and sealed secrets of a TPM.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HardwareError {
    /// Bytes that should be a key or a sealed secret of a TPM are none.
    #[error("not a key or secret of a TPM: {what}")]
    BadBlob {
        /// What is wrong.
        what: &'static str,
    },
    /// The address of the TPM is none, or of a kind that leads astray.
    #[error("address of a TPM: {what}")]
    BadAddress {
        /// What is wrong.
        what: &'static str,
    },
    /// A policy over registers is none.
    #[error("policy over registers: {what}")]
    BadPolicy {
        /// What is wrong.
        what: &'static str,
    },
    /// The machine's state is not one that was signed: the secret stays sealed.
    #[error("the registers have no values that the signer has signed: sealed")]
    Sealed,
    /// The policy's signature does not hold.
    #[error("the policy is not signed by the signer that the secret is sealed to")]
    UnsignedPolicy,
    /// The key or secret belongs to another TPM, or was changed.
    #[error("not of this TPM, or changed")]
    NotOfThisTpm,
    /// The challenge does not fit this attestation key and this TPM.
    #[error("the challenge was not made for this key in this TPM")]
    NotBound,
    /// More than a limit.
    #[error("more than {max} {what}")]
    TooLong {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Too many wait for the TPM.
    #[error("too many wait for the TPM")]
    Busy,
    /// The TPM is not there, or does not answer.
    #[error("TPM: {what} failed: {why}")]
    Tpm {
        /// What was asked.
        what: &'static str,
        /// What it, or its library, says.
        why: String,
    },
    /// Something that cannot be.
    #[error("internal: {what}")]
    Internal {
        /// What.
        what: &'static str,
    },
}

impl Coded for HardwareError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadBlob { .. } => 1001,
            Self::BadAddress { .. } => 1002,
            Self::BadPolicy { .. } => 1003,
            Self::Sealed => 1101,
            Self::UnsignedPolicy => 1102,
            Self::NotOfThisTpm => 1103,
            Self::NotBound => 1104,
            Self::TooLong { .. } => 1401,
            Self::Busy => 1402,
            Self::Tpm { .. } => 1501,
            Self::Internal { .. } => 1901,
        };
        Code::new("IDN", number)
    }
}
