//! A link to another role or to the north that comes back by itself, as its contract says.

use iia_core::Timestamp;
use iia_link::failure::{Outage, Verdict};

use super::Current;
use crate::workload::Workload;

/// A session that is opened when it is first used and again after it broke. While the other end is away it is tried no
/// more often than the contract says, and what waits for nothing does what the contract says.
pub(crate) struct Link {
    workload: Workload,
    to: &'static str,
    contract: String,
    current: Current,
    outage: Outage<Vec<u8>>,
}

/// The other end is away, and it is not time yet to try again.
#[derive(Debug, thiserror::Error)]
#[error("{to} is away and is tried again in {wait_ms} ms")]
struct Away {
    to: &'static str,
    wait_ms: u64,
}

impl Link {
    /// To an endpoint, under a contract, for an operation.
    pub(crate) fn new(
        workload: &Workload,
        to: &'static str,
        contract: &str,
        operation: &'static str,
    ) -> Self {
        Self {
            workload: workload.clone(),
            to,
            contract: contract.into(),
            current: Current::new(workload, to, contract, operation),
            outage: workload.outage(contract),
        }
    }

    /// Opens a session if there is none.
    pub(crate) async fn reach(&mut self) -> anyhow::Result<()> {
        if !self.is_open() {
            anyhow::ensure!(self.wait_ns() == 0, self.away());
            let mut used = self.current.take().await;
            let opened = used.session().await.map(drop);
            opened.inspect_err(|_| self.outage.handle_away(now(&self.workload)))?;
            self.outage.handle_there();
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.peer_ends().is_some()
    }

    /// How long it takes until the other end is tried again; 0 while it is there.
    pub(crate) fn wait_ns(&self) -> u64 {
        let now_ns = now(&self.workload);
        match self.outage.is_there() || self.outage.poll_try(now_ns) {
            true => 0,
            false => self.outage.next_try_ns().saturating_sub(now_ns),
        }
    }

    /// When the other end's certificate ends, while there is a session.
    pub(crate) fn peer_ends(&self) -> Option<Timestamp> {
        self.current.peer_ends()
    }

    /// Asks and waits for the answer; a session whose other end has fallen since it was last used is opened again once.
    /// Whatever is asked over a link may be asked twice.
    pub(crate) async fn call(&mut self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let is_fresh = !self.is_open();
        let answer = match self.call_once(payload).await {
            Err(_) if !is_fresh => self.call_once(payload).await,
            other => other,
        };
        if answer.is_err() && self.outage.is_there() {
            self.outage.handle_away(now(&self.workload));
        }
        answer
    }

    async fn call_once(&mut self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.reach().await?;
        self.current.call(payload).await
    }

    /// Sends, and waits for nothing. What the other end does not take is kept, dropped or refused by the contract's word.
    pub(crate) async fn push(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        let _tried = self.reach().await;
        let now_ns = now(&self.workload);
        let refused = match self.outage.handle_message(now_ns, payload) {
            Verdict::Send(payload) => match self.push_now(payload.clone()).await {
                Ok(()) => None,
                // It fell just now: the contract's word counts for this one as well.
                Err(_) => self.aside(payload),
            },
            Verdict::Hold(_) | Verdict::Refused(_) => Some(self.away()),
            Verdict::Kept | Verdict::Dropped => None,
        };
        self.send_kept().await;
        while let Some(alarm) = self.outage.poll_alarm() {
            self.workload.alarm(&self.contract, &alarm);
        }
        refused.map_or(Ok(()), Err)
    }

    fn aside(&mut self, payload: Vec<u8>) -> Option<anyhow::Error> {
        let verdict = self.outage.handle_message(now(&self.workload), payload);
        match verdict {
            Verdict::Kept | Verdict::Dropped => None,
            Verdict::Send(_) | Verdict::Hold(_) | Verdict::Refused(_) => Some(self.away()),
        }
    }

    fn away(&self) -> anyhow::Error {
        let wait_ms = self.wait_ns().div_ceil(1_000_000);
        Away {
            to: self.to,
            wait_ms,
        }
        .into()
    }

    async fn push_now(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        let is_fresh = !self.is_open();
        let sent = match self.push_once(payload.clone()).await {
            Err(_) if !is_fresh => self.push_once(payload).await,
            other => other,
        };
        if sent.is_err() && self.outage.is_there() {
            self.outage.handle_away(now(&self.workload));
        }
        sent
    }

    async fn push_once(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        self.reach().await?;
        self.current.push(payload).await
    }

    /// What was kept goes, the oldest first.
    async fn send_kept(&mut self) {
        while let Some(kept) = self.outage.poll_kept(now(&self.workload)).cloned() {
            if self.push_once(kept).await.is_err() {
                return;
            }
            self.outage.handle_sent();
        }
    }
}

fn now(workload: &Workload) -> u64 {
    workload.reading().monotonic_ns
}
