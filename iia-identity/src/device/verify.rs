//! Whether a device's chain leads to the root of its cell, and nobody on it is revoked.

use iia_core::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, BorrowedCertRevocationList, CertRevocationList, EndEntityCert,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::x509::X509Name;

use crate::IdentityError;
use crate::crl::Crl;
use crate::rules::parse;
use crate::verify::{AnyUsage, CHAIN_MAX};

/// Lists of revoked certificates that are looked at, at most.
pub const CRLS_MAX: usize = 16;

/// A device that proved who it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Believed {
    /// Its common name.
    pub common_name: String,
    /// The serial number on its plate; empty when the certificate has none.
    pub serial_number: String,
}

/// Verifies a device's chain, leaf first, under the root of its cell. With lists given, every certificate below the root
/// must be covered by a current one and be on none; without any, nothing is asked about revocation.
///
/// # Errors
/// [`IdentityError::Revoked`], [`IdentityError::BadPath`], [`IdentityError::BadCrl`], [`IdentityError::NoCertificate`],
/// [`IdentityError::ChainTooLong`], [`IdentityError::Expired`], [`IdentityError::NotYetValid`].
pub fn verify_device(
    chain: &[CertificateDer<'_>],
    root: &CertificateDer<'_>,
    crls: &[&[u8]],
    now: Timestamp,
) -> Result<Believed, IdentityError> {
    let Some((leaf, between)) = chain.split_first() else {
        return Err(IdentityError::NoCertificate);
    };
    if chain.len() > CHAIN_MAX || crls.len() > CRLS_MAX {
        return Err(IdentityError::ChainTooLong { max: CHAIN_MAX });
    }
    let read = parse(leaf)?;
    crate::rules::check_time(&read, now)?;
    let anchor = webpki::anchor_from_trusted_cert(root).map_err(|_| IdentityError::BadPath)?;
    let anchors = [anchor];
    let seconds = u64::try_from(now.as_secs()).map_err(|_| IdentityError::Expired)?;
    let time = UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds));
    let lists = crls
        .iter()
        .map(|der| list(der))
        .collect::<Result<Vec<_>, _>>()?;
    let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
    let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
        options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(webpki::ExpirationPolicy::Enforce)
            .build()
    });
    let end = EndEntityCert::try_from(leaf).map_err(|_| IdentityError::BadCertificate)?;
    let verified = end.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        between,
        time,
        AnyUsage,
        revocation,
        None,
    );
    match verified {
        Ok(_) => Ok(Believed {
            common_name: common_name(read.subject()),
            serial_number: serial_number(read.subject()),
        }),
        Err(webpki::Error::CertRevoked) => Err(IdentityError::Revoked),
        Err(_) => Err(IdentityError::BadPath),
    }
}

/// A list that keeps to our limits, as the path building reads it.
fn list(der: &[u8]) -> Result<CertRevocationList<'_>, IdentityError> {
    Crl::parse(der)?;
    let read = BorrowedCertRevocationList::from_der(der);
    let read = read.map_err(|_| IdentityError::BadCrl {
        what: "path building does not read it",
    })?;
    Ok(read.into())
}

fn common_name(name: &X509Name<'_>) -> String {
    let mut names = name.iter_common_name();
    let text = names.next().and_then(|one| one.as_str().ok());
    text.unwrap_or_default().to_owned()
}

fn serial_number(name: &X509Name<'_>) -> String {
    let mut numbers = name.iter_by_oid(&OID_X509_SERIALNUMBER);
    let text = numbers.next().and_then(|one| one.as_str().ok());
    text.unwrap_or_default().to_owned()
}
