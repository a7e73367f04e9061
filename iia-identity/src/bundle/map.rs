//! The SPIFFE bundle map (SPIFFE Trust Domain and Bundle 5): several bundles, each under the name of its trust domain.

use std::collections::BTreeMap;

use iia_core::id::TrustDomain;
use serde::Serialize;
use serde_json::Value;

use super::document::Document;
use super::{Bundle, DOMAINS_MAX, json};
use crate::IdentityError;

/// Bundles by trust domain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BundleMap(BTreeMap<TrustDomain, Bundle>);

impl BundleMap {
    /// A map of these bundles.
    ///
    /// # Errors
    /// [`IdentityError::TooManyRoots`] above [`DOMAINS_MAX`].
    pub fn new(bundles: BTreeMap<TrustDomain, Bundle>) -> Result<Self, IdentityError> {
        if bundles.len() > DOMAINS_MAX {
            return Err(IdentityError::TooManyRoots {
                what: "trust domains",
                max: DOMAINS_MAX,
            });
        }
        Ok(Self(bundles))
    }

    /// Reads a map; a name that occurs twice makes all of it bad (5.1.1).
    ///
    /// # Errors
    /// As [`Bundle::parse`], [`IdentityError::BadSpiffeId`] for a name that is none.
    pub fn parse(json: &[u8]) -> Result<Self, IdentityError> {
        let value = json::read(json)?;
        let named = value.get("trust_domains").and_then(Value::as_object);
        let mut bundles = BTreeMap::new();
        for (name, bundle) in named.ok_or(json::bad("no trust_domains"))? {
            let domain = name.parse().map_err(IdentityError::BadSpiffeId)?;
            bundles.insert(domain, Bundle::of_value(bundle)?);
        }
        Self::new(bundles)
    }

    /// Writes the map; the hint of each bundle is left out (5.1.1).
    ///
    /// # Errors
    /// As [`Bundle::to_json`].
    pub fn to_json(&self) -> Result<Vec<u8>, IdentityError> {
        let mut trust_domains = BTreeMap::new();
        for (domain, bundle) in &self.0 {
            trust_domains.insert(domain.as_str(), Document::of(bundle)?.without_hint());
        }
        json::write(&Writes { trust_domains })
    }

    /// The bundle of a trust domain.
    pub fn get(&self, domain: &TrustDomain) -> Option<&Bundle> {
        self.0.get(domain)
    }

    pub(super) fn into_bundles(self) -> impl Iterator<Item = (TrustDomain, Bundle)> {
        self.0.into_iter()
    }
}

#[derive(Serialize)]
struct Writes<'a> {
    trust_domains: BTreeMap<&'a str, Document>,
}
