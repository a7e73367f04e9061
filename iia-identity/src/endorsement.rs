//! The certificate of a TPM's endorsement key: which maker vouches for it (TCG EK Credential Profile).

use iia_core::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName};
use x509_parser::public_key::PublicKey;

use crate::IdentityError;
use crate::rules::{check_time, parse};
use crate::verify::AnyUsage;

/// Certificates between an endorsement key and its maker's root at most.
pub const BETWEEN_MAX: usize = 4;
/// tcg-kp-EKCertificate.
const ENDORSEMENT_USAGE: &str = "2.23.133.8.1";
/// 2.23.133.2, under which maker, model and version are 1, 2 and 3.
const ATTRIBUTES: &str = "2.23.133.2";

/// What a believed certificate says of its TPM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endorsement {
    /// The maker, such as `id:49465800`; a software TPM has its own.
    pub maker: String,
    /// The model.
    pub model: String,
    /// The version of its firmware.
    pub version: String,
    /// The key: the modulus of an RSA key without leading zeros, or an uncompressed point.
    pub key: Vec<u8>,
}

/// Verifies the certificate of an endorsement key up to one of the makers' roots at `now`.
///
/// # Errors
/// [`IdentityError::BadCertificate`], [`IdentityError::BadPath`], [`IdentityError::ChainTooLong`],
/// [`IdentityError::BadLeaf`] with the rule of the profile.
pub fn verify(
    certificate: &[u8],
    between: &[Vec<u8>],
    roots: &[Vec<u8>],
    now: Timestamp,
) -> Result<Endorsement, IdentityError> {
    if between.len() > BETWEEN_MAX {
        return Err(IdentityError::ChainTooLong { max: BETWEEN_MAX });
    }
    let parsed = parse(certificate)?;
    check_time(&parsed, now)?;
    let bad = |rule| IdentityError::BadLeaf { rule };
    let basic = parsed.basic_constraints().ok().flatten();
    if basic.is_none_or(|basic| basic.value.ca) {
        return Err(bad("an endorsement key is no authority (EK profile 3.5)"));
    }
    let usage = parsed.extended_key_usage().ok().flatten();
    let fits = |usage: &&ExtendedKeyUsage<'_>| {
        let mut others = usage.other.iter();
        others.any(|one| one.to_id_string() == ENDORSEMENT_USAGE)
    };
    if usage.is_some_and(|usage| !fits(&usage.value)) {
        return Err(bad("is for something else (EK profile 3.5.4)"));
    }
    check_path(certificate, between, roots, now)?;
    let key = match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let zeros = rsa.modulus.iter().take_while(|byte| **byte == 0).count();
            rsa.modulus.get(zeros..).unwrap_or_default().to_vec()
        }
        Ok(PublicKey::EC(point)) => point.data().to_vec(),
        _ => return Err(bad("neither an RSA nor an ECC key")),
    };
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.ok_or(bad("names no maker (EK profile 3.5.2)"))?;
    let attribute = |number: u8| {
        let want = format!("{ATTRIBUTES}.{number}");
        let mut directories = names
            .value
            .general_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DirectoryName(name) => Some(name),
                _ => None,
            });
        directories.find_map(|name| {
            let mut attributes = name.iter_attributes();
            let found = attributes.find(|one| one.attr_type().to_id_string() == want)?;
            found.as_str().ok().map(str::to_owned)
        })
    };
    let all = (attribute(1), attribute(2), attribute(3));
    let (Some(maker), Some(model), Some(version)) = all else {
        return Err(bad("names no maker, model and version (EK profile 3.5.2)"));
    };
    Ok(Endorsement {
        maker,
        model,
        version,
        key,
    })
}

fn check_path(
    certificate: &[u8],
    between: &[Vec<u8>],
    roots: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), IdentityError> {
    let seconds = u64::try_from(now.as_secs()).map_err(|_| IdentityError::NotYetValid)?;
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let leaf = CertificateDer::from(certificate);
    let between: Vec<CertificateDer<'_>> =
        between.iter().map(|one| one.as_slice().into()).collect();
    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|one| one.as_slice().into()).collect();
    let mut anchors = Vec::new();
    for root in &roots {
        check_time(&parse(root)?, now)?;
        let anchor = webpki::anchor_from_trusted_cert(root);
        anchors.push(anchor.map_err(|_| IdentityError::BadCertificate)?);
    }
    let leaf = EndEntityCert::try_from(&leaf).map_err(|_| IdentityError::BadCertificate)?;
    leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        at,
        AnyUsage,
        None,
        None,
    )
    .map(drop)
    .map_err(|error| match error {
        webpki::Error::CertExpired { .. } => IdentityError::Expired,
        _ => IdentityError::BadPath,
    })
}
