//! A violation as the record that goes into the lake and onto the bus.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::Observation;
use iia_core::stream::Stream;

use super::{destination, operation, reason, source};
use crate::catalog::Catalog;
use crate::matcher::Verdict;

/// The violation that an observation is: who attempted what, where and when (001:225), which contract came nearest and
/// which clause of it failed, with what proves it. Nothing when a contract covers it.
pub fn finding(
    catalog: &Catalog,
    observation: &Observation<'_>,
    verdict: &Verdict,
    evidence: Vec<String>,
) -> Option<Finding> {
    let Verdict::Violation { nearest, clause } = *verdict else {
        return None;
    };
    Some(Finding {
        ts_ns: observation.ts().as_ns(),
        stream: Stream::VIOLATION.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: nearest.map_or_else(String::new, |nearest| catalog.name(nearest).into()),
        clause: clause.name().into(),
        source: source(observation),
        destination: place(observation),
        operation: operation(observation),
        reason: reason(catalog, observation, verdict),
        evidence,
    })
}

/// Where it was attempted: on a bus the topic, since nobody is spoken to.
fn place(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Message(message) => message.address.text().to_string(),
        _ => destination(observation),
    }
}
