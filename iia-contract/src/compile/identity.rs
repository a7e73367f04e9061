//! Which workloads of a box have an identity at all: those that a contract names (001:199, no contract, no SVID).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::SpiffeId;
use iia_core::id::TrustDomain;

use super::policy::Contracts;
use crate::catalog::Catalog;
use crate::scope::Terms;
use crate::topology::Topology;

/// A workload of the box that some contract names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bound {
    /// The contracts that name it.
    pub contracts: Contracts,
    /// Trust domains of others with whom it speaks.
    pub peers: BTreeSet<TrustDomain>,
}

/// The workloads of a box that have an identity, and in words those that have none.
pub fn identities(
    catalog: &Catalog,
    topology: &Topology,
) -> (BTreeMap<SpiffeId, Bound>, Vec<String>) {
    let mut bound: BTreeMap<SpiffeId, Bound> = BTreeMap::new();
    for contract in catalog.contracts() {
        let parties = parties(&contract.terms);
        for own in parties.iter().filter(|id| topology.workload(id).is_some()) {
            let one = bound.entry((*own).clone()).or_default();
            one.contracts.insert(contract.id.to_string());
            let domains = parties.iter().map(|id| id.trust_domain());
            one.peers
                .extend(domains.filter(|domain| *domain != own.trust_domain()));
        }
    }
    let workloads = topology.zones.iter().flat_map(|zone| &zone.workloads);
    let bare = workloads.filter(|(id, _)| !bound.contains_key(id));
    let notes = bare
        .map(|(id, _)| format!("{id} has no identity: no contract names it"))
        .collect();
    (bound, notes)
}

fn parties(terms: &Terms) -> Vec<&SpiffeId> {
    match terms {
        Terms::Internal(terms) => Vec::from([&terms.source, &terms.destination]),
        Terms::Boundary(terms) => Vec::from([&terms.publisher, &terms.consumer]),
        Terms::Device(terms) => terms.collector.iter().collect(),
        Terms::Inbound(terms) => Vec::from([&terms.puller]),
    }
}
