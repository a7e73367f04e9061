//! One contract's account: what was promised, and what happens.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::duty::{Duty, Waits, What};
use super::event::{Event, Side};
use super::message::{Fate, Messages, Noted};
use super::metric::Count;
use super::note::Note;
use super::period::Period;
use super::quota::{Crossing, Limits};
use super::threshold::{Fact, Threshold, Watch};
use crate::scope::{Boundary, Contract, Quota, Terms};

/// What the box knows of one contract.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) watches: Vec<Watch>,
    pub(super) duties: Vec<Duty>,
    pub(super) waits: Vec<Waits>,
    pub(super) messages: Messages,
    pub(super) period: Period,
    /// Whether the link is there; nothing until it was told.
    pub(super) link: Option<bool>,
    limits: Limits,
}

impl Account {
    pub(super) fn new(contract: &Contract, now: Timestamp) -> Self {
        let (source, destination) = match &contract.terms {
            Terms::Internal(terms) => (terms.source.to_string(), terms.destination.to_string()),
            Terms::Boundary(terms) => (terms.publisher.to_string(), terms.consumer.to_string()),
            Terms::Inbound(terms) => (terms.puller.to_string(), terms.pull.target.to_string()),
            Terms::Device(_) => (String::new(), String::new()),
        };
        let empty = Self {
            source,
            destination,
            watches: Vec::new(),
            duties: Vec::new(),
            waits: Vec::new(),
            messages: Messages::default(),
            period: Period::new(now),
            link: None,
            limits: Limits::new(Quota::default(), now),
        };
        match &contract.terms {
            Terms::Boundary(boundary) => empty.promised(boundary, now),
            _ => empty,
        }
    }

    fn promised(self, boundary: &Boundary, now: Timestamp) -> Self {
        let thresholds = Threshold::of(boundary);
        let watch = |threshold| Watch::new(threshold, now);
        Self {
            watches: thresholds.into_iter().map(watch).collect(),
            duties: Duty::of(boundary, now),
            waits: Waits::of(boundary),
            limits: Limits::new(boundary.obligations.quota, now),
            ..self
        }
    }

    pub(super) fn feed(&mut self, fact: Fact) {
        let watches = self.watches.iter_mut().chain(self.period.figures_mut());
        watches.for_each(|watch| watch.feed(fact));
    }

    /// Takes one event; gives what there is to tell at once.
    pub(super) fn handle(&mut self, now: Timestamp, event: &Event<'_>) -> Option<Note> {
        let told = match *event {
            Event::Up => self.turn(now, true),
            Event::Down => self.turn(now, false),
            Event::Route(way) => Some(Note::good(
                now,
                &Stream::CONNECTIVITY,
                "route",
                format!("the link goes by {way}"),
            )),
            Event::Latency(ns) => self.fact(Fact::Latency(ns)),
            Event::Served(ns) => self.fact(Fact::Served(ns)),
            Event::Lag(ns) => self.fact(Fact::Lag(ns)),
            Event::Transfer(len, ns) => self.fact(Fact::Transfer(len, ns)),
            Event::Sent {
                ticket,
                records,
                len,
            } => self.sent(now, ticket, (records, len)),
            Event::Acked { ticket, records } => self.acked(now, ticket, records),
            Event::AckedPart { ticket, records } => {
                self.messages.part(now, ticket, records);
                None
            }
            Event::Rejected(ticket) => self.rejected(now, ticket),
            Event::Dropped(records) => {
                self.messages.drop_records(now, records);
                self.period.dropped += records;
                self.fact(Fact::Fates([0, 0, records]))
            }
            Event::Queried { rows, len } => {
                let crossing = self.limits.queried(now, rows, len);
                self.crossed(now, crossing)
            }
            Event::Asked(ticket) => self.wait(now, What::Answer, ticket),
            Event::Answered(ticket) => self.answered(What::Answer, ticket),
            Event::Raised(ticket) => self.wait(now, What::Respond, ticket),
            Event::Responded(ticket) => self.answered(What::Respond, ticket),
            Event::HeadPublished(_) => self.done(now, What::PublishHead),
            Event::HeadSound(size) => {
                let back = self.done(now, What::CheckHead);
                let reason =
                    format!("the consumer checked the head of {size} records, and it holds");
                back.or_else(|| Some(Note::good(now, &Stream::AUDIT_VERIFY, "head", reason)))
            }
            Event::Rotated(side) => {
                let back = self.done(now, What::Rotate(side));
                let reason = format!("{} changed its credentials", words(side));
                back.or_else(|| Some(Note::good(now, &Stream::AUTH, "rotation", reason)))
            }
            _ => self.fault(now, event),
        };
        told.map(|note| note.of(event.name()))
    }

    /// Events that are told as they come.
    fn fault(&mut self, now: Timestamp, event: &Event<'_>) -> Option<Note> {
        let bad = |stream, clause, reason| Note::bad(now, stream, clause, reason);
        let (count, note) = match *event {
            Event::Expires(side, at) => {
                let reason = format!("credentials of {} end at {at}", words(side));
                (None, bad(&Stream::AUTH, "expiry", reason))
            }
            Event::AuthFailed(who) => {
                let note = bad(
                    &Stream::AUTH,
                    "identity",
                    format!("{who} could not prove who it is"),
                );
                (Some(Count::AuthFailures), note.grave())
            }
            Event::Pulled(version) => {
                let reason = format!("the consumer fetched version {version}");
                (None, Note::good(now, &Stream::SCHEMA, "version", reason))
            }
            Event::Deprecated(version) => {
                let reason = format!("the consumer uses version {version}, which is deprecated");
                (
                    Some(Count::Deprecated),
                    bad(&Stream::SCHEMA, "version", reason),
                )
            }
            Event::Mismatch(what) => {
                let reason = format!("another shape than agreed: {what}");
                (
                    Some(Count::Mismatches),
                    bad(&Stream::SCHEMA, "schema", reason),
                )
            }
            Event::Gap(first, last) => {
                let reason = format!("the consumer did not see numbers {first} to {last}");
                (
                    Some(Count::Gaps),
                    bad(&Stream::RECONCILIATION, "gap", reason),
                )
            }
            Event::WatermarkAsked => {
                let reason = "the consumer asked for the watermark".into();
                (
                    None,
                    Note::good(now, &Stream::RECONCILIATION, "watermark", reason),
                )
            }
            Event::ReplayAsked(first, last) => {
                let reason = format!("the consumer asked again for numbers {first} to {last}");
                (
                    Some(Count::Replays),
                    Note::good(now, &Stream::RECONCILIATION, "replay", reason),
                )
            }
            Event::HeadUnsound(size) => {
                self.done(now, What::CheckHead);
                let reason = format!("the head of {size} records does not hold for the consumer");
                (
                    Some(Count::HeadFailures),
                    bad(&Stream::AUDIT_VERIFY, "head", reason).grave(),
                )
            }
            _ => return None,
        };
        count.map(|count| self.fact(Fact::Counted(count)));
        Some(note)
    }

    fn fact(&mut self, fact: Fact) -> Option<Note> {
        self.feed(fact);
        None
    }

    fn turn(&mut self, now: Timestamp, up: bool) -> Option<Note> {
        if self.link == Some(up) {
            return None;
        }
        self.pass(now);
        self.link = Some(up);
        Some(match up {
            true => Note::good(
                now,
                &Stream::CONNECTIVITY,
                "link",
                "the link is there".into(),
            ),
            false => Note::bad(
                now,
                &Stream::CONNECTIVITY,
                "link",
                "the link is away".into(),
            ),
        })
    }

    /// Counts the time up to now as time with or without the link.
    pub(super) fn pass(&mut self, now: Timestamp) {
        let link = self.link;
        let watches = self.watches.iter_mut().chain(self.period.figures_mut());
        watches.for_each(|watch| watch.pass(now, link));
    }

    fn sent(&mut self, now: Timestamp, ticket: u64, (records, len): (u64, u64)) -> Option<Note> {
        match self.messages.send(now, ticket, records, len) {
            Noted::Again => {
                self.period.resent += 1;
                return None;
            }
            Noted::Full => self.period.untimed += 1,
            Noted::First => {
                self.wait(now, What::Acknowledge, ticket);
            }
        }
        self.period.messages += 1;
        self.period.sent += records;
        let crossing = self.limits.sent(now, records, len);
        self.crossed(now, crossing)
    }

    fn acked(&mut self, now: Timestamp, ticket: u64, records: u64) -> Option<Note> {
        let sent = self.messages.waits(ticket)?.records;
        let records = records.min(sent);
        let message = self.messages.settle(ticket, Fate::Acked(now, records))?;
        self.answered(What::Acknowledge, ticket);
        self.period.acked += records;
        self.feed(Fact::AckLatency(now.since_ns(message.sent)));
        self.fact(Fact::Fates([records, sent - records, 0]))
    }

    fn rejected(&mut self, now: Timestamp, ticket: u64) -> Option<Note> {
        let message = self.messages.settle(ticket, Fate::Rejected(now))?;
        self.answered(What::Acknowledge, ticket);
        self.period.rejected += message.records;
        self.feed(Fact::Fates([0, message.records, 0]));
        let reason = format!(
            "the consumer refused a message of {} records",
            message.records
        );
        Some(Note::bad(now, &Stream::DELIVERY, "rejected", reason))
    }

    fn crossed(&mut self, now: Timestamp, crossing: Option<Crossing>) -> Option<Note> {
        let (clause, how) = crossing?;
        self.feed(Fact::Counted(Count::QuotaHits));
        Some(Note::bad(now, &Stream::QUOTA, clause, how))
    }

    fn wait(&mut self, now: Timestamp, what: What, ticket: u64) -> Option<Note> {
        let waits = self.waits.iter_mut().find(|waits| waits.what == what)?;
        if !waits.wait(now, ticket) {
            self.period.untimed += 1;
        }
        None
    }

    fn answered(&mut self, what: What, ticket: u64) -> Option<Note> {
        let waits = self.waits.iter_mut().find(|waits| waits.what == what)?;
        waits.answered(ticket);
        None
    }

    /// A duty is done; tells so when it had been missed.
    fn done(&mut self, now: Timestamp, what: What) -> Option<Note> {
        let duty = self.duties.iter_mut().find(|duty| duty.what == what)?;
        let (stream, clause, failed) = what.words();
        duty.done(now)
            .then(|| Note::good(now, stream, clause, format!("no longer so: {failed}")))
    }
}

const fn words(side: Side) -> &'static str {
    match side {
        Side::Box => "the box",
        Side::Consumer => "the consumer",
    }
}
