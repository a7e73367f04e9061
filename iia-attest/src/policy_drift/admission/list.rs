//! The list by which whoever starts workloads asks what may run as which: `{"default": "refuse", "admitted": […]}`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};

use iia_contract::catalog::Catalog;
use iia_contract::scope::Terms;
use iia_contract::topology::Topology;
use serde_json::Value;

use crate::policy_drift::file::{FILE_LEN_MAX, File, RULES_MAX, ReadError};
use crate::policy_drift::told::{Difference, Found, add};

/// A workload and a digest.
pub(super) type Pair = (String, String);

/// What the catalog lets run: digests of workloads that some contract names, each with one such contract.
pub(super) fn agreed(catalog: &Catalog, topology: &Topology) -> BTreeMap<Pair, String> {
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for contract in catalog.contracts() {
        let parties = match &contract.terms {
            Terms::Internal(terms) => [Some(&terms.source), Some(&terms.destination)],
            Terms::Boundary(terms) => [Some(&terms.publisher), Some(&terms.consumer)],
            Terms::Device(terms) => [terms.collector.as_ref(), None],
            Terms::Inbound(terms) => [Some(&terms.puller), None],
        };
        for id in parties.into_iter().flatten() {
            named
                .entry(id.to_string())
                .or_insert_with(|| contract.id.to_string());
        }
    }
    let lives = |id: &str| {
        let mut zones = topology.zones.iter();
        zones.any(|zone| zone.workloads.iter().any(|(who, _)| who.as_str() == id))
    };
    let pins = topology
        .pins
        .iter()
        .filter(|pin| lives(pin.workload.as_str()));
    let runs = pins.filter_map(|pin| {
        let contract = named.get(pin.workload.as_str())?.clone();
        Some(((pin.workload.to_string(), pin.digest.clone()), contract))
    });
    runs.collect()
}

/// A list that is loaded.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    refuses: bool,
    pairs: BTreeSet<Pair>,
}

impl List {
    pub(super) fn read(file: &File) -> Result<Self, ReadError> {
        let malformed = || ReadError::Malformed {
            at: file.path.clone(),
            what: "no list of what may run",
        };
        if file.bytes.len() > FILE_LEN_MAX {
            let (what, max) = ("bytes of a file", FILE_LEN_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        let document: Value = serde_json::from_slice(&file.bytes).map_err(|_| malformed())?;
        let items = document
            .get("admitted")
            .and_then(Value::as_array)
            .ok_or_else(malformed)?;
        if items.len() > RULES_MAX {
            let (what, max) = ("workloads that may run", RULES_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        let pair = |item: &Value| {
            let text = |key: &str| item.get(key)?.as_str().map(String::from);
            Some((text("workload")?, text("digest")?))
        };
        let pairs: Option<BTreeSet<Pair>> = items.iter().map(pair).collect();
        Ok(Self {
            refuses: document.get("default").and_then(Value::as_str) == Some("refuse"),
            pairs: pairs.ok_or_else(malformed)?,
        })
    }

    /// How the list differs from what is agreed and what is signed.
    pub(super) fn differences(
        &self,
        agreed: &BTreeMap<Pair, String>,
        signed: Option<&BTreeSet<String>>,
        at: &str,
        found: &mut Found,
    ) {
        let mut tell = |key: String, contract: &str, clause, who: &str, words: String| {
            let difference = Difference {
                contract: contract.into(),
                clause,
                words: format!("{words} ({at})"),
                who: who.into(),
                evidence: [at.to_string()].into(),
                ..Difference::default()
            };
            add(found, key, difference);
        };
        if !self.refuses {
            let words = "what the list does not name is not refused".to_string();
            tell("admitted default".into(), "", "default_deny", "", words);
        }
        for pair @ (workload, digest) in &self.pairs {
            let key = format!("admitted {workload} {digest}");
            let Some(contract) = agreed.get(pair) else {
                let pinned = agreed.keys().any(|(who, _)| who == workload);
                let words = match pinned {
                    true => format!(
                        "{digest} may run as {workload}, and the catalog pins another digest to it"
                    ),
                    false => {
                        format!("{digest} may run as {workload}, which no contract lets run here")
                    }
                };
                tell(key, "", "surplus", workload, words);
                continue;
            };
            if signed.is_some_and(|signed| !signed.contains(digest)) {
                let words =
                    format!("{digest} may run as {workload}, and nobody who is trusted signed it");
                tell(key, contract, "signature", workload, words);
            }
        }
        for (pair @ (workload, digest), contract) in agreed {
            if !self.pairs.contains(pair) {
                let words = format!(
                    "contract {contract} lets {digest} run as {workload}, and the list does not name it"
                );
                tell(
                    format!("missing {workload} {digest}"),
                    contract,
                    "admission",
                    workload,
                    words,
                );
            }
        }
    }
}
