//! Bundles: the roots of a trust domain; and the set of bundles that a workload trusts. They are never merged.

use std::collections::BTreeMap;

use iia_core::id::TrustDomain;
use rustls::pki_types::CertificateDer;

use crate::IdentityError;
use crate::verify::check_authority;

/// Roots of one trust domain at most.
pub const ROOTS_MAX: usize = 16;
/// Trust domains in a set at most.
pub const DOMAINS_MAX: usize = 64;

/// The roots of every trust domain that is trusted. A trust domain without roots makes all its SVIDs invalid.
#[derive(Clone, Debug, Default)]
pub struct BundleSet {
    domains: BTreeMap<TrustDomain, Vec<CertificateDer<'static>>>,
    own: Option<TrustDomain>,
}

impl BundleSet {
    /// Adds a root of a trust domain.
    ///
    /// # Errors
    /// [`IdentityError::BadIssuer`] when the certificate may not sign SVIDs, or there are too many.
    pub fn add_root(&mut self, domain: TrustDomain, der: Vec<u8>) -> Result<(), IdentityError> {
        check_authority(&der, Some(&domain))?;
        if self.domains.len() >= DOMAINS_MAX && !self.domains.contains_key(&domain) {
            return Err(IdentityError::BadIssuer {
                rule: "too many trust domains",
            });
        }
        let roots = self.domains.entry(domain).or_default();
        if roots.len() >= ROOTS_MAX {
            return Err(IdentityError::BadIssuer {
                rule: "too many roots in one trust domain",
            });
        }
        roots.push(CertificateDer::from(der));
        Ok(())
    }

    /// Names the box's own trust domain, whose SVIDs live one hour at most (001:355); others keep their own cadence.
    pub fn set_own(&mut self, domain: TrustDomain) {
        self.own = Some(domain);
    }

    /// Whether this is the box's own trust domain.
    pub fn is_own(&self, domain: &TrustDomain) -> bool {
        self.own.as_ref() == Some(domain)
    }

    /// The roots of a trust domain; empty when there are none.
    pub fn roots(&self, domain: &TrustDomain) -> &[CertificateDer<'static>] {
        self.domains.get(domain).map_or(&[], Vec::as_slice)
    }

    /// Every trust domain with a bundle.
    pub fn domains(&self) -> impl Iterator<Item = &TrustDomain> {
        self.domains.keys()
    }
}
