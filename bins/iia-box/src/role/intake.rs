//! The intake of a box from the boxes below it: their rows go into this box's own lake, their heads and their records to
//! the keeper of its chain, which signs for them.
//!
//! To a site box the plants below are its control side, so this is its `ot.acs.collect`. It holds no key but its own.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_edge::wire::{
    ADD_CHECKPOINT, ADD_ENTRIES, PUBLISH_BATCH, PUBLISH_HEAD, PublishAck, PublishBatch,
};
use iia_link::rt::{Message, Session};
use tokio::sync::Mutex;

use super::capacity::Capacities;
use super::serve::{Serve, serve};
use crate::client::{AuditClient, Link};
use crate::wire::{self, ChildAsk, LakeAsk, WRITE_CHILD, Watermark};
use crate::workload::Workload;

const TO_AUDIT: &str = "iia.contract.internal.intake_to_audit";
const TO_LAKE: &str = "iia.contract.internal.intake_to_lake";

/// Whoever may send nothing more for a while is told so after this, however long it is.
const FULL_MAX: Duration = Duration::from_secs(1);

struct Intake {
    workload: Workload,
    capacities: RefCell<Capacities>,
    audit: AuditClient,
    lake: Mutex<Link>,
    witness: Mutex<Link>,
    mirror: Mutex<Link>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let link = |to, contract, operation| Mutex::new(Link::new(workload, to, contract, operation));
    let role = Rc::new(Intake {
        workload: workload.clone(),
        capacities: RefCell::new(Capacities::of(workload.catalog(), workload.now())),
        audit: AuditClient::start(workload, TO_AUDIT),
        lake: link("lake", TO_LAKE, WRITE_CHILD),
        witness: link("audit", TO_AUDIT, ADD_CHECKPOINT),
        mirror: link("audit", TO_AUDIT, ADD_ENTRIES),
    });
    serve(workload, &role).await?;
    role.audit.flush().await;
    Ok(())
}

impl Serve for Intake {
    fn note(&self, event: Event) {
        self.audit.submit(event);
    }

    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let (peer, operation) = (session.peer().clone(), session.operation().to_owned());
        let contract = session.contract().to_owned();
        while let Some(message) = session.recv().await? {
            let from = (&peer, contract.as_str());
            let answer = match operation.as_str() {
                PUBLISH_BATCH | PUBLISH_HEAD => self.store(from, &message.payload).await?,
                ADD_CHECKPOINT => carry(&self.witness, from, &message.payload).await?,
                ADD_ENTRIES => carry(&self.mirror, from, &message.payload).await?,
                _ => anyhow::bail!("operation {operation} is not served here"),
            };
            session.send(Message::answer(&message, answer)).await?;
        }
        Ok(())
    }
}

impl Intake {
    /// Stores rows once: the position deduplicates, and the answer says what is durable here.
    async fn store(
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
            self.refuse((peer, contract), &parsed);
            anyhow::bail!("{contract} does not carry {parsed}");
        }
        let taken = self.take(contract, rows).await;
        if taken == 0 && rows > 0 {
            return Ok(wire::encode(&PublishAck { stream, position }));
        }
        let batch = Batch {
            stream: parsed,
            service: ServiceId::of(peer),
            first: Sequence::new(position + 1),
            rows: taken,
            ipc: match taken < rows {
                true => iia_lake::ipc::head(&ipc, taken)?,
                false => ipc.into(),
            },
        };
        let ask = wire::encode(&LakeAsk::Write(batch.into()));
        let answer = self.lake.lock().await.call(&ask).await?;
        let position = wire::decode::<Watermark>(&answer)?.durable;
        Ok(wire::encode(&PublishAck { stream, position }))
    }

    /// How many rows are taken of so many; what the contract leaves no room for waits below.
    async fn take(&self, contract: &str, rows: u64) -> u64 {
        let take = || {
            let mut capacities = self.capacities.borrow_mut();
            capacities.take(self.workload.now(), contract, rows)
        };
        match take() {
            Ok(taken) => taken,
            Err(then) => {
                let wait_ns = then.since_ns(self.workload.now()).max(0).unsigned_abs();
                tokio::time::sleep(Duration::from_nanos(wait_ns).min(FULL_MAX)).await;
                take().unwrap_or(0)
            }
        }
    }

    fn refuse(&self, (peer, contract): (&SpiffeId, &str), stream: &Stream) {
        let event = Event::new(EventKind::Authorisation, self.workload.now())
            .with("outcome", "refused")
            .with("consumer", peer.as_str())
            .with("contract", contract);
        let reason = format!("{stream} is not of its inventory");
        self.audit.submit(event.with("reason", reason));
    }
}

/// Carries what a box below asks to the keeper of the chain, and its answer back.
async fn carry(
    link: &Mutex<Link>,
    (peer, contract): (&SpiffeId, &str),
    payload: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let ask = ChildAsk {
        peer: peer.to_string(),
        contract: contract.into(),
        payload: payload.to_vec().into(),
    };
    link.lock().await.call(&wire::encode(&ask)).await
}
