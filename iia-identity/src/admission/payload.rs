//! What a signature over an image says: cosign's payload ("simple signing") and sigstore's bundle.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{AdmissionError, Keys, Sha256};
use crate::bundle::json::once;

/// Longest payload or bundle in bytes.
pub const PAYLOAD_LEN_MAX: usize = 64 * 1024;
const TYPES: [&str; 2] = [
    "cosign container image signature",
    "atomic container signature",
];
const BUNDLES: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    BUNDLE_TYPE,
];
/// The media type of a sigstore bundle, version 0.3.
pub const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT: &str = "application/vnd.in-toto+json";
/// What a statement must be to let something run: one about its bill of materials or its tests says less.
const SIGNS: &str = "https://sigstore.dev/cosign/sign/v1";

/// The digest of the image that a payload is about, and the name that it gives the image.
///
/// # Errors
/// [`AdmissionError::BadSignature`], [`AdmissionError::BadDigest`].
pub fn parse_payload(json: &[u8]) -> Result<(Sha256, String), AdmissionError> {
    let value = read(json)?;
    let critical = value.get("critical").ok_or(bad("no critical part"))?;
    let text = |pointer| critical.pointer(pointer).and_then(Value::as_str);
    if !text("/type").is_some_and(|kind| TYPES.contains(&kind)) {
        return Err(bad("of another type"));
    }
    let digest = text("/image/docker-manifest-digest").ok_or(bad("no digest"))?;
    let name = text("/identity/docker-reference").ok_or(bad("no name"))?;
    Ok((digest.parse()?, name.to_owned()))
}

/// The payload that is signed for an image of this name, without spaces, as cosign writes it.
pub fn payload(digest: &Sha256, name: &str) -> Vec<u8> {
    let value = serde_json::json!({
        "critical": {
            "identity": { "docker-reference": name },
            "image": { "docker-manifest-digest": digest.to_string() },
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    value.to_string().into_bytes()
}

/// Verifies a payload and its signature (base64); gives the image's digest.
///
/// # Errors
/// [`AdmissionError::NotSigned`], [`AdmissionError::BadSignature`].
pub fn verify_payload(
    payload: &[u8],
    signature: &str,
    keys: &Keys,
) -> Result<Sha256, AdmissionError> {
    // What nobody signed is not even read.
    if !keys.have_signed(payload, &decode(signature)?) {
        let digest = Sha256::of(payload).to_string();
        return Err(AdmissionError::NotSigned { digest });
    }
    parse_payload(payload).map(|(digest, _)| digest)
}

/// Verifies a sigstore bundle over the content with this digest; no network, no log, keys only. `content` reads the whole
/// of it and is asked only where the signature is over it and not over a statement about its digest.
///
/// # Errors
/// [`AdmissionError::NotSigned`], [`AdmissionError::BadSignature`].
pub fn verify_bundle(
    bundle: &[u8],
    digest: &Sha256,
    content: &mut dyn FnMut() -> Result<Vec<u8>, AdmissionError>,
    keys: &Keys,
) -> Result<(), AdmissionError> {
    let value = read(bundle)?;
    let kind = value.get("mediaType").and_then(Value::as_str);
    if !kind.is_some_and(|kind| BUNDLES.contains(&kind)) {
        return Err(bad("of another type"));
    }
    let signed = if let Some(message) = value.get("messageSignature") {
        let text = |pointer| message.pointer(pointer).and_then(Value::as_str);
        let named = decode(text("/messageDigest/digest").ok_or(bad("no digest"))?)?;
        let sha256 = text("/messageDigest/algorithm") == Some("SHA2_256");
        let signature = decode(text("/signature").ok_or(bad("no signature"))?)?;
        let content = content()?;
        let same = sha256 && named == digest.as_bytes() && Sha256::of(&content) == *digest;
        same && keys.have_signed(&content, &signature)
    } else if let Some(envelope) = value.get("dsseEnvelope") {
        states(envelope, digest, keys)?
    } else {
        return Err(bad("neither a message nor an envelope"));
    };
    match signed {
        true => Ok(()),
        false => Err(AdmissionError::NotSigned {
            digest: digest.to_string(),
        }),
    }
}

/// Whether a signed in-toto statement has the digest among its subjects.
fn states(envelope: &Value, digest: &Sha256, keys: &Keys) -> Result<bool, AdmissionError> {
    let text = |pointer| envelope.pointer(pointer).and_then(Value::as_str);
    let body = decode(text("/payload").ok_or(bad("no payload"))?)?;
    let signature = decode(text("/signatures/0/sig").ok_or(bad("no signature"))?)?;
    if text("/payloadType") != Some(STATEMENT) {
        return Err(bad("an envelope of another type"));
    }
    if !keys.have_signed(&encoded(&body), &signature) {
        return Ok(false);
    }
    let statement = read(&body)?;
    if statement.get("predicateType").and_then(Value::as_str) != Some(SIGNS) {
        return Err(bad("a statement about something else"));
    }
    let subjects = statement.get("subject").and_then(Value::as_array);
    let named = |subject: &Value| {
        let digits = subject.pointer("/digest/sha256").and_then(Value::as_str);
        digits == Some(digest.to_hex().as_str())
    };
    Ok(subjects.is_some_and(|subjects| subjects.iter().any(named)))
}

/// The pre-authentication encoding of a statement (DSSE version 1): what is signed.
fn encoded(body: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {STATEMENT} {} ", STATEMENT.len(), body.len());
    [head.as_bytes(), body].concat()
}

/// The statement that lets the content with this digest run, and the bytes over which it is to be signed.
pub fn statement(digest: &Sha256, name: &str) -> (Vec<u8>, Vec<u8>) {
    let value = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": { "sha256": digest.to_hex() } }],
        "predicateType": SIGNS,
        "predicate": {},
    });
    let body = value.to_string().into_bytes();
    let signed = encoded(&body);
    (body, signed)
}

/// The bundle of a signed statement.
pub fn bundle(statement: &[u8], signature: &[u8]) -> Vec<u8> {
    let value = serde_json::json!({
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": { "publicKey": {}, "tlogEntries": [] },
        "dsseEnvelope": {
            "payload": STANDARD.encode(statement),
            "payloadType": STATEMENT,
            "signatures": [{ "sig": STANDARD.encode(signature) }],
        },
    });
    value.to_string().into_bytes()
}

fn read(json: &[u8]) -> Result<Value, AdmissionError> {
    if json.len() > PAYLOAD_LEN_MAX {
        return Err(bad("longer than 64 KiB"));
    }
    once(json).ok_or(bad("not JSON, or a name occurs twice"))
}

fn decode(text: &str) -> Result<Vec<u8>, AdmissionError> {
    STANDARD.decode(text).map_err(|_| bad("not base64"))
}

const fn bad(what: &'static str) -> AdmissionError {
    AdmissionError::BadSignature { what }
}
