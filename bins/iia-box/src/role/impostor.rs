//! What whoever takes a workload of telemetry over would try: the process has that workload's identity, asks no catalog
//! of its own, and names every contract that leads to the evidence. The box refuses, and each refusal is a record.

use std::sync::Arc;

use iia_contract::scope::{Internal, Terms};
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::zone::Zone;
use iia_edge::wire::{ADD_CHECKPOINT, ADD_ENTRIES, PUBLISH_HEAD};
use iia_lake::batch::{AuditHead, AuditHeadBuilder};

use super::publish::EVIDENCE;
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

/// Runs the role; its arguments are its own contracts to the chain and to the lake.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let [chain, lake] = workload.args() else {
        anyhow::bail!("the contracts to the chain and to the lake are needed");
    };
    workload.ready();
    let ways = ways(workload, chain);
    let (mut refused, mut open) = (0, Vec::new());
    for (to, contract, operation) in &ways {
        match reach(workload, (to, contract, operation)).await {
            Ok(_) => open.push(format!("{contract} {operation}")),
            Err(_) => refused += 1,
        }
    }
    for ask in forged(workload)? {
        let way = ("lake", lake.as_str(), WRITE_BATCH);
        match reach(workload, way).await?.call(&wire::encode(&ask)).await {
            Ok(_) => open.push(format!("{lake} {ask:?}")),
            Err(_) => refused += 1,
        }
    }
    let own = speak(workload, chain).await?;
    workload.say(&match open.is_empty() {
        true => format!("all {refused} refused; under its own contract it is heard, as {own}"),
        false => format!("let in: {}", open.join(", ")),
    });
    workload.done();
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
    ways.extend(north.map(|operation| ("north", EVIDENCE.to_owned(), operation.to_owned())));
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

/// Under its own contract it may speak, and whom it claims to be counts for nothing; gives as whom it was heard.
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
    Ok(workload.id().to_string())
}

/// What it states, so that the record can be found.
const CLAIM: &str = "claimed";
