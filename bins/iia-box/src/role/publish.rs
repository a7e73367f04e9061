//! `ot.it.publish`: draws from the lake through the relay, sends north, moves the cursor on acknowledgement; and
//! carries the audit head to the next box up and its receipt back.

use std::time::Duration;

use iia_core::Timestamp;
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;
use iia_edge::outbox::Outbox;
use iia_edge::publish::{Draw, Publisher};
use iia_edge::wire::{
    ADD_CHECKPOINT, HeadAnswer, HeadOffer, PUBLISH_BATCH, PublishAck, PublishBatch,
};
use iia_link::rt::{Message, Session};

use crate::wire::{
    self, ANNOUNCE, Announce, FETCH_HEAD, SIPHON, SUBMIT_RECEIPT, SiphonAnswer, SiphonAsk,
    Watermark,
};
use crate::workload::Workload;

/// What this publisher's contract carries, in turn.
const STREAMS: [Stream; 4] = [
    Stream::MODBUS,
    Stream::CONN,
    Stream::VIOLATION,
    Stream::ATTEST_NETWORK,
];
const IDLE: Duration = Duration::from_millis(200);
/// How often the head goes north; the contract's ceiling is one minute (001:393).
const HEAD_PERIOD_NS: i64 = 5 * SECOND_NS;
const NORTH: &str = "iia.contract.boundary.site.telemetry";

struct Publish<'a> {
    workload: &'a Workload,
    outbox: Outbox,
    publisher: Publisher,
    relay: Link<'a>,
    north: Link<'a>,
    heads: Heads<'a>,
    bus: Link<'a>,
}

struct Heads<'a> {
    audit: Link<'a>,
    receipts: Link<'a>,
    witness: Link<'a>,
    due: Timestamp,
    known: u64,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let outbox = Outbox::open(&workload.dir().state().join("outbox"))?;
    let cursors = STREAMS
        .into_iter()
        .map(|stream| Ok((stream.clone(), outbox.cursor(&stream)?)));
    let publisher = Publisher::new(cursors.collect::<anyhow::Result<Vec<_>>>()?);
    let link = |to, contract, operation| Link::new(workload, to, contract, operation);
    let mut role = Publish {
        workload,
        outbox,
        publisher,
        relay: link("bus", "iia.contract.internal.publish_to_bus", SIPHON),
        bus: link("bus", "iia.contract.internal.publish_to_bus", ANNOUNCE),
        north: link("north", NORTH, PUBLISH_BATCH),
        heads: Heads {
            audit: link(
                "audit",
                "iia.contract.internal.publish_to_audit",
                FETCH_HEAD,
            ),
            receipts: link(
                "audit",
                "iia.contract.internal.publish_to_audit",
                SUBMIT_RECEIPT,
            ),
            witness: link("north", NORTH, ADD_CHECKPOINT),
            due: Timestamp::default(),
            known: 0,
        },
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
    role.head_north().await;
    Ok(())
}

impl Publish<'_> {
    async fn step(&mut self) {
        let now = self.workload.now();
        if now >= self.heads.due {
            self.heads.due = now + HEAD_PERIOD_NS;
            self.head_north().await;
        }
        match self.publisher.poll_draw(now) {
            Some(draw) => match self.carry(draw).await {
                Ok(0) => self.rest().await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "publish.carry");
                    self.publisher.handle_failure(self.workload.now());
                }
            },
            None => self.rest().await,
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
        while empty < STREAMS.len() {
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
        let ask = SiphonAsk {
            stream: draw.stream.as_str().into(),
            cursor: draw.cursor.0,
            rows_max: draw.rows_max,
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
        let answer = self.north.call(&wire::encode(batch)).await?;
        let ack: PublishAck = wire::decode(&answer)?;
        let (stream, cursor) = self.publisher.handle_ack(&ack)?;
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

    async fn head_north(&mut self) {
        match self.heads.exchange().await {
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
    }

    /// Tells the bus; nobody waits for the bus, and a bus that is away loses the words only.
    async fn announce(&mut self, announce: Announce) {
        let _transient = self.bus.push(wire::encode(&announce)).await;
    }
}

impl Heads<'_> {
    /// Takes the newest head to the witness and its receipt back; tells in words what is covered now.
    async fn exchange(&mut self) -> anyhow::Result<Option<String>> {
        let mut offer = self.fetch().await?;
        for _ in 0..2 {
            let answer = self.witness.call(&wire::encode(&offer)).await?;
            match wire::decode(&answer)? {
                HeadAnswer::Cosigned(line) => return self.keep(&offer, &line).await.map(Some),
                HeadAnswer::Stale(size) => {
                    self.known = size;
                    offer = self.fetch().await?;
                }
                HeadAnswer::Refused(code) => anyhow::bail!("the witness refuses the head: {code}"),
            }
        }
        Ok(None)
    }

    async fn fetch(&mut self) -> anyhow::Result<HeadOffer> {
        wire::decode(&self.audit.call(&wire::encode(&self.known)).await?)
    }

    async fn keep(&mut self, offer: &HeadOffer, line: &str) -> anyhow::Result<String> {
        let note = format!("{}{line}", offer.checkpoint);
        let answer = self.receipts.call(&wire::encode(&note)).await?;
        self.known = wire::decode::<Watermark>(&answer)?.durable;
        // A checkpoint is origin, size, root, a line each.
        let root = offer.checkpoint.lines().nth(2).unwrap_or_default();
        let short = root.get(..8).unwrap_or_default();
        let records = self.known;
        Ok(format!("head {short} ({records}) witnessed"))
    }
}

/// A session that is opened when it is first used and again after it broke.
struct Link<'a> {
    workload: &'a Workload,
    to: &'static str,
    contract: &'static str,
    operation: &'static str,
    session: Option<Session>,
}

impl<'a> Link<'a> {
    const fn new(
        workload: &'a Workload,
        to: &'static str,
        contract: &'static str,
        operation: &'static str,
    ) -> Self {
        Self {
            workload,
            to,
            contract,
            operation,
            session: None,
        }
    }

    async fn session(&mut self) -> anyhow::Result<&mut Session> {
        match &mut self.session {
            Some(session) => Ok(session),
            empty => Ok(empty.insert(
                self.workload
                    .connect(self.to, self.contract, self.operation)
                    .await?,
            )),
        }
    }

    async fn call(&mut self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let answer = self.session().await?.call(payload).await;
        if answer.is_err() {
            self.session = None;
        }
        Ok(answer?)
    }

    async fn push(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        let sent = self.session().await?.send(Message::push(payload)).await;
        if sent.is_err() {
            self.session = None;
        }
        Ok(sent?)
    }
}
