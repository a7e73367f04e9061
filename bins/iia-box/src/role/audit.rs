//! `ot.dmz.audit`: the one writer of the chain; its heads go into the lake and north, the receipts come back.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use anyhow::Context as _;
use iia_audit::log::Log;
use iia_core::event::{Event, EventKind};
use iia_core::zone::Zone;
use iia_edge::wire::{ADD_CHECKPOINT, ADD_ENTRIES, HeadOffer};
use iia_link::rt::{Message, Session};

use super::rows::{Row, Rows};
use super::serve::{Serve, serve};
use super::witness::Below;
use crate::chain;
use crate::wire::{
    self, ChildAsk, FETCH_HEAD, FETCH_RECORDS, RecordsAnswer, RecordsAsk, SUBMIT_EVENT,
    SUBMIT_MIRRORED, SUBMIT_RECEIPT, Watermark,
};
use crate::workload::Workload;

struct Audit {
    workload: Workload,
    log: RefCell<Log>,
    below: RefCell<Below>,
    rows: Rows,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let log = chain::open(workload.dir(), workload.id(), workload.reading())?;
    let role = Rc::new(Audit {
        workload: workload.clone(),
        log: RefCell::new(log),
        below: RefCell::new(Below::new(workload)?),
        rows: Rows::open(workload),
    });
    tokio::select! {
        served = serve(workload, &role) => served?,
        () = chain::drain(&role.log, workload) => {}
        ended = crate::beat::beat(&role.log, workload, |head| role.row(Row::Head(head))) => ended?,
    }
    role.close()
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
                ADD_CHECKPOINT | ADD_ENTRIES => self.child(&operation, &message.payload)?,
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        if operation == ADD_CHECKPOINT {
            let newest = self.below.borrow_mut().close();
            newest
                .into_iter()
                .for_each(|head| self.row(Row::Head(head)));
        }
        Ok(())
    }
}

impl Audit {
    /// What a box below asks, through the intake.
    fn child(&self, operation: &str, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let ask: ChildAsk = wire::decode(payload)?;
        let done = match operation == ADD_CHECKPOINT {
            true => self.below.borrow_mut().cosign(&ask)?,
            false => self.below.borrow_mut().mirror(&ask)?,
        };
        if let Some(event) = done.event {
            let (me, now) = (self.workload.id(), self.workload.reading());
            chain::append(&mut self.log.borrow_mut(), me, vec![event], now)?;
        }
        let rows = [done.head.map(Row::Head), done.doubt.map(Row::Doubt)];
        rows.into_iter().flatten().for_each(|row| self.row(row));
        Ok(done.answer)
    }

    fn row(&self, row: Row) {
        if !self.rows.put(row) {
            let event = Event::new(EventKind::RecordsLost, self.workload.now());
            self.note(event.with("where", "audit to lake").with("count", "1"));
        }
    }

    /// Above the top box is nobody, so that it signs for its own last head itself.
    fn close(&self) -> anyhow::Result<()> {
        if !self.workload.workloads(Zone::ItPublish).is_empty() {
            return Ok(());
        }
        let (place, now) = (self.workload.place(), self.workload.reading());
        chain::close(&mut self.log.borrow_mut(), place, now)
    }

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
