//! Serving links: every session and every refusal is an event before anything else happens.

use std::rc::Rc;

use iia_core::event::{Event, EventKind};
use iia_link::rt::{Incoming, Refused, Session};

use crate::client::AuditClient;
use crate::workload::Workload;

/// What a role does with its sessions.
pub(super) trait Serve: 'static {
    /// Handles one session to its end.
    fn session(self: Rc<Self>, session: Session) -> impl Future<Output = anyhow::Result<()>>;

    /// Told of every refusal, after it is an event.
    fn refused(self: Rc<Self>, _refused: &Refused) -> impl Future<Output = ()> {
        async {}
    }
}

/// Serves until the workload is told to stop. `audit` is `None` for the audit role itself.
pub(super) async fn serve<S: Serve>(
    workload: &Workload,
    audit: Option<&AuditClient>,
    role: &Rc<S>,
) -> anyhow::Result<()> {
    let mut listener = workload.listen().await?;
    workload.ready();
    loop {
        let incoming = tokio::select! {
            incoming = listener.accept() => incoming?,
            () = workload.stopped() => return Ok(()),
        };
        match incoming {
            Incoming::Session(session) => {
                let (role, audit, workload) = (Rc::clone(role), audit.cloned(), workload.clone());
                tokio::task::spawn_local(attend(role, audit, workload, *session));
            }
            Incoming::Refused(refused) => {
                if let Some(audit) = audit {
                    audit.submit(refusal(workload, &refused));
                }
                let role = Rc::clone(role);
                tokio::task::spawn_local(async move { role.refused(&refused).await });
            }
        }
    }
}

async fn attend<S: Serve>(
    role: Rc<S>,
    audit: Option<AuditClient>,
    workload: Workload,
    session: Session,
) {
    let about = [
        ("peer", session.peer().to_string()),
        ("contract", session.contract().to_owned()),
        ("operation", session.operation().to_owned()),
    ];
    let say = |kind: EventKind, outcome: Option<&str>| {
        if let Some(audit) = &audit {
            let event = Event::new(kind, workload.now());
            let event = about
                .iter()
                .fold(event, |event, (key, value)| event.with(key, value.clone()));
            audit.submit(match outcome {
                Some(outcome) => event.with("outcome", outcome),
                None => event,
            });
        }
    };
    say(EventKind::SessionOpened, None);
    let outcome = role.session(session).await;
    if let Err(error) = &outcome {
        tracing::debug!(error = format!("{error:#}"), "session.ended");
    }
    say(
        EventKind::SessionClosed,
        Some(if outcome.is_ok() { "closed" } else { "broken" }),
    );
}

/// The event of a refused link: who, from where, what it wanted, and the code of the reason.
pub(super) fn refusal(workload: &Workload, refused: &Refused) -> Event {
    let peer = refused
        .peer
        .as_ref()
        .map_or("unauthenticated", |id| id.as_str());
    Event::new(EventKind::ConduitRejected, workload.now())
        .with("peer", peer)
        .with("address", refused.addr.to_string())
        .with("contract", refused.contract.as_str())
        .with("operation", refused.operation.as_str())
        .with(
            "code",
            iia_core::code::Coded::code(&refused.error).to_string(),
        )
        .with("reason", refused.error.to_string())
}
