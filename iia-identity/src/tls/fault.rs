//! Why TLS failed: reasons go into the TLS stack as its errors and come out of it again as ours.

use std::sync::Arc;

use rustls::{
    AlertDescription, CertificateError, Error, HandshakeType, InvalidMessage, OtherError,
    PeerIncompatible,
};

use crate::IdentityError;

/// Why a handshake failed or a session over TLS ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The peer's identity is not believed.
    Identity(IdentityError),
    /// The peer speaks none of our application protocols.
    NoProtocol,
    /// What came is not TLS.
    NotTls,
    /// The peer does not speak TLS 1.3.
    OldVersion,
    /// The peer begins a handshake where none has a place; TLS 1.3 has no renegotiation (RFC 8446 4.1.2).
    Renegotiation,
    /// Anything else, an alert of the peer among it.
    Other,
}

/// What TLS said.
pub(super) fn fault(error: &Error) -> Fault {
    match error {
        Error::InvalidCertificate(reason) => identity(reason).map_or(Fault::Other, Fault::Identity),
        Error::NoCertificatesPresented => Fault::Identity(IdentityError::NoCertificate),
        Error::NoApplicationProtocol => Fault::NoProtocol,
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::UnknownProtocolVersion,
        ) => Fault::NotTls,
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            // Before TLS 1.2 there was no such extension (RFC 5246 7.4.1.4.1).
            PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => Fault::OldVersion,
        Error::InappropriateHandshakeMessage { got_type, .. }
            if *got_type == HandshakeType::ClientHello =>
        {
            Fault::Renegotiation
        }
        _ => Fault::Other,
    }
}

/// What the stack is told, and so the peer: that time is over or not come, that the authority is not known, or no more.
pub(super) fn alert(error: IdentityError) -> Error {
    Error::InvalidCertificate(match error {
        IdentityError::Expired => CertificateError::Expired,
        IdentityError::NotYetValid => CertificateError::NotValidYet,
        IdentityError::BadPath => CertificateError::UnknownIssuer,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    })
}

/// The way back of [`alert`].
fn identity(reason: &CertificateError) -> Option<IdentityError> {
    match reason {
        CertificateError::Expired => Some(IdentityError::Expired),
        CertificateError::NotValidYet => Some(IdentityError::NotYetValid),
        CertificateError::UnknownIssuer => Some(IdentityError::BadPath),
        CertificateError::BadEncoding => Some(IdentityError::BadCertificate),
        CertificateError::Other(OtherError(error)) => error.downcast_ref().cloned(),
        _ => None,
    }
}
