//! X.509-SVID verification by the letter of the SPIFFE standard; signatures and path building by webpki.

use iia_core::id::TrustDomain;
use iia_core::{SpiffeId, Timestamp};
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use crate::IdentityError;
use crate::bundle::BundleSet;
use crate::issue::{BACKDATE_SECS, SVID_LIFE_MAX_SECS};

/// Certificates in a chain at most, the leaf included.
pub const CHAIN_MAX: usize = 8;
/// Largest certificate in bytes.
pub const CERTIFICATE_LEN_MAX: usize = 64 * 1024;

/// Verifies a chain, leaf first, and gives the SPIFFE ID it proves.
///
/// # Errors
/// The first rule that fails; see [`IdentityError`].
pub fn verify_chain(
    chain: &[CertificateDer<'_>],
    bundles: &BundleSet,
    now: Timestamp,
) -> Result<SpiffeId, IdentityError> {
    let Some((leaf, between)) = chain.split_first() else {
        return Err(IdentityError::BadCertificate);
    };
    if chain.len() > CHAIN_MAX {
        return Err(IdentityError::ChainTooLong { max: CHAIN_MAX });
    }
    let id = check_leaf(leaf, now)?;
    let domain = id.trust_domain();
    if bundles.is_own(&domain) && life_secs(leaf)? > SVID_LIFE_MAX_SECS + BACKDATE_SECS {
        return Err(IdentityError::TooLong);
    }
    for certificate in between {
        check_signing(certificate, &domain, now)?;
    }
    let fits = |root: &&CertificateDer<'static>| {
        check_signing(root, &domain, now).is_ok() && has_room(root, between.len())
    };
    let roots: Vec<_> = bundles.roots(&domain).iter().filter(fits).collect();
    if bundles.roots(&domain).is_empty() {
        return Err(IdentityError::UnknownTrustDomain);
    }
    let anchors: Vec<_> = roots
        .iter()
        .filter_map(|root| webpki::anchor_from_trusted_cert(root).ok())
        .collect();
    let seconds = u64::try_from(now.as_secs()).map_err(|_| IdentityError::Expired)?;
    let time = UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds));
    let end = EndEntityCert::try_from(leaf).map_err(|_| IdentityError::BadCertificate)?;
    end.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        between,
        time,
        AnyUsage,
        None,
        None,
    )
    .map_err(|_| IdentityError::BadPath)?;
    Ok(id)
}

/// When a certificate ends.
///
/// # Errors
/// [`IdentityError::BadCertificate`].
pub fn not_after(der: &[u8]) -> Result<Timestamp, IdentityError> {
    Ok(Timestamp::from_secs(
        parse(der)?.validity().not_after.timestamp(),
    ))
}

fn life_secs(der: &[u8]) -> Result<i64, IdentityError> {
    let certificate = parse(der)?;
    let validity = certificate.validity();
    Ok(validity
        .not_after
        .timestamp()
        .saturating_sub(validity.not_before.timestamp()))
}

/// Extended key usage is judged by [`check_leaf`], which asks for both or none.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, IdentityError> {
    if der.len() > CERTIFICATE_LEN_MAX {
        return Err(IdentityError::BadCertificate);
    }
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(IdentityError::BadCertificate),
    }
}

fn check_time(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), IdentityError> {
    let validity = certificate.validity();
    let (from, to) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    if (from..=to).contains(&now.as_secs()) {
        Ok(())
    } else {
        Err(IdentityError::Expired)
    }
}

/// X509-SVID 2, 4 and 5.2: what a leaf must be.
fn check_leaf(der: &[u8], now: Timestamp) -> Result<SpiffeId, IdentityError> {
    let certificate = parse(der)?;
    let bad = |rule| IdentityError::BadLeaf { rule };
    let id = only_uri(&certificate, bad)?.ok_or(bad("no URI name (5.2)"))?;
    if id.path().is_empty() {
        return Err(bad("SPIFFE ID has no path (5.2)"));
    }
    let basic = certificate
        .basic_constraints()
        .map_err(|_| bad("basic constraints twice"))?;
    if basic.is_some_and(|basic| basic.value.ca) {
        return Err(bad("cA is true (5.2)"));
    }
    check_leaf_usage(&certificate)?;
    no_unknown_critical(&certificate, bad)?;
    check_time(&certificate, now)?;
    Ok(id)
}

fn check_leaf_usage(certificate: &X509Certificate<'_>) -> Result<(), IdentityError> {
    let bad = |rule| IdentityError::BadLeaf { rule };
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
        return Err(bad("keyCertSign or cRLSign is set (5.2)"));
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

/// The one URI name of a certificate; more than one is refused, whatever the scheme (X509-SVID 2, 5.2).
fn only_uri(
    certificate: &X509Certificate<'_>,
    bad: impl Fn(&'static str) -> IdentityError,
) -> Result<Option<SpiffeId>, IdentityError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| bad("names twice"))?;
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
        return Err(bad("more than one URI name (2)"));
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

/// A certificate between leaf and root, or the root itself, at a time.
fn check_signing(der: &[u8], domain: &TrustDomain, now: Timestamp) -> Result<(), IdentityError> {
    check_authority(der, Some(domain))?;
    check_time(&parse(der)?, now)
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
    if let Some(id) = only_uri(&certificate, bad)? {
        if !id.path().is_empty() {
            return Err(bad("SPIFFE ID of a signing certificate has a path (3.2)"));
        }
        if domain.is_some_and(|domain| id.trust_domain() != *domain) {
            return Err(bad("SPIFFE ID of another trust domain"));
        }
    }
    Ok(())
}

/// RFC 5280 4.2.1.9 for the root, which webpki leaves out: each root on its own, for one root's room is not another's.
fn has_room(root: &CertificateDer<'_>, between: usize) -> bool {
    let Ok(certificate) = parse(root) else {
        return false;
    };
    let constraints = certificate.basic_constraints().ok().flatten();
    let room = constraints.and_then(|basic| basic.value.path_len_constraint);
    room.is_none_or(|room| u32::try_from(between).is_ok_and(|between| between <= room))
}
