//! What the standard asks of one certificate, be it a leaf or an authority.

use iia_core::id::TrustDomain;
use iia_core::{SpiffeId, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use crate::IdentityError;
use crate::verify::CERTIFICATE_LEN_MAX;

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, IdentityError> {
    if der.len() > CERTIFICATE_LEN_MAX {
        return Err(IdentityError::BadCertificate);
    }
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(IdentityError::BadCertificate),
    }
}

pub(crate) fn check_time(
    certificate: &X509Certificate<'_>,
    now: Timestamp,
) -> Result<(), IdentityError> {
    let validity = certificate.validity();
    let (from, to) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let now = now.as_secs();
    if now < from {
        return Err(IdentityError::NotYetValid);
    }
    if now > to {
        return Err(IdentityError::Expired);
    }
    Ok(())
}

/// X509-SVID 2, 4 and 5.2: what a leaf must be.
pub(crate) fn check_leaf(der: &[u8], now: Timestamp) -> Result<SpiffeId, IdentityError> {
    let certificate = parse(der)?;
    let bad = |rule| IdentityError::BadLeaf { rule };
    let id = only_uri(&certificate)?.ok_or(bad("no URI name (5.2)"))?;
    if id.path().is_empty() {
        return Err(bad("SPIFFE ID has no path (5.2)"));
    }
    let basic = certificate
        .basic_constraints()
        .map_err(|_| bad("basic constraints twice"))?;
    if basic.is_some_and(|basic| basic.value.ca) {
        let rule = "cA is true (5.2)";
        return Err(IdentityError::LeafIsAuthority { rule });
    }
    check_leaf_usage(&certificate)?;
    no_unknown_critical(&certificate, bad)?;
    check_time(&certificate, now)?;
    Ok(id)
}

fn check_leaf_usage(certificate: &X509Certificate<'_>) -> Result<(), IdentityError> {
    let bad = |rule| IdentityError::LeafUsage { rule };
    let usage = certificate
        .key_usage()
        .map_err(|_| bad("key usage twice"))?;
    let usage = usage.ok_or(bad("no key usage (4.3)"))?;
    if !usage.critical {
        return Err(bad("key usage is not critical (4.3)"));
    }
    if !usage.value.digital_signature() {
        return Err(bad("digitalSignature is not set (4.3)"));
    }
    if usage.value.key_cert_sign() || usage.value.crl_sign() {
        let rule = "keyCertSign or cRLSign is set (5.2)";
        return Err(IdentityError::LeafIsAuthority { rule });
    }
    let extended = certificate
        .extended_key_usage()
        .map_err(|_| bad("extended key usage twice"))?;
    match extended.map(|extended| extended.value) {
        Some(extended) if !(extended.any || extended.server_auth && extended.client_auth) => Err(
            bad("extended key usage lacks serverAuth or clientAuth (4.4)"),
        ),
        _ => Ok(()),
    }
}

/// The SPIFFE ID of a leaf that [`check_leaf`] has accepted.
pub(crate) fn spiffe_id(certificate: &X509Certificate<'_>) -> Result<SpiffeId, IdentityError> {
    let rule = "no URI name (5.2)";
    only_uri(certificate)?.ok_or(IdentityError::BadLeaf { rule })
}

/// The one URI name of a certificate; more than one is refused, whatever the scheme (X509-SVID 2, 5.2).
fn only_uri(certificate: &X509Certificate<'_>) -> Result<Option<SpiffeId>, IdentityError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| IdentityError::TwoNames)?;
    let Some(names) = names else { return Ok(None) };
    let mut uris = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
    let Some(uri) = uris.next() else {
        return Ok(None);
    };
    if uris.next().is_some() {
        return Err(IdentityError::TwoNames);
    }
    uri.parse().map(Some).map_err(IdentityError::BadSpiffeId)
}

fn no_unknown_critical(
    certificate: &X509Certificate<'_>,
    bad: impl Fn(&'static str) -> IdentityError,
) -> Result<(), IdentityError> {
    let unknown = certificate.extensions().iter().any(|extension| {
        let parsed = extension.parsed_extension();
        let known = !matches!(
            parsed,
            ParsedExtension::UnsupportedExtension { .. }
                | ParsedExtension::ParseError { .. }
                | ParsedExtension::Unparsed
        );
        extension.critical && !known
    });
    if unknown {
        Err(bad("unknown critical extension (RFC 5280 4.2)"))
    } else {
        Ok(())
    }
}

/// X509-SVID 3.2 and 4: what a signing certificate must be. `domain` is the trust domain it speaks for.
///
/// # Errors
/// [`IdentityError::BadIssuer`] with the rule.
pub fn check_authority(der: &[u8], domain: Option<&TrustDomain>) -> Result<(), IdentityError> {
    let certificate = parse(der)?;
    let bad = |rule| IdentityError::BadIssuer { rule };
    let basic = certificate
        .basic_constraints()
        .map_err(|_| bad("basic constraints twice"))?;
    if !basic.is_some_and(|basic| basic.value.ca) {
        return Err(bad("cA is not true (4.1)"));
    }
    let usage = certificate
        .key_usage()
        .map_err(|_| bad("key usage twice"))?;
    let usage = usage.ok_or(bad("no key usage (4.3)"))?;
    if !usage.critical || !usage.value.key_cert_sign() {
        return Err(bad(
            "keyCertSign is not set, or key usage is not critical (4.3)",
        ));
    }
    no_unknown_critical(&certificate, bad)?;
    if let Some(id) = only_uri(&certificate)? {
        if !id.path().is_empty() {
            return Err(bad("SPIFFE ID of a signing certificate has a path (3.2)"));
        }
        if domain.is_some_and(|domain| id.trust_domain() != *domain) {
            return Err(bad("SPIFFE ID of another trust domain"));
        }
    }
    Ok(())
}
