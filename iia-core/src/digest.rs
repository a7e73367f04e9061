//! BLAKE3 digests that name their purpose, so that bytes hashed for one use never count for another.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};

/// What a digest is of; each context is a separate hash function (BLAKE3 key derivation).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Context {
    /// The canonical bytes of a configuration artifact.
    Artifact,
    /// One envelope in the audit chain.
    AuditEntry,
    /// The body of an audit record, with its salt.
    AuditBody,
    /// A catalog in canonical form.
    Catalog,
    /// A frame of a write-ahead log in the lake.
    LakeFrame,
    /// A sealed lake segment (the whole file).
    LakeSegment,
    /// A gated call's before or after state.
    State,
    /// A capture file as read.
    Capture,
    /// A part of a ring of captures: a leaf, what joins two, a seal; its first byte says which.
    CaptureRing,
    /// An executable or image.
    Image,
    /// A record of what an issuer gave out.
    Issuance,
    /// Any other file that evidence refers to.
    File,
}

impl Context {
    pub(crate) const fn derive(self) -> &'static str {
        match self {
            Self::Artifact => "iia 2026-11 artifact v1",
            Self::AuditEntry => "iia 2026-11 audit entry v1",
            Self::AuditBody => "iia 2026-11 audit body v1",
            Self::Catalog => "iia 2026-11 catalog v1",
            Self::LakeFrame => "iia 2026-11 lake frame v1",
            Self::LakeSegment => "iia 2026-11 lake segment v1",
            Self::State => "iia 2026-11 state v1",
            Self::Capture => "iia 2026-11 capture v1",
            Self::CaptureRing => "iia 2026-11 capture ring v1",
            Self::Image => "iia 2026-11 image v1",
            Self::Issuance => "iia 2026-11 issuance v1",
            Self::File => "iia 2026-11 file v1",
        }
    }
}

/// A 32-byte BLAKE3 digest.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The all-zero digest: the link before the first record.
    pub const ZERO: Self = Self([0; 32]);

    /// Digests `bytes` for one purpose.
    pub fn of(context: Context, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(context);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Wraps bytes that are already a digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("b3:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hex = text.strip_prefix("b3:").ok_or(DigestError::NoPrefix)?;
        let mut bytes = [0; 32];
        decode_hex(hex, &mut bytes).ok_or(DigestError::NotHex)?;
        Ok(Self(bytes))
    }
}

/// Why a text is not a digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The text does not start with `b3:`.
    #[error("a digest starts with `b3:`")]
    NoPrefix,
    /// The rest is not 64 lower-case hexadecimal digits.
    #[error("a digest has 64 lower-case hexadecimal digits")]
    NotHex,
}

impl Coded for DigestError {
    fn code(&self) -> Code {
        match self {
            Self::NoPrefix => Code::new("COR", 20),
            Self::NotHex => Code::new("COR", 21),
        }
    }
}

/// An incremental digest for one purpose.
#[derive(Clone)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// Starts a digest for `context`.
    pub fn new(context: Context) -> Self {
        Self(blake3::Hasher::new_derive_key(context.derive()))
    }

    /// Starts a keyed digest, such as the chain of one log.
    pub fn keyed(key: &[u8; 32]) -> Self {
        Self(blake3::Hasher::new_keyed(key))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// Adds the length of `bytes` (64 bits, little endian) and then the bytes, so that a list has one reading.
    pub fn update_framed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.update(bytes)
    }

    /// The digest so far.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Derives a 32-byte key from `material` for the purpose that `context` names in full.
///
/// The context text is a constant of the calling crate; it must be globally unique and never depend on input.
pub fn derive_key(context: &'static str, material: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, material)
}

/// Lower-case hexadecimal of any bytes.
pub fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Reads exactly `out.len()` bytes of lower-case hexadecimal; `None` where the text is anything else.
pub fn decode_hex(text: &str, out: &mut [u8]) -> Option<()> {
    let digits = text.as_bytes();
    if digits.len() != out.len() * 2 {
        return None;
    }
    for (pair, byte) in digits.chunks_exact(2).zip(out) {
        let [high, low] = *pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(())
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// A byte string of 32 bytes.
impl<C> minicbor::Encode<C> for Digest {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Digest {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let bytes = decoder.bytes()?.try_into();
        bytes
            .map(Self::from_bytes)
            .map_err(|_| minicbor::decode::Error::message("a digest has 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_digest_prints_and_parses_back() {
        let digest = Digest::of(Context::Artifact, b"text");
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn contexts_are_separate_functions() {
        assert_ne!(
            Digest::of(Context::Artifact, b"x"),
            Digest::of(Context::Catalog, b"x")
        );
    }

    #[test]
    fn upper_case_and_short_digests_are_refused() {
        assert_eq!("b3:AB".parse::<Digest>(), Err(DigestError::NotHex));
        assert_eq!("sha256:00".parse::<Digest>(), Err(DigestError::NoPrefix));
    }

    #[test]
    fn framed_lists_have_one_reading() {
        let of = |parts: &[&[u8]]| {
            let mut hasher = Hasher::new(Context::State);
            for part in parts {
                hasher.update_framed(part);
            }
            hasher.finish()
        };
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
    }
}
