//! Which workload has which SPIFFE ID, and where it lives.

use std::collections::BTreeSet;

use crate::parse::Document;

/// A workload's identity and address.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Binding {
    /// Its SPIFFE ID.
    pub id: String,
    /// Its address.
    pub addr: String,
}

/// Every binding of a document.
pub(super) fn bindings(document: &Document) -> BTreeSet<Binding> {
    let mut artifacts = document.of_kind("artifact");
    let domain = artifacts.find_map(|entry| entry.field("trust_domain"));
    let domain = domain.map_or("iia.local", |field| field.text());
    let zones = document.of_kind("zone");
    let bindings = zones.flat_map(|zone| {
        let workloads: Vec<_> = zone.fields("workload").collect();
        workloads.into_iter().map(move |field| Binding {
            id: format!(
                "spiffe://{domain}/zone/{}/workload/{}",
                zone.name,
                field.text()
            ),
            addr: field
                .value(1)
                .map_or_else(String::new, |value| value.text.to_owned()),
        })
    });
    bindings.collect()
}
