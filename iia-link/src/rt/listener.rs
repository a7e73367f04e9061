//! Accepting links: handshakes run side by side and end in a session or in a refusal that somebody records.

use std::net::SocketAddr;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::endpoint::Shared;
use super::session::{Session, read_frame_within, write_frame};
use super::{HANDSHAKE_MAX, SESSIONS_MAX};
use crate::LinkError;
use crate::frame::{Frame, Kind};
use crate::hello::{HELLO_BODY_MAX, Hello};

/// What comes of a connection.
#[derive(Debug)]
pub enum Incoming {
    /// A session that the catalog covers.
    Session(Box<Session>),
    /// A refusal, to be recorded.
    Refused(Refused),
}

/// A connection that was refused, as far as it is known who and what it was.
#[derive(Debug)]
pub struct Refused {
    /// Who, if the certificate was good.
    pub peer: Option<SpiffeId>,
    /// From where.
    pub addr: SocketAddr,
    /// The contract it named.
    pub contract: String,
    /// The operation it named.
    pub operation: String,
    /// Why.
    pub error: LinkError,
}

/// A listening end.
pub struct Listener {
    local: Option<SocketAddr>,
    incoming: mpsc::Receiver<Incoming>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) fn start(shared: Arc<Shared>, tcp: TcpListener, acceptor: TlsAcceptor) -> Self {
        let local = tcp.local_addr().ok();
        let (outcomes, incoming) = mpsc::channel(SESSIONS_MAX);
        let task = tokio::spawn(accept_all(shared, tcp, acceptor, outcomes));
        Self {
            local,
            incoming,
            task,
        }
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// The next outcome.
    ///
    /// # Errors
    /// When the listener has ended.
    pub async fn accept(&mut self) -> Result<Incoming, LinkError> {
        let gone = LinkError::Transport {
            kind: std::io::ErrorKind::BrokenPipe,
        };
        self.incoming.recv().await.ok_or(gone)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept_all(
    shared: Arc<Shared>,
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    outcomes: mpsc::Sender<Incoming>,
) {
    let places = Arc::new(Semaphore::new(SESSIONS_MAX));
    loop {
        // Out of file descriptors or a peer that is gone already: neither ends the listener.
        let Ok((stream, addr)) = tcp.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let error = LinkError::TooManySessions { max: SESSIONS_MAX };
            let _full = outcomes.try_send(Incoming::Refused(Refused::of(addr, error)));
            continue;
        };
        let (shared, acceptor, outcomes) =
            (Arc::clone(&shared), acceptor.clone(), outcomes.clone());
        tokio::spawn(async move {
            let mut refused = Refused::of(addr, LinkError::TimedOut { what: "handshake" });
            let opening = open(&shared, stream, &acceptor, &mut refused);
            let outcome = match timeout(HANDSHAKE_MAX, opening).await {
                Ok(Ok(session)) => Incoming::Session(Box::new(session.in_place(place))),
                Ok(Err(error)) => Incoming::Refused(Refused { error, ..refused }),
                Err(_) => Incoming::Refused(refused),
            };
            let _listener_gone = outcomes.send(outcome).await;
        });
    }
}

impl Refused {
    const fn of(addr: SocketAddr, error: LinkError) -> Self {
        Self {
            peer: None,
            addr,
            contract: String::new(),
            operation: String::new(),
            error,
        }
    }
}

/// Handshake, identity, hello, catalog; `seen` is filled as far as it comes.
async fn open(
    shared: &Shared,
    tcp: TcpStream,
    acceptor: &TlsAcceptor,
    seen: &mut Refused,
) -> Result<Session, LinkError> {
    tcp.set_nodelay(true)?;
    let stream = acceptor
        .accept(tcp)
        .await
        .map_err(LinkError::of_handshake)?;
    let mut stream = TlsStream::Server(stream);
    let bonds = shared.bonds(&stream)?;
    seen.peer = Some(bonds.peer.clone());
    let hello = match read_frame_within(&mut stream, HELLO_BODY_MAX).await? {
        Some(Frame {
            kind: Kind::Hello,
            payload,
            ..
        }) => Hello::decode(&payload)?,
        _ => return Err(LinkError::Protocol { what: "no hello" }),
    };
    seen.contract.clone_from(&hello.contract);
    seen.operation.clone_from(&hello.operation);
    let (kind, payload, verdict) = match hello.check(shared.gate.as_ref(), &bonds.peer, &shared.me)
    {
        Ok(()) => (Kind::Accept, Vec::new(), Ok(())),
        Err(error) => (
            Kind::Refuse,
            error.code().to_string().into_bytes(),
            Err(error),
        ),
    };
    write_frame(
        &mut stream,
        &Frame {
            kind,
            id: 0,
            payload,
        },
    )
    .await?;
    verdict?;
    Ok(Session::new(stream, hello, bonds, shared.now()))
}
