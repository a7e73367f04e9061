//! The keeper of a chain signs its head each minute and seals it in between, whether anything happened or not.

use std::cell::RefCell;
use std::time::Duration;

use iia_audit::beat::{Beat, Due};
use iia_audit::log::{DAYS_MIN, Log, Ratchet, Retention, Retired};
use iia_core::event::{Event, EventKind};

use crate::chain;
use crate::published::{self, Published};
use crate::workload::Workload;

/// Beats as long as the keeper serves; each head that is published goes to `tell`.
///
/// # Errors
/// A chain that cannot be written or sealed ends its keeper, which is what its supervisor tells.
pub(crate) async fn beat(
    log: &RefCell<Log>,
    workload: &Workload,
    tell: impl Fn(Published),
) -> anyhow::Result<()> {
    let mut ratchet = chain::ratchet(workload.dir(), &log.borrow())?;
    let now = || workload.reading().monotonic_ns;
    let mut beat = Beat::new(now());
    if let Some(period_ns) = published::period_ns(workload.catalog()) {
        beat = beat.with_head_period(period_ns);
    }
    loop {
        while let Some(due) = beat.due(now()) {
            match due {
                Due::Head => {
                    let published = head(&mut log.borrow_mut(), workload)?;
                    tell(published);
                }
                Due::Seal => seal(&mut log.borrow_mut(), &mut ratchet)?,
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
fn head(log: &mut Log, workload: &Workload) -> anyhow::Result<Published> {
    let now = workload.reading();
    let mut event = Event::new(EventKind::TimeState, now.wall).with("state", now.state.name());
    if let Some(error_us) = now.state.error_us() {
        event = event.with("error_us", error_us.to_string());
    }
    chain::append(log, workload.id(), vec![event], now)?;
    let note = chain::publish_head(log, workload.dir())?;
    let published = Published::own(log, note, now)?;
    retire(log, workload)?;
    Ok(published)
}

/// What is older than the seeds demand, and stored one level up, goes (001:394). A box above which nobody is keeps all.
fn retire(log: &mut Log, workload: &Workload) -> anyhow::Result<()> {
    let retention = Retention::days(DAYS_MIN)?;
    match log.retire(&retention, &[], workload.reading())? {
        Retired::Gone(first, end) => tracing::info!(first, end, "audit.retire"),
        Retired::Held(why) => tracing::debug!(%why, "audit.retire"),
    }
    log.thin()?;
    if !log.has_room() {
        tracing::warn!("audit.disk_full");
    }
    Ok(())
}
