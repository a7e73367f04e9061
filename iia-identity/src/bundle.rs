//! Bundles: the roots of a trust domain; and the set of bundles that a workload trusts. They are never merged.

mod document;
pub(crate) mod json;
mod jwk;
mod map;

use std::collections::BTreeMap;

use iia_core::id::TrustDomain;
use rustls::pki_types::CertificateDer;

pub use document::{BUNDLE_LEN_MAX, Bundle};
pub use map::BundleMap;

use crate::IdentityError;
use crate::verify::check_authority;

/// Roots of one trust domain at most.
pub const ROOTS_MAX: usize = 16;
/// Trust domains in a set at most.
pub const DOMAINS_MAX: usize = 64;

/// The roots of every trust domain that is trusted. A trust domain without roots makes all its SVIDs invalid.
#[derive(Clone, Debug, Default)]
pub struct BundleSet {
    domains: BTreeMap<TrustDomain, Bundle>,
    own: Option<TrustDomain>,
}

impl BundleSet {
    /// Adds a root of a trust domain.
    ///
    /// # Errors
    /// [`IdentityError::BadIssuer`] when the certificate may not sign SVIDs, or there are too many.
    pub fn add_root(&mut self, domain: TrustDomain, der: Vec<u8>) -> Result<(), IdentityError> {
        check_authority(&der, Some(&domain))?;
        self.expect(domain.clone())?;
        let bundle = self.domains.entry(domain).or_default();
        bundle.push(CertificateDer::from(der))
    }

    /// Says beforehand that a trust domain may have a bundle (SPIFFE Federation 5.2); until one comes it has no roots.
    ///
    /// # Errors
    /// [`IdentityError::TooManyRoots`] above [`DOMAINS_MAX`].
    pub fn expect(&mut self, domain: TrustDomain) -> Result<(), IdentityError> {
        if self.domains.len() >= DOMAINS_MAX && !self.domains.contains_key(&domain) {
            return Err(IdentityError::TooManyRoots {
                what: "trust domains",
                max: DOMAINS_MAX,
            });
        }
        self.domains.entry(domain).or_default();
        Ok(())
    }

    /// Puts a newer bundle of an expected trust domain in the place of the one held; the same one again is no change.
    ///
    /// # Errors
    /// [`IdentityError::UnknownTrustDomain`] when nobody expects it, [`IdentityError::BundleRollback`],
    /// [`IdentityError::BundleConflict`], [`IdentityError::BadIssuer`] for a root of another trust domain.
    pub fn update(&mut self, domain: &TrustDomain, bundle: Bundle) -> Result<(), IdentityError> {
        let held = self.domains.get_mut(domain);
        let held = held.ok_or(IdentityError::UnknownTrustDomain)?;
        for root in bundle.roots() {
            check_authority(root, Some(domain))?;
        }
        held.check_successor(&bundle)?;
        *held = bundle;
        Ok(())
    }

    /// Puts every bundle of a map in place, or none of them when one is refused.
    ///
    /// # Errors
    /// As [`BundleSet::update`].
    pub fn update_all(&mut self, map: BundleMap) -> Result<(), IdentityError> {
        let mut next = self.clone();
        for (domain, bundle) in map.into_bundles() {
            next.update(&domain, bundle)?;
        }
        *self = next;
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

    /// The bundle of a trust domain, if it is expected to have one.
    pub fn bundle(&self, domain: &TrustDomain) -> Option<&Bundle> {
        self.domains.get(domain)
    }

    /// The roots of a trust domain; empty when there are none.
    pub fn roots(&self, domain: &TrustDomain) -> &[CertificateDer<'static>] {
        self.domains.get(domain).map_or(&[], Bundle::roots)
    }

    /// Every trust domain that is expected to have a bundle.
    pub fn domains(&self) -> impl Iterator<Item = &TrustDomain> {
        self.domains.keys()
    }
}
