//! Why something may not start.

use iia_core::code::{Code, Coded};

/// Why an image or an executable is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// A digest is not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("not a SHA-256 digest")]
    BadDigest,
    /// The image layout, its index or a manifest is not one.
    #[error("image: {what}")]
    BadImage {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A signature, its payload or its bundle is not one.
    #[error("signature: {what}")]
    BadSignature {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A public key is none of those that may sign.
    #[error("not a P-256, P-384, Ed25519 or RSA public key of 2048 bits and more")]
    BadKey,
    /// No contract pins this digest to this workload.
    #[error("no contract pins {digest} to this workload")]
    NotPinned {
        /// What wanted to run.
        digest: String,
    },
    /// No signature of a trusted key is over this digest.
    #[error("no trusted key has signed {digest}")]
    NotSigned {
        /// What wanted to run.
        digest: String,
    },
    /// A part of an image is not what its digest says.
    #[error("{digest} is not what its name says")]
    Changed {
        /// The part's name.
        digest: String,
    },
    /// An executable was written to while it was admitted or started.
    #[error("the executable was written to while it was admitted")]
    Written,
    /// An executable that others than its owner may write.
    #[error("the executable or its directory may be written by others than its owner")]
    Writable,
    /// Something is larger or more than its limit.
    #[error("more than {max} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// A file cannot be read.
    #[error("environment: {what}")]
    Environment {
        /// What failed.
        what: &'static str,
    },
}

impl Coded for AdmissionError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadDigest => 20,
            Self::BadImage { .. } => 21,
            Self::BadSignature { .. } => 22,
            Self::BadKey => 23,
            Self::NotPinned { .. } => 120,
            Self::NotSigned { .. } => 121,
            Self::Writable => 122,
            Self::Changed { .. } => 220,
            Self::Written => 221,
            Self::TooLarge { .. } => 420,
            Self::Environment { .. } => 520,
        };
        Code::new("IDN", number)
    }
}
