//! What a contract wants told of an outage: on its way from the workload that runs under it to the chain.

use iia_core::canon::minicbor;
use iia_core::event::{Event, EventKind};
use iia_core::{SpiffeId, Timestamp};
use iia_link::failure::{Alarm, What};
use minicbor::{Decode, Encode};

/// Something that happened to messages while the other end was away.
#[derive(Clone, Debug, Decode, Encode)]
pub(crate) struct Told {
    /// Under which contract.
    #[n(0)]
    contract: String,
    /// On which stream the contract wants it; empty where it names none.
    #[n(1)]
    stream: String,
    /// What happened.
    #[n(2)]
    what: Happened,
    /// To how many messages.
    #[n(3)]
    count: u64,
}

#[derive(Clone, Copy, Debug, Decode, Encode)]
#[cbor(index_only)]
enum Happened {
    #[n(0)]
    BufferingBegan,
    #[n(1)]
    BufferingEnded,
    #[n(2)]
    DroppedFull,
    #[n(3)]
    DroppedOld,
    #[n(4)]
    LetGo,
}

impl Told {
    /// What an alarm says.
    pub(crate) fn of(contract: &str, alarm: &Alarm) -> Self {
        Self {
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
    pub(crate) fn event(&self, id: &SpiffeId, now: Timestamp) -> Event {
        let (kind, outcome) = match self.what {
            Happened::BufferingBegan => (EventKind::Buffering, "began"),
            Happened::BufferingEnded => (EventKind::Buffering, "ended"),
            Happened::DroppedFull => (EventKind::RecordsLost, "dropped: no more room"),
            Happened::DroppedOld => (EventKind::RecordsLost, "dropped: too old"),
            Happened::LetGo => (EventKind::RecordsLost, "let go: the other end is away"),
        };
        let event = Event::new(kind, now)
            .with("outcome", outcome)
            .with("id", id.as_str())
            .with("contract", self.contract.as_str())
            .with("count", self.count.to_string());
        match kind {
            EventKind::RecordsLost => event
                .with("where", self.contract.as_str())
                .with("stream", self.stream.as_str()),
            _ => event,
        }
    }
}
