//! The two ways north: telemetry and evidence, each under a contract of its own, which the catalog names.

use iia_contract::scope::Terms;
use iia_core::stream::Stream;
use iia_core::zone::Zone;
use iia_edge::wire::{PUBLISH_BATCH, PUBLISH_HEAD};

use super::deeds::Credentials;
use crate::client::Link;
use crate::workload::Workload;

/// The contracts under which a publisher speaks to the next box up; empty where the catalog has none, so that every
/// link under it is refused.
#[derive(Clone, Debug)]
pub(super) struct North {
    /// Rows go under this one.
    pub(super) telemetry: String,
    /// Heads of the chain go under this one, and its records: evidence does not travel with telemetry.
    pub(super) evidence: String,
}

impl North {
    /// Those of the box's publisher.
    pub(super) fn of(workload: &Workload) -> Self {
        Self {
            telemetry: published(workload, PUBLISH_BATCH),
            evidence: published(workload, PUBLISH_HEAD),
        }
    }

    /// The contract of a stream.
    pub(super) fn under(&self, stream: &str) -> &str {
        match stream == Stream::AUDIT_HEAD.as_str() {
            true => &self.evidence,
            false => &self.telemetry,
        }
    }
}

/// The boundary contract of which the box's publisher is the publisher, for an operation.
fn published(workload: &Workload, operation: &str) -> String {
    let publishers = workload.workloads(Zone::ItPublish);
    let mut contracts = workload.catalog().contracts().iter();
    let found = contracts.find(|contract| match &contract.terms {
        Terms::Boundary(terms) => {
            publishers.contains(&terms.publisher) && terms.operations.contains(operation)
        }
        _ => false,
    });
    found.map_or_else(String::new, |contract| contract.id.as_str().into())
}

/// A contract to the north, the link under it, and whose credentials were seen there.
pub(super) struct Way {
    pub(super) contract: String,
    pub(super) link: Link,
    pub(super) theirs: Credentials,
    pub(super) own: Credentials,
}

impl Way {
    /// No link is open yet.
    pub(super) fn new(workload: &Workload, contract: &str, operation: &'static str) -> Self {
        Self {
            contract: contract.into(),
            link: Link::new(workload, "north", contract, operation),
            theirs: Credentials::default(),
            own: Credentials::default(),
        }
    }
}
