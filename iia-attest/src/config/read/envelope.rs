//! The envelope of an artifact: the observer verifies the signatures itself before it believes what is intended.
//!
//! The text armour is a header of lines and the body; what is signed is its DSSE pre-authentication encoding.

use alloc::format;
use alloc::vec::Vec;

use iia_core::Digest;
use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, decode_hex};
use iia_core::sign::{KeyId, PublicKey, Signature};

use super::flat::FlatError;

const TYPE: &str = "application/vnd.iia.config.v1";
/// Signatures of an envelope at most.
const SIGNATURES_MAX: usize = 16;
/// Bytes of a header line at most.
const LINE_LEN_MAX: usize = 128;

/// Why an artifact is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The bytes are no envelope of a configuration.
    #[error("not the envelope of a configuration")]
    Envelope,
    /// The body is not written in the language.
    #[error("{0}")]
    Flat(#[from] FlatError),
    /// There is no entry that says which artifact it is.
    #[error("no entry says which artifact it is")]
    Nameless,
    /// Fewer of the given keys have signed than must.
    #[error("{have} good signatures by known keys, {need} needed")]
    Unsigned {
        /// How many have.
        have: usize,
        /// How many must.
        need: usize,
    },
}

impl Coded for ArtifactError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Flat(error) => return error.code(),
            Self::Envelope => 62,
            Self::Nameless => 63,
            Self::Unsigned { .. } => 162,
        };
        Code::new("ATT", number)
    }
}

/// The body of an envelope that `need` of these keys have signed, and its digest.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    keys: &[PublicKey],
    need: usize,
) -> Result<(&'a str, Digest), ArtifactError> {
    let (body, digest, signatures) = take_apart(bytes).ok_or(ArtifactError::Envelope)?;
    let mut message = format!("DSSEv1 {} {TYPE} {} ", TYPE.len(), body.len()).into_bytes();
    message.extend_from_slice(body);
    let good = |key: &&PublicKey| {
        let mut of_key = signatures.iter().filter(|(id, _)| *id == key.key_id());
        of_key.any(|(_, signature)| key.verify(&message, signature).is_ok())
    };
    let mut distinct: Vec<&PublicKey> = Vec::new();
    for key in keys {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    let have = distinct.into_iter().filter(good).count();
    if have < need.max(1) {
        let need = need.max(1);
        return Err(ArtifactError::Unsigned { have, need });
    }
    let body = core::str::from_utf8(body).map_err(|_| ArtifactError::Envelope)?;
    Ok((body, digest))
}

type Parts<'a> = (&'a [u8], Digest, Vec<(KeyId, Signature)>);

fn take_apart(bytes: &[u8]) -> Option<Parts<'_>> {
    let mut rest = bytes;
    (line(&mut rest)? == "iia-sig 1").then_some(())?;
    (line(&mut rest)?.strip_prefix("type ")? == TYPE).then_some(())?;
    let size: usize = line(&mut rest)?.strip_prefix("size ")?.parse().ok()?;
    let digest: Digest = line(&mut rest)?.strip_prefix("digest ")?.parse().ok()?;
    let mut signatures = Vec::new();
    loop {
        match line(&mut rest)? {
            "--" => break,
            text if signatures.len() < SIGNATURES_MAX => signatures.push(signature(text)?),
            _ => return None,
        }
    }
    let is_it = rest.len() == size && Digest::of(Context::Artifact, rest) == digest;
    is_it.then_some((rest, digest, signatures))
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest
        .iter()
        .take(LINE_LEN_MAX + 1)
        .position(|byte| *byte == b'\n')?;
    let (line, behind) = rest.split_at_checked(end)?;
    *rest = behind.get(1..)?;
    core::str::from_utf8(line).ok()
}

fn signature(line: &str) -> Option<(KeyId, Signature)> {
    let (id, text) = line.strip_prefix("sig ed25519:")?.split_once(' ')?;
    let mut key_id = [0; 8];
    decode_hex(id, &mut key_id)?;
    Some((
        KeyId::from_bytes(key_id),
        Signature::from_bytes(base64url(text)?),
    ))
}

/// 64 bytes as base64 of RFC 4648 section 5, without padding; trailing bits are zero.
fn base64url(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    let mut out = bytes.iter_mut();
    let (mut bits, mut held) = (0u32, 0);
    for symbol in text.bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            *out.next()? = (bits >> held & 0xff).to_le_bytes()[0];
        }
    }
    let is_whole = out.next().is_none() && text.len() == 86 && bits & ((1 << held) - 1) == 0;
    is_whole.then_some(bytes)
}
