//! The text armour: one byte string for one envelope. What is written differently is refused, not mended.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::digest::{Context, Digest};
use iia_core::sign::{KeyId, Signature};

use super::EnvelopeError;
use crate::limits::DOCUMENT_LEN_MAX;
use crate::trust::Class;

/// Signatures of an envelope at most.
pub const SIGNATURES_MAX: usize = 16;
/// Bytes of a header line at most.
pub const HEADER_LINE_MAX: usize = 128;
/// Bytes of an envelope at most.
pub const ENVELOPE_LEN_MAX: usize = DOCUMENT_LEN_MAX + (SIGNATURES_MAX + 6) * HEADER_LINE_MAX;
const MAGIC: &str = "iia-sig 1";
const END: &str = "--";

/// An envelope taken apart. Nothing of it is believed yet: the body goes to nobody but [`super::open`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Armour<'a> {
    /// What the body is.
    pub class: Class,
    /// Who claims to have signed, by ascending key id.
    pub signatures: Vec<(KeyId, Signature)>,
    /// The bytes that are signed.
    pub body: &'a [u8],
}

impl<'a> Armour<'a> {
    /// Takes an envelope apart.
    ///
    /// # Errors
    /// [`EnvelopeError`]; whatever [`Armour::to_bytes`] would not have written is refused.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_LEN_MAX {
            let (len, max) = (bytes.len(), ENVELOPE_LEN_MAX);
            return Err(EnvelopeError::TooLarge { len, max });
        }
        let bad = |what| EnvelopeError::Malformed { what };
        let mut rest = bytes;
        if line(&mut rest) != Some(MAGIC) {
            return Err(bad("the first line is not `iia-sig 1`"));
        }
        let class = keyed(&mut rest, "type ").and_then(Class::of_payload_type);
        let class = class.ok_or(bad("`type` names no payload type of ours"))?;
        let size = keyed(&mut rest, "size ").ok_or(bad("no `size` line"))?;
        let digest = keyed(&mut rest, "digest ").ok_or(bad("no `digest` line"))?;
        let signatures = signatures(&mut rest)?;
        if size != rest.len().to_string() {
            return Err(bad("`size` is not that of the body"));
        }
        if digest != Digest::of(Context::Artifact, rest).to_string() {
            return Err(bad("`digest` is not that of the body"));
        }
        Ok(Self {
            class,
            signatures,
            body: rest,
        })
    }

    /// The envelope's bytes. Signatures are put in order; a key that is there twice stays there twice and will be refused.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "{MAGIC}\ntype {}\nsize {}\ndigest {}\n",
            self.class.payload_type(),
            self.body.len(),
            self.digest()
        );
        let mut signatures: Vec<_> = self.signatures.iter().collect();
        signatures.sort_by_key(|(keyid, _)| *keyid);
        for (keyid, signature) in signatures {
            let signature = URL_SAFE_NO_PAD.encode(signature.as_bytes());
            text.push_str(&format!("sig ed25519:{keyid} {signature}\n"));
        }
        text.push_str(END);
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(self.body);
        bytes
    }

    /// The body's digest, which names the artifact.
    pub fn digest(&self) -> Digest {
        Digest::of(Context::Artifact, self.body)
    }
}

/// Signature lines up to the end of the header: strictly ascending, so a key stands once.
fn signatures(rest: &mut &[u8]) -> Result<Vec<(KeyId, Signature)>, EnvelopeError> {
    let bad = |what| EnvelopeError::Malformed { what };
    let mut found: Vec<(KeyId, Signature)> = Vec::new();
    loop {
        let text = line(rest).ok_or(bad("the header does not end with `--`"))?;
        if text == END {
            return Ok(found);
        }
        if found.len() == SIGNATURES_MAX {
            return Err(bad("too many signatures"));
        }
        let (keyid, signature) = signature(text).ok_or(bad("a line is no signature"))?;
        if found.last().is_some_and(|(last, _)| *last >= keyid) {
            return Err(EnvelopeError::RepeatedKey { keyid });
        }
        found.push((keyid, signature));
    }
}

fn signature(line: &str) -> Option<(KeyId, Signature)> {
    let (keyid, signature) = line.strip_prefix("sig ed25519:")?.split_once(' ')?;
    let mut id = [0; 8];
    iia_core::digest::decode_hex(keyid, &mut id)?;
    // The engine refuses padding and trailing bits: 64 bytes have one spelling.
    let bytes = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let signature = Signature::from_bytes(bytes.try_into().ok()?);
    Some((KeyId::from_bytes(id), signature))
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let mut window = rest.iter().take(HEADER_LINE_MAX + 1);
    let end = window.position(|byte| *byte == b'\n')?;
    let (line, behind) = rest.split_at_checked(end)?;
    *rest = behind.get(1..)?;
    std::str::from_utf8(line).ok()
}

fn keyed<'a>(rest: &mut &'a [u8], key: &str) -> Option<&'a str> {
    line(rest)?.strip_prefix(key)
}
