//! Canonical encoding: deterministic CBOR (RFC 8949 section 4.2.1), one value, one byte string.
//!
//! Types derive [`minicbor::Encode`] and [`minicbor::Decode`] as arrays; maps whose keys are written by hand are
//! not used, so that field order is fixed by the type.

use alloc::vec::Vec;

pub use minicbor;

use crate::code::{Code, Coded};

/// Why bytes are not the canonical encoding of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonError {
    /// The bytes decode to nothing of this type.
    #[error("not an encoding of this type")]
    Malformed,
    /// The bytes decode, but another byte string is the canonical one.
    #[error("not the canonical encoding")]
    NotCanonical,
    /// Bytes follow the value.
    #[error("bytes follow the value")]
    TrailingBytes,
}

impl Coded for CanonError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::new("COR", 30),
            Self::NotCanonical => Code::new("COR", 31),
            Self::TrailingBytes => Code::new("COR", 32),
        }
    }
}

/// Encodes a value.
pub fn encode<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, value);
    bytes
}

/// Encodes a value behind what is there.
pub fn encode_into<T: minicbor::Encode<()>>(bytes: &mut Vec<u8>, value: &T) {
    // Writing into a Vec cannot fail; a derive of ours returns no error of its own.
    let _infallible = minicbor::encode(value, bytes);
}

/// Decodes a value, and refuses any byte string that [`encode`] would not have written.
///
/// # Errors
/// See [`CanonError`].
pub fn decode<'b, T>(bytes: &'b [u8]) -> Result<T, CanonError>
where
    T: minicbor::Decode<'b, ()> + minicbor::Encode<()>,
{
    let mut decoder = minicbor::Decoder::new(bytes);
    let value: T = decoder.decode().map_err(|_| CanonError::Malformed)?;
    if decoder.position() != bytes.len() {
        return Err(CanonError::TrailingBytes);
    }
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(CanonError::NotCanonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, minicbor::Decode, minicbor::Encode)]
    struct Pair {
        #[n(0)]
        first: u32,
        #[n(1)]
        second: alloc::string::String,
    }

    #[test]
    fn only_the_canonical_bytes_decode() {
        let pair = Pair {
            first: 5,
            second: "x".into(),
        };
        let bytes = encode(&pair);
        assert_eq!(decode::<Pair>(&bytes), Ok(pair));
        assert_eq!(decode::<u32>(&[0x18, 0x05]), Err(CanonError::NotCanonical));
        assert_eq!(decode::<u32>(&[0x05, 0x00]), Err(CanonError::TrailingBytes));
        for cut in 0..bytes.len() {
            assert!(decode::<Pair>(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
