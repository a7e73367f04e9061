//! A policy as a text file: what comes with an image, or lies beside a box, so that its secrets open.
//!
//! One text for one policy: `iia pcr policy 1`, the signer, each register, and, once it is signed, the signature. Numbers
//! are lower-case hexadecimal.

use std::fmt::Write as _;

use iia_core::digest::hex;
use webpki::aws_lc_rs::ECDSA_P256_SHA256;

use super::{PcrPolicy, SignedPolicy};
use crate::der;
use crate::tpm_error::HardwareError;

/// Largest file in bytes.
pub const POLICY_LEN_MAX: usize = 4096;
const FIRST: &str = "iia pcr policy 1";

/// A policy with the signer that it is of, signed or still to be signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyFile {
    /// The signer: an uncompressed point of P-256.
    pub signer: [u8; 65],
    /// The policy.
    pub policy: PcrPolicy,
    /// r and s of the signer's signature over [`PcrPolicy::message`].
    pub signature: Option<[u8; 64]>,
}

impl PolicyFile {
    /// Reads a file; only the text that [`Self::to_text`] writes is one.
    ///
    /// # Errors
    /// [`HardwareError::TooLong`], [`HardwareError::BadPolicy`].
    pub fn parse(bytes: &[u8]) -> Result<Self, HardwareError> {
        if bytes.len() > POLICY_LEN_MAX {
            let (what, max) = ("bytes of a policy", POLICY_LEN_MAX);
            return Err(HardwareError::TooLong { what, max });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad("not text"))?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST) {
            return Err(bad("it does not begin with `iia pcr policy 1`"));
        }
        let (mut signer, mut values, mut signature) = (None, Vec::new(), None);
        for line in lines {
            let mut words = line.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("signer"), Some(point), None) => signer = unhex(point),
                (Some("pcr"), Some(register), Some(value)) => {
                    let register = register.parse().map_err(|_| bad("a register's number"))?;
                    values.push((register, unhex(value).ok_or(bad("a register's value"))?));
                }
                (Some("signature"), Some(both), None) => signature = unhex(both),
                _ => return Err(bad("a line that is none of a policy")),
            }
        }
        let file = Self {
            signer: signer.ok_or(bad("no signer"))?,
            policy: PcrPolicy::new(values)?,
            signature,
        };
        match file.to_text() == text {
            true => Ok(file),
            false => Err(bad("not the one way to write it")),
        }
    }

    /// The text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST}\nsigner {}\n", hex(&self.signer));
        for (register, value) in &self.policy.values {
            // Writing to a string does not fail.
            let _written = writeln!(text, "pcr {register} {}", hex(value));
        }
        if let Some(signature) = &self.signature {
            let _written = writeln!(text, "signature {}", hex(signature));
        }
        text
    }

    /// The signed policy, if the signer signed it for `reference`.
    ///
    /// # Errors
    /// [`HardwareError::UnsignedPolicy`].
    pub fn signed(&self, reference: &[u8]) -> Result<SignedPolicy, HardwareError> {
        let signature = self.signature.ok_or(HardwareError::UnsignedPolicy)?;
        let (r, s) = signature.split_at(32);
        let message = self.policy.message(reference)?;
        ECDSA_P256_SHA256
            .verify_signature(&self.signer, &message, &der::numbers(&[r, s]))
            .map_err(|_| HardwareError::UnsignedPolicy)?;
        Ok(SignedPolicy {
            policy: self.policy.clone(),
            signature,
        })
    }

    /// Takes the signature that a program such as OpenSSL made of [`PcrPolicy::message`], in DER.
    ///
    /// # Errors
    /// [`HardwareError::UnsignedPolicy`] when it is not the signer's over this policy for `reference`.
    pub fn with_signature(mut self, der: &[u8], reference: &[u8]) -> Result<Self, HardwareError> {
        self.signature = Some(both(der).ok_or(HardwareError::UnsignedPolicy)?);
        self.signed(reference)?;
        Ok(self)
    }
}

/// r and s of an ECDSA signature over P-256 in DER (RFC 3279 2.2.3).
fn both(der: &[u8]) -> Option<[u8; 64]> {
    let (head, mut rest) = der.split_first_chunk::<2>()?;
    if *head != [0x30, u8::try_from(rest.len()).ok()?] {
        return None;
    }
    let mut both = [0; 64];
    for half in both.chunks_exact_mut(32) {
        let ([tag, len], after) = rest.split_first_chunk::<2>()?;
        let (number, after) = after.split_at_checked(usize::from(*len))?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        let zeros = half.len().checked_sub(number.len())?;
        if *tag != 2 {
            return None;
        }
        half.get_mut(zeros..)?.copy_from_slice(number);
        rest = after;
    }
    rest.is_empty().then_some(both)
}

fn unhex<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; LEN];
    if text.len() != 2 * LEN {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
    }
    Some(bytes)
}

const fn bad(what: &'static str) -> HardwareError {
    HardwareError::BadPolicy { what }
}
