//! Why an identity is not believed or not given.

use iia_core::code::{Code, Coded};
use iia_core::id::SpiffeIdError;

/// An error of this crate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The bundle is not one of the SPIFFE bundle format.
    #[error("bundle: {what}")]
    BadBundle {
        /// What is wrong with it.
        what: &'static str,
    },
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
    /// A leaf says that it is an authority, or may sign what only an authority signs.
    #[error("SVID of an authority: {rule}")]
    LeafIsAuthority {
        /// The rule.
        rule: &'static str,
    },
    /// A leaf may not be used for what an SVID is used for.
    #[error("SVID's key usage: {rule}")]
    LeafUsage {
        /// The rule.
        rule: &'static str,
    },
    /// A certificate has more than one URI name.
    #[error("more than one URI name (X509-SVID 2)")]
    TwoNames,
    /// The request is not a certificate signing request with a good signature.
    #[error("not a certificate signing request with a good signature")]
    BadRequest,
    /// The state of an issuer is not one that was kept.
    #[error("kept issuer: {what}")]
    BadState {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A list of revoked certificates is not one, or not one that is understood whole.
    #[error("list of revoked certificates: {what}")]
    BadCrl {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A device cannot be named so.
    #[error("device: {what}")]
    BadDevice {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The SPIFFE ID is not one.
    #[error("SPIFFE ID: {0}")]
    BadSpiffeId(SpiffeIdError),
    /// A bundle has other contents than the one held and the same sequence number.
    #[error("bundle changed and its sequence number did not")]
    BundleConflict,
    /// A bundle is older than the one held.
    #[error("bundle is older than the one held, or has lost its sequence number")]
    BundleRollback,
    /// The chain does not lead to a root of its trust domain.
    #[error("chain does not lead to a root of its trust domain")]
    BadPath,
    /// The chain is longer than the limit.
    #[error("more than {max} certificates in a chain")]
    ChainTooLong {
        /// The limit.
        max: usize,
    },
    /// The certificate's time is over.
    #[error("no longer valid")]
    Expired,
    /// The certificate's time has not come.
    #[error("not yet valid")]
    NotYetValid,
    /// A file or the system's random source failed.
    #[error("environment: {what}")]
    Environment {
        /// What failed.
        what: &'static str,
    },
    /// The issuance log is not what was written.
    #[error("issuance log: {0}")]
    Journal(String),
    /// The cryptographic provider refused; a defect of ours.
    #[error("cryptographic provider refused: {what}")]
    Internal {
        /// What it refused.
        what: &'static str,
    },
    /// The peer showed no certificate.
    #[error("no certificate")]
    NoCertificate,
    /// No contract names the workload: no contract, no SVID.
    #[error("no contract names this workload")]
    NoContract,
    /// Nothing that runs as this workload was admitted.
    #[error("nothing that runs as this workload was admitted")]
    NotAdmitted,
    /// The certificate is on its authority's list of revoked ones.
    #[error("revoked")]
    Revoked,
    /// A step of a root's rotation comes before its time.
    #[error("rotation of the root: {rule}")]
    RotationOrder {
        /// The rule.
        rule: &'static str,
    },
    /// The clock is not trusted, and a certificate is a statement about time.
    #[error("time is not trusted")]
    TimeUnknown,
    /// The lifetime asked for is longer than an hour.
    #[error("an SVID lives one hour at most")]
    TooLong,
    /// There are more trust domains, or roots of one, than the limit.
    #[error("more than {max} {what}")]
    TooManyRoots {
        /// Trust domains, or roots of one.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// There is more of something than the limit.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// No bundle for the trust domain, or an empty one.
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
            Self::BadBundle { .. } => 4,
            Self::BadState { .. } => 5,
            Self::BadCrl { .. } => 6,
            Self::BadDevice { .. } => 7,
            Self::BadIssuer { .. } => 101,
            Self::BadLeaf { .. } => 102,
            Self::BadPath => 103,
            Self::UnknownTrustDomain => 104,
            Self::WrongPeer => 105,
            Self::NoContract => 106,
            Self::TwoNames => 107,
            Self::LeafIsAuthority { .. } => 108,
            Self::LeafUsage { .. } => 109,
            Self::NoCertificate => 110,
            Self::NotAdmitted => 111,
            Self::Revoked => 112,
            Self::BundleConflict => 201,
            Self::Journal(_) => 202,
            Self::Expired => 301,
            Self::TimeUnknown => 302,
            Self::NotYetValid => 303,
            Self::BundleRollback => 304,
            Self::RotationOrder { .. } => 305,
            Self::ChainTooLong { .. } => 401,
            Self::TooLong => 402,
            Self::TooManyRoots { .. } => 403,
            Self::TooMany { .. } => 404,
            Self::Environment { .. } => 501,
            Self::Internal { .. } => 901,
        };
        Code::new("IDN", number)
    }
}
