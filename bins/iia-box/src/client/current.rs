//! A session that is there when it is needed, and that is opened anew before what either end has proven comes to its end: the
//! new one first, then the old one goes, so that nothing that is asked meanwhile is lost.

use std::cell::Cell;
use std::rc::{Rc, Weak};
use std::time::Duration;

use iia_core::Timestamp;
use iia_link::rt::{Message, Session};
use tokio::sync::{Mutex, MutexGuard};

use crate::workload::Workload;

/// How often it is looked whether a session has become old.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a session is young: until this end has another SVID, or half of what was left of the other end's is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Young {
    svid: u64,
    until: Timestamp,
}

impl Young {
    /// A session that is opened now.
    pub(crate) fn from_now(workload: &Workload, peer_ends: Timestamp) -> Self {
        let now = workload.now();
        Self {
            svid: workload.svid_number(),
            until: now + peer_ends.since_ns(now).max(0) / 2,
        }
    }

    /// Whether another is to be opened in its place.
    pub(crate) fn is_over(&self, workload: &Workload) -> bool {
        self.svid != workload.svid_number() || self.until <= workload.now()
    }
}

/// Where a session leads: to an endpoint, under a contract, for an operation.
#[derive(Clone)]
struct Way {
    workload: Workload,
    to: &'static str,
    contract: String,
    operation: &'static str,
}

/// A session that renews itself; one at a time uses it.
pub(crate) struct Current {
    way: Way,
    held: Rc<Held>,
}

#[derive(Default)]
struct Held {
    open: Mutex<Option<Open>>,
    peer_ends: Cell<Option<Timestamp>>,
}

struct Open {
    session: Session,
    young: Young,
}

/// The session, for as long as one uses it.
pub(crate) struct Use<'a> {
    way: &'a Way,
    open: MutexGuard<'a, Option<Open>>,
    peer_ends: &'a Cell<Option<Timestamp>>,
}

impl Current {
    /// Nothing is opened before it is used.
    pub(crate) fn new(
        workload: &Workload,
        to: &'static str,
        contract: &str,
        operation: &'static str,
    ) -> Self {
        let way = Way {
            workload: workload.clone(),
            to,
            contract: contract.into(),
            operation,
        };
        let held = Rc::default();
        tokio::task::spawn_local(renew(way.clone(), Rc::downgrade(&held)));
        Self { way, held }
    }

    /// When the other end's certificate ends, while there is a session.
    pub(crate) fn peer_ends(&self) -> Option<Timestamp> {
        self.held.peer_ends.get()
    }

    /// Waits until nobody else uses it.
    pub(crate) async fn take(&self) -> Use<'_> {
        Use {
            way: &self.way,
            open: self.held.open.lock().await,
            peer_ends: &self.held.peer_ends,
        }
    }

    /// Asks and waits for the answer; a session that fails is opened again at the next use.
    pub(crate) async fn call(&self, ask: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut used = self.take().await;
        let answer = used.session().await?.call(ask).await;
        if answer.is_err() {
            used.close();
        }
        Ok(answer?)
    }

    /// Sends, and waits for nothing; a session that fails is opened again at the next use.
    pub(crate) async fn push(&self, payload: Vec<u8>) -> anyhow::Result<()> {
        let mut used = self.take().await;
        let sent = used.session().await?.send(Message::push(payload)).await;
        if sent.is_err() {
            used.close();
        }
        Ok(sent?)
    }
}

impl Use<'_> {
    /// The session, opened if there is none.
    pub(crate) async fn session(&mut self) -> anyhow::Result<&mut Session> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.way.open().await?,
        };
        self.peer_ends.set(Some(open.session.peer_ends()));
        Ok(&mut self.open.insert(open).session)
    }

    /// It broke.
    pub(crate) fn close(&mut self) {
        *self.open = None;
        self.peer_ends.set(None);
    }
}

impl Way {
    async fn open(&self) -> anyhow::Result<Open> {
        let opening = self
            .workload
            .connect(self.to, &self.contract, self.operation);
        let session = opening.await?;
        let young = Young::from_now(&self.workload, session.peer_ends());
        Ok(Open { session, young })
    }
}

/// Looks after the session as long as there is somebody who has it.
async fn renew(way: Way, held: Weak<Held>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(held) = held.upgrade() else {
            return;
        };
        let mut held_open = held.open.lock().await;
        let Some(open) = held_open.as_mut() else {
            continue;
        };
        if !open.young.is_over(&way.workload) {
            continue;
        }
        match way.open().await {
            Ok(new) => {
                held.peer_ends.set(Some(new.session.peer_ends()));
                *open = new;
            }
            Err(error) => {
                tracing::debug!(error = format!("{error:#}"), "session.renew");
                // It is good until its end, and is tried again before.
                open.young = Young::from_now(&way.workload, open.session.peer_ends());
            }
        }
    }
}
