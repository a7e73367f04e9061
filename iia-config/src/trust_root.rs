//! The foreign trust domains of a configuration: whose SVIDs are believed, and by which certificate.

use iia_contract::tree::Entry;
use iia_core::id::TrustDomain;

use crate::parse::Document;

/// One trust domain that is believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrustRoot {
    /// Its name in the configuration.
    pub name: String,
    /// Whose SVIDs.
    pub domain: TrustDomain,
    /// The digest of its root certificate, such as `sha256:…`, over the DER bytes; without one nobody can tell the true
    /// certificate from another.
    pub certificate: Option<String>,
}

impl TrustRoot {
    /// Those that a configuration names, in the order of the text.
    pub fn all(document: &Document) -> Vec<Self> {
        let read = |entry: Entry<'_>| {
            Some(Self {
                name: entry.name.to_owned(),
                domain: entry.text("trust_domain").parse().ok()?,
                certificate: entry
                    .field("certificate")
                    .map(|field| field.text().to_owned()),
            })
        };
        document.of_kind("trust_root").filter_map(read).collect()
    }
}
