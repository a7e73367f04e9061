//! The catalog as gate: links and SVIDs ask it before anything else.

use alloc::string::{String, ToString as _};

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal, Standing};

use crate::catalog::Catalog;
use crate::scope::{Contract, Terms};

impl Gate for Catalog {
    // IIA 7: a link that no contract covers does not come to be.
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        // An old major version stays in force beside the new one until it is taken out.
        permitted(self.versions(ask.contract), ask).map(|_| ())
    }

    fn standing(&self, ask: &Ask<'_>) -> Standing {
        match permitted(self.versions(ask.contract), ask) {
            Ok(found) => Standing {
                version: found.version.to_string(),
                until: found.deprecated,
            },
            Err(_) => Standing::default(),
        }
    }

    /// What a minor version adds breaks nothing, so the major version has to be the same, and no more.
    fn permits_version(&self, ask: &Ask<'_>, version: &str) -> Result<(), Refusal> {
        let same = |found: &&Contract| major(version) == Some(found.version.major);
        if self.versions(ask.contract).next().is_none() {
            return self.permits(ask);
        }
        let mut versions = self.versions(ask.contract).filter(same).peekable();
        if versions.peek().is_none() {
            return Err(Refusal::OtherVersion {
                contract: ask.contract.into(),
                version: version.into(),
            });
        }
        permitted(versions, ask).map(|_| ())
    }

    fn knows(&self, workload: &SpiffeId) -> bool {
        self.contracts()
            .iter()
            .any(|contract| match &contract.terms {
                Terms::Internal(terms) => {
                    &terms.source == workload || &terms.destination == workload
                }
                Terms::Boundary(terms) => {
                    &terms.publisher == workload || &terms.consumer == workload
                }
                Terms::Device(terms) => terms.collector.as_ref() == Some(workload),
                Terms::Inbound(terms) => &terms.puller == workload,
            })
    }

    /// The shortest of its boundary contracts: a publisher's `publisher_ttl`, and how often a consumer is to have others.
    fn life_max_ns(&self, workload: &SpiffeId) -> Option<i64> {
        let of = |contract: &Contract| {
            let Terms::Boundary(terms) = &contract.terms else {
                return None;
            };
            let (auth, upstream) = (&terms.obligations.auth, &terms.obligations.upstream);
            let published = (&terms.publisher == workload).then_some(auth.publisher_ttl_ns);
            let consumed = (&terms.consumer == workload)
                .then_some([auth.consumer_rotation_ns, upstream.rotation_ns]);
            let all = published.into_iter().chain(consumed.into_iter().flatten());
            all.flatten().filter(|ns| *ns > 0).min()
        };
        self.contracts().iter().filter_map(of).min()
    }
}

/// The first of these versions of a contract that permits this, or what is wrong with the last.
fn permitted<'c>(
    versions: impl Iterator<Item = &'c Contract>,
    ask: &Ask<'_>,
) -> Result<&'c Contract, Refusal> {
    let contract = || String::from(ask.contract);
    let mut worst = Refusal::NoContract {
        contract: contract(),
    };
    for found in versions {
        let (joins, operations) = match &found.terms {
            Terms::Internal(terms) => {
                let joins = &terms.source == ask.source && &terms.destination == ask.destination;
                (joins, &terms.operations)
            }
            Terms::Boundary(terms) => {
                let out = &terms.publisher == ask.source && &terms.consumer == ask.destination;
                let back = &terms.consumer == ask.source && &terms.publisher == ask.destination;
                (out || back, &terms.operations)
            }
            Terms::Device(_) | Terms::Inbound(_) => continue,
        };
        if joins && operations.contains(ask.operation) {
            return Ok(found);
        }
        worst = match joins {
            true => Refusal::NoOperation {
                contract: contract(),
                operation: ask.operation.into(),
            },
            false => Refusal::OtherParties {
                contract: contract(),
                source_id: ask.source.to_string(),
                destination_id: ask.destination.to_string(),
            },
        };
    }
    Err(worst)
}

fn major(version: &str) -> Option<u32> {
    version.split_once('.')?.0.parse().ok()
}
