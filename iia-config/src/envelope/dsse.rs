//! The same envelope as DSSE JSON, for tools that speak it; there and back without loss. Off-box only: a box reads the
//! armour.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use iia_core::code::{Code, Coded};
use iia_core::sign::{KeyId, Signature};
use serde::{Deserialize, Serialize};

use super::{Armour, ENVELOPE_LEN_MAX, EnvelopeError};
use crate::trust::Class;

/// Why JSON is not one of our envelopes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DsseError {
    /// What came out of it is no envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not DSSE JSON.
    #[error("not DSSE JSON: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

impl Coded for DsseError {
    fn code(&self) -> Code {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Malformed { .. } => Code::new("CFG", 2),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Json {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<JsonSignature>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct JsonSignature {
    keyid: String,
    sig: String,
}

/// The armour as DSSE JSON.
///
/// # Errors
/// [`EnvelopeError`] when it is no envelope. Signatures are not judged here.
pub fn to_json(bytes: &[u8]) -> Result<String, EnvelopeError> {
    let armour = Armour::parse(bytes)?;
    let signatures = armour.signatures.iter().map(|(keyid, sig)| JsonSignature {
        keyid: keyid.to_string(),
        sig: STANDARD.encode(sig.as_bytes()),
    });
    let json = Json {
        payload: STANDARD.encode(armour.body),
        payload_type: armour.class.payload_type().into(),
        signatures: signatures.collect(),
    };
    // Strings and lists alone: there is nothing in it that could fail to be written.
    let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
    text.push('\n');
    Ok(text)
}

/// DSSE JSON as the armour. Both base64 alphabets are read, as the DSSE protocol asks.
///
/// # Errors
/// [`DsseError`].
pub fn from_json(text: &[u8]) -> Result<Vec<u8>, DsseError> {
    let bad = |what| DsseError::Malformed { what };
    if text.len() > ENVELOPE_LEN_MAX * 3 / 2 {
        return Err(bad("too large"));
    }
    let json: Json = serde_json::from_slice(text).map_err(|_| bad("not this shape"))?;
    let class = Class::of_payload_type(&json.payload_type);
    let class = class.ok_or(bad("payloadType is none of ours"))?;
    let body = decode(&json.payload).ok_or(bad("payload is not base64"))?;
    let mut signatures = Vec::new();
    for JsonSignature { keyid, sig } in json.signatures {
        let mut id = [0; 8];
        iia_core::digest::decode_hex(&keyid, &mut id).ok_or(bad("keyid is not ours"))?;
        let sig = decode(&sig).and_then(|sig| sig.try_into().ok());
        let sig = sig.ok_or(bad("sig is not 64 bytes"))?;
        signatures.push((KeyId::from_bytes(id), Signature::from_bytes(sig)));
    }
    let armour = Armour {
        class,
        signatures,
        body: &body,
    };
    let bytes = armour.to_bytes();
    Armour::parse(&bytes)?;
    Ok(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
}
