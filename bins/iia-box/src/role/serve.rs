//! Serving links: every session and every refusal is an event before anything else happens.

use std::rc::Rc;

use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_link::LinkError;
use iia_link::rt::{Incoming, Refused, Session};

use crate::workload::Workload;

/// Who a peer is that proved nothing.
const NOBODY: &str = "unauthenticated";

/// What a role does with its sessions.
pub(super) trait Serve: 'static {
    /// Takes an event of this role's own on its way into the chain.
    fn note(&self, event: Event);

    /// Handles one session to its end.
    fn session(self: Rc<Self>, session: Session) -> impl Future<Output = anyhow::Result<()>>;

    /// Told of every refusal, after it is an event.
    fn refused(self: Rc<Self>, _refused: &Refused) -> impl Future<Output = ()> {
        async {}
    }
}

/// Serves until the workload is told to stop.
pub(super) async fn serve<S: Serve>(workload: &Workload, role: &Rc<S>) -> anyhow::Result<()> {
    let mut listener = workload.listen().await?;
    workload.ready();
    loop {
        let incoming = tokio::select! {
            incoming = listener.accept() => incoming?,
            () = workload.stopped() => return Ok(()),
        };
        match incoming {
            Incoming::Session(session) => {
                let (role, workload) = (Rc::clone(role), workload.clone());
                tokio::task::spawn_local(attend(role, workload, *session));
            }
            Incoming::Refused(refused) => {
                role.note(refusal(workload, &refused));
                let role = Rc::clone(role);
                tokio::task::spawn_local(async move { role.refused(&refused).await });
            }
        }
    }
}

async fn attend<S: Serve>(role: Rc<S>, workload: Workload, session: Session) {
    let about = [
        ("peer", session.peer().to_string()),
        ("contract", session.contract().to_owned()),
        ("operation", session.operation().to_owned()),
        ("serial", session.peer_shown().serial.clone()),
        ("certificate", session.peer_shown().certificate.to_string()),
    ];
    let keeper = Rc::clone(&role);
    let say = |kind: EventKind, outcome: Option<&str>| {
        let event = Event::new(kind, workload.now());
        let event = about
            .iter()
            .fold(event, |event, (key, value)| event.with(key, value.clone()));
        keeper.note(match outcome {
            Some(outcome) => event.with("outcome", outcome),
            None => event,
        });
    };
    say(EventKind::SessionOpened, None);
    let outcome = role.session(session).await;
    if let Err(error) = &outcome {
        tracing::debug!(error = format!("{error:#}"), "session.ended");
    }
    say(EventKind::SessionClosed, Some(how(&outcome)));
}

/// How a session ended, in a word.
fn how(outcome: &anyhow::Result<()>) -> &'static str {
    match outcome {
        Ok(()) => "closed",
        Err(error) if error.downcast_ref() == Some(&LinkError::Revoked) => "revoked",
        Err(_) => "broken",
    }
}

/// The event of a refused link: who, from where, what it wanted, and the code of the reason. Whoever did not prove who
/// it is failed to authenticate; whoever did named what no contract gives it.
fn refusal(workload: &Workload, refused: &Refused) -> Event {
    let busy = matches!(refused.error, LinkError::TooManySessions { .. });
    let (kind, peer) = match &refused.peer {
        Some(peer) => (EventKind::ConduitRejected, peer.as_str()),
        None if busy => (EventKind::ConduitRejected, NOBODY),
        None => (EventKind::Authentication, NOBODY),
    };
    Event::new(kind, workload.now())
        .with("outcome", "refused")
        .with("peer", peer)
        .with("address", refused.addr.to_string())
        .with("contract", refused.contract.as_str())
        .with("operation", refused.operation.as_str())
        .with("code", refused.error.code().to_string())
        .with("reason", refused.error.to_string())
}
