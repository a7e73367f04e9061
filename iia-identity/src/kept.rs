//! Authorities as bytes. They hold signing keys: whoever keeps them seals them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::IdentityError;
use crate::authority::{Authority, internal};
use crate::key::PrivateKey;

/// Longest kept issuer in bytes.
pub const STATE_LEN_MAX: usize = 2 * 1024 * 1024;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptAuthority {
    certificate: String,
    key: String,
}

impl Drop for KeptAuthority {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl KeptAuthority {
    pub(crate) fn of(authority: &Authority) -> Self {
        Self {
            certificate: STANDARD.encode(&authority.der),
            key: STANDARD.encode(authority.secret().as_pkcs8()),
        }
    }

    pub(crate) fn open(&self) -> Result<Authority, IdentityError> {
        let key = PrivateKey::from_pkcs8(bytes(&self.key)?);
        Authority::load(bytes(&self.certificate)?, key)
    }
}

pub(crate) fn to_text<T: Serialize>(kept: &T) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    // Room beforehand: growing would leave copies of the key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(STATE_LEN_MAX));
    serde_json::to_writer(&mut *text, kept).map_err(|_| internal("write the state"))?;
    Ok(text)
}

pub(crate) fn from_text<T: DeserializeOwned>(state: &[u8]) -> Result<T, IdentityError> {
    let bad = |what| IdentityError::BadState { what };
    if state.len() > STATE_LEN_MAX {
        return Err(bad("too long"));
    }
    serde_json::from_slice(state).map_err(|_| bad("not one of ours"))
}

pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, IdentityError> {
    let decoded = STANDARD.decode(text);
    decoded.map_err(|_| IdentityError::BadState { what: "not base64" })
}
