//! What can go wrong with a vault.

use iia_core::code::{Code, Coded};

/// An error of the vault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The store's reply is not what the protocol says.
    #[error("the store's reply is not a {what}")]
    BadReply {
        /// What was expected.
        what: &'static str,
    },
    /// The address or the names of the store cannot be used.
    #[error("{what}")]
    BadAddress {
        /// What is wrong.
        what: &'static str,
    },
    /// The store refuses the call.
    #[error("the store refuses ({status} {code}){hint}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The store's own code.
        code: String,
        /// What to do about it, with a colon in front; empty for a code that speaks for itself.
        hint: &'static str,
    },
    /// There is no probe that counts.
    #[error("the store is not proven to keep what it locks: {why}")]
    NotProven {
        /// Why.
        why: &'static str,
    },
    /// Under the key lies something else than the log holds.
    #[error(
        "ALARM: another object lies under {key}: somebody wrote there before, or this log was written anew"
    )]
    OtherObject {
        /// The key.
        key: String,
    },
    /// What is read back is not what was sent.
    #[error("ALARM: the store gives back other bytes than it was sent for {key}")]
    Altered {
        /// The key.
        key: String,
    },
    /// What is read back is not locked as the store was told.
    #[error("ALARM: the store does not hold {key} in COMPLIANCE for as long as it was told")]
    NotLocked {
        /// The key.
        key: String,
    },
    /// The clocks of store and vault differ; retention is a matter of dates.
    #[error("the clocks of store and vault differ by {seconds} s: set the clock that is wrong")]
    ClockSkew {
        /// By how much, as far as it is known; 0 when the store did not say.
        seconds: u64,
    },
    /// A retention that is too short or too long.
    #[error("retention of {days} days, {min} to {max} are allowed")]
    BadRetention {
        /// The days asked for.
        days: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// More than the limit.
    #[error("{what}: {len}, {max} allowed")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        len: u64,
        /// The limit.
        max: u64,
    },
    /// The store does not answer, or only with errors of its own.
    #[error("the store does not answer, {tries} times tried: {detail}")]
    Unreachable {
        /// How often it was tried.
        tries: u32,
        /// What happened last; not API.
        detail: String,
    },
}

impl VaultError {
    /// Whether it says that somebody or something works against the evidence.
    pub const fn is_alarm(&self) -> bool {
        matches!(
            self,
            Self::OtherObject { .. } | Self::Altered { .. } | Self::NotLocked { .. }
        )
    }
}

impl Coded for VaultError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadReply { .. } => 20,
            Self::BadAddress { .. } => 21,
            Self::Refused { .. } => 120,
            Self::NotProven { .. } => 121,
            Self::OtherObject { .. } => 220,
            Self::Altered { .. } => 221,
            Self::NotLocked { .. } => 222,
            Self::ClockSkew { .. } => 320,
            Self::BadRetention { .. } => 420,
            Self::TooMuch { .. } => 421,
            Self::Unreachable { .. } => 520,
        };
        Code::new("EDG", number)
    }
}
