//! The envelope: signatures over the DSSE pre-authentication encoding, in a text armour. Signature first: the body of
//! an envelope whose signatures do not count is given to nobody.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, Digest};
use iia_core::sign::{KeyId, Signature, Signer};

use crate::limits::DOCUMENT_LEN_MAX;
use crate::trust::{Class, Trust};

/// Signatures of an envelope at most.
pub const SIGNATURES_MAX: usize = 16;
/// Bytes of an envelope at most.
pub const ENVELOPE_LEN_MAX: usize = DOCUMENT_LEN_MAX + 8 * 1024;

/// Why an envelope is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A signature by a known key does not verify.
    #[error("signature {keyid} does not verify")]
    BadSignature {
        /// The key's id.
        keyid: KeyId,
    },
    /// The armour is not one.
    #[error("not an envelope: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The same key signed twice.
    #[error("key {keyid} signed twice")]
    RepeatedKey {
        /// The key's id.
        keyid: KeyId,
    },
    /// The envelope is too large.
    #[error("envelope of {len} bytes, {max} allowed")]
    TooLarge {
        /// Its size.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// Too few distinct operators signed.
    #[error("{have} of {need} operators signed")]
    Threshold {
        /// How many did.
        have: usize,
        /// How many must.
        need: usize,
    },
    /// The envelope is of another class.
    #[error("payload type is not that of class {class}")]
    WrongType {
        /// The class that was expected.
        class: &'static str,
    },
}

impl Coded for EnvelopeError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Malformed { .. } => 1,
            Self::BadSignature { .. } => 101,
            Self::RepeatedKey { .. } => 102,
            Self::Threshold { .. } => 103,
            Self::WrongType { .. } => 104,
            Self::TooLarge { .. } => 401,
        };
        Code::new("CFG", number)
    }
}

/// A body whose signatures count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened<'a> {
    /// The signed bytes.
    pub body: &'a [u8],
    /// Their digest, which names the artifact.
    pub digest: Digest,
    /// Who signed, sorted.
    pub operators: Vec<String>,
}

/// The DSSE pre-authentication encoding.
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Signs a body.
///
/// # Errors
/// [`iia_core::sign::SignError`] when a key's holder does not answer.
pub fn seal(
    class: Class,
    body: &[u8],
    signers: &[&dyn Signer],
) -> Result<Vec<u8>, iia_core::sign::SignError> {
    let digest = Digest::of(Context::Artifact, body);
    let mut armour = format!(
        "iia-sig 1\ntype {}\nsize {}\ndigest {digest}\n",
        class.payload_type(),
        body.len()
    );
    let message = pae(class.payload_type(), body);
    for signer in signers {
        let signature = URL_SAFE_NO_PAD.encode(signer.sign(&message)?.as_bytes());
        armour.push_str(&format!(
            "sig ed25519:{} {signature}\n",
            signer.public_key().key_id()
        ));
    }
    armour.push_str("--\n");
    let mut bytes = armour.into_bytes();
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// Opens an envelope: size, header, signatures, threshold; only then is there a body.
///
/// # Errors
/// See [`EnvelopeError`].
pub fn open<'a>(bytes: &'a [u8], class: Class, trust: &Trust) -> Result<Opened<'a>, EnvelopeError> {
    if bytes.len() > ENVELOPE_LEN_MAX {
        return Err(EnvelopeError::TooLarge {
            len: bytes.len(),
            max: ENVELOPE_LEN_MAX,
        });
    }
    let header = Header::parse(bytes)?;
    if header.payload_type != class.payload_type() {
        return Err(EnvelopeError::WrongType {
            class: class.name(),
        });
    }
    let message = pae(header.payload_type, header.body);
    let operators = signers(&header, &message, class, trust)?;
    let (have, need) = (operators.len(), trust.rule(class).threshold);
    if have < need {
        return Err(EnvelopeError::Threshold { have, need });
    }
    Ok(Opened {
        body: header.body,
        digest: header.digest,
        operators: operators.into_iter().collect(),
    })
}

/// The operators whose signatures are good. A key counts once, an operator counts once, a known key that does not
/// verify is an error and not a missing signature.
fn signers(
    header: &Header<'_>,
    message: &[u8],
    class: Class,
    trust: &Trust,
) -> Result<BTreeSet<String>, EnvelopeError> {
    let mut seen = BTreeSet::new();
    let mut operators = BTreeSet::new();
    for (keyid, signature) in &header.signatures {
        if !seen.insert(*keyid) {
            return Err(EnvelopeError::RepeatedKey { keyid: *keyid });
        }
        for key in trust
            .keys
            .iter()
            .filter(|key| key.public.key_id() == *keyid)
        {
            let allowed = key.classes.iter().any(|allowed| allowed == class.name());
            let good = key.public.verify(message, signature);
            good.map_err(|_| EnvelopeError::BadSignature { keyid: *keyid })?;
            if allowed {
                operators.insert(key.operator.clone());
            }
        }
    }
    Ok(operators)
}

struct Header<'a> {
    payload_type: &'a str,
    digest: Digest,
    signatures: Vec<(KeyId, Signature)>,
    body: &'a [u8],
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let bad = |what| EnvelopeError::Malformed { what };
        let mut rest = bytes;
        let magic = line(&mut rest).ok_or(bad("first line"))?;
        let payload_type = line(&mut rest)
            .and_then(|line| line.strip_prefix("type "))
            .ok_or(bad("type"))?;
        let size = line(&mut rest)
            .and_then(|line| line.strip_prefix("size "))
            .ok_or(bad("size"))?;
        let digest = line(&mut rest)
            .and_then(|line| line.strip_prefix("digest "))
            .ok_or(bad("digest"))?;
        let mut signatures = Vec::new();
        loop {
            match line(&mut rest).ok_or(bad("signatures"))? {
                "--" => break,
                text => signatures.push(signature(text).ok_or(bad("signature line"))?),
            }
            if signatures.len() > SIGNATURES_MAX {
                return Err(bad("too many signatures"));
            }
        }
        let digest: Digest = digest.parse().map_err(|_| bad("digest"))?;
        if magic != "iia-sig 1" || size != rest.len().to_string() {
            return Err(bad("size or first line"));
        }
        if digest != Digest::of(Context::Artifact, rest) {
            return Err(bad("digest is not that of the body"));
        }
        Ok(Self {
            payload_type,
            digest,
            signatures,
            body: rest,
        })
    }
}

fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().take(512).position(|byte| *byte == b'\n')?;
    let (line, behind) = rest.split_at_checked(end)?;
    *rest = behind.get(1..)?;
    std::str::from_utf8(line).ok()
}

fn signature(line: &str) -> Option<(KeyId, Signature)> {
    let (keyid, signature) = line.strip_prefix("sig ed25519:")?.split_once(' ')?;
    let mut id = [0; 8];
    iia_core::digest::decode_hex(keyid, &mut id)?;
    let bytes = URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some((
        KeyId::from_bytes(id),
        Signature::from_bytes(bytes.try_into().ok()?),
    ))
}
