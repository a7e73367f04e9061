//! X.509-SVID verification by the letter of the SPIFFE standard; signatures and path building by webpki.

use iia_core::id::TrustDomain;
use iia_core::{SpiffeId, Timestamp};
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use crate::IdentityError;
use crate::bundle::BundleSet;
use crate::issue::{BACKDATE_SECS, SVID_LIFE_MAX_SECS};
use crate::rules::{check_leaf, check_time, parse};

pub use crate::rules::check_authority;

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
        return Err(IdentityError::NoCertificate);
    };
    if chain.len() > CHAIN_MAX {
        return Err(IdentityError::ChainTooLong { max: CHAIN_MAX });
    }
    let id = check_leaf(leaf, now)?;
    let domain = id.trust_domain();
    if bundles.is_own(&domain) && life_secs(leaf)? > SVID_LIFE_MAX_SECS + BACKDATE_SECS {
        return Err(IdentityError::TooLong);
    }
    let roots = bundles.roots(&domain);
    if roots.is_empty() {
        return Err(IdentityError::UnknownTrustDomain);
    }
    check_path(leaf, between, &Anchors { domain, roots }, now)?;
    Ok(id)
}

/// The roots of one trust domain.
struct Anchors<'a> {
    domain: TrustDomain,
    roots: &'a [CertificateDer<'static>],
}

/// X509-SVID 5.1: the path from a leaf to a root by RFC 5280, whoever the leaf is.
fn check_path(
    leaf: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    anchors: &Anchors<'_>,
    now: Timestamp,
) -> Result<(), IdentityError> {
    for certificate in between {
        check_signing(certificate, &anchors.domain, now)?;
    }
    let fits = |root: &&CertificateDer<'static>| {
        check_signing(root, &anchors.domain, now).is_ok() && has_room(root, between.len())
    };
    let anchors: Vec<_> = anchors
        .roots
        .iter()
        .filter(fits)
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
    .map(|_| ())
    .map_err(|_| IdentityError::BadPath)
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
pub(crate) struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// A certificate between leaf and root, or the root itself, at a time.
fn check_signing(der: &[u8], domain: &TrustDomain, now: Timestamp) -> Result<(), IdentityError> {
    check_authority(der, Some(domain))?;
    check_time(&parse(der)?, now)
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
