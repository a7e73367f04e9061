//! The way of events into the audit chain.
//!
//! Every event lies durably in the desk's outbox, with a number, before anything depends on it. Whoever can open the
//! log puts them in: this program when the audit role does not run, else the audit role when it opens the log next.
//! The log passes over numbers that it has, so both may try.

use std::path::Path;

use iia_audit::log::{Log, Submission};
use iia_config::desk::Desk;
use iia_core::SpiffeId;
use iia_core::time::Reading;

use crate::error::Error;

/// Moves the outbox into the log; gives how many events still wait, when another process has the log.
pub(crate) fn deliver(
    desk: &mut Desk,
    audit: &Path,
    source: &SpiffeId,
    now: Reading,
) -> Result<usize, Error> {
    let events = desk.outbox().to_vec();
    let Some(last) = events.last().map(|event| event.source_seq) else {
        return Ok(0);
    };
    let waiting = events.len();
    let Ok((mut log, _)) = Log::open(audit) else {
        return Ok(waiting);
    };
    let submission = |event| Submission {
        source: source.clone(),
        event,
    };
    let submissions: Vec<Submission> = events.into_iter().map(submission).collect();
    if log.append(&submissions, now).is_err() {
        return Ok(waiting);
    }
    desk.acknowledge(last)?;
    Ok(0)
}
