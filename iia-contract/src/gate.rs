//! The catalog as gate: links and SVIDs ask it before anything else.

use alloc::string::{String, ToString as _};

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};

use crate::catalog::Catalog;
use crate::scope::Terms;

impl Gate for Catalog {
    // IIA 7: a link that no contract covers does not come to be.
    fn permits(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let contract = || String::from(ask.contract);
        let mut worst = Refusal::NoContract {
            contract: contract(),
        };
        // An old major version stays in force beside the new one until it is taken out.
        for found in self.versions(ask.contract) {
            let (joins, operations) = match &found.terms {
                Terms::Internal(terms) => {
                    let joins =
                        &terms.source == ask.source && &terms.destination == ask.destination;
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
                return Ok(());
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
}
