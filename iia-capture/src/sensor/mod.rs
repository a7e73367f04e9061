//! What other parts of the machine decided or saw, as security events: the kernel's audit, packets that a firewall rule
//! logged, and the notices of a network intrusion detection. Each source is read, never asked; what it lost is counted.
//!
//! The readers here take bytes and give events; sockets are in [`crate::live`]. They live in this crate because it is the one that
//! takes what it is not to believe and gives what was seen: a datagram of the kernel is a packet like any other.

#[cfg(feature = "std")]
pub mod eve;
mod gaps;
pub mod kernel_audit;
pub(crate) mod netlink;
pub mod nflog;

use alloc::string::ToString as _;

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

pub use gaps::{GAP_WINDOW, Gaps};
pub use netlink::DATAGRAM_LEN_MAX;

/// An event of a source, with the number that the source gave it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// The source's own number, which rises by one from event to event.
    pub serial: Option<u32>,
    /// The event.
    pub event: Event,
}

/// What became of the bytes of a source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Notices given.
    pub notices: u64,
    /// Messages that are not of the form that the source has.
    pub malformed: u64,
}

/// Says in the chain that a source lost events, or that what it said was malformed: losing sight is itself evidence.
pub fn lost(place: &str, count: u64, now: Timestamp) -> Event {
    Event::new(EventKind::RecordsLost, now)
        .with("where", place)
        .with("count", count.to_string())
}
