//! SHA-256 digests: the names of images, layers and executables outside the box.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use iia_core::digest::{decode_hex, hex};
use sha2::{Digest as _, Sha256 as Hasher};

use super::AdmissionError;

/// A SHA-256 digest; prints as `sha256:` and 64 digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Digests bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Hasher::digest(bytes).into())
    }

    /// Digests what a reader gives, `max` bytes at most; gives the digest and how many there were.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`], [`AdmissionError::Environment`].
    pub fn of_reader(mut reader: impl Read, max: u64) -> Result<(Self, u64), AdmissionError> {
        let (mut hasher, mut len) = (Hasher::new(), 0_u64);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = reader.read(&mut buffer);
            let read = read.map_err(|_| AdmissionError::Environment {
                what: "read a file",
            })?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
                return Ok((Self(hasher.finalize().into()), len));
            };
            len += u64::try_from(part.len()).unwrap_or(u64::MAX);
            if len > max {
                let what = "bytes in a file";
                return Err(AdmissionError::TooLarge { what, max });
            }
            hasher.update(part);
        }
    }

    /// The digits alone, as file names have them.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = AdmissionError;

    fn from_str(text: &str) -> Result<Self, AdmissionError> {
        let digits = text.strip_prefix("sha256:");
        let mut bytes = [0; 32];
        let read = digits.and_then(|digits| decode_hex(digits, &mut bytes));
        read.map(|()| Self(bytes)).ok_or(AdmissionError::BadDigest)
    }
}
