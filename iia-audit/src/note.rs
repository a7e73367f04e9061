//! C2SP signed notes: text, an empty line, signature lines; with Ed25519 (0x01) and cosignature/v1 (0x04).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::sign::{PublicKey, Signature, Signer};
use sha2::{Digest as _, Sha256};

use crate::AuditError;

#[cfg(feature = "mldsa")]
pub mod mldsa;

/// Longest note in bytes.
pub const NOTE_LEN_MAX: usize = 64 * 1024;
/// Signature lines of a note at most.
pub const SIGNATURES_MAX: usize = 16;
const KEY_HASH_LEN: usize = 4;
const DASH: &str = "\u{2014} ";

/// What a key signs (C2SP signed-note, signature types).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// The note itself, type 0x01.
    Log,
    /// Note and time, type 0x04 (C2SP tlog-cosignature).
    Cosignature,
}

impl Purpose {
    const fn number(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Cosignature => 4,
        }
    }
}

/// A named public key for one purpose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifierKey {
    /// The name in signature lines.
    pub name: String,
    /// What it signs.
    pub purpose: Purpose,
    /// The key.
    pub key: PublicKey,
}

impl VerifierKey {
    /// The four bytes that name the key in a signature line.
    pub fn key_hash(&self) -> [u8; 4] {
        key_hash(&self.name, self.purpose.number(), self.key.as_bytes())
    }

    /// The text form `name+hash+key` (C2SP vkey).
    pub fn to_text(&self) -> String {
        vkey(&self.name, self.purpose.number(), self.key.as_bytes())
    }

    /// Reads the text form; the hash in it must be the right one.
    ///
    /// # Errors
    /// [`AuditError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed {
            what: "verifier key",
        };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong);
        };
        let bytes = STANDARD.decode(key).map_err(|_| wrong.clone())?;
        let (purpose, key) = match bytes.split_first() {
            Some((1, key)) => (Purpose::Log, key),
            Some((4, key)) => (Purpose::Cosignature, key),
            _ => return Err(wrong),
        };
        let key = PublicKey::from_bytes(key.try_into().map_err(|_| wrong.clone())?);
        let parsed = Self {
            name: name.to_string(),
            purpose,
            key,
        };
        if is_name(name) && parsed.to_text() == text {
            Ok(parsed)
        } else {
            Err(wrong)
        }
    }
}

/// The four bytes that name a key of a kind in a signature line (C2SP signed-note).
fn key_hash(name: &str, kind: u8, key: &[u8]) -> [u8; KEY_HASH_LEN] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', kind])
        .chain_update(key)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// The text form of a key (C2SP vkey).
fn vkey(name: &str, kind: u8, key: &[u8]) -> String {
    let hash = iia_core::digest::hex(&key_hash(name, kind, key));
    format!("{name}+{hash}+{}", STANDARD.encode([&[kind], key].concat()))
}

/// Whether a name may stand in a signature line.
pub fn is_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && b != b'+';
    !name.is_empty() && name.len() <= 127 && name.bytes().all(legal)
}

/// A note taken apart: the signed text with its final line feed, and the signature lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note<'a> {
    /// The signed text.
    pub text: &'a str,
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Line<'a> {
    name: &'a str,
    blob: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`AuditError::Malformed`].
    pub fn parse(note: &'a str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed {
            what: "signed note",
        };
        let control = |b: u8| b < 0x20 && b != b'\n' || b == 0x7f;
        if note.len() > NOTE_LEN_MAX || note.bytes().any(control) {
            return Err(wrong);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(wrong.clone())?;
        let text = note.get(..=text.len()).ok_or(wrong.clone())?;
        let signatures = signatures.strip_suffix('\n').ok_or(wrong.clone())?;
        let lines: Vec<&str> = signatures.split('\n').collect();
        if lines.len() > SIGNATURES_MAX {
            return Err(wrong);
        }
        let lines = lines
            .into_iter()
            .map(Line::parse)
            .collect::<Option<_>>()
            .ok_or(wrong)?;
        Ok(Self { text, lines })
    }

    /// Verifies the signature by `key`; for a cosignature gives its time in seconds, otherwise 0.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`].
    pub fn verify(&self, key: &VerifierKey) -> Result<u64, AuditError> {
        let unsigned = || AuditError::Unsigned {
            who: key.name.clone(),
        };
        let blob = self.blob(&key.name, key.key_hash()).ok_or_else(unsigned)?;
        let (message, time, signature) = match key.purpose {
            Purpose::Log => (self.text.to_string(), 0, blob),
            Purpose::Cosignature => {
                let (time, signature) = blob.split_first_chunk().ok_or_else(unsigned)?;
                let time = u64::from_be_bytes(*time);
                (cosigned(time, self.text), time, signature)
            }
        };
        let signature = Signature::from_bytes(signature.try_into().map_err(|_| unsigned())?);
        key.key
            .verify(message.as_bytes(), &signature)
            .map_err(|_| unsigned())?;
        Ok(time)
    }

    /// What stands in the signature line of a name and a key, behind the key's hash.
    fn blob(&self, name: &str, hash: [u8; KEY_HASH_LEN]) -> Option<&[u8]> {
        let mine = |line: &&Line<'_>| line.name == name && line.blob.starts_with(&hash);
        self.lines.iter().find(mine)?.blob.get(KEY_HASH_LEN..)
    }

    /// The note with the signature of one key alone.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`].
    pub fn alone(&self, key: &VerifierKey) -> Result<String, AuditError> {
        self.verify(key)?;
        let hash = key.key_hash();
        let blob = self.blob(&key.name, hash).unwrap_or_default();
        let blob = STANDARD.encode([&hash[..], blob].concat());
        Ok(format!("{}\n{DASH}{} {blob}\n", self.text, key.name))
    }

    /// How many signature lines there are.
    pub const fn signatures(&self) -> usize {
        self.lines.len()
    }
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, blob) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(blob).ok()?;
        // One byte string, one text: what does not encode back is not a signature line; nor is a key hash alone.
        (is_name(name) && bytes.len() > KEY_HASH_LEN && STANDARD.encode(&bytes) == blob)
            .then_some(Self { name, blob: bytes })
    }
}

fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The signature line of a note's text.
///
/// # Errors
/// [`AuditError::Unsigned`] when the key's holder does not answer.
pub fn sign(text: &str, name: &str, signer: &dyn Signer) -> Result<String, AuditError> {
    line(name, Purpose::Log, signer, (text, &[]))
}

/// The cosignature line of a note's text at a time in seconds.
///
/// # Errors
/// [`AuditError::Unsigned`] when the key's holder does not answer.
pub fn cosign(
    text: &str,
    name: &str,
    signer: &dyn Signer,
    time: u64,
) -> Result<String, AuditError> {
    line(
        name,
        Purpose::Cosignature,
        signer,
        (&cosigned(time, text), &time.to_be_bytes()),
    )
}

fn line(
    name: &str,
    purpose: Purpose,
    signer: &dyn Signer,
    (message, prefix): (&str, &[u8]),
) -> Result<String, AuditError> {
    let key = VerifierKey {
        name: name.to_string(),
        purpose,
        key: signer.public_key(),
    };
    let unsigned = |_| AuditError::Unsigned {
        who: name.to_string(),
    };
    let signature = signer.sign(message.as_bytes()).map_err(unsigned)?;
    let mut blob = key.key_hash().to_vec();
    blob.extend_from_slice(prefix);
    blob.extend_from_slice(signature.as_bytes());
    Ok(format!("{DASH}{name} {}\n", STANDARD.encode(blob)))
}
