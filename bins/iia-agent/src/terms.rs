//! From the applied configuration to who gets which identity.

use std::sync::Arc;

use iia_config::applied::Applied;
use iia_contract::Catalog;
use iia_contract::compile::identities;
use iia_contract::compile::spiffe::selectors;
use iia_identity::bundle::BundleSet;
use iia_identity::workload::{Entries, Entry, Terms};

/// What only a container's runtime can see of a process, and nobody here asks one.
const UNSEEN: &str = "docker:";

/// The terms that a configuration makes, and in words whom they leave out.
pub(crate) fn of(applied: &Applied) -> anyhow::Result<(Terms, Vec<String>)> {
    let (catalog, topology) = (&applied.checked.catalog, &applied.topology);
    let (bound, mut notes) = identities(catalog, topology);
    let (mut entries, mut bundles) = (Vec::new(), BundleSet::default());
    // Whoever is pinned has an entry, with a contract or without: the gate refuses, and says whom.
    for pin in &topology.pins {
        let id = pin.workload.clone();
        let texts = selectors(pin);
        if texts.iter().any(|text| text.starts_with(UNSEEN)) {
            notes.push(format!(
                "{id} cannot be seen: {UNSEEN} wants a container's runtime"
            ));
        }
        let peers = bound.get(&id).map(|bound| bound.peers.clone());
        let federates_with = peers.unwrap_or_default();
        for domain in &federates_with {
            bundles.expect(domain.clone())?;
        }
        let parsed: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
        let selectors = parsed?;
        entries.push(Entry {
            id,
            selectors,
            federates_with,
        });
    }
    let unpinned = bound
        .keys()
        .filter(|id| !topology.pins.iter().any(|pin| pin.workload == **id));
    notes
        .extend(unpinned.map(|id| format!("{id} is not registered: no image and no unit pins it")));
    let terms = Terms {
        entries: Entries::new(entries)?,
        gate: Arc::new(catalog.clone()),
        bundles,
    };
    Ok((terms, notes))
}

/// Terms under which nobody gets anything: what is in force while the configuration cannot be believed.
pub(crate) fn none() -> Terms {
    Terms {
        entries: Entries::default(),
        gate: Arc::new(Catalog::default()),
        bundles: BundleSet::default(),
    }
}
