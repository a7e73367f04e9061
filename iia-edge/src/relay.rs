//! The relay in the DMZ: the only reader of the lake for the outbound side (decision D4, invariant 4).
//!
//! It holds a [`Port`] to either side, bounds every draw, and makes one event of every message that crosses.

use alloc::format;
use alloc::string::ToString as _;

use iia_core::event::{Event, EventKind};
use iia_core::store::Drawn;
use iia_core::stream::Stream;
use iia_core::zone::{Conduit, Dmz, Inbound, Outbound, Port};
use iia_core::{SpiffeId, Timestamp};

/// Rows of one crossing at most; a larger wish is cut.
pub const CROSSING_ROWS_MAX: u64 = 100_000;

/// The relay's two conduits; that they can be made is the proof that nothing bypasses the DMZ.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    south: Conduit,
    north: Conduit,
    crossings: u64,
}

/// Rows that crossed, and the event that says so.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// The rows.
    pub drawn: Drawn,
    /// The DMZ event of this message (001:148).
    pub event: Event,
}

impl Relay {
    /// Joins the lake, the bus and an outbound zone.
    // IIA 4: the types of the ports make any other order a compile error.
    pub fn new(lake: &Port<Inbound>, bus: &Port<Dmz>, outbound: &Port<Outbound>) -> Self {
        Self {
            south: lake.join(bus),
            north: bus.join(outbound),
            crossings: 0,
        }
    }

    /// The wish, cut to what may cross in one message.
    pub const fn bound(rows_max: u64) -> u64 {
        if rows_max < CROSSING_ROWS_MAX {
            rows_max
        } else {
            CROSSING_ROWS_MAX
        }
    }

    /// Lets rows cross that `by` asked for; they exist as a DMZ event from here on.
    pub fn cross(
        &mut self,
        now: Timestamp,
        by: &SpiffeId,
        stream: &Stream,
        drawn: Drawn,
    ) -> Crossing {
        let event = self.crossing(now, by, stream, &drawn);
        Crossing { drawn, event }
    }

    /// Messages that crossed since the start.
    pub const fn crossings(&self) -> u64 {
        self.crossings
    }

    fn crossing(&mut self, now: Timestamp, by: &SpiffeId, stream: &Stream, drawn: &Drawn) -> Event {
        self.crossings += 1;
        let (from, over, to) = (
            self.south.source(),
            self.north.source(),
            self.north.destination(),
        );
        Event::new(EventKind::BoundaryCrossed, now)
            .with("conduit", format!("{from} > {over} > {to}"))
            .with("asked_by", by.as_str())
            .with("stream", stream.as_str())
            .with("rows", drawn.rows.to_string())
            .with("bytes", drawn.ipc.len().to_string())
            .with("crossing", self.crossings.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iia_core::store::Cursor;
    use iia_core::zone::Zone;

    #[test]
    fn i4_every_message_that_crosses_is_an_event() {
        let mut relay = Relay::new(
            &Port::new(Zone::AcsLake).unwrap(),
            &Port::new(Zone::DmzBus).unwrap(),
            &Port::new(Zone::ItPublish).unwrap(),
        );
        let by: SpiffeId = "spiffe://iia.local/zone/publish/workload/p"
            .parse()
            .unwrap();
        for count in 1..=3 {
            let drawn = Drawn {
                ipc: alloc::vec![1],
                rows: 3,
                next: Cursor(7),
            };
            let crossing = relay.cross(Timestamp::from_secs(1), &by, &Stream::MODBUS, drawn);
            assert_eq!(crossing.event.field("rows"), Some("3"));
            assert_eq!(
                crossing.event.field("conduit"),
                Some("ot.acs.lake > ot.dmz.bus > ot.it.publish")
            );
            assert_eq!(relay.crossings(), count);
        }
        assert_eq!(Relay::bound(u64::MAX), CROSSING_ROWS_MAX);
        assert_eq!(Relay::bound(7), 7);
    }
}
