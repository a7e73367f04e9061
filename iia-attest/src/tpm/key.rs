//! TPMT_PUBLIC (TPM 2.0 Part 2, 12.2.4): a key of a TPM, what it may do, and its name.

use alloc::vec::Vec;

use iia_core::outside::{Curve, HashName, OutsideKey};
use nom::IResult;
use nom::number::complete::{be_u16, be_u32};

use super::TpmError;
use super::algorithm::{hash_id, hash_name, hash_of};
use super::signature::padded;
use super::wire::{refused, sized, whole};

/// Largest TPMT_PUBLIC in bytes.
pub const PUBLIC_LEN_MAX: usize = 1024;
const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
const NULL: u16 = 0x0010;
/// What a TPM writes for an exponent of 2^16 + 1.
const EXPONENT: u32 = 65_537;

/// TPMA_OBJECT: what a key may do and where it may go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attributes(u32);

impl Attributes {
    const FIXED_TPM: u32 = 1 << 1;
    const FIXED_PARENT: u32 = 1 << 4;
    const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
    const RESTRICTED: u32 = 1 << 16;
    const DECRYPT: u32 = 1 << 17;
    const SIGN: u32 = 1 << 18;

    /// The 32 bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    const fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// Made in its TPM and never outside it.
    pub const fn stays(self) -> bool {
        self.has(Self::FIXED_TPM)
            && self.has(Self::FIXED_PARENT)
            && self.has(Self::SENSITIVE_DATA_ORIGIN)
    }

    /// What an attestation key needs and this one lacks.
    pub(super) const fn weakness(self) -> Option<&'static str> {
        if !self.has(Self::FIXED_TPM) {
            return Some("fixedTPM: it can be duplicated");
        }
        if !self.has(Self::FIXED_PARENT) {
            return Some("fixedParent: it can be moved");
        }
        if !self.has(Self::SENSITIVE_DATA_ORIGIN) {
            return Some("sensitiveDataOrigin: it was made outside the TPM");
        }
        if !self.has(Self::RESTRICTED) {
            return Some("restricted: it signs also what no TPM made");
        }
        if !self.has(Self::SIGN) || self.has(Self::DECRYPT) {
            return Some("a key that signs and does nothing else");
        }
        None
    }
}

/// A public area: the key, its attributes and its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicArea {
    name: Vec<u8>,
    attributes: Attributes,
    key: OutsideKey,
}

impl PublicArea {
    /// Parses a TPMT_PUBLIC, or a TPM2B_PUBLIC, which has its length before it.
    ///
    /// # Errors
    /// [`TpmError::BadPublic`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TpmError> {
        if bytes.len() > PUBLIC_LEN_MAX {
            let (what, max) = ("bytes of a TPMT_PUBLIC", PUBLIC_LEN_MAX);
            return Err(TpmError::TooMuch { what, max });
        }
        let inner = match whole(sized(PUBLIC_LEN_MAX)(bytes)) {
            Ok(inner) => inner,
            Err(_) => bytes,
        };
        let (hash, attributes, key) =
            whole(read(inner)).map_err(|what| TpmError::BadPublic { what })?;
        let mut name = hash_id(hash).to_be_bytes().to_vec();
        name.extend(hash_of(hash, &[inner]));
        Ok(Self {
            name,
            attributes,
            key,
        })
    }

    /// Its name (Part 1, 16): the algorithm and the digest of the public area, which nothing else has.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// What it may do.
    pub const fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// The key itself.
    pub const fn key(&self) -> &OutsideKey {
        &self.key
    }
}

fn read(input: &[u8]) -> IResult<&[u8], (HashName, Attributes, OutsideKey)> {
    let (rest, kind) = be_u16(input)?;
    let (rest, hash) = be_u16(rest)?;
    let Some(hash) = hash_name(hash) else {
        return refused(input);
    };
    let (rest, attributes) = be_u32(rest)?;
    let (rest, _policy) = sized(64)(rest)?;
    let (rest, key) = match kind {
        RSA => rsa(rest)?,
        ECC => ecc(rest)?,
        _ => return refused(input),
    };
    Ok((rest, (hash, Attributes(attributes), key)))
}

/// TPMT_SYM_DEF_OBJECT: how a storage key encrypts what is below it.
fn symmetric(input: &[u8]) -> IResult<&[u8], ()> {
    let (rest, kind) = be_u16(input)?;
    if kind == NULL {
        return Ok((rest, ()));
    }
    let (rest, _bits) = be_u16(rest)?;
    let (rest, _mode) = be_u16(rest)?;
    Ok((rest, ()))
}

/// A scheme that is no scheme, or has a hash and, for ECDAA, a count.
fn scheme(input: &[u8]) -> IResult<&[u8], ()> {
    const RSAES: u16 = 0x0015;
    const ECDAA: u16 = 0x001a;
    let (rest, kind) = be_u16(input)?;
    if kind == NULL || kind == RSAES {
        return Ok((rest, ()));
    }
    let (rest, _hash) = be_u16(rest)?;
    if kind == ECDAA {
        let (rest, _count) = be_u16(rest)?;
        return Ok((rest, ()));
    }
    Ok((rest, ()))
}

fn rsa(input: &[u8]) -> IResult<&[u8], OutsideKey> {
    let (rest, ()) = symmetric(input)?;
    let (rest, ()) = scheme(rest)?;
    let (rest, bits) = be_u16(rest)?;
    let (rest, exponent) = be_u32(rest)?;
    let (rest, modulus) = sized(512)(rest)?;
    let sound = matches!(bits, 2048 | 3072 | 4096) && usize::from(bits) == modulus.len() * 8;
    let high = modulus.first().is_some_and(|first| first & 0x80 != 0);
    if !sound || !high || !matches!(exponent, 0 | EXPONENT) {
        return refused(input);
    }
    let modulus = modulus.to_vec();
    let exponent = EXPONENT;
    Ok((rest, OutsideKey::Rsa { modulus, exponent }))
}

fn ecc(input: &[u8]) -> IResult<&[u8], OutsideKey> {
    let (rest, ()) = symmetric(input)?;
    let (rest, ()) = scheme(rest)?;
    let (rest, curve) = be_u16(rest)?;
    let curve = match curve {
        0x0003 => Curve::P256,
        0x0004 => Curve::P384,
        _ => return refused(input),
    };
    // Key derivation.
    let (rest, ()) = scheme(rest)?;
    let (rest, x) = sized(curve.coordinate_len())(rest)?;
    let (rest, y) = sized(curve.coordinate_len())(rest)?;
    let mut point = alloc::vec![4];
    for coordinate in [x, y] {
        point.extend(padded(coordinate, curve.coordinate_len()).unwrap_or_default());
    }
    Ok((rest, OutsideKey::Ecdsa { curve, point }))
}
