//! An incident as a log tells it, and its timeline.

use std::path::Path;

use iia::evidence::{Evidence, Keys};
use iia::timeline::{Options, Timeline};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::time::SECOND_NS;

use super::{Chain, START};

pub(crate) fn read(path: &Path) -> Timeline {
    let evidence = Evidence::open(path, &Keys::default()).unwrap();
    Timeline::read(&evidence, Options::default()).unwrap()
}

pub(crate) fn written(secs: i64) -> Timestamp {
    Timestamp::from_secs(START + secs)
}

pub(crate) fn violation(operation: &str, at: Timestamp) -> Event {
    Event::new(EventKind::ContractViolation, at)
        .with("source", "10.20.0.66")
        .with("destination", "10.20.0.21:502")
        .with("operation", operation)
        .with("reason", format!("{operation} by 10.20.0.66"))
}

/// A quiet start, a read at 60.5 s that is on record at 61 s, a write at 90 s, a finding, all witnessed.
pub(crate) fn incident(dir: &Path) -> Chain {
    let mut chain = Chain::create(dir);
    chain.beat();
    chain.pass(60);
    chain.beat();
    chain.pass(1);
    chain.tell(violation(
        "read holding_register 0-49",
        written(60) + SECOND_NS / 2,
    ));
    chain.pass(29);
    chain.tell(violation("write holding_register 110", written(90)));
    chain.tell(violation("write holding_register 110", written(90)));
    let finding = Event::new(EventKind::Finding, written(90))
        .with("stream", "ot.attestation.network")
        .with("conclusion", "missing")
        .with("contract", "iia.contract.device.historian")
        .with("reason", "expected traffic stayed away");
    chain.tell(finding);
    chain.witness();
    chain
}
