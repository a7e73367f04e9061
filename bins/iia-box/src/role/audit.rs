//! `ot.dmz.audit`: the one writer of the chain; its heads go north, the receipts come back.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use anyhow::Context as _;
use iia_audit::log::Log;
use iia_edge::wire::HeadOffer;
use iia_link::rt::{Message, Session};

use super::serve::{Serve, serve};
use crate::chain;
use crate::wire::{
    self, FETCH_HEAD, FETCH_RECORDS, RecordsAnswer, RecordsAsk, SUBMIT_EVENT, SUBMIT_MIRRORED,
    SUBMIT_RECEIPT, Watermark,
};
use crate::workload::Workload;

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
    tokio::select! {
        served = serve(workload, None, &role) => served,
        () = chain::drain(&role.log, workload) => Ok(()),
        ended = crate::beat::beat(&role.log, workload) => ended,
    }
}

impl Serve for Audit {
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
