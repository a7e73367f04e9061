//! Why a quote or a log is not believed, or believed with a reservation.

use alloc::string::String;

use iia_core::code::{Code, Coded};
use iia_core::sign::SignError;

use super::appraise::Tier;

/// One reason against what a TPM, or whoever brought its words, says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TpmError {
    /// The bytes are not a TPMS_ATTEST, or there are bytes after it.
    #[error("not a TPMS_ATTEST: {what}")]
    BadAttest {
        /// What is wrong.
        what: &'static str,
    },
    /// The bytes are not a TPMT_SIGNATURE, or there are bytes after it.
    #[error("not a TPMT_SIGNATURE: {what}")]
    BadSignature {
        /// What is wrong.
        what: &'static str,
    },
    /// The bytes are not a TPMT_PUBLIC of a signing key, or there are bytes after it.
    #[error("not a TPMT_PUBLIC of a signing key: {what}")]
    BadPublic {
        /// What is wrong.
        what: &'static str,
    },
    /// The log of the boot is cut or damaged.
    #[error("event {event} at byte {offset}: {what}")]
    BadLog {
        /// The number of the event, from 0.
        event: usize,
        /// Where it begins.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The list of register values is not what it says.
    #[error("register values: {what}")]
    BadPcrs {
        /// What is wrong.
        what: &'static str,
    },
    /// It is a statement of a TPM, of another kind than a quote.
    #[error("attestation of type {kind:#06x} is no quote")]
    NotQuote {
        /// The TPM_ST.
        kind: u16,
    },
    /// The signature does not hold with this key: forged, changed or of another key.
    #[error("the signature of the quote does not hold with this attestation key")]
    Forged,
    /// The first four bytes are not TPM_GENERATED: no TPM made it.
    #[error("not made by a TPM: TPM_GENERATED is missing")]
    NotGenerated,
    /// The attestation key is another than the one that was agreed, or none was.
    #[error("the attestation key is not the one that is named: {found}")]
    OtherKey {
        /// The digest of its public area.
        found: String,
    },
    /// The nonce is another than the one that was asked with.
    #[error("the nonce is not the one that was asked with")]
    WrongNonce,
    /// The key may sign what no TPM made, or can leave its TPM.
    #[error("the attestation key is not {attribute}")]
    WeakKey {
        /// The attribute that it lacks.
        attribute: &'static str,
    },
    /// The key and the signature are of different kinds, or of one that is not believed.
    #[error("signature scheme is not one of this key, or not believed: {what}")]
    Scheme {
        /// What is wrong.
        what: &'static str,
    },
    /// The values brought with the quote do not make its digest.
    #[error("the register values do not make the digest that was quoted")]
    WrongDigest,
    /// Replaying the log does not give the value of a quoted register.
    #[error("replaying the log does not give PCR {pcr} of {bank}")]
    NotReplayed {
        /// The register.
        pcr: u8,
        /// Its bank.
        bank: &'static str,
    },
    /// A register has none of the values that the reference allows.
    #[error("PCR {pcr} of {bank} has no value of the reference: {value}")]
    WrongPcr {
        /// The register.
        pcr: u8,
        /// Its bank.
        bank: &'static str,
        /// What it has.
        value: String,
    },
    /// The values at hand are not those that the image was signed with.
    #[error("the values of registers at hand are not those that the intended image names: {found}")]
    OtherRegisters {
        /// Their digest.
        found: String,
    },
    /// A register that the reference names was not quoted.
    #[error("PCR {pcr} of {bank} was not quoted")]
    NotQuoted {
        /// The register.
        pcr: u8,
        /// Its bank.
        bank: &'static str,
    },
    /// What an event shows is not what was measured.
    #[error("event {event}: what it shows is not what was measured into PCR {pcr}")]
    NotMeasured {
        /// The number of the event, from 0.
        event: usize,
        /// The register.
        pcr: u32,
    },
    /// The firmware of the TPM is another than the reference says.
    #[error("firmware of the TPM is {found:#018x}")]
    Firmware {
        /// What was found.
        found: u64,
    },
    /// The TPM's clock stands where an older quote had it: this quote was shown before, or is of before.
    #[error("the clock of the TPM has not gone on since the last quote")]
    Replayed,
    /// The machine, or its TPM, was started again since the last quote.
    #[error("the machine was started again since the last quote")]
    Restarted,
    /// The TPM's clock may have been set back by a loss of power.
    #[error("the clock of the TPM is not safe since its last loss of power")]
    ClockUnsafe,
    /// More than a limit allows.
    #[error("more than {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

impl TpmError {
    /// How much it weighs: what is merely worth a look warns, everything else is against.
    pub const fn tier(&self) -> Tier {
        match self {
            Self::Restarted
            | Self::ClockUnsafe
            | Self::NotMeasured { .. }
            | Self::Firmware { .. } => Tier::Warning,
            _ => Tier::Contraindicated,
        }
    }
}

impl From<SignError> for TpmError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::BadKey => Self::BadPublic {
                what: "no point of its curve, or a weak modulus",
            },
            _ => Self::Forged,
        }
    }
}

impl Coded for TpmError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadAttest { .. } => 1,
            Self::BadSignature { .. } => 2,
            Self::BadPublic { .. } => 3,
            Self::BadLog { .. } => 4,
            Self::BadPcrs { .. } => 5,
            Self::NotQuote { .. } => 6,
            Self::Forged => 101,
            Self::NotGenerated => 102,
            Self::WrongNonce => 103,
            Self::WeakKey { .. } => 104,
            Self::Scheme { .. } => 105,
            Self::OtherKey { .. } => 106,
            Self::WrongDigest => 201,
            Self::NotReplayed { .. } => 202,
            Self::WrongPcr { .. } => 203,
            Self::NotQuoted { .. } => 204,
            Self::NotMeasured { .. } => 205,
            Self::Firmware { .. } => 206,
            Self::OtherRegisters { .. } => 207,
            Self::Replayed => 301,
            Self::Restarted => 302,
            Self::ClockUnsafe => 303,
            Self::TooMuch { .. } => 401,
        };
        Code::new("ATT", number)
    }
}
