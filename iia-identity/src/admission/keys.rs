//! The public keys that may sign what runs.

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

use super::AdmissionError;
use crate::signature;

/// Keys at most.
pub const KEYS_MAX: usize = 16;
/// Longest public key in bytes.
pub const KEY_LEN_MAX: usize = 8 * 1024;

/// Public keys of whoever builds and signs, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Vec<u8>>);

impl Keys {
    /// Adds a key: a SubjectPublicKeyInfo as PEM (`cosign.pub`, `openssl pkey -pubout`) or DER.
    ///
    /// # Errors
    /// [`AdmissionError::BadKey`], [`AdmissionError::TooLarge`].
    pub fn add(&mut self, key: &[u8]) -> Result<(), AdmissionError> {
        if key.len() > KEY_LEN_MAX {
            return Err(AdmissionError::BadKey);
        }
        if self.0.len() >= KEYS_MAX {
            let (what, max) = ("keys", 16);
            return Err(AdmissionError::TooLarge { what, max });
        }
        let pem = SubjectPublicKeyInfoDer::from_pem_slice(key);
        let der = pem.map_or_else(|_| key.to_vec(), |der| der.to_vec());
        match SubjectPublicKeyInfo::from_der(&der) {
            Ok(([], read)) if signature::algorithm(&read).is_some() => {
                self.0.push(der);
                Ok(())
            }
            _ => Err(AdmissionError::BadKey),
        }
    }

    /// Whether one of the keys has signed the message.
    pub fn have_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.iter().any(|der| {
            SubjectPublicKeyInfo::from_der(der)
                .is_ok_and(|(_, key)| signature::holds(&key, message, signature))
        })
    }
}
