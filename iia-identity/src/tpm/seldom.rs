//! A key in a TPM that is spoken to only while it signs: a TPM that others ask as well is not held.

use std::time::Duration;

use rustls::sign::SigningKey;

use super::{HardwareError, KeyBlob, Tpm, TpmKey};
use crate::lent::LentKey;

impl TpmKey {
    /// The same key, of the TPM at this address, which answers within `patience`; its connection is open only while it signs.
    ///
    /// # Errors
    /// [`HardwareError::Internal`] for a key without a public half.
    pub fn seldom(&self, address: &str, patience: Duration) -> Result<LentKey, HardwareError> {
        let what = "a key without a public half";
        let public = SigningKey::public_key(self).ok_or(HardwareError::Internal { what })?;
        let (address, blob) = (address.to_owned(), self.blob().clone());
        let once = move |message: &[u8]| sign(&address, patience, (&blob, message)).ok();
        Ok(LentKey::new(public.as_ref(), once))
    }
}

fn sign(
    address: &str,
    patience: Duration,
    (blob, message): (&KeyBlob, &[u8]),
) -> Result<Vec<u8>, HardwareError> {
    let tpm = Tpm::open_within(address, patience)?;
    let signed = tpm.key(blob).and_then(|key| key.sign_der(message));
    tpm.close();
    signed
}
