//! The intake of the next box up: stores what its child publishes and witnesses the child's audit heads.
//!
//! To a site box the plants below are its control side, so this is its `ot.acs.collect` with its own lake and chain.

use std::cell::RefCell;
use std::rc::Rc;

use iia_audit::beat::HEAD_PERIOD_NS;
use iia_audit::log::Log;
use iia_audit::witness::Witness;
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Batch};
use iia_core::stream::Stream;
use iia_edge::wire::{
    ADD_CHECKPOINT, ADD_ENTRIES, HeadAnswer, HeadOffer, MirrorAnswer, MirrorAsk, PUBLISH_BATCH,
    PUBLISH_HEAD, PublishAck, PublishBatch,
};
use iia_lake::Lake;
use iia_lake::batch::FindingBuilder;
use iia_link::rt::{Message, Session};

use super::serve::{Serve, serve};
use crate::chain;
use crate::mirror::Mirrors;
use crate::published::{self, Children, Published};
use crate::wire::{self, SUBMIT_EVENT};
use crate::workload::Workload;

struct Broker {
    workload: Workload,
    lake: RefCell<Lake>,
    log: RefCell<Log>,
    witness: RefCell<Witness>,
    mirrors: RefCell<Mirrors>,
    children: RefCell<Children>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let (lake, _recovery) = Lake::open(
        &workload.dir().lake(),
        &workload.dir().state().join("wal"),
        iia_lake::Options::default(),
    )?;
    let period_ns = published::period_ns(workload.catalog()).unwrap_or(HEAD_PERIOD_NS);
    let role = Rc::new(Broker {
        workload: workload.clone(),
        lake: RefCell::new(lake),
        log: RefCell::new(chain::open(
            workload.dir(),
            workload.id(),
            workload.reading(),
        )?),
        witness: RefCell::new(chain::witness(workload.dir(), workload.args())?),
        mirrors: RefCell::new(Mirrors::new(workload.place(), workload.args())?),
        children: RefCell::new(Children::new(period_ns)),
    });
    tokio::select! {
        served = serve(workload, &role) => served?,
        () = chain::drain(&role.log, workload) => {}
        ended = crate::beat::beat(&role.log, workload, |head| role.publish(&head)) => ended?,
    }
    role.close()
}

impl Serve for Broker {
    fn note(&self, event: Event) {
        if let Err(error) = self.tell(event) {
            tracing::error!(error = format!("{error:#}"), "intake.note");
        }
    }

    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let (peer, operation) = (session.peer().clone(), session.operation().to_owned());
        let contract = session.contract().to_owned();
        while let Some(message) = session.recv().await? {
            let answer = match operation.as_str() {
                PUBLISH_BATCH | PUBLISH_HEAD => self.store((&peer, &contract), &message.payload)?,
                ADD_CHECKPOINT => self.cosign((&peer, &contract), &message.payload)?,
                ADD_ENTRIES => self.mirror(&message.payload)?,
                SUBMIT_EVENT => {
                    let log = &mut self.log.borrow_mut();
                    chain::submit(log, &peer, &message.payload, self.workload.reading())?
                }
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        Ok(())
    }
}

impl Broker {
    /// Stores rows once: the position deduplicates, and the answer says what is durable here.
    fn store(
        &self,
        (peer, contract): (&SpiffeId, &str),
        payload: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let PublishBatch {
            stream,
            position,
            rows,
            ipc,
        } = wire::decode(payload)?;
        let parsed: Stream = stream.parse()?;
        if !self.workload.inventory(contract).exposes(parsed.as_str()) {
            let event = Event::new(EventKind::Authorisation, self.workload.now());
            let event = event
                .with("outcome", "refused")
                .with("consumer", peer.as_str());
            let event = event.with("contract", contract);
            self.tell(event.with("reason", format!("{parsed} is not of its inventory")))?;
            anyhow::bail!("{contract} does not carry {parsed}");
        }
        let batch = Batch {
            stream: parsed,
            service: ServiceId::of(peer),
            first: Sequence::new(position + 1),
            rows,
            ipc: ipc.into(),
        };
        let durable = self.lake.borrow_mut().append(&batch)?;
        Ok(wire::encode(&PublishAck {
            stream,
            position: durable.as_u64(),
        }))
    }

    fn cosign(&self, from: (&SpiffeId, &str), payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let offer: HeadOffer = wire::decode(payload)?;
        let now = self.workload.reading();
        let answer = chain::cosign(
            &mut self.witness.borrow_mut(),
            self.workload.place(),
            &offer,
            now,
        );
        match &answer {
            HeadAnswer::Cosigned(line) => {
                let head = Published::cosigned(&offer, line, now);
                let due = self.children.borrow_mut().take(head);
                due.iter().for_each(|head| self.publish(head));
            }
            HeadAnswer::Refused(code) => self.doubt(from, &offer, code)?,
            HeadAnswer::Stale(_) => {}
        }
        let (outcome, detail) = match &answer {
            HeadAnswer::Cosigned(_) => ("cosigned", String::new()),
            HeadAnswer::Stale(size) => ("stale", size.to_string()),
            HeadAnswer::Refused(code) => ("refused", code.clone()),
        };
        let head = offer
            .checkpoint
            .lines()
            .take(3)
            .collect::<Vec<_>>()
            .join(" ");
        let event = Event::new(EventKind::HeadWitnessed, self.workload.now());
        let mut event = event.with("head", head).with("outcome", outcome);
        // A log that told two stories is convicted by its own signatures, whoever reads this record.
        if let Ok(fork) = self.witness.borrow().fork(&offer.checkpoint) {
            event = event.with("fork", fork.to_text());
        }
        self.tell(event.with("detail", detail))?;
        Ok(wire::encode(&answer))
    }

    /// Stores what a child's log has, and signs for it; signing and refusing are records of this box's own chain.
    fn mirror(&self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let ask: MirrorAsk = wire::decode(payload)?;
        let head = match &ask {
            MirrorAsk::Sign(_, head) => head.lines().take(3).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        let answer = self
            .mirrors
            .borrow_mut()
            .answer(ask, self.workload.reading());
        let outcome = match &answer {
            MirrorAnswer::Signed(_) => Some(("mirrored", String::new())),
            MirrorAnswer::Refused(code) => Some(("mirror refused", code.clone())),
            MirrorAnswer::Unknown | MirrorAnswer::At(_) => None,
        };
        if let Some((outcome, detail)) = outcome {
            let event = Event::new(EventKind::HeadWitnessed, self.workload.now());
            let event = event.with("head", head).with("outcome", outcome);
            self.tell(event.with("detail", detail))?;
        }
        Ok(wire::encode(&answer))
    }

    /// A head that this box does not sign is not the log's, or of another history than it has seen: a finding (001:345).
    fn doubt(
        &self,
        (peer, contract): (&SpiffeId, &str),
        offer: &HeadOffer,
        code: &str,
    ) -> anyhow::Result<()> {
        let head: Vec<&str> = offer.checkpoint.lines().take(2).collect();
        let finding = Finding {
            ts_ns: self.workload.now().as_ns(),
            stream: Stream::ATTEST_AUDIT_CHAIN.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: Severity::Critical,
            contract: contract.into(),
            clause: "audit".into(),
            source: peer.to_string(),
            destination: self.workload.id().to_string(),
            operation: ADD_CHECKPOINT.into(),
            reason: format!("head {} is not signed for: {code}", head.join(" ")),
            evidence: Vec::new(),
        };
        let service = ServiceId::of(self.workload.id());
        let mut row = FindingBuilder::new(Stream::ATTEST_AUDIT_CHAIN, service);
        row.append(&finding);
        let lake = &mut self.lake.borrow_mut();
        let last = lake.watermark(&Stream::ATTEST_AUDIT_CHAIN, service);
        lake.append(&row.finish(last.next()?)?)?;
        Ok(())
    }

    /// A head becomes a row of this box's own lake: its own, or a child's that it has cosigned. What the disk does not
    /// take is missing in the stream; the logs have it.
    fn publish(&self, head: &Published) {
        if let Err(error) = self.try_publish(head) {
            tracing::error!(error = format!("{error:#}"), "intake.head_row");
        }
    }

    fn try_publish(&self, head: &Published) -> anyhow::Result<()> {
        let service = ServiceId::of(self.workload.id());
        let lake = &mut self.lake.borrow_mut();
        let last = lake.watermark(&Stream::AUDIT_HEAD, service);
        lake.append(&head.batch(service, last.next()?)?)?;
        Ok(())
    }

    fn tell(&self, event: Event) -> anyhow::Result<()> {
        let me = self.workload.id().clone();
        chain::append(
            &mut self.log.borrow_mut(),
            &me,
            vec![event],
            self.workload.reading(),
        )
    }

    /// At the end the open rows are sealed and their digests enter the site's own chain.
    fn close(&self) -> anyhow::Result<()> {
        let newest = self.children.borrow_mut().close();
        newest.iter().for_each(|head| self.publish(head));
        self.lake.borrow_mut().seal()?;
        let lake = self.lake.borrow();
        for segment in lake.segments() {
            let digest = segment.digest(lake.dir())?;
            let event = Event::new(EventKind::SegmentSealed, self.workload.now())
                .with("path", format!("lake/{}", segment.path))
                .with("digest", digest.to_string())
                .with("rows", segment.rows.to_string())
                .with("stream", segment.stream.as_str());
            self.tell(event)?;
        }
        chain::close(
            &mut self.log.borrow_mut(),
            self.workload.place(),
            self.workload.reading(),
        )
    }
}
