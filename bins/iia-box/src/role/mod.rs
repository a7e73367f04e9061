//! The roles of a box, each a process of its own.

mod api;
pub(crate) mod attest;
mod audit;
mod bus;
mod capacity;
mod client;
mod collect;
mod deeds;
mod heads;
mod impostor;
mod intake;
mod intrusion;
mod lake;
mod north;
mod publish;
mod replicate;
mod rows;
mod rules;
mod serve;
mod witness;

use std::time::Duration;

use tokio::task::LocalSet;

pub(crate) use self::collect::INTERFACE;
use self::collect::Tap;
use self::intrusion::Ears;
use crate::secrets;
use crate::users;
use crate::workload::{Begun, Workload};

/// How long a role may take to finish: a little less than its supervisor waits. Where that was killed nobody else ends a role
/// that waits for another that is gone, and it would hold its memory for good.
const FINISH_MAX: Duration = Duration::from_secs(18);

/// Runs one role until the supervisor says stop or its work is done.
pub(crate) fn run(role: &str) -> anyhow::Result<()> {
    let begun = Begun::receive(role)?;
    // Before anything else: whoever watches a wire opens it, and gives up its rights before it has threads.
    let wire = match role {
        "collect" => Tap::take(begun.args()).map(|tap| Wire(tap, None)),
        "witness" => Ears::take(&begun).map(|ears| Wire(None, Some(ears))),
        _ => Ok(Wire(None, None)),
    };
    let wire = wire.inspect_err(|error| begun.say(&format!("{error:#}")))?;
    if matches!(wire, Wire(None, None)) {
        users::become_own()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let workload = Workload::join(begun).await?;
        if let Some(dir) = workload.secrets() {
            let own = secrets::own(dir).inspect_err(|error| workload.say(&format!("{error:#}")))?;
            workload.say(&format!("holds secrets of its own: {}", own.join(", ")));
        }
        let outcome = tokio::select! {
            ended = play(role, &workload, wire) => ended,
            () = too_late(&workload) => Err(anyhow::anyhow!("told to stop, it did not come to its end")),
        };
        if let Err(error) = &outcome {
            workload.say(&format!("{error:#}"));
            tracing::error!(role, error = format!("{error:#}"), "role.ended");
        }
        outcome
    })
}

/// What a role that watches a wire has taken of it.
struct Wire(Option<Tap>, Option<Ears>);

async fn play(role: &str, workload: &Workload, wire: Wire) -> anyhow::Result<()> {
    match role {
        "collect" => collect::run(workload, wire.0).await,
        "witness" => intrusion::run(workload, wire.1).await,
        "lake" => lake::run(workload).await,
        "bus" => bus::run(workload).await,
        "audit" => audit::run(workload).await,
        "attest" => attest::run(workload).await,
        "publish" => publish::run(workload).await,
        "api" => api::run(workload).await,
        "intake" => intake::run(workload).await,
        "client" => client::run(workload).await,
        "impostor" => impostor::run(workload).await,
        _ => anyhow::bail!("there is no role {role}"),
    }
}

async fn too_late(workload: &Workload) {
    workload.stopped().await;
    tokio::time::sleep(FINISH_MAX).await;
}
