//! SHA-256 of the provider that TLS uses.

use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::hash::Context;

/// A digest in the making; `None` inside only where the provider had no such suite, and then nothing comes out.
pub(crate) struct Sha256(Option<Box<dyn Context>>);

impl Sha256 {
    pub(crate) fn new() -> Self {
        let suite = TLS13_AES_128_GCM_SHA256.tls13();
        Self(suite.map(|suite| suite.common.hash_provider.start()))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(context) = &mut self.0 {
            context.update(bytes);
        }
    }

    /// The digest: 32 bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
            .map_or_else(Vec::new, |context| context.finish().as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::Sha256;

    #[test]
    fn the_digest_is_that_of_the_standards_example() {
        let mut sha256 = Sha256::new();
        sha256.update(b"a");
        sha256.update(b"bc");
        // FIPS 180-4, example of one block.
        let hex = iia_core::digest::hex(&sha256.finish());
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
