//! TLS 1.3 configurations in which both ends prove a SPIFFE ID, nothing is resumed and nothing is HTTP.

mod fault;
mod wire;

use std::sync::{Arc, LazyLock};

use iia_core::{SpiffeId, Timestamp};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

pub use fault::Fault;
pub use rustls::{ClientConfig, ServerConfig};
pub use wire::{Peer, Progress, Shown, WAITING_MAX, Wire};

use crate::IdentityError;
use crate::bundle::BundleSet;
use crate::svid::Store;
use crate::verify::verify_chain;
use fault::alert;

/// The application protocol of links; its absence is refused (invariant 1).
pub const ALPN: &[u8] = b"iia/1";

/// Whether this processor has instructions of its own for AES-GCM, which the provider takes where they are.
pub fn aes_in_hardware() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("aes")
        && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("pmull");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}

/// A server that shows its own SVID and asks every client for one of a known trust domain.
///
/// # Errors
/// [`IdentityError::Internal`] when the provider lacks TLS 1.3.
pub fn server_config(
    store: &Arc<Store>,
    bundles: &Arc<BundleSet>,
) -> Result<ServerConfig, IdentityError> {
    let provider = provider();
    let verifier = Arc::new(Verifier::new(bundles, None, &provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| IdentityError::Internal { what: "TLS 1.3" })?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(Current(Arc::clone(store))));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // Resumption would skip the verifier: no tickets, no stored sessions.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(config)
}

/// A client that shows its own SVID and accepts no peer but `peer`.
///
/// # Errors
/// [`IdentityError::Internal`] when the provider lacks TLS 1.3.
pub fn client_config(
    store: &Arc<Store>,
    bundles: &Arc<BundleSet>,
    peer: &SpiffeId,
) -> Result<ClientConfig, IdentityError> {
    let provider = provider();
    let verifier = Arc::new(Verifier::new(bundles, Some(peer.clone()), &provider));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| IdentityError::Internal { what: "TLS 1.3" })?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(Current(Arc::clone(store))));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// Shows whatever SVID is current at the handshake.
#[derive(Debug)]
struct Current(Arc<Store>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.key())
    }
}

impl ResolvesClientCert for Current {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.key())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Verifier {
    bundles: Arc<BundleSet>,
    expected: Option<SpiffeId>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn new(
        bundles: &Arc<BundleSet>,
        expected: Option<SpiffeId>,
        provider: &CryptoProvider,
    ) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self {
            bundles: Arc::clone(bundles),
            expected,
            algorithms,
        }
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let mut chain = vec![leaf.clone()];
        chain.extend_from_slice(rest);
        let now = Timestamp::from_secs(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let id = verify_chain(&chain, &self.bundles, now).map_err(alert)?;
        match &self.expected {
            Some(expected) if *expected != id => Err(alert(IdentityError::WrongPeer)),
            _ => Ok(()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(leaf, rest, now)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(leaf, rest, now)
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
