//! Why an envelope is refused.

use iia_core::code::{Code, Coded};
use iia_core::sign::KeyId;

/// Why an envelope is refused. An attacker sent the bytes, so the first defect ends it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A signature by a known key does not verify.
    #[error("signature {keyid} does not verify: the bytes are not those that were signed")]
    BadSignature {
        /// The key's id.
        keyid: KeyId,
    },
    /// The armour is not one.
    #[error("not an envelope: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The key's operator may not sign this class.
    #[error("key {keyid} of {operator} may not sign class {class}")]
    NotAuthorised {
        /// The key's id.
        keyid: KeyId,
        /// Whose key it is.
        operator: String,
        /// The class.
        class: &'static str,
    },
    /// The same key signed twice, or signatures are out of order.
    #[error("key {keyid} signed twice, or stands out of order")]
    RepeatedKey {
        /// The key's id.
        keyid: KeyId,
    },
    /// Too few distinct operators signed.
    #[error("{have} of {need} operators signed")]
    Threshold {
        /// How many did.
        have: usize,
        /// How many must.
        need: usize,
    },
    /// The envelope is too large.
    #[error("envelope of {len} bytes, {max} allowed")]
    TooLarge {
        /// Its size.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A signature by a key that the trust document does not name: nobody can say whose it is.
    #[error("key {keyid} is not in the trust document")]
    UnknownKey {
        /// The key's id.
        keyid: KeyId,
    },
    /// The envelope is of another class.
    #[error("the envelope holds class {found}, class {class} is wanted here")]
    WrongType {
        /// The class that was expected.
        class: &'static str,
        /// The class that it is.
        found: &'static str,
    },
}

impl Coded for EnvelopeError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Malformed { .. } => 1,
            Self::BadSignature { .. } => 101,
            Self::RepeatedKey { .. } => 102,
            Self::Threshold { .. } => 103,
            Self::WrongType { .. } => 104,
            Self::UnknownKey { .. } => 105,
            Self::NotAuthorised { .. } => 106,
            Self::TooLarge { .. } => 401,
        };
        Code::new("CFG", number)
    }
}
