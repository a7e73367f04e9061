//! The keeper of a chain signs its head each minute and seals it in between, whether anything happened or not.

use std::cell::RefCell;
use std::time::Duration;

use iia_audit::beat::{Beat, Due};
use iia_audit::log::{DAYS_MIN, Log, Ratchet, Retention, Retired};
use iia_core::event::{Event, EventKind};
use iia_core::time::TimeState;

use crate::chain;
use crate::workload::Workload;

/// Beats as long as the keeper serves.
///
/// # Errors
/// A chain that cannot be written or sealed ends its keeper, which is what its supervisor tells.
pub(crate) async fn beat(log: &RefCell<Log>, workload: &Workload) -> anyhow::Result<()> {
    let mut ratchet = chain::ratchet(workload.dir(), &log.borrow())?;
    let now = || workload.reading().monotonic_ns;
    let mut beat = Beat::new(now());
    loop {
        while let Some(due) = beat.due(now()) {
            let log = &mut log.borrow_mut();
            match due {
                Due::Head => head(log, workload)?,
                Due::Seal => seal(log, &mut ratchet)?,
            }
        }
        tokio::time::sleep(Duration::from_nanos(beat.wait_ns(now()))).await;
    }
}

fn seal(log: &mut Log, ratchet: &mut Ratchet) -> anyhow::Result<()> {
    let seal = log.seal(ratchet)?;
    tracing::debug!(epoch = seal.epoch, size = seal.size, "audit.seal");
    Ok(())
}

/// What the clock is worth becomes a record, so that a head of an idle log is a new one.
fn head(log: &mut Log, workload: &Workload) -> anyhow::Result<()> {
    let now = workload.reading();
    let (state, error_ns) = match now.state {
        TimeState::Unknown => ("unknown", None),
        TimeState::Holdover { error_ns } => ("holdover", Some(error_ns)),
        TimeState::Synchronised { error_ns } => ("synchronised", Some(error_ns)),
    };
    let mut event = Event::new(EventKind::TimeState, now.wall).with("state", state);
    if let Some(error_ns) = error_ns {
        event = event.with("error_us", (error_ns / 1_000).to_string());
    }
    chain::append(log, workload.id(), vec![event], now)?;
    chain::publish_head(log, workload.dir())?;
    retire(log, workload)
}

/// What is older than the seeds demand, and stored one level up, goes (001:394). A box above which nobody is keeps all.
fn retire(log: &mut Log, workload: &Workload) -> anyhow::Result<()> {
    let retention = Retention::days(DAYS_MIN)?;
    match log.retire(&retention, &[], workload.reading())? {
        Retired::Gone(first, end) => tracing::info!(first, end, "audit.retire"),
        Retired::Held(why) => tracing::debug!(%why, "audit.retire"),
    }
    if !log.has_room() {
        tracing::warn!("audit.disk_full");
    }
    Ok(())
}
