//! Why a token is not believed or not given.

use iia_core::code::{Code, Coded};

use crate::IdentityError;

/// An error about a JWT-SVID.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// The token is not a JWS in compact serialization, or not the JSON that the standard asks for.
    #[error("token: {rule}")]
    Malformed {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The header names an algorithm that is not permitted, or that is not the key's.
    #[error("token: algorithm is not permitted (JWT-SVID 2.1)")]
    Algorithm,
    /// The token is not for this audience.
    #[error("token is for another audience (JWT-SVID 3.2)")]
    Audience,
    /// No key of the subject's trust domain has the identifier that the header names.
    #[error("no such key in the bundle of the subject's trust domain")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("signature is not that of the key")]
    Signature,
    /// The token's time is over.
    #[error("token is no longer valid (JWT-SVID 3.3)")]
    Expired,
    /// The token's time has not come.
    #[error("token is not yet valid")]
    NotYetValid,
    /// The token lives longer than one of the box's own trust domain may.
    #[error("a JWT-SVID of the box's own lives one hour at most")]
    TooLong,
    /// The token, an audience or the list of audiences is longer than the limit.
    #[error("more than {max} {what}")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// What holds for every identity.
    #[error("{0}")]
    Identity(IdentityError),
}

impl From<IdentityError> for JwtError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl Coded for JwtError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Malformed { .. } => 41,
            Self::Algorithm => 141,
            Self::Audience => 142,
            Self::UnknownKey => 143,
            Self::Signature => 144,
            Self::Expired => 341,
            Self::NotYetValid => 342,
            Self::TooLong => 441,
            Self::OverLimit { .. } => 442,
            Self::Identity(error) => return error.code(),
        };
        Code::new("IDN", number)
    }
}
