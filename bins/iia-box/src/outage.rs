//! What a contract wants told of an outage: on its way from the workload that runs under it to the chain.

use iia_core::event::{Event, EventKind};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::pipe::{Happened, Outage};
use iia_link::failure::{Alarm, What};

/// What an alarm says.
pub(crate) fn told(contract: &str, alarm: &Alarm) -> Outage {
    Outage {
        contract: contract.into(),
        stream: alarm.stream.clone(),
        what: match alarm.what {
            What::BufferingBegan => Happened::BufferingBegan,
            What::BufferingEnded => Happened::BufferingEnded,
            What::DroppedFull => Happened::DroppedFull,
            What::DroppedOld => Happened::DroppedOld,
            What::LetGo => Happened::LetGo,
        },
        count: alarm.count,
    }
}

/// The record of the audit chain.
pub(crate) fn event(told: &Outage, id: &SpiffeId, now: Timestamp) -> Event {
    let (kind, outcome) = match told.what {
        Happened::BufferingBegan => (EventKind::Buffering, "began"),
        Happened::BufferingEnded => (EventKind::Buffering, "ended"),
        Happened::DroppedFull => (EventKind::RecordsLost, "dropped: no more room"),
        Happened::DroppedOld => (EventKind::RecordsLost, "dropped: too old"),
        Happened::LetGo => (EventKind::RecordsLost, "let go: the other end is away"),
    };
    let event = Event::new(kind, now)
        .with("outcome", outcome)
        .with("id", id.as_str())
        .with("contract", told.contract.as_str())
        .with("count", told.count.to_string());
    match kind {
        EventKind::RecordsLost => event
            .with("where", told.contract.as_str())
            .with("stream", told.stream.as_str()),
        _ => event,
    }
}
