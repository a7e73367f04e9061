//! What whoever watches the control network has stated in the chain.

use std::collections::BTreeSet;

use iia_attest::network::alarm::alarm;
use iia_core::event::EventKind;
use iia_core::finding::Finding;
use iia_core::stream::Stream;

use super::senses::{Heard, Sense};
use super::told::Told;
use crate::workload::Workload;

/// The sense.
pub(super) fn sense(workload: &Workload) -> Box<dyn Sense> {
    let ids = workload.witnesses();
    let ids: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    Told::on(Stream::ATTEST_NETWORK, move |heard| stated(heard, &ids))
}

fn stated(heard: &Heard, ids: &BTreeSet<String>) -> Option<Finding> {
    let Heard::Recorded(record) = heard else {
        return None;
    };
    let event = &record.body.event;
    if event.kind != EventKind::IntrusionAlert || !ids.contains(record.source()) {
        return None;
    }
    let mut finding = alarm(event)?;
    let stated = format!("{}#{}", record.source(), event.source_seq);
    finding.evidence.push(stated);
    Some(finding)
}
