//! `ot.it.api`: the structured query API, mutual TLS and no HTTP; whoever has no contract is refused and recorded.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::gate::{Ask, Gate as _};
use iia_core::stream::Stream;
use iia_edge::EdgeError;
use iia_edge::query::Quota;
use iia_edge::wire::{QUERY, QueryAnswer, QueryAsk};
use iia_link::rt::{Message, Refused, Session};
use tokio::sync::Mutex;

use super::deeds::{Credentials, Deeds, FailsClosed};
use super::serve::{Serve, serve};
use crate::client::{AuditClient, Current};
use crate::deed::What;
use crate::wire::{self, REPORT_VIOLATION};
use crate::workload::Workload;

/// Under what the boundary asks in the DMZ.
const TO_BUS: &str = "iia.contract.internal.api_to_bus";

struct Api {
    workload: Workload,
    audit: AuditClient,
    quotas: RefCell<BTreeMap<String, Quota>>,
    bus: Current,
    deeds: Mutex<Deeds>,
    credentials: RefCell<BTreeMap<String, [Credentials; 2]>>,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let audit = AuditClient::start(workload, "iia.contract.internal.api_to_audit");
    let role = Rc::new(Api {
        workload: workload.clone(),
        audit,
        quotas: RefCell::default(),
        bus: Current::new(workload, "bus", TO_BUS, QUERY),
        deeds: Mutex::new(Deeds::new(workload, TO_BUS)),
        credentials: RefCell::default(),
    });
    serve(workload, &role).await?;
    role.audit.flush().await;
    Ok(())
}

impl Serve for Api {
    fn note(&self, event: Event) {
        self.audit.submit(event);
    }

    async fn session(self: Rc<Self>, mut session: Session) -> anyhow::Result<()> {
        let consumer = session.peer().to_string();
        let contract = session.contract().to_owned();
        self.arrived(&session).await;
        while let Some(message) = session.recv().await? {
            let asked = Instant::now();
            let ask: QueryAsk = wire::decode(&message.payload)?;
            let answer = match self.admit(&contract, &ask) {
                Ok(()) => {
                    let answer = self.bus.call(&message.payload).await?;
                    self.served(&consumer, &contract, &ask, &answer).await?;
                    let took_ns = i64::try_from(asked.elapsed().as_nanos()).unwrap_or(i64::MAX);
                    self.tell(&contract, [What::Served(took_ns)]).await?;
                    Message::answer(&message, answer)
                }
                Err(refused) => {
                    self.refuse(&consumer, &contract, &ask, &refused).await;
                    Message::error(&message, refused.code())
                }
            };
            session.send(answer).await?;
        }
        Ok(())
    }

    async fn refused(self: Rc<Self>, refused: &Refused) {
        if refused.peer.is_none() {
            let who = refused.addr.ip().to_string();
            let _told_later = self.tell(&refused.contract, [What::AuthFailed(who)]).await;
        }
        let peer = refused
            .peer
            .as_ref()
            .map_or("unauthenticated", |id| id.as_str());
        let words = format!("{peer} at {} was refused: {}", refused.addr, refused.error);
        let parts = (
            peer,
            refused.contract.as_str(),
            refused.operation.as_str(),
            words,
        );
        self.report(self.violation(parts)).await;
    }
}

impl Api {
    /// Checks a question against the consumer's contract before anyone else hears of it.
    fn admit(&self, contract: &str, ask: &QueryAsk) -> Result<(), EdgeError> {
        let mut quotas = self.quotas.borrow_mut();
        let quota = quotas
            .entry(contract.into())
            .or_insert_with(|| self.quota(contract));
        quota.check(self.workload.now(), ask).map(|_| ())
    }

    fn quota(&self, contract: &str) -> Quota {
        let terms = self.workload.terms(contract);
        Quota::new(
            contract,
            self.workload.inventory(contract),
            terms.rows_max,
            terms.queries_per_second,
        )
    }

    async fn served(
        &self,
        consumer: &str,
        contract: &str,
        ask: &QueryAsk,
        answer: &[u8],
    ) -> anyhow::Result<()> {
        let len = answer.len() as u64;
        let answer: QueryAnswer = wire::decode(answer)?;
        self.audit.submit(
            Event::new(EventKind::QueryServed, self.workload.now())
                .with("consumer", consumer)
                .with("contract", contract)
                .with("stream", ask.stream.as_str())
                .with("rows", answer.rows.to_string()),
        );
        self.tell(contract, [What::Queried(answer.rows, len)])
            .await?;
        Ok(())
    }

    /// A consumer opened a session: whose credentials have changed since the last one, and whose end soon? And does the
    /// version that it goes by?
    async fn arrived(&self, session: &Session) {
        let (now, own) = (self.workload.now(), self.workload.svid_ends());
        let (contract, ends) = (session.contract(), session.peer_ends());
        let standing = self.workload.catalog().standing(&Ask {
            source: session.peer(),
            destination: self.workload.id(),
            contract,
            operation: session.operation(),
        });
        let old = standing.until.map(|_| What::Deprecated(standing.version));
        let told = {
            let mut all = self.credentials.borrow_mut();
            let [theirs, ours] = all.entry(contract.into()).or_default();
            [
                theirs.look(now, ends, true),
                ours.look(now, own, false),
                old,
            ]
        };
        let _told_later = self.tell(contract, told.into_iter().flatten()).await;
    }

    /// Tells the accounts what was done; an error where nothing goes on of which they do not hear.
    async fn tell(
        &self,
        contract: &str,
        what: impl IntoIterator<Item = What>,
    ) -> Result<(), FailsClosed> {
        let mut deeds = self.deeds.lock().await;
        what.into_iter().for_each(|what| deeds.add(contract, what));
        deeds.report().await
    }

    async fn refuse(&self, consumer: &str, contract: &str, ask: &QueryAsk, refused: &EdgeError) {
        self.audit.submit(
            Event::new(EventKind::Authorisation, self.workload.now())
                .with("outcome", "refused")
                .with("consumer", consumer)
                .with("contract", contract)
                .with("code", refused.code().to_string()),
        );
        // A question that was too many or asked for too much counts against the quota as if it had been answered.
        let asked = match refused {
            EdgeError::TooManyQueries { .. } => Some(0),
            EdgeError::TooManyRows { asked, .. } => Some(*asked),
            _ => None,
        };
        let asked = asked.map(|rows| What::Queried(rows, 0));
        let _told_later = self.tell(contract, asked).await;
        let words = format!("{consumer} asked {}: {refused}", ask.stream);
        self.report(self.violation((consumer, contract, QUERY, words)))
            .await;
    }

    fn violation(&self, (who, contract, operation, reason): (&str, &str, &str, String)) -> Finding {
        Finding {
            ts_ns: self.workload.now().as_ns(),
            stream: Stream::VIOLATION.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: Severity::High,
            contract: contract.into(),
            clause: "parties".into(),
            source: who.into(),
            destination: self.workload.id().to_string(),
            operation: operation.into(),
            reason,
            evidence: Vec::new(),
        }
    }

    /// The refusal itself is a record: it goes through the DMZ to the lake.
    async fn report(&self, finding: Finding) {
        let sent = async {
            let opening = self.workload.connect("bus", TO_BUS, REPORT_VIOLATION);
            let mut session = opening.await?;
            session.call(&wire::encode(&finding)).await?;
            anyhow::Ok(())
        };
        if let Err(error) = sent.await {
            tracing::warn!(error = format!("{error:#}"), "api.report");
        }
    }
}
