//! Why a process gets no identity.

use iia_core::SpiffeId;
use iia_core::code::{Code, Coded};

use crate::IdentityError;

/// An error about a process that asks for its identity.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// The selector has not the form `type:name:value`, or an entry has none.
    #[error("a selector is `type:name:value`, and an entry has at least one")]
    BadSelector,
    /// Nothing that is registered fits what was seen of the process.
    #[error("no registration entry fits, so no contract names this process{nearest}")]
    NoEntry {
        /// The entry that comes nearest, and what of it was not seen.
        nearest: String,
    },
    /// The process is registered, and its identity is not given all the same.
    #[error("{id}: {error}")]
    Withheld {
        /// The identity.
        id: SpiffeId,
        /// Why not.
        error: IdentityError,
    },
    /// The identity is revoked.
    #[error("{id} is revoked")]
    Revoked {
        /// The identity.
        id: SpiffeId,
    },
    /// The process asks for an identity that is not its own.
    #[error("{id} is no identity of this process")]
    NotItsOwn {
        /// The identity.
        id: SpiffeId,
    },
    /// The operator wants no identities of this kind here.
    #[error("JWT-SVIDs are turned off here")]
    TurnedOff,
    /// The process has ended; whoever has its number now is another.
    #[error("the process has ended")]
    Gone,
    /// The process runs another program than when it was first seen, or its file was changed.
    #[error("the program changed since the process was first seen")]
    ProgramChanged,
    /// The kernel does not say, or does not let us see, what must be seen.
    #[error("cannot be seen: {what}")]
    Unseen {
        /// What.
        what: &'static str,
    },
    /// There is more of it than the limit.
    #[error("more than {max} {what}")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

impl Coded for WorkloadError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadSelector => 42,
            Self::NoEntry { .. } => 145,
            Self::Withheld { error, .. } => return error.code(),
            Self::Revoked { .. } => 146,
            Self::TurnedOff => 147,
            Self::NotItsOwn { .. } => 148,
            Self::ProgramChanged => 241,
            Self::Gone => 343,
            Self::OverLimit { .. } => 443,
            Self::Unseen { .. } => 541,
        };
        Code::new("IDN", number)
    }
}
