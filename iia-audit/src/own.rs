//! Second signatures: a source that has a key of its own signs what it states, so that whoever keeps the log cannot speak for
//! it (001:328, the independent IO master).
//!
//! The signature is the event's last field. It is over the source, the event without that field, and so over the source's
//! own number, which goes up by one: what a keeper leaves out is missing.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::SpiffeId;
use iia_core::canon;
use iia_core::event::{Event, FIELDS_MAX};
use iia_core::sign::{PublicKey, Signature, Signer};

use crate::AuditError;
use crate::frame::Body;

/// The field with the signature, base64.
pub const FIELD: &str = "own_signature";
const CONTEXT: &[u8] = b"iia 2026-11 own signature v1\n";

/// A source whose every record must carry its own signature, and the key, obtained elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnKey {
    /// The source.
    pub source: SpiffeId,
    /// Its key, which is not the log's.
    pub key: PublicKey,
}

impl OwnKey {
    /// Verifies a record's body.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] naming the source.
    pub fn verify(&self, body: &Body) -> Result<(), AuditError> {
        let unsigned = || AuditError::Unsigned {
            who: self.source.as_str().into(),
        };
        let mut stated = body.clone();
        let last = stated.event.fields.pop().filter(|field| field.key == FIELD);
        let blob = last.and_then(|last| STANDARD.decode(last.value).ok());
        let blob: Option<[u8; 64]> = blob.and_then(|blob| blob.try_into().ok());
        let signature = Signature::from_bytes(blob.ok_or_else(unsigned)?);
        let verified = self.key.verify(&message(&stated), &signature);
        verified.map_err(|_| unsigned())
    }
}

/// Signs an event of `source` with the source's own key; it must have its number by now.
///
/// # Errors
/// [`AuditError::Malformed`] for an event without number or with no room for a field; [`AuditError::Unsigned`] when the key's
/// holder does not answer.
pub fn sign(source: &SpiffeId, event: Event, signer: &dyn Signer) -> Result<Event, AuditError> {
    let is_signed = event.fields.iter().any(|field| field.key == FIELD);
    if event.source_seq == 0 || is_signed || event.fields.len() >= FIELDS_MAX {
        return Err(AuditError::Malformed {
            what: "event that its source can sign",
        });
    }
    let body = Body {
        source: source.as_str().into(),
        event,
    };
    let signature = signer
        .sign(&message(&body))
        .map_err(|_| AuditError::Unsigned {
            who: source.as_str().into(),
        })?;
    let text: String = STANDARD.encode(signature.as_bytes());
    Ok(body.event.with(FIELD, text))
}

fn message(body: &Body) -> Vec<u8> {
    let mut message = CONTEXT.to_vec();
    canon::encode_into(&mut message, body);
    message
}
