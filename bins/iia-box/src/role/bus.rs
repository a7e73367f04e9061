//! `ot.dmz.bus`: the transient bus and the relay, through which everything crosses that leaves the inbound side.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Context as _;
use iia_core::SpiffeId;
use iia_core::finding::Finding;
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;
use iia_core::zone::{Port, Zone};
use iia_edge::relay::Relay;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};
use iia_link::rt::{Message, Session};
use tokio::sync::{Mutex, broadcast};

use super::serve::{Serve, serve};
use crate::client::{AuditClient, LakeClient};
use crate::findings::Findings;
use crate::wire::{
    self, ANNOUNCE, Announce, REPORT_VIOLATION, SIPHON, SUBSCRIBE, SiphonAnswer, SiphonAsk,
};
use crate::workload::Workload;

/// Announcements that a slow subscriber may fall behind before the oldest are dropped and counted.
const BACKLOG_MAX: usize = 1024;

struct Bus {
    workload: Workload,
    audit: AuditClient,
    topic: broadcast::Sender<Rc<Announce>>,
    publish: RefCell<Relay>,
    api: RefCell<Relay>,
    lake: Mutex<Option<Session>>,
    ranges: Mutex<Option<Session>>,
    reports: Mutex<Findings>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let relay = |outbound| -> anyhow::Result<Relay> {
        let lake = Port::new(Zone::AcsLake).context("lake port")?;
        let bus = Port::new(Zone::DmzBus).context("bus port")?;
        let outbound = Port::new(outbound).context("outbound port")?;
        Ok(Relay::new(&lake, &bus, &outbound))
    };
    let lake = LakeClient::new(workload, "iia.contract.internal.bus_to_lake");
    let role = Rc::new(Bus {
        workload: workload.clone(),
        audit: AuditClient::start(workload, "iia.contract.internal.bus_to_audit"),
        topic: broadcast::channel(BACKLOG_MAX).0,
        publish: RefCell::new(relay(Zone::ItPublish)?),
        api: RefCell::new(relay(Zone::ItApi)?),
        lake: Mutex::new(None),
        ranges: Mutex::new(None),
        reports: Mutex::new(Findings::resume(workload, lake, Stream::VIOLATION).await),
    });
    serve(workload, Some(&role.audit), &role).await?;
    role.audit.flush().await;
    Ok(())
}

impl Serve for Bus {
    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let (peer, operation) = (session.peer().clone(), session.operation().to_owned());
        if operation == SUBSCRIBE {
            return self.feed(session).await;
        }
        while let Some(message) = session.recv().await? {
            let answer = match operation.as_str() {
                ANNOUNCE => {
                    self.announce(&peer, &message.payload)?;
                    continue;
                }
                SIPHON => self.siphon(&peer, &message.payload).await?,
                QUERY => self.query(&peer, &message.payload).await?,
                REPORT_VIOLATION => self.report(&message.payload).await?,
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        Ok(())
    }
}

impl Bus {
    fn announce(&self, peer: &SpiffeId, payload: &[u8]) -> anyhow::Result<()> {
        let mut announce: Announce = wire::decode(payload)?;
        announce.source = peer.zone_workload().map_or("", |(zone, _)| zone).into();
        let _nobody = self.topic.send(Rc::new(announce));
        Ok(())
    }

    /// Feeds a subscriber; what it is too slow for is dropped, and the next message says how many.
    async fn feed(&self, mut session: Session) -> anyhow::Result<()> {
        let mut topic = self.topic.subscribe();
        let mut lost = 0;
        loop {
            match topic.recv().await {
                Ok(announce) => {
                    let announce = Announce {
                        lost,
                        ..announce.as_ref().clone()
                    };
                    lost = 0;
                    session.send(Message::push(wire::encode(&announce))).await?;
                }
                Err(broadcast::error::RecvError::Lagged(count)) => lost += count,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    async fn siphon(&self, peer: &SpiffeId, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut ask: SiphonAsk = wire::decode(payload)?;
        ask.rows_max = Relay::bound(ask.rows_max);
        let stream: Stream = ask.stream.parse()?;
        let answer = self
            .ask_lake(&self.lake, SIPHON, &wire::encode(&ask))
            .await?;
        let SiphonAnswer { rows, next, ipc } = wire::decode(&answer)?;
        if rows == 0 {
            return Ok(answer);
        }
        let drawn = Drawn {
            ipc: ipc.into(),
            rows,
            next: Cursor(next),
        };
        let crossing = self
            .publish
            .borrow_mut()
            .cross(self.workload.now(), peer, &stream, drawn);
        self.audit.submit(crossing.event);
        let Drawn { ipc, rows, next } = crossing.drawn;
        Ok(wire::encode(&SiphonAnswer {
            rows,
            next: next.0,
            ipc: ipc.into(),
        }))
    }

    async fn query(&self, peer: &SpiffeId, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut ask: QueryAsk = wire::decode(payload)?;
        ask.rows_max = Relay::bound(ask.rows_max);
        let stream = ask.to_range()?.stream;
        let answer = self
            .ask_lake(&self.ranges, QUERY, &wire::encode(&ask))
            .await?;
        let QueryAnswer {
            rows,
            ipc,
            watermark,
        } = wire::decode(&answer)?;
        let drawn = Drawn {
            ipc: ipc.into(),
            rows,
            next: Cursor(watermark),
        };
        let crossing = self
            .api
            .borrow_mut()
            .cross(self.workload.now(), peer, &stream, drawn);
        self.audit.submit(crossing.event);
        let Drawn { ipc, rows, next } = crossing.drawn;
        Ok(wire::encode(&QueryAnswer {
            rows,
            ipc: ipc.into(),
            watermark: next.0,
        }))
    }

    async fn ask_lake(
        &self,
        link: &Mutex<Option<Session>>,
        operation: &str,
        ask: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let mut link = link.lock().await;
        let session = match &mut *link {
            Some(session) => session,
            empty => {
                let contract = "iia.contract.internal.bus_to_lake";
                empty.insert(self.workload.connect("lake", contract, operation).await?)
            }
        };
        let answer = session.call(ask).await;
        if answer.is_err() {
            *link = None;
        }
        Ok(answer?)
    }

    /// A refusal at the boundary becomes a record in the lake, and is announced.
    async fn report(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let finding: Finding = wire::decode(payload)?;
        self.reports.lock().await.store(&finding).await?;
        let announce = Announce {
            findings: vec![finding],
            source: "api".into(),
            ..Announce::default()
        };
        let _nobody = self.topic.send(Rc::new(announce));
        Ok(wire::encode(&0u64))
    }
}
