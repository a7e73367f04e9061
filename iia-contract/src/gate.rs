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
        let found = self
            .by_id(ask.contract)
            .ok_or_else(|| Refusal::NoContract {
                contract: contract(),
            })?;
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
            Terms::Device(_) | Terms::Inbound(_) => {
                return Err(Refusal::NoContract {
                    contract: contract(),
                });
            }
        };
        if !joins {
            let (source_id, destination_id) = (ask.source.to_string(), ask.destination.to_string());
            return Err(Refusal::OtherParties {
                contract: contract(),
                source_id,
                destination_id,
            });
        }
        if operations.contains(ask.operation) {
            Ok(())
        } else {
            Err(Refusal::NoOperation {
                contract: contract(),
                operation: ask.operation.into(),
            })
        }
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
