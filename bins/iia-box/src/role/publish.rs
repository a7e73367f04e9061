//! `ot.it.publish`: draws from the lake through the relay, sends north, moves the cursor on acknowledgement; and
//! carries the audit head to the next box up and its receipt back.

use std::collections::BTreeMap;
use std::time::Duration;

use iia_contract::Catalog;
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;
use iia_edge::outbox::Outbox;
use iia_edge::publish::{Draw, Publisher};
use iia_edge::wire::{PUBLISH_BATCH, PUBLISH_HEAD, PublishAck, PublishBatch};

use super::deeds::{Deeds, FailsClosed};
use super::heads::Heads;
use super::north::{North, Way};
use crate::client::Link;
use crate::deed::{Sent, What};
use crate::wire::{self, ANNOUNCE, Announce, SIPHON, SiphonAnswer, SiphonAsk};
use crate::workload::Workload;

/// What a box writes beside the accounts of its contracts; of all that the contract's inventory says what goes north.
const STREAMS: [Stream; 6] = [
    Stream::MODBUS,
    Stream::CONN,
    Stream::ATTEST_NETWORK,
    Stream::ATTEST_AUDIT_CHAIN,
    Stream::ATTEST_POLICY_DRIFT,
    Stream::AUDIT_HEAD,
];
/// A message shorter than this says nothing about bandwidth.
const TRANSFER_LEN_MIN: usize = 64 * 1024;
/// How often the last head is carried north before it is left for the next start.
const LAST_TRIES_MAX: usize = 10;
const IDLE: Duration = Duration::from_millis(200);

struct Publish<'a> {
    workload: &'a Workload,
    outbox: Outbox,
    publisher: Publisher,
    relay: Link,
    telemetry: Way,
    evidence: Way,
    heads: Heads,
    bus: Link,
    deeds: Deeds,
    /// By stream.
    flights: BTreeMap<String, Flight>,
    /// Streams in a row that had nothing new.
    empty: usize,
    /// Boundary contracts: the head is one for all of them.
    contracts: Vec<String>,
}

/// A message that went north and is not acknowledged, or in part.
struct Flight {
    position: u64,
    /// After the position; what is acknowledged is before it.
    rows: u64,
    acked: u64,
    ticket: u64,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let north = North::of(workload);
    let outbox = Outbox::open(&workload.dir().state().join("outbox"))?;
    let streams = STREAMS.into_iter().chain(iia::sla::STREAMS);
    let cursors = streams
        .filter(|stream| {
            let contract = north.under(stream.as_str());
            workload.inventory(contract).exposes(stream.as_str())
        })
        .map(|stream| Ok((stream.clone(), outbox.cursor(&stream)?)));
    let publisher = Publisher::new(cursors.collect::<anyhow::Result<Vec<_>>>()?);
    let link = |to, contract, operation| Link::new(workload, to, contract, operation);
    let mut role = Publish {
        workload,
        outbox,
        publisher,
        relay: link("bus", "iia.contract.internal.publish_to_bus", SIPHON),
        bus: link("bus", "iia.contract.internal.publish_to_bus", ANNOUNCE),
        telemetry: Way::new(workload, &north.telemetry, PUBLISH_BATCH),
        evidence: Way::new(workload, &north.evidence, PUBLISH_HEAD),
        heads: Heads::new(workload, &north),
        deeds: Deeds::new(workload, "iia.contract.internal.publish_to_bus"),
        flights: BTreeMap::new(),
        empty: 0,
        contracts: boundaries(workload.catalog()),
    };
    workload.ready();
    let mut drained = false;
    while !workload.is_stopping() {
        if workload.is_draining() && !drained {
            role.drain().await;
            drained = true;
            workload.done();
        }
        role.step().await;
    }
    role.last_head_north().await;
    Ok(())
}

impl Publish<'_> {
    async fn step(&mut self) {
        let now = self.workload.now();
        if self.heads.is_due(now) {
            self.head_north().await;
        }
        match self.publisher.poll_draw(now) {
            Some(draw) => match self.carry(draw).await {
                Ok(0) => self.rest_after_a_round().await,
                Ok(_) => self.empty = 0,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "publish.carry");
                    self.wait_after_failure();
                }
            },
            None => self.rest().await,
        }
    }

    /// A link that is away is tried again when its contract says, anything else after a wait of the publisher's own.
    fn wait_after_failure(&mut self) {
        let links = [&self.relay, &self.telemetry.link, &self.evidence.link];
        let wait_ns = links.map(Link::wait_ns).into_iter().max().unwrap_or(0);
        let (now, wait_ns) = (self.workload.now(), i64::try_from(wait_ns).unwrap_or(0));
        match wait_ns {
            0 => self.publisher.handle_failure(now),
            _ => self.publisher.handle_away(now + wait_ns),
        }
    }

    /// Nobody is asked in vain more often than [`IDLE`] says.
    async fn rest_after_a_round(&mut self) {
        self.empty += 1;
        if self.empty >= self.publisher.lanes() {
            self.empty = 0;
            self.rest().await;
        }
    }

    async fn rest(&self) {
        tokio::select! {
            () = tokio::time::sleep(IDLE) => {}
            () = self.workload.stopped() => {}
        }
    }

    /// At the end: whatever the lake still holds goes north; what the north does not take waits in the lake.
    async fn drain(&mut self) {
        let mut empty = 0;
        while empty < self.publisher.lanes() {
            let Some(draw) = self.publisher.poll_draw(Timestamp::from_ns(i64::MAX)) else {
                break;
            };
            match self.carry(draw).await {
                Ok(0) => empty += 1,
                Ok(_) => empty = 0,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "publish.drain");
                    break;
                }
            }
        }
    }

    /// Carries one draw; tells how many rows went north.
    async fn carry(&mut self, draw: Draw) -> anyhow::Result<u64> {
        // A message that is sent again is the same message, although the lake has more by now.
        let flight = self.flight(draw.stream.as_str(), draw.cursor.0);
        let ask = SiphonAsk {
            stream: draw.stream.as_str().into(),
            cursor: draw.cursor.0,
            rows_max: flight.map_or(draw.rows_max, |flight| flight.rows),
        };
        let answer: SiphonAnswer = wire::decode(&self.relay.call(&wire::encode(&ask)).await?)?;
        let drawn = Drawn {
            ipc: answer.ipc.into(),
            rows: answer.rows,
            next: Cursor(answer.next),
        };
        let Some(batch) = self.publisher.handle_drawn(drawn) else {
            return Ok(0);
        };
        self.send(&batch).await?;
        Ok(batch.rows)
    }

    async fn send(&mut self, batch: &PublishBatch) -> anyhow::Result<()> {
        let ticket = self.depart(batch).await?;
        let started = self.workload.now();
        let way = self.way(&batch.stream);
        let contract = way.contract.clone();
        let answer = match way.link.call(&wire::encode(batch)).await {
            Ok(answer) => answer,
            Err(error) => {
                self.deeds.add(&contract, What::Link(false));
                let _told_later = self.deeds.report().await;
                return Err(error);
            }
        };
        self.arrive(batch, started);
        let ack: PublishAck = wire::decode(&answer)?;
        let (stream, cursor) = self.publisher.handle_ack(&ack)?;
        self.acknowledged(batch, &ack, (&contract, ticket));
        let _told_later = self.deeds.report().await;
        self.outbox.acknowledge(&stream, cursor)?;
        let rows = self.publisher.rows_acked();
        let north = format!("{rows} rows north");
        self.announce(Announce {
            north,
            ..Announce::default()
        })
        .await;
        Ok(())
    }

    /// Part of a message or all that was left of it has come to the north. What has not goes again as the same message.
    fn acknowledged(
        &mut self,
        batch: &PublishBatch,
        ack: &PublishAck,
        (contract, ticket): (&str, u64),
    ) {
        let Some(mut flight) = self.flights.remove(&batch.stream) else {
            return;
        };
        let records = ack.position - batch.position;
        flight.acked += records;
        if records == batch.rows {
            self.deeds.add(contract, What::Acked(ticket, flight.acked));
            return;
        }
        let part = What::AckedPart(ticket, flight.acked);
        self.deeds.add(contract, part);
        let again = What::Again(ack.position + 1, batch.position + batch.rows);
        self.deeds.add(contract, again);
        (flight.position, flight.rows) = (ack.position, batch.rows - records);
        self.flights.insert(batch.stream.clone(), flight);
    }

    /// What is on its way from a position of a stream.
    fn flight(&self, stream: &str, position: u64) -> Option<&Flight> {
        let flight = self.flights.get(stream);
        flight.filter(|flight| flight.position == position)
    }

    /// A message leaves, for the first time or again; gives its ticket, which is the time in microseconds. It does
    /// not leave when the accounts are away and their contract fails closed.
    async fn depart(&mut self, batch: &PublishBatch) -> Result<u64, FailsClosed> {
        let now = self.workload.now();
        let (stream, position, rows) = (batch.stream.clone(), batch.position, batch.rows);
        let (ticket, acked) = match self.flight(&stream, position) {
            Some(flight) => (flight.ticket, flight.acked),
            None => (u64::try_from(now.as_ns() / 1000).unwrap_or_default(), 0),
        };
        let sent = What::Sent(Sent {
            ticket,
            records: rows,
            len: batch.ipc.len() as u64,
            about: format!("{stream}/{}-{}", position + 1, position + rows),
        });
        let flight = Flight {
            position,
            rows,
            acked,
            ticket,
        };
        self.flights.insert(stream, flight);
        let contract = self.way(&batch.stream).contract.clone();
        self.deeds.add_at(now, &contract, sent);
        self.deeds.report().await?;
        Ok(ticket)
    }

    /// Something came back from the north: the link is there, and a long message says how wide it is.
    fn arrive(&mut self, batch: &PublishBatch, started: Timestamp) {
        let (now, ends) = (self.workload.now(), self.workload.svid_ends());
        let len = batch.ipc.len();
        let way = self.way(&batch.stream);
        let peer = way.link.peer_ends();
        let theirs = peer.and_then(|ends| way.theirs.look(now, ends, true));
        let own = way.own.look(now, ends, false);
        let wide = (len >= TRANSFER_LEN_MIN)
            .then(|| What::Transfer(len as u64, now.since_ns(started).max(1)));
        let contract = way.contract.clone();
        let told = [Some(What::Link(true)), wide, theirs, own];
        for what in told.into_iter().flatten() {
            self.deeds.add(&contract, what);
        }
    }

    /// The way of a stream.
    fn way(&mut self, stream: &str) -> &mut Way {
        match stream == Stream::AUDIT_HEAD.as_str() {
            true => &mut self.evidence,
            false => &mut self.telemetry,
        }
    }

    /// At the end: the head that covers everything; the box above may just be on its feet again.
    async fn last_head_north(&mut self) {
        for _ in 0..LAST_TRIES_MAX {
            if self.head_north().await {
                return;
            }
            tokio::time::sleep(IDLE).await;
        }
    }

    /// Tells whether the box above has signed for the head, or has nothing to sign.
    async fn head_north(&mut self) -> bool {
        let done = self.heads.exchange(&mut self.deeds, &self.contracts).await;
        let _told_later = self.deeds.report().await;
        let is_done = done.is_ok();
        match done {
            Ok(Some(head)) => {
                self.announce(Announce {
                    head,
                    ..Announce::default()
                })
                .await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = format!("{error:#}"), "publish.head"),
        }
        is_done
    }

    /// Tells the bus; nobody waits for the bus, and a bus that is away loses the words only.
    async fn announce(&mut self, announce: Announce) {
        let _transient = self.bus.push(wire::encode(&announce)).await;
    }
}

fn boundaries(catalog: &Catalog) -> Vec<String> {
    let contracts = catalog.contracts().iter();
    let boundaries = contracts.filter(|one| matches!(one.terms, Terms::Boundary(_)));
    boundaries.map(|one| one.id.as_str().into()).collect()
}
