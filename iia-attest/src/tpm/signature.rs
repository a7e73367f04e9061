//! TPMT_SIGNATURE (TPM 2.0 Part 2, 11.3.4): RSASSA, RSAPSS and ECDSA.

use alloc::vec::Vec;

use iia_core::outside::{Check, Curve, HashName, OutsideKey, Scheme};
use nom::IResult;
use nom::number::complete::be_u16;

use super::TpmError;
use super::algorithm::hash_name;
use super::wire::{refused, sized, whole};

/// Largest TPMT_SIGNATURE in bytes: RSA of 4096 bits.
pub const SIGNATURE_LEN_MAX: usize = 6 + 512;
const NUMBER_LEN_MAX: usize = 512;

/// A parsed signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TpmSignature {
    scheme: Scheme,
    /// One number of RSA, or r and s.
    numbers: (Vec<u8>, Vec<u8>),
}

impl TpmSignature {
    /// Parses a TPMT_SIGNATURE.
    ///
    /// # Errors
    /// [`TpmError::BadSignature`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TpmError> {
        if bytes.len() > SIGNATURE_LEN_MAX {
            let (what, max) = ("bytes of a TPMT_SIGNATURE", SIGNATURE_LEN_MAX);
            return Err(TpmError::TooMuch { what, max });
        }
        whole(read(bytes)).map_err(|what| TpmError::BadSignature { what })
    }

    /// The hash function that the message, and the values of the registers, were hashed with.
    pub const fn hash(&self) -> HashName {
        match self.scheme {
            Scheme::RsaPkcs1(hash) | Scheme::RsaPss(hash) | Scheme::Ecdsa(hash) => hash,
        }
    }

    /// Whether it is a signature of `key` over `message`.
    ///
    /// # Errors
    /// [`TpmError::Scheme`], [`TpmError::BadPublic`], [`TpmError::Forged`].
    pub fn verify(
        &self,
        key: &OutsideKey,
        message: &[u8],
        check: &dyn Check,
    ) -> Result<(), TpmError> {
        if self.hash() == HashName::Sha1 {
            let what = "SHA-1";
            return Err(TpmError::Scheme { what });
        }
        let signature = match (key, self.scheme) {
            (OutsideKey::Rsa { modulus, .. }, Scheme::RsaPkcs1(_) | Scheme::RsaPss(_)) => {
                padded(&self.numbers.0, modulus.len())
            }
            (OutsideKey::Ecdsa { curve, .. }, Scheme::Ecdsa(_)) => self.coordinates(*curve),
            _ => {
                let what = "key and signature are of different kinds";
                return Err(TpmError::Scheme { what });
            }
        };
        let signature = signature.ok_or(TpmError::Forged)?;
        Ok(check.check(key, self.scheme, message, &signature)?)
    }

    fn coordinates(&self, curve: Curve) -> Option<Vec<u8>> {
        let mut both = padded(&self.numbers.0, curve.coordinate_len())?;
        both.extend(padded(&self.numbers.1, curve.coordinate_len())?);
        Some(both)
    }
}

/// `number` with zeros before it, `len` bytes in all; a TPM may leave them out.
pub(super) fn padded(number: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut bytes = alloc::vec![0; len.checked_sub(number.len())?];
    bytes.extend_from_slice(number);
    Some(bytes)
}

fn read(input: &[u8]) -> IResult<&[u8], TpmSignature> {
    let (rest, kind) = be_u16(input)?;
    let (rest, hash) = be_u16(rest)?;
    let Some(hash) = hash_name(hash) else {
        return refused(input);
    };
    let scheme = match kind {
        0x0014 => Scheme::RsaPkcs1(hash),
        0x0016 => Scheme::RsaPss(hash),
        0x0018 => Scheme::Ecdsa(hash),
        _ => return refused(input),
    };
    let (rest, first) = sized(NUMBER_LEN_MAX)(rest)?;
    let (rest, second) = match scheme {
        Scheme::Ecdsa(_) => sized(NUMBER_LEN_MAX)(rest)?,
        _ => (rest, &[][..]),
    };
    let numbers = (first.to_vec(), second.to_vec());
    Ok((rest, TpmSignature { scheme, numbers }))
}
