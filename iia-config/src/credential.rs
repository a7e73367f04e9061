//! Secrets that a configuration refers to: which, where they are kept, and for whom; never what they are.

use iia_core::SpiffeId;

use crate::parse::Document;

/// One reference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// Where it is kept, such as `file`, or `tpm` where its key has to be sealed.
    pub store: String,
    /// Its name there.
    pub reference: String,
    /// The workloads that may use it.
    pub workloads: Vec<SpiffeId>,
}

impl Credential {
    /// Every reference of a configuration.
    pub fn all(document: &Document) -> Vec<Self> {
        let credential = |entry: iia_contract::tree::Entry<'_>| Self {
            store: entry.text("store").into(),
            reference: entry.text("reference").into(),
            workloads: entry
                .fields("workload")
                .filter_map(|field| field.text().parse().ok())
                .collect(),
        };
        document.of_kind("credential").map(credential).collect()
    }
}
