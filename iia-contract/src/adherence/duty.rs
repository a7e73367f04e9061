//! What must not stay away: duties that come again, and answers that are waited for.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::event::Side;
use super::message::WAITING_MAX;
use crate::scope::Boundary;

/// Something that one side does again and again.
#[derive(Clone, Debug)]
pub(super) struct Duty {
    pub(super) what: What,
    pub(super) every_ns: i64,
    last: Timestamp,
    missed: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    CheckHead,
    PublishHead,
    Rotate(Side),
    Acknowledge,
    Answer,
    Respond,
}

impl What {
    /// The stream, the clause of the contract, and who failed to do what.
    pub(super) const fn words(self) -> (&'static Stream, &'static str, &'static str) {
        match self {
            Self::CheckHead => (
                &Stream::AUDIT_VERIFY,
                "upstream audit verify_every",
                "the consumer checked no chain head",
            ),
            Self::PublishHead => (
                &Stream::AUDIT_VERIFY,
                "audit head_period",
                "the box published no chain head",
            ),
            Self::Rotate(Side::Consumer) => (
                &Stream::AUTH,
                "upstream auth rotation",
                "the consumer did not change its credentials",
            ),
            Self::Rotate(Side::Box) => (
                &Stream::AUTH,
                "auth publisher_ttl",
                "the box did not change its credentials",
            ),
            Self::Acknowledge => (
                &Stream::DELIVERY,
                "upstream ack window_max",
                "the consumer did not acknowledge message",
            ),
            Self::Answer => (
                &Stream::CONNECTIVITY,
                "upstream query query_response_max",
                "the consumer did not answer question",
            ),
            Self::Respond => (
                &Stream::SLA_BREACH,
                "upstream incident response_max",
                "nobody on the consumer's side took up incident",
            ),
        }
    }
}

impl Duty {
    pub(super) fn of(boundary: &Boundary, now: Timestamp) -> Vec<Self> {
        let obligations = &boundary.obligations;
        let upstream = &obligations.upstream;
        let rows = [
            (What::CheckHead, upstream.verify_every_ns),
            (What::PublishHead, obligations.audit.head_period_ns),
            (What::Rotate(Side::Consumer), upstream.rotation_ns),
            (What::Rotate(Side::Box), obligations.auth.publisher_ttl_ns),
        ];
        let duty = |(what, every_ns): (What, Option<i64>)| {
            let every_ns = every_ns.filter(|ns| *ns > 0)?;
            Some(Self {
                what,
                every_ns,
                last: now,
                missed: false,
            })
        };
        rows.into_iter().filter_map(duty).collect()
    }

    /// When it is missed; nothing while it is known to be.
    pub(super) fn end(&self) -> Option<Timestamp> {
        (!self.missed).then(|| self.last + self.every_ns)
    }

    /// It was done; tells whether it had been missed.
    pub(super) fn done(&mut self, now: Timestamp) -> bool {
        self.last = self.last.max(now);
        core::mem::take(&mut self.missed)
    }

    /// Misses it; nothing more is told until it is done again.
    pub(super) const fn miss(&mut self) {
        self.missed = true;
    }
}

/// Answers of one kind that are waited for, each for equally long.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    pub(super) what: What,
    pub(super) window_ns: i64,
    since: BTreeMap<u64, Timestamp>,
    order: VecDeque<(Timestamp, u64)>,
}

impl Waits {
    pub(super) fn of(boundary: &Boundary) -> Vec<Self> {
        let upstream = &boundary.obligations.upstream;
        let rows = [
            (What::Acknowledge, upstream.ack_window_max_ns),
            (What::Answer, upstream.query_response_max_ns),
            (What::Respond, upstream.response_max_ns),
        ];
        let waits = |(what, window_ns): (What, Option<i64>)| {
            let window_ns = window_ns.filter(|ns| *ns > 0)?;
            Some(Self {
                what,
                window_ns,
                since: BTreeMap::new(),
                order: VecDeque::new(),
            })
        };
        rows.into_iter().filter_map(waits).collect()
    }

    /// Waits for an answer; tells whether there is room for it.
    pub(super) fn wait(&mut self, now: Timestamp, ticket: u64) -> bool {
        if self.since.contains_key(&ticket) {
            return true;
        }
        // Those that were answered out of turn stay in `order` until their time comes.
        if self.order.len() >= WAITING_MAX {
            let since = &self.since;
            self.order
                .retain(|(at, ticket)| since.get(ticket) == Some(at));
        }
        if self.order.len() >= WAITING_MAX {
            return false;
        }
        self.since.insert(ticket, now);
        self.order.push_back((now, ticket));
        true
    }

    pub(super) fn answered(&mut self, ticket: u64) {
        self.since.remove(&ticket);
        while let Some((at, ticket)) = self.order.front() {
            if self.since.get(ticket) == Some(at) {
                break;
            }
            self.order.pop_front();
        }
    }

    /// When the first of them is missed.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let (at, _) = self.order.front()?;
        Some(*at + self.window_ns)
    }

    /// Takes the first of them out, because it is missed.
    pub(super) fn miss(&mut self) -> Option<u64> {
        let (_, ticket) = *self.order.front()?;
        self.answered(ticket);
        Some(ticket)
    }
}
