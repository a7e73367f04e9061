//! One workload's end of every link it has.

use std::net::SocketAddr;
use std::sync::Arc;

use iia_core::gate::Gate;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::IdentityError;
use iia_identity::bundle::BundleSet;
use iia_identity::revoke::Registry;
use iia_identity::svid::Store;
use iia_identity::{tls, verify};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::listener::Listener;
use super::session::{Bonds, Session, Stream, code, read_frame, write_frame};
use super::{HANDSHAKE_MAX, SESSIONS_MAX};
use crate::LinkError;
use crate::frame::{Frame, Kind};
use crate::hello::Hello;

/// Whom to reach, under which contract, for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The peer that is expected; nobody else is accepted.
    pub peer: SpiffeId,
    /// The contract's id.
    pub contract: String,
    /// The operation.
    pub operation: String,
}

/// A workload's identity, trust and catalog, ready for links.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) me: SpiffeId,
    pub(super) bundles: Arc<BundleSet>,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) revoked: Registry,
    store: Arc<Store>,
    clock: SystemClock,
}

impl Shared {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.read().wall
    }

    /// What a finished handshake proves of the peer, and how long it holds.
    pub(super) fn bonds(&self, stream: &Stream) -> Result<Bonds, LinkError> {
        let (_, connection) = stream.get_ref();
        if connection.alpn_protocol() != Some(tls::ALPN) {
            return Err(LinkError::ANOTHER_PROTOCOL);
        }
        let chain = connection.peer_certificates();
        let peer = tls::peer_id(chain, &self.bundles, self.now())?;
        let leaf = chain
            .and_then(<[_]>::first)
            .ok_or(IdentityError::BadCertificate)?;
        let not_after = verify::not_after(leaf)?;
        let revoked = self.revoked.register(&peer);
        let revoked = revoked.ok_or(LinkError::TooManySessions { max: SESSIONS_MAX })?;
        if revoked.is_raised() {
            return Err(LinkError::Revoked);
        }
        Ok(Bonds {
            peer,
            not_after,
            revoked,
        })
    }
}

impl Endpoint {
    /// Joins an identity, the bundles it trusts and the catalog it obeys.
    pub fn new(
        me: SpiffeId,
        store: Arc<Store>,
        bundles: Arc<BundleSet>,
        gate: Arc<dyn Gate>,
    ) -> Self {
        let clock = SystemClock::new(Floor::default(), 1_000_000_000);
        Self {
            shared: Arc::new(Shared {
                me,
                bundles,
                gate,
                revoked: Registry::default(),
                store,
                clock,
            }),
        }
    }

    /// Listens on an address.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn listen(&self, addr: SocketAddr) -> Result<Listener, LinkError> {
        let config = tls::server_config(&self.shared.store, &self.shared.bundles)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let tcp = TcpListener::bind(addr).await?;
        Ok(Listener::start(Arc::clone(&self.shared), tcp, acceptor))
    }

    /// Opens a link; the own catalog is asked first, then the peer's.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub async fn connect(&self, addr: SocketAddr, target: Target) -> Result<Session, LinkError> {
        let Target {
            peer,
            contract,
            operation,
        } = target;
        let hello = Hello {
            contract,
            operation,
        };
        hello.check(self.shared.gate.as_ref(), &self.shared.me, &peer)?;
        let opening = self.open(addr, peer, hello);
        timeout(HANDSHAKE_MAX, opening)
            .await
            .map_err(|_| LinkError::TimedOut { what: "handshake" })?
    }

    /// Ends every session of an identity and refuses new ones, from now on.
    pub fn revoke(&self, id: &SpiffeId) {
        self.shared.revoked.revoke(id);
    }

    async fn open(
        &self,
        addr: SocketAddr,
        peer: SpiffeId,
        hello: Hello,
    ) -> Result<Session, LinkError> {
        let config = tls::client_config(&self.shared.store, &self.shared.bundles, &peer)?;
        let tcp = TcpStream::connect(addr).await?;
        tcp.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector
            .connect(addr.ip().into(), tcp)
            .await
            .map_err(LinkError::of_handshake)?;
        let mut stream = TlsStream::Client(stream);
        let bonds = self.shared.bonds(&stream)?;
        let first = Frame {
            kind: Kind::Hello,
            id: 0,
            payload: hello.encode(),
        };
        write_frame(&mut stream, &first).await?;
        match read_frame(&mut stream).await? {
            Some(Frame {
                kind: Kind::Accept, ..
            }) => Ok(Session::new(stream, hello, bonds, self.shared.now())),
            Some(Frame {
                kind: Kind::Refuse,
                payload,
                ..
            }) => Err(LinkError::Refused {
                code: code(&payload),
            }),
            Some(_) => Err(LinkError::Protocol {
                what: "no answer to hello",
            }),
            None => Err(LinkError::Tls),
        }
    }
}
