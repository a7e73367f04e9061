//! What whoever takes a workload of telemetry over would try: the process has that workload's identity, asks no catalog
//! of its own, and names every contract that leads to the evidence. The box refuses, and each refusal is a record.

use std::sync::Arc;

use iia_contract::scope::{Internal, Terms};
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_core::zone::Zone;
use iia_edge::wire::{
    ADD_CHECKPOINT, ADD_ENTRIES, HeadAnswer, HeadOffer, PUBLISH_BATCH, PUBLISH_HEAD, PublishBatch,
};
use iia_lake::batch::{AuditHead, AuditHeadBuilder};

use super::north::North;
use crate::wire::{self, AuditAsk, LakeAsk, SUBMIT_EVENT, WRITE_BATCH, Watermark};
use crate::workload::Workload;

/// Permits everything.
struct Anything;

impl Gate for Anything {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// What was tried.
#[derive(Default)]
struct Tried {
    refused: usize,
    open: Vec<String>,
}

impl Tried {
    fn count<T>(&mut self, way: String, outcome: anyhow::Result<T>) {
        match outcome {
            Ok(_) => self.open.push(way),
            Err(_) => self.refused += 1,
        }
    }
}

/// Runs the role; its arguments are its own contracts to the chain and to the lake, or none for a publisher's identity.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let mut tried = Tried::default();
    workload.ready();
    let heard = match workload.args() {
        [chain, lake] => {
            inside(workload, (chain, lake), &mut tried).await?;
            speak(workload, chain).await?
        }
        _ => {
            crossed(workload, &mut tried).await?;
            String::new()
        }
    };
    let Tried { refused, open } = tried;
    let who = workload.name();
    workload.say(&match open.is_empty() {
        true => format!("{who} in other hands: all {refused} refused{heard}"),
        false => format!("{who} in other hands: let in: {}", open.join(", ")),
    });
    workload.done();
    Ok(())
}

/// Every way to the chain, to the lake and to the next box up.
async fn inside(
    workload: &Workload,
    (chain, lake): (&str, &str),
    tried: &mut Tried,
) -> anyhow::Result<()> {
    for (to, contract, operation) in ways(workload, chain) {
        let reached = reach(workload, (to, &contract, &operation)).await;
        tried.count(format!("{contract} {operation}"), reached);
    }
    for ask in forged(workload)? {
        let mut session = reach(workload, ("lake", lake, WRITE_BATCH)).await?;
        let answer = session.call(&wire::encode(&ask)).await;
        tried.count(format!("{lake} {ask:?}"), answer.map_err(Into::into));
    }
    Ok(())
}

/// Evidence under the contract of telemetry, telemetry under that of evidence, and a head that no log has signed.
async fn crossed(workload: &Workload, tried: &mut Tried) -> anyhow::Result<()> {
    let North {
        telemetry,
        evidence,
    } = North::of(workload);
    for (contract, operation, stream) in [
        (&telemetry, PUBLISH_BATCH, Stream::AUDIT_HEAD),
        (&evidence, PUBLISH_HEAD, Stream::MODBUS),
    ] {
        let mut session = workload.connect("north", contract, operation).await?;
        let rows = row(workload, ServiceId::of(workload.id()))?;
        let batch = PublishBatch {
            stream: stream.to_string(),
            position: 0,
            rows: rows.rows,
            ipc: rows.ipc.into(),
        };
        let answer = session.call(&wire::encode(&batch)).await;
        tried.count(format!("{contract} {stream}"), answer.map_err(Into::into));
    }
    let mut session = workload.connect("north", &evidence, ADD_CHECKPOINT).await?;
    let forged = HeadOffer {
        checkpoint: HEAD.into(),
        old_size: 0,
        proof: Vec::new(),
    };
    let answer = session.call(&wire::encode(&forged)).await?;
    let signed = match wire::decode(&answer)? {
        HeadAnswer::Refused(code) => Err(anyhow::anyhow!(code)),
        _ => Ok(()),
    };
    tried.count(format!("{evidence} {ADD_CHECKPOINT}"), signed);
    Ok(())
}

async fn reach(
    workload: &Workload,
    way: (&str, &str, &str),
) -> anyhow::Result<iia_link::rt::Session> {
    workload.connect_under(Arc::new(Anything), way).await
}

/// Every contract that leads to the chain and is another's, the operations of others under its own, and the way of the
/// evidence to the next box up.
fn ways(workload: &Workload, own: &str) -> Vec<(&'static str, String, String)> {
    let keepers = workload.workloads(Zone::DmzAudit);
    let mut ways = Vec::new();
    for contract in workload.catalog().contracts() {
        let Terms::Internal(Internal {
            source,
            destination,
            operations,
            ..
        }) = &contract.terms
        else {
            continue;
        };
        if keepers.contains(destination) && source != workload.id() {
            for operation in operations {
                let operation = operation.to_string();
                if operation != SUBMIT_EVENT {
                    ways.push(("audit", own.to_owned(), operation.clone()));
                }
                ways.push(("audit", contract.id.to_string(), operation));
            }
        }
    }
    let north = [ADD_CHECKPOINT, ADD_ENTRIES, PUBLISH_HEAD];
    let evidence = North::of(workload).evidence;
    ways.extend(north.map(|operation| ("north", evidence.clone(), operation.to_owned())));
    ways
}

/// Rows that it has no right to: a head of the chain, and a row in the name of the chain's keeper.
fn forged(workload: &Workload) -> anyhow::Result<Vec<LakeAsk>> {
    let own = ServiceId::of(workload.id());
    let mut asks = Vec::new();
    for keeper in workload.workloads(Zone::DmzAudit) {
        let keeper = ServiceId::of(&keeper);
        let head = row(workload, own)?;
        let hidden = Batch {
            stream: "ot.acs.forged".parse()?,
            ..row(workload, keeper)?
        };
        let named = Batch {
            service: own,
            ..hidden.clone()
        };
        asks.extend([head, hidden, named].map(|batch| LakeAsk::Write(batch.into())));
    }
    Ok(asks)
}

fn row(workload: &Workload, service: ServiceId) -> anyhow::Result<Batch> {
    let mut builder = AuditHeadBuilder::new(service);
    builder.append(&AuditHead {
        now: workload.reading(),
        origin: "forged",
        size: 1,
        root: "forged",
        chain: None,
        note: "forged",
        proof: None,
    });
    Ok(builder.finish(Sequence::NONE.next()?)?)
}

/// Under its own contract it may speak, and whom it claims to be counts for nothing; says as whom it was heard.
async fn speak(workload: &Workload, contract: &str) -> anyhow::Result<String> {
    let mut session = workload.connect("audit", contract, SUBMIT_EVENT).await?;
    let keepers = workload.workloads(Zone::DmzAudit);
    let claimed = keepers.first().map_or("", |keeper| keeper.as_str());
    let event = Event::new(EventKind::HeadWitnessed, workload.now());
    let event = event.with("outcome", CLAIM).with("source", claimed);
    let answer = session
        .call(&wire::encode(&AuditAsk::Submit(vec![event])))
        .await?;
    wire::decode::<Watermark>(&answer)?;
    let id = workload.id();
    Ok(format!("; under its own contract it is heard, as {id}"))
}

/// What it states, so that the record can be found.
const CLAIM: &str = "claimed";
/// A head in the name of the box's log, with a signature of nobody's.
const HEAD: &str = "seg01/audit\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} seg01/audit AAAAAA==\n";
