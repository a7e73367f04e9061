//! Signatures of keys that are not ours, such as those of a TPM: RSA and ECDSA, checked by whoever can.
//!
//! Observers check in pure Rust without std; a process that has a TLS provider lets that do it, which is faster.

use alloc::vec::Vec;

use crate::sign::SignError;

/// A hash function of others; our own digests are [`crate::Digest`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HashName {
    /// SHA-1, which old banks and logs have; no signature is believed with it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashName {
    /// Bytes of its digest.
    #[expect(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Its name as the tools of others write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// A curve of the NIST.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
}

impl Curve {
    /// Bytes of a coordinate.
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// A public key that somebody else made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OutsideKey {
    /// RSA: the modulus without leading zeros, big endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: u32,
    },
    /// A point of a curve: 0x04, then both coordinates (SEC 1, uncompressed).
    Ecdsa {
        /// The curve.
        curve: Curve,
        /// The point.
        point: Vec<u8>,
    },
}

/// How a message is signed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5; the signature is one number as long as the modulus.
    RsaPkcs1(HashName),
    /// RSASSA-PSS with a salt as long as the hash, or another where the checker takes any.
    RsaPss(HashName),
    /// ECDSA; the signature is r and s, each as long as a coordinate.
    Ecdsa(HashName),
}

/// Something that checks signatures of [`OutsideKey`]s.
pub trait Check {
    /// Checks `signature` over `message`.
    ///
    /// # Errors
    /// [`SignError::BadKey`] for a key it cannot use, [`SignError::BadSignature`] for everything else.
    fn check(
        &self,
        key: &OutsideKey,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignError>;
}
