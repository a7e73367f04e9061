//! A link to another role or to the north that comes back by itself.

use iia_core::Timestamp;
use iia_link::rt::{Message, Session};

use crate::workload::Workload;

/// A session that is opened when it is first used and again after it broke.
pub(super) struct Link {
    workload: Workload,
    to: &'static str,
    contract: String,
    operation: &'static str,
    session: Option<Session>,
}

impl Link {
    /// To an endpoint, under a contract, for an operation.
    pub(super) fn new(
        workload: &Workload,
        to: &'static str,
        contract: &str,
        operation: &'static str,
    ) -> Self {
        Self {
            workload: workload.clone(),
            to,
            contract: contract.into(),
            operation,
            session: None,
        }
    }

    /// The session, opened if there is none.
    pub(super) async fn session(&mut self) -> anyhow::Result<&mut Session> {
        match &mut self.session {
            Some(session) => Ok(session),
            empty => Ok(empty.insert(
                self.workload
                    .connect(self.to, &self.contract, self.operation)
                    .await?,
            )),
        }
    }

    /// When the other end's certificate ends, while there is a session.
    pub(super) fn peer_ends(&self) -> Option<Timestamp> {
        self.session.as_ref().map(Session::peer_ends)
    }

    /// Asks and waits for the answer; a session whose other end has fallen since it was last used is opened again once.
    /// Whatever is asked over a link may be asked twice.
    pub(super) async fn call(&mut self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let is_fresh = self.session.is_none();
        match self.call_once(payload).await {
            Err(_) if !is_fresh => self.call_once(payload).await,
            other => other,
        }
    }

    async fn call_once(&mut self, payload: &[u8]) -> anyhow::Result<Vec<u8>> {
        let answer = self.session().await?.call(payload).await;
        if answer.is_err() {
            self.session = None;
        }
        Ok(answer?)
    }

    /// Sends, and waits for nothing.
    pub(super) async fn push(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        let is_fresh = self.session.is_none();
        match self.push_once(payload.clone()).await {
            Err(_) if !is_fresh => self.push_once(payload).await,
            other => other,
        }
    }

    async fn push_once(&mut self, payload: Vec<u8>) -> anyhow::Result<()> {
        let sent = self.session().await?.send(Message::push(payload)).await;
        if sent.is_err() {
            self.session = None;
        }
        Ok(sent?)
    }
}
