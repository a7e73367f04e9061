//! The publisher as a state machine: what to draw, what was sent, what came back, when to try again.
//!
//! A dead, slow or lying north changes nothing upstream: the cursor moves on acknowledgement only.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;

use crate::EdgeError;
use crate::wire::{PublishAck, PublishBatch};

/// Rows in one batch north.
pub const ROWS_MAX: u64 = 8192;
/// First wait after a failure.
pub const BACKOFF_MIN_NS: i64 = 200_000_000;
/// Longest wait after failures.
pub const BACKOFF_MAX_NS: i64 = 30_000_000_000;

/// One stream's way north.
#[derive(Clone, Debug)]
pub struct Lane {
    stream: Stream,
    acked: Cursor,
    in_flight: Option<Cursor>,
}

/// The publisher of one contract.
#[derive(Clone, Debug)]
pub struct Publisher {
    lanes: Vec<Lane>,
    turn: usize,
    backoff_ns: i64,
    not_before: Option<Timestamp>,
    rows_acked: u64,
}

/// What to draw from the lake next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Draw {
    /// From which stream.
    pub stream: Stream,
    /// After which row.
    pub cursor: Cursor,
    /// At most so many rows.
    pub rows_max: u64,
}

impl Publisher {
    /// Publishes the given streams, each from its stored cursor.
    pub fn new(streams: impl IntoIterator<Item = (Stream, Cursor)>) -> Self {
        let lane = |(stream, acked)| Lane {
            stream,
            acked,
            in_flight: None,
        };
        let lanes = streams.into_iter().map(lane).collect();
        Self {
            lanes,
            turn: 0,
            backoff_ns: 0,
            not_before: None,
            rows_acked: 0,
        }
    }

    /// The next draw, round robin over the streams; `None` while waiting after a failure or for an answer.
    pub fn poll_draw(&mut self, now: Timestamp) -> Option<Draw> {
        if self.not_before.is_some_and(|at| now < at)
            || self.lanes.iter().any(|l| l.in_flight.is_some())
        {
            return None;
        }
        let lane = self.lanes.get(self.turn)?;
        Some(Draw {
            stream: lane.stream.clone(),
            cursor: lane.acked,
            rows_max: ROWS_MAX,
        })
    }

    /// Takes what was drawn; gives the message to send, or `None` and passes the turn when nothing is new.
    pub fn handle_drawn(&mut self, drawn: Drawn) -> Option<PublishBatch> {
        let lane = self.lanes.get_mut(self.turn)?;
        if drawn.rows == 0 {
            self.pass_turn();
            return None;
        }
        lane.in_flight = Some(drawn.next);
        Some(PublishBatch {
            stream: lane.stream.as_str().into(),
            position: lane.acked.0,
            rows: drawn.rows,
            ipc: drawn.ipc.into(),
        })
    }

    /// Takes an acknowledgement; gives the cursor to persist. An acknowledgement short of what was sent makes the
    /// rest be sent again.
    ///
    /// # Errors
    /// [`EdgeError::OverAcknowledged`] when the other side claims rows that it cannot have;
    /// [`EdgeError::Malformed`] when it speaks of another stream or of nothing sent.
    pub fn handle_ack(&mut self, ack: &PublishAck) -> Result<(Stream, Cursor), EdgeError> {
        let wrong = EdgeError::Malformed {
            what: "acknowledgement",
        };
        let lane = self.lanes.get_mut(self.turn).ok_or_else(|| wrong.clone())?;
        let sent = lane.in_flight.take().ok_or_else(|| wrong.clone())?;
        if lane.stream.as_str() != ack.stream || ack.position < lane.acked.0 {
            return Err(wrong);
        }
        if ack.position > sent.0 {
            return Err(EdgeError::OverAcknowledged {
                acked: ack.position,
                sent: sent.0,
            });
        }
        self.rows_acked += ack.position - lane.acked.0;
        lane.acked = Cursor(ack.position);
        let moved = (lane.stream.clone(), lane.acked);
        self.backoff_ns = 0;
        self.not_before = None;
        self.pass_turn();
        Ok(moved)
    }

    /// The link failed: what is in flight counts as not sent, and the next try waits twice as long as the last.
    pub fn handle_failure(&mut self, now: Timestamp) {
        self.lanes.iter_mut().for_each(|lane| lane.in_flight = None);
        self.backoff_ns = (self.backoff_ns * 2).clamp(BACKOFF_MIN_NS, BACKOFF_MAX_NS);
        self.not_before = Some(now + self.backoff_ns);
    }

    /// The same when the link itself says when it is tried again.
    pub fn handle_away(&mut self, until: Timestamp) {
        self.lanes.iter_mut().for_each(|lane| lane.in_flight = None);
        self.not_before = Some(until);
    }

    /// How many streams take turns.
    pub const fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// When to poll again after a failure.
    pub const fn poll_timeout(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Rows acknowledged since the start.
    pub const fn rows_acked(&self) -> u64 {
        self.rows_acked
    }

    fn pass_turn(&mut self) {
        self.turn = (self.turn + 1) % self.lanes.len().max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_secs(0);

    fn drawn(rows: u64, next: u64) -> Drawn {
        Drawn {
            ipc: alloc::vec![0],
            rows,
            next: Cursor(next),
        }
    }

    fn ack(position: u64) -> PublishAck {
        PublishAck {
            stream: "ot.acs.modbus".into(),
            position,
        }
    }

    fn publisher() -> Publisher {
        Publisher::new([(Stream::MODBUS, Cursor(10))])
    }

    #[test]
    fn the_cursor_moves_on_acknowledgement_only() {
        let mut publisher = publisher();
        assert_eq!(publisher.poll_draw(T0).unwrap().cursor, Cursor(10));
        assert_eq!(publisher.handle_drawn(drawn(5, 15)).unwrap().position, 10);
        assert_eq!(publisher.poll_draw(T0), None);
        publisher.handle_failure(T0);
        assert_eq!(
            publisher.poll_draw(T0 + BACKOFF_MIN_NS).unwrap().cursor,
            Cursor(10)
        );
        publisher.handle_drawn(drawn(5, 15));
        assert_eq!(
            publisher.handle_ack(&ack(15)),
            Ok((Stream::MODBUS, Cursor(15)))
        );
        assert_eq!(publisher.rows_acked(), 5);
    }

    #[test]
    fn a_lying_north_is_not_believed() {
        let mut publisher = publisher();
        publisher.handle_drawn(drawn(5, 15));
        assert_eq!(
            publisher.handle_ack(&ack(16)),
            Err(EdgeError::OverAcknowledged {
                acked: 16,
                sent: 15
            })
        );
        publisher.handle_drawn(drawn(5, 15));
        assert!(publisher.handle_ack(&ack(9)).is_err());
        assert!(
            publisher.handle_ack(&ack(10)).is_err(),
            "nothing is in flight"
        );
        assert_eq!(publisher.poll_draw(T0).unwrap().cursor, Cursor(10));
    }

    #[test]
    fn a_short_acknowledgement_sends_the_rest_again() {
        let mut publisher = publisher();
        publisher.handle_drawn(drawn(5, 15));
        publisher.handle_ack(&ack(12)).unwrap();
        assert_eq!(publisher.poll_draw(T0).unwrap().cursor, Cursor(12));
    }

    #[test]
    fn waits_double_and_end() {
        let mut publisher = publisher();
        let mut waits = alloc::vec::Vec::new();
        for _ in 0..12 {
            publisher.handle_failure(T0);
            waits.push(publisher.poll_timeout().unwrap().since_ns(T0));
        }
        assert_eq!(
            waits[..3],
            [BACKOFF_MIN_NS, 2 * BACKOFF_MIN_NS, 4 * BACKOFF_MIN_NS]
        );
        assert_eq!(waits[11], BACKOFF_MAX_NS);
    }

    #[test]
    fn a_link_that_is_away_says_when_to_try_again() {
        let mut publisher = publisher();
        publisher.handle_drawn(drawn(5, 15));
        publisher.handle_away(T0 + 7);
        assert_eq!(publisher.poll_draw(T0 + 6), None);
        let again = publisher.poll_draw(T0 + 7).unwrap();
        assert_eq!(again.cursor, Cursor(10), "what was in flight was not sent");
    }

    #[test]
    fn streams_take_turns() {
        let mut publisher =
            Publisher::new([(Stream::MODBUS, Cursor(0)), (Stream::CONN, Cursor(0))]);
        assert_eq!(publisher.poll_draw(T0).unwrap().stream, Stream::MODBUS);
        assert_eq!(publisher.handle_drawn(drawn(0, 0)), None);
        assert_eq!(publisher.poll_draw(T0).unwrap().stream, Stream::CONN);
    }
}
