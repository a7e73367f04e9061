//! `ot.dmz.bus`: the transient bus and the relay, through which everything crosses that leaves the inbound side.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use iia_contract::scope::TopicFilter;
use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_core::finding::{Conclusion, Finding};
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;
use iia_core::zone::{Port, Zone};
use iia_edge::relay::Relay;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};
use iia_link::bus::{self, Bus as Topics, Subscriber};
use iia_link::rt::{Message, Refused, Session};
use tokio::sync::{Mutex, Notify};

use super::serve::{Serve, serve};
use crate::accounts::Accounts;
use crate::client::{AuditClient, Current, LakeClient};
use crate::deed::{Deed, What};
use crate::findings::{self, Findings};
use crate::wire::{
    self, ANNOUNCE, Announce, REPORT_DEEDS, REPORT_VIOLATION, SIPHON, SUBSCRIBE, SiphonAnswer,
    SiphonAsk,
};
use crate::workload::Workload;

/// What a subscriber hears whose contract names no topics: the operation alone gives it all announcements.
const ANNOUNCEMENTS: &str = "announce/#";
/// Under what the bus draws from the lake.
const TO_LAKE: &str = "iia.contract.internal.bus_to_lake";
/// How often the accounts are looked at.
const SETTLE_EVERY: Duration = Duration::from_millis(250);
/// How long the lake may take for the last rows of the accounts.
const CLOSE_MAX: Duration = Duration::from_secs(5);

struct Bus {
    workload: Workload,
    audit: AuditClient,
    topics: RefCell<Topics<Rc<Announce>>>,
    published: Notify,
    publish: RefCell<Relay>,
    api: RefCell<Relay>,
    lake: Current,
    ranges: Current,
    reports: Mutex<Findings>,
    accounts: RefCell<Accounts>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let relay = |outbound| -> anyhow::Result<Relay> {
        let lake = Port::new(Zone::AcsLake).context("lake port")?;
        let bus = Port::new(Zone::DmzBus).context("bus port")?;
        let outbound = Port::new(outbound).context("outbound port")?;
        Ok(Relay::new(&lake, &bus, &outbound))
    };
    let lake = LakeClient::new(workload, TO_LAKE);
    let role = Rc::new(Bus {
        workload: workload.clone(),
        audit: AuditClient::start(workload, "iia.contract.internal.bus_to_audit"),
        topics: RefCell::default(),
        published: Notify::new(),
        publish: RefCell::new(relay(Zone::ItPublish)?),
        api: RefCell::new(relay(Zone::ItApi)?),
        lake: Current::new(workload, "lake", TO_LAKE, SIPHON),
        ranges: Current::new(workload, "lake", TO_LAKE, QUERY),
        reports: Mutex::new(Findings::new(workload, lake)),
        accounts: RefCell::new(Accounts::open(workload.catalog(), workload.now())),
    });
    let accountant = Rc::clone(&role);
    tokio::task::spawn_local(async move {
        loop {
            tokio::time::sleep(SETTLE_EVERY).await;
            let now = accountant.workload.now();
            let rows = accountant.accounts.borrow_mut().settle(now);
            accountant.account(rows).await;
        }
    });
    serve(workload, &role).await?;
    let rows = role.accounts.borrow_mut().close(workload.now());
    if tokio::time::timeout(CLOSE_MAX, role.account(rows))
        .await
        .is_err()
    {
        tracing::warn!("bus.close: the lake did not take the last rows of the accounts");
    }
    role.audit.flush().await;
    Ok(())
}

impl Serve for Bus {
    fn note(&self, event: Event) {
        self.audit.submit(event);
    }

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
                REPORT_DEEDS => self.deeds(&message.payload)?,
                REPORT_VIOLATION => self.report(&message.payload).await?,
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        Ok(())
    }

    async fn refused(self: Rc<Self>, refused: &Refused) {
        if refused.peer.is_none() {
            let deed = Deed {
                ts_ns: self.workload.now().as_ns(),
                contract: refused.contract.clone(),
                what: What::AuthFailed(refused.addr.ip().to_string()),
            };
            self.accounts.borrow_mut().take(deed);
        }
    }
}

impl Bus {
    fn announce(&self, peer: &SpiffeId, payload: &[u8]) -> anyhow::Result<()> {
        let mut announce: Announce = wire::decode(payload)?;
        announce.source = peer.zone_workload().map_or("", |(zone, _)| zone).into();
        let violations = announce.findings.iter();
        violations
            .filter(|finding| finding.is_on(&Stream::VIOLATION))
            .for_each(|finding| self.accounts.borrow_mut().violation(finding));
        self.publish_all(announce);
        Ok(())
    }

    fn publish_all(&self, announce: Announce) {
        let topic = format!("announce/{}", announce.source);
        self.topics.borrow_mut().publish(&topic, &Rc::new(announce));
        self.published.notify_waiters();
    }

    /// Feeds a subscriber; what it is too slow for is dropped, and the next message says how many.
    async fn feed(&self, mut session: Session) -> anyhow::Result<()> {
        let mut topics = bus::topics(self.workload.catalog(), session.contract());
        if topics.is_empty() {
            topics.extend(TopicFilter::parse(ANNOUNCEMENTS));
        }
        let number = self.topics.borrow_mut().subscribe(topics)?;
        let subscription = Subscription { bus: self, number };
        loop {
            let published = self.published.notified();
            while let Some(announce) = subscription.next() {
                session.send(Message::push(wire::encode(&announce))).await?;
            }
            tokio::select! {
                () = published => {}
                // A subscriber says nothing; what comes is its end.
                ended = session.recv() => return ended.map(|_| ()).map_err(Into::into),
            }
        }
    }

    async fn siphon(&self, peer: &SpiffeId, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut ask: SiphonAsk = wire::decode(payload)?;
        ask.rows_max = Relay::bound(ask.rows_max);
        let stream: Stream = ask.stream.parse()?;
        let answer = self.lake.call(&wire::encode(&ask)).await?;
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
        let answer = self.ranges.call(&wire::encode(&ask)).await?;
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

    fn deeds(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let deeds: Vec<Deed> = wire::decode(payload)?;
        let mut accounts = self.accounts.borrow_mut();
        deeds.into_iter().for_each(|deed| accounts.take(deed));
        Ok(wire::encode(&0u64))
    }

    /// Stores rows of the accounts; what is not as agreed is an event of the chain and is announced.
    async fn account(&self, rows: Vec<Finding>) {
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.reports.lock().await.store(&rows).await {
            tracing::error!(error = format!("{error:#}"), "bus.account");
        }
        let mut faults = rows;
        faults.retain(|row| row.conclusion != Conclusion::Converge);
        faults
            .iter()
            .for_each(|fault| self.audit.submit(findings::event(fault)));
        if !faults.is_empty() {
            let announce = Announce {
                findings: faults,
                source: "bus".into(),
                ..Announce::default()
            };
            self.publish_all(announce);
        }
    }

    /// A refusal at the boundary becomes a record in the lake, and is announced.
    async fn report(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let finding: Finding = wire::decode(payload)?;
        let findings = std::slice::from_ref(&finding);
        self.reports.lock().await.store(findings).await?;
        self.accounts.borrow_mut().violation(&finding);
        let announce = Announce {
            findings: vec![finding],
            source: "api".into(),
            ..Announce::default()
        };
        self.publish_all(announce);
        Ok(wire::encode(&0u64))
    }
}

/// A subscriber as long as somebody feeds it.
struct Subscription<'a> {
    bus: &'a Bus,
    number: Subscriber,
}

impl Subscription<'_> {
    fn next(&self) -> Option<Announce> {
        let delivery = self.bus.topics.borrow_mut().poll(self.number)?;
        Some(Announce {
            lost: delivery.lost,
            ..delivery.message.as_ref().clone()
        })
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        self.bus.topics.borrow_mut().leave(self.number);
    }
}
