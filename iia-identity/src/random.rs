//! Random bytes of the cryptographic provider.

use std::sync::LazyLock;

use rustls::crypto::CryptoProvider;

use crate::IdentityError;

/// The provider, made once.
pub(crate) static PROVIDER: LazyLock<CryptoProvider> =
    LazyLock::new(rustls::crypto::aws_lc_rs::default_provider);

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), IdentityError> {
    let source = PROVIDER.secure_random;
    source.fill(bytes).map_err(|_| IdentityError::Environment {
        what: "random source",
    })
}

/// A serial number: sixteen random bytes, positive and of full length (RFC 5280 4.1.2.2).
pub(crate) fn serial() -> Result<[u8; 16], IdentityError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    Ok(bytes)
}
