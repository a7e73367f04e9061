//! Cosignatures with ML-DSA-44 (C2SP tlog-cosignature, type 0x06), beside those with Ed25519.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::mldsa::{PublicKey, SIGNATURE_LEN, SoftwareKey};

use super::{DASH, Note, is_name, vkey};
use crate::AuditError;
use crate::checkpoint::Checkpoint;

const KIND: u8 = 6;
const LABEL: [u8; 12] = *b"subtree/v1\n\0";

/// A witness's or a mirror's public key of this kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MlDsaKey {
    /// The name in signature lines.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl MlDsaKey {
    fn key_hash(&self) -> [u8; 4] {
        super::key_hash(&self.name, KIND, self.key.as_bytes())
    }

    /// The text form `name+hash+key` (C2SP vkey).
    pub fn to_text(&self) -> String {
        vkey(&self.name, KIND, self.key.as_bytes())
    }

    /// Reads the text form; the hash in it must be the right one.
    ///
    /// # Errors
    /// [`AuditError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let parsed = read(text).filter(|key| key.to_text() == text);
        parsed.ok_or(AuditError::Malformed {
            what: "ML-DSA-44 verifier key",
        })
    }

    /// Verifies the cosignature by this key on a head; gives its time in seconds.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`], [`AuditError::Malformed`] for a note that is no head.
    pub fn verify(&self, note: &Note<'_>) -> Result<u64, AuditError> {
        let unsigned = || AuditError::Unsigned {
            who: self.name.clone(),
        };
        let head = Checkpoint::parse(note.text)?;
        let blob = note
            .blob(&self.name, self.key_hash())
            .ok_or_else(unsigned)?;
        let (time, signature) = blob.split_first_chunk().ok_or_else(unsigned)?;
        let signature: &[u8; SIGNATURE_LEN] = signature.try_into().map_err(|_| unsigned())?;
        let time = u64::from_be_bytes(*time);
        let good = self
            .key
            .verify(&cosigned(&self.name, time, &head), signature);
        good.map(|()| time).map_err(|_| unsigned())
    }
}

fn read(text: &str) -> Option<MlDsaKey> {
    let mut parts = text.splitn(3, '+');
    let name = parts.next().filter(|name| is_name(name))?.to_string();
    let bytes = STANDARD.decode(parts.nth(1)?).ok()?;
    let (kind, key) = bytes.split_first()?;
    let key = PublicKey::from_bytes(key.try_into().ok()?);
    (*kind == KIND).then_some(MlDsaKey { name, key })
}

/// The structure that is signed, for the whole tree of a head.
fn cosigned(name: &str, time: u64, head: &Checkpoint) -> Vec<u8> {
    let mut message = LABEL.to_vec();
    let mut text = |text: &str, after: &[u64]| {
        message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(text.as_bytes());
        after
            .iter()
            .for_each(|number| message.extend_from_slice(&number.to_be_bytes()));
    };
    text(name, &[time]);
    text(&head.origin, &[0, head.size]);
    message.extend_from_slice(&head.root);
    message
}

/// The cosignature line of a head's text at a time in seconds.
///
/// # Errors
/// [`AuditError::Malformed`] for a text that is no head or a name that none can have; [`AuditError::Unsigned`].
pub fn cosign(
    text: &str,
    name: &str,
    signer: &SoftwareKey,
    time: u64,
) -> Result<String, AuditError> {
    let head = Checkpoint::parse(text)?;
    if !is_name(name) {
        return Err(AuditError::Malformed { what: "name" });
    }
    let key = MlDsaKey {
        name: name.into(),
        key: signer.public_key(),
    };
    let unsigned = |_| AuditError::Unsigned { who: name.into() };
    let signature = signer
        .sign(&cosigned(name, time, &head))
        .map_err(unsigned)?;
    let blob = [&key.key_hash()[..], &time.to_be_bytes(), &signature].concat();
    Ok(format!("{DASH}{name} {}\n", STANDARD.encode(blob)))
}
