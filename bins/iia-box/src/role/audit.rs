//! `ot.dmz.audit`: the one writer of the chain; its heads go into the lake and north, the receipts come back.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use anyhow::Context as _;
use iia_audit::log::Log;
use iia_core::event::{Event, EventKind};
use iia_core::record::ServiceId;
use iia_core::stream::Stream;
use iia_edge::wire::HeadOffer;
use iia_link::rt::{Message, Session};
use tokio::sync::mpsc;

use super::serve::{Serve, serve};
use crate::chain;
use crate::client::LakeClient;
use crate::published::Published;
use crate::wire::{
    self, FETCH_HEAD, FETCH_RECORDS, RecordsAnswer, RecordsAsk, SUBMIT_EVENT, SUBMIT_MIRRORED,
    SUBMIT_RECEIPT, Watermark,
};
use crate::workload::Workload;

/// The contract under which heads go into the lake; without it they go nowhere but to the witness.
const TO_LAKE: &str = "iia.contract.internal.audit_to_lake";
/// Heads that wait for the lake at most. Beyond it the newest are counted as lost; the log keeps every head.
const WAITING_MAX: usize = 64;

struct Audit {
    workload: Workload,
    log: RefCell<Log>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let log = chain::open(workload.dir(), workload.id(), workload.reading())?;
    let role = Rc::new(Audit {
        workload: workload.clone(),
        log: RefCell::new(log),
    });
    let (heads, waiting) = mpsc::channel(WAITING_MAX);
    let is_agreed = workload.catalog().by_id(TO_LAKE).is_some();
    if is_agreed {
        tokio::task::spawn_local(carry(workload.clone(), waiting));
    }
    let tell = |head| {
        if is_agreed && heads.try_send(head).is_err() {
            role.note(lost(workload));
        }
    };
    tokio::select! {
        served = serve(workload, &role) => served,
        () = chain::drain(&role.log, workload) => Ok(()),
        ended = crate::beat::beat(&role.log, workload, tell) => ended,
    }
}

/// Carries heads into the lake, one after the other: a lake that is away holds up nobody but them.
async fn carry(workload: Workload, mut heads: mpsc::Receiver<Published>) {
    let mut lake = LakeClient::new(&workload, TO_LAKE);
    let service = ServiceId::of(workload.id());
    let mut last = lake.watermark(&Stream::AUDIT_HEAD, service).await;
    while let Some(head) = heads.recv().await {
        let batch = last.next().map_err(anyhow::Error::from);
        match batch.and_then(|number| head.batch(service, number)) {
            Ok(batch) => last = lake.write(batch).await,
            Err(error) => tracing::error!(error = format!("{error:#}"), "audit.head_row"),
        }
    }
}

fn lost(workload: &Workload) -> Event {
    Event::new(EventKind::RecordsLost, workload.now())
        .with("where", "audit to lake")
        .with("count", "1")
}

impl Serve for Audit {
    /// What is refused here is a record like what is refused elsewhere. Whoever has a session here speaks in the chain
    /// itself, so that its opening and closing are none: the publisher's would follow the last head that it carries.
    fn note(&self, event: Event) {
        if matches!(
            event.kind,
            EventKind::SessionOpened | EventKind::SessionClosed
        ) {
            return;
        }
        let log = &mut self.log.borrow_mut();
        let stored = chain::append(
            log,
            self.workload.id(),
            vec![event],
            self.workload.reading(),
        );
        if let Err(error) = stored {
            tracing::error!(error = format!("{error:#}"), "audit.note");
        }
    }

    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let (peer, operation) = (session.peer().clone(), session.operation().to_owned());
        while let Some(message) = session.recv().await? {
            let answer = match operation.as_str() {
                SUBMIT_EVENT => {
                    let log = &mut self.log.borrow_mut();
                    chain::submit(log, &peer, &message.payload, self.workload.reading())?
                }
                FETCH_HEAD => self.head(&message.payload)?,
                SUBMIT_RECEIPT => self.receipt(&message.payload)?,
                FETCH_RECORDS => self.records(&message.payload)?,
                SUBMIT_MIRRORED => self.mirrored(&message.payload)?,
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        Ok(())
    }
}

impl Audit {
    /// A fresh signed head with the proof that it extends what the asker knows.
    fn head(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let old_size: u64 = wire::decode(payload)?;
        let offer: HeadOffer =
            chain::offer(&mut self.log.borrow_mut(), self.workload.dir(), old_size)?;
        Ok(wire::encode(&offer))
    }

    /// What the mirror lacks.
    fn records(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let answer = match wire::decode(payload)? {
            RecordsAsk::Texts => {
                let text = |name| fs::read_to_string(self.workload.dir().audit().join(name));
                RecordsAnswer::Texts(text("genesis")?, text("policy")?)
            }
            RecordsAsk::From(at) => RecordsAnswer::Chunk(self.log.borrow().chunk(at)?),
        };
        Ok(wire::encode(&answer))
    }

    /// Keeps a mirror's signature, once it is found good.
    fn mirrored(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let note: String = wire::decode(payload)?;
        let durable = self
            .log
            .borrow_mut()
            .keep_mirrored(&note)
            .context("mirror")?;
        Ok(wire::encode(&Watermark { durable }))
    }

    /// Keeps a receipt, once its signature is found good.
    fn receipt(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let note: String = wire::decode(payload)?;
        let covered = chain::keep_receipt(&mut self.log.borrow_mut(), &note).context("receipt")?;
        Ok(wire::encode(&Watermark { durable: covered }))
    }
}
