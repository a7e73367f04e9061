//! The two ways north: telemetry and evidence, each under a contract of its own.

use iia_core::stream::Stream;

use super::deeds::Credentials;
use super::link::Link;
use crate::workload::Workload;

/// The contract under which rows go north.
pub(super) const NORTH: &str = "iia.contract.boundary.site.telemetry";
/// The contract under which heads of the chain go north, and its records: evidence does not travel with telemetry.
pub(super) const EVIDENCE: &str = "iia.contract.boundary.site.evidence";

/// A contract to the north, the link under it, and whose credentials were seen there.
pub(super) struct Way {
    pub(super) contract: &'static str,
    pub(super) link: Link,
    pub(super) theirs: Credentials,
    pub(super) own: Credentials,
}

impl Way {
    /// No link is open yet.
    pub(super) fn new(
        workload: &Workload,
        contract: &'static str,
        operation: &'static str,
    ) -> Self {
        Self {
            contract,
            link: Link::new(workload, "north", contract, operation),
            theirs: Credentials::default(),
            own: Credentials::default(),
        }
    }
}

/// The contract of a stream.
pub(super) fn under(stream: &Stream) -> &'static str {
    match *stream == Stream::AUDIT_HEAD {
        true => EVIDENCE,
        false => NORTH,
    }
}
