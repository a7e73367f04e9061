//! Why an identity is not believed or not given.

use iia_core::code::{Code, Coded};
use iia_core::id::SpiffeIdError;

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The certificate is not an X.509 certificate, or has bytes after it.
    #[error("not a DER X.509 certificate")]
    BadCertificate,
    /// A CA certificate breaks a rule of the standard.
    #[error("signing certificate: {rule}")]
    BadIssuer {
        /// The rule.
        rule: &'static str,
    },
    /// A leaf certificate breaks a rule of the standard.
    #[error("SVID: {rule}")]
    BadLeaf {
        /// The rule.
        rule: &'static str,
    },
    /// The request is not a certificate signing request with a good signature.
    #[error("not a certificate signing request with a good signature")]
    BadRequest,
    /// The SPIFFE ID is not one.
    #[error("SPIFFE ID: {0}")]
    BadSpiffeId(SpiffeIdError),
    /// The chain does not lead to a root of its trust domain.
    #[error("chain does not lead to a root of its trust domain")]
    BadPath,
    /// The chain is longer than the limit.
    #[error("more than {max} certificates in a chain")]
    ChainTooLong {
        /// The limit.
        max: usize,
    },
    /// The certificate is not valid at this time.
    #[error("not valid at this time")]
    Expired,
    /// A file or the system's random source failed.
    #[error("environment: {what}")]
    Environment {
        /// What failed.
        what: &'static str,
    },
    /// The cryptographic provider refused; a defect of ours.
    #[error("cryptographic provider refused: {what}")]
    Internal {
        /// What it refused.
        what: &'static str,
    },
    /// No contract names the workload: no contract, no SVID.
    #[error("no contract names this workload")]
    NoContract,
    /// The clock is not trusted, and a certificate is a statement about time.
    #[error("time is not trusted")]
    TimeUnknown,
    /// The lifetime asked for is longer than an hour.
    #[error("an SVID lives one hour at most")]
    TooLong,
    /// No bundle for the trust domain.
    #[error("no bundle for this trust domain")]
    UnknownTrustDomain,
    /// The peer is another one than expected.
    #[error("peer is not the one expected")]
    WrongPeer,
}

impl Coded for IdentityError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadCertificate => 1,
            Self::BadRequest => 2,
            Self::BadSpiffeId(_) => 3,
            Self::BadIssuer { .. } => 101,
            Self::BadLeaf { .. } => 102,
            Self::BadPath => 103,
            Self::UnknownTrustDomain => 104,
            Self::WrongPeer => 105,
            Self::NoContract => 106,
            Self::Expired => 301,
            Self::TimeUnknown => 302,
            Self::ChainTooLong { .. } => 401,
            Self::TooLong => 402,
            Self::Environment { .. } => 501,
            Self::Internal { .. } => 901,
        };
        Code::new("IDN", number)
    }
}
