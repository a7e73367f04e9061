//! The next box up vouches for an issuer: it signs a certificate over the key of the issuer's root.
//!
//! A box's own root stays what its own trust domain is believed by. The countersignature says one thing more: whoever
//! holds only the upper box's root can tell whose key that is. In one trust domain it goes into every chain, so that
//! SVIDs of the box verify under the upper root as they are; of another trust domain it is proof that a root which came
//! on another way is the right one ([`check_countersigned`]), since the standard believes an SVID only by roots of its own.
//!
//! Name constraints forbid what an SVID never has: host names, addresses, mailboxes. A constraint on URI names would
//! say more, and verifiers built on webpki then refuse every SVID below it; that the SPIFFE ID's trust domain is the
//! authority's is held by SPIFFE verifiers instead (X509-SVID 3.2).

use iia_core::Timestamp;
use iia_core::id::TrustDomain;
use iia_core::time::Reading;
use rcgen::{CertificateParams, CidrSubnet, DistinguishedName, GeneralSubtree, NameConstraints};

use super::{Issuer, trusted};
use crate::IdentityError;
use crate::authority::{BACKDATE_SECS, Says, internal, uri};
use crate::request::workload_key;
use crate::rules::{check_authority, check_time, parse};
use crate::signature::holds_as;

impl Issuer {
    /// What the next box up needs to countersign this issuer: a request signed by the root's key.
    ///
    /// # Errors
    /// [`IdentityError::Internal`] when the provider refuses.
    pub fn countersign_request(&self) -> Result<Vec<u8>, IdentityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(self.current.signs.key());
        let request = request.map_err(|_| internal("write a request"))?;
        Ok(request.der().to_vec())
    }

    /// Countersigns the issuer of a trust domain for so many seconds. Nothing of the request but its key is used.
    ///
    /// # Errors
    /// [`IdentityError::BadRequest`], [`IdentityError::TimeUnknown`], [`IdentityError::Expired`] when this issuer's
    /// own root is at its end.
    pub fn countersign(
        &self,
        request: &[u8],
        domain: &TrustDomain,
        life_secs: i64,
        now: Reading,
    ) -> Result<Vec<u8>, IdentityError> {
        let start = trusted(now)?.as_secs();
        let key = workload_key(request)?;
        let until = start.saturating_add(life_secs);
        let until = until.min(self.current.not_after.as_secs());
        if until <= start {
            return Err(IdentityError::Expired);
        }
        let says = Says {
            // The name that leaves of the issuer give as theirs.
            common_name: &format!("{domain} issuer"),
            uri: Some(uri(domain.to_id().as_str())?),
            path_len: 0,
            not_before: start - BACKDATE_SECS,
            not_after: until,
        };
        let mut params = says.params()?;
        params.name_constraints = Some(no_other_names());
        self.current.sign(params, &key)
    }

    /// Takes a countersignature of the key that signs now. Within one trust domain every chain has it from now on.
    ///
    /// # Errors
    /// As [`check_countersigned`].
    pub fn accept_countersignature(
        &mut self,
        countersigned: Vec<u8>,
        upper: &[u8],
        now: Reading,
    ) -> Result<(), IdentityError> {
        let now = trusted(now)?;
        check_countersigned(&countersigned, &self.current.der, upper, now)?;
        check_authority(&countersigned, Some(&self.domain))?;
        if check_authority(upper, Some(&self.domain)).is_ok() {
            self.countersigned = Some(countersigned);
        }
        Ok(())
    }
}

/// Host names, addresses and mailboxes, all of them.
fn no_other_names() -> NameConstraints {
    NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![
            GeneralSubtree::DnsName(String::new()),
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    }
}

/// Whether `countersigned` is a certificate of `upper` over the key of `root`, valid now: three certificates, DER.
///
/// # Errors
/// [`IdentityError::BadPath`] when keys, names or the signature do not fit, [`IdentityError::BadIssuer`],
/// [`IdentityError::Expired`], [`IdentityError::NotYetValid`].
pub fn check_countersigned(
    countersigned: &[u8],
    root: &[u8],
    upper: &[u8],
    now: Timestamp,
) -> Result<(), IdentityError> {
    // The other reader is strict about every byte.
    let der = countersigned.into();
    webpki::EndEntityCert::try_from(&der).map_err(|_| IdentityError::BadCertificate)?;
    for authority in [countersigned, root, upper] {
        check_authority(authority, None)?;
        check_time(&parse(authority)?, now)?;
    }
    let (countersigned, root, upper) = (parse(countersigned)?, parse(root)?, parse(upper)?);
    let fits = countersigned.public_key().raw == root.public_key().raw
        && countersigned.subject().as_raw() == root.subject().as_raw()
        && countersigned.issuer().as_raw() == upper.subject().as_raw()
        && holds_as(
            upper.public_key(),
            &countersigned.signature_algorithm,
            countersigned.tbs_certificate.as_ref(),
            &countersigned.signature_value,
        );
    if fits {
        Ok(())
    } else {
        Err(IdentityError::BadPath)
    }
}
