//! Who is connected now, as the audit chain tells it: sessions that were opened and neither closed nor lost with the
//! workload that served them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};

use super::HistoryError;

/// Sessions that are followed at most; of more, the oldest count as ended.
const SESSIONS_MAX: usize = 65_536;

/// Contracts under which a session is open, by the log in this evidence directory. A log that is not there yet has
/// none. Whoever fell with a session open has lost it: a new start of the workload that served ends its sessions.
///
/// # Errors
/// [`HistoryError`] when there is a log and it cannot be read.
pub fn live(evidence: &Path) -> Result<BTreeSet<String>, HistoryError> {
    let log = evidence.join("audit");
    if !log.exists() {
        return Ok(BTreeSet::new());
    }
    let mut open = Open::default();
    let read = records(&log, |record| {
        open.take(record.source(), &record.body.event)
    });
    read.map_err(|error| HistoryError::Log {
        detail: error.to_string(),
    })?;
    Ok(open.contracts())
}

/// A session: who served it, to whom, under which contract and for what.
type Session = (String, String, String, String);

/// Sessions that are open, with how many of a kind there are.
#[derive(Debug, Default)]
struct Open {
    sessions: BTreeMap<Session, u32>,
}

impl Open {
    fn take(&mut self, source: &str, event: &Event) {
        let field = |key: &str| event.field(key).unwrap_or_default().to_owned();
        let session = || {
            let about = (field("peer"), field("contract"), field("operation"));
            (source.to_owned(), about.0, about.1, about.2)
        };
        match event.kind {
            EventKind::SessionOpened => {
                if self.sessions.len() == SESSIONS_MAX {
                    self.sessions.pop_first();
                }
                *self.sessions.entry(session()).or_default() += 1;
            }
            EventKind::SessionClosed => {
                let session = session();
                let left = self
                    .sessions
                    .get(&session)
                    .map_or(0, |count| count.saturating_sub(1));
                if left == 0 {
                    self.sessions.remove(&session);
                } else {
                    self.sessions.insert(session, left);
                }
            }
            EventKind::WorkloadStarted | EventKind::WorkloadStopped => {
                let role = field("role");
                let serves = |id: &str| id.split('/').any(|part| part == role);
                self.sessions.retain(|session, _| !serves(&session.0));
            }
            _ => {}
        }
    }

    fn contracts(self) -> BTreeSet<String> {
        let contracts = self
            .sessions
            .into_keys()
            .map(|(_, _, contract, _)| contract);
        contracts.filter(|contract| !contract.is_empty()).collect()
    }
}
