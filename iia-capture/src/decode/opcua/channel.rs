//! How a channel is secured, and what of it can be read (OPC 10000-6, 6.7; OPC 10000-7, 6.6).

use super::packet::le32;
use super::services;
use super::variant::standard_id;

/// Security policies: what stands behind the `#` of their names, and the bytes of a signature.
const POLICIES: &[(&[u8], &str, usize)] = &[
    (b"None", "None", 0),
    (b"Basic128Rsa15", "Basic128Rsa15", 20),
    (b"Basic256", "Basic256", 20),
    (b"Basic256Sha256", "Basic256Sha256", 32),
    (b"Aes128_Sha256_RsaOaep", "Aes128_Sha256_RsaOaep", 32),
    (b"Aes256_Sha256_RsaPss", "Aes256_Sha256_RsaPss", 32),
    (b"ECC_nistP256", "ECC_nistP256", 32),
    (b"ECC_nistP384", "ECC_nistP384", 48),
    (b"ECC_brainpoolP256r1", "ECC_brainpoolP256r1", 32),
    (b"ECC_brainpoolP384r1", "ECC_brainpoolP384r1", 48),
    (b"ECC_curve25519", "ECC_curve25519", 16),
    (b"ECC_curve448", "ECC_curve448", 16),
];
/// Bytes of signatures, where the policy is not known.
const SIGNATURES: [usize; 4] = [16, 20, 32, 48];

/// What is known of a channel's security.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Policy {
    /// Its opening was not seen.
    #[default]
    Unseen,
    /// There is none: everything is plain.
    None,
    /// A policy by its name; the bytes of its signatures.
    Named(&'static str, usize),
    /// A policy that is not in the table.
    Other,
}

impl Policy {
    /// The policy of this name.
    pub(super) fn of(uri: &[u8]) -> Self {
        let word = uri.rsplit(|byte| *byte == b'#').next().unwrap_or_default();
        let row = POLICIES.iter().find(|row| row.0 == word);
        match row {
            Some((_, _, 0)) => Self::None,
            Some((_, name, len)) => Self::Named(name, *len),
            None => Self::Other,
        }
    }

    /// Its name, where it has one.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::None => Some("None"),
            Self::Named(name, _) => Some(name),
            Self::Unseen | Self::Other => None,
        }
    }

    /// Whether what a chunk carries can be read: there is no policy, or what begins is a message that there is, so that
    /// the channel only signs.
    pub(super) fn reads(self, body: &[u8]) -> bool {
        let known = || standard_id(body).is_some_and(|id| services::kind(id).is_some());
        self == Self::None || known()
    }

    /// Whether a chunk that takes a message back can be read.
    pub(super) fn reads_abort(self, body: &[u8]) -> bool {
        let text = le32(body, 4).and_then(|len| usize::try_from(len).ok());
        let ends = text.and_then(|len| body.len().checked_sub(len)?.checked_sub(8));
        self == Self::None || ends.is_some_and(|rest| rest == 0 || self.signs(rest))
    }

    /// What a chunk carries without the signature behind it.
    pub(super) fn unsigned(self, bytes: &[u8]) -> &[u8] {
        let len = match self {
            Self::Named(_, len) => len,
            _ => 0,
        };
        let end = bytes.len().saturating_sub(len);
        bytes.get(..end).unwrap_or_default()
    }

    /// Whether so many bytes behind a message can be a signature that was not taken off.
    pub(super) fn signs(self, len: usize) -> bool {
        matches!(self, Self::Unseen | Self::Other) && SIGNATURES.contains(&len)
            || matches!(self, Self::Named(_, signature) if signature == len)
    }
}
