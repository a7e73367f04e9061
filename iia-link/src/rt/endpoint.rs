//! One workload's end of every link it has.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;

use iia_core::gate::Gate;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::revoke::Live;
use iia_identity::svid::Store;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::line::{For, Line};
use super::listener::Listener;
use super::session::Session;
use super::{HANDSHAKE_MAX, SHARED_MAX, Target};
use crate::LinkError;
use crate::connection::Connection;
use crate::hello::Hello;
use crate::mux::{GONE, SESSIONS_MAX};
use crate::party::Party;

/// Connections that are cut before whoever revokes goes on.
const CUTS_MAX: usize = 64;

/// A workload's identity, trust and catalog, ready for links.
#[derive(Clone)]
pub struct Endpoint {
    party: Result<Arc<Party>, LinkError>,
    clock: SystemClock,
    shared: Arc<Mutex<Vec<Shared>>>,
}

/// A connection that further sessions can share.
struct Shared {
    addr: SocketAddr,
    peer: SpiffeId,
    svid: u64,
    /// Half of what was left of the peer's SVID when the connection was made.
    young_until: Timestamp,
    line: Weak<Line>,
}

impl Endpoint {
    /// Joins an identity, the bundles it trusts and the catalog it obeys.
    pub fn new(
        me: SpiffeId,
        store: Arc<Store>,
        bundles: Arc<BundleSet>,
        gate: Arc<dyn Gate>,
    ) -> Self {
        Self {
            party: Party::new(me, store, bundles, gate).map(Arc::new),
            clock: SystemClock::new(Floor::default(), 1_000_000_000),
            shared: Arc::default(),
        }
    }

    /// Listens on an address.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn listen(&self, addr: SocketAddr) -> Result<Listener, LinkError> {
        let party = self.party.clone()?;
        let tcp = TcpListener::bind(addr).await?;
        Ok(Listener::start(party, tcp, self.clock))
    }

    /// Opens a session; the own catalog is asked first, then the peer's. Sessions with one peer share a connection, as
    /// long as this end still shows the SVID that it was made with, and until half of what was left of the peer's is over: who
    /// opens a session anew then has one that both ends' newest SVIDs are behind.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub async fn connect(&self, addr: SocketAddr, target: Target) -> Result<Session, LinkError> {
        let party = self.party.clone()?;
        let hello = party.hello(&target)?;
        let opening = self.open(&party, addr, (target.peer, hello));
        timeout(HANDSHAKE_MAX, opening)
            .await
            .map_err(|_| LinkError::TimedOut { what: "handshake" })?
    }

    /// Ends every session of an identity and refuses new ones: from the moment this is called no message of it is
    /// accepted, and its connections are cut in the background.
    pub fn revoke(&self, id: &SpiffeId) {
        if let Ok(party) = &self.party {
            cut_all(party.revoke(id));
        }
    }

    /// The same for one certificate, by its serial number in lower-case hexadecimal.
    pub fn revoke_certificate(&self, serial: &str) {
        if let Ok(party) = &self.party {
            cut_all(party.revoke_certificate(serial));
        }
    }

    /// Puts another catalog in place; sessions that it does not cover end.
    pub fn replace_gate(&self, gate: Arc<dyn Gate>) {
        if let Ok(party) = &self.party {
            for live in party.replace_gate(gate) {
                live.look_again();
            }
        }
    }

    async fn open(
        &self,
        party: &Arc<Party>,
        addr: SocketAddr,
        (peer, hello): (SpiffeId, Hello),
    ) -> Result<Session, LinkError> {
        let svid = party.svid_number();
        if let Some(line) = self.find(addr, &peer, svid) {
            match Session::open(line, hello.clone()).await {
                // It ended meanwhile, or is full: another is made.
                Err(
                    LinkError::Transport { .. }
                    | LinkError::Truncated
                    | LinkError::Revoked
                    | LinkError::SvidExpired
                    | LinkError::TimedOut { .. }
                    | LinkError::TooManySessions { max: SESSIONS_MAX },
                ) => {}
                other => return other,
            }
        }
        let line = self.dial(party, addr, &peer).await?;
        let now = self.clock.read().wall;
        let ends = line.look(|state, _| state.connection.peer().map(|(_, ends)| ends));
        let left_ns = ends.map_or(0, |ends| ends.since_ns(now).max(0));
        let shared = Shared {
            addr,
            peer,
            svid,
            young_until: now + left_ns / 2,
            line: Arc::downgrade(&line),
        };
        let session = Session::open(line, hello).await?;
        let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < SHARED_MAX {
            all.push(shared);
        }
        Ok(session)
    }

    fn find(&self, addr: SocketAddr, peer: &SpiffeId, svid: u64) -> Option<Arc<Line>> {
        let now = self.clock.read().wall;
        let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_young = |shared: &Shared| shared.svid == svid && shared.young_until > now;
        all.retain(|shared| is_young(shared) && shared.line.strong_count() > 0);
        let fits = |shared: &&Shared| shared.addr == addr && shared.peer == *peer;
        let lines = all
            .iter()
            .filter(fits)
            .filter_map(|shared| shared.line.upgrade());
        // A line is locked after the list, never the other way round.
        let lines: Vec<_> = lines.collect();
        drop(all);
        let has_room = |line: &Arc<Line>| line.look(|state, now| state.connection.has_room(now));
        lines.into_iter().find(has_room)
    }

    async fn dial(
        &self,
        party: &Arc<Party>,
        addr: SocketAddr,
        peer: &SpiffeId,
    ) -> Result<Arc<Line>, LinkError> {
        let tcp = TcpStream::connect(addr).await?;
        let connection = Connection::dialling(Arc::clone(party), peer, &self.clock.read())?;
        let line = Line::new(connection, tcp, self.clock, None)?;
        tokio::spawn(Arc::clone(&line).drive());
        poll_fn(|context| {
            line.look(|state, now| match state.connection.usable(now) {
                Err(error) => Poll::Ready(Err(error)),
                Ok(()) if state.connection.peer().is_some() => Poll::Ready(Ok(())),
                Ok(()) => {
                    state.wait(0, For::News, context.waker());
                    Poll::Pending
                }
            })
        })
        .await
        .map_err(|error| if error == GONE { LinkError::Tls } else { error })?;
        Ok(line)
    }
}

/// Cuts all of them: the first at once, and where there are many the rest on a thread of its own, whatever the runtime
/// has to do.
fn cut_all(all: Vec<Arc<dyn Live>>) {
    let (now, later) = all.split_at(all.len().min(CUTS_MAX));
    now.iter().for_each(|live| live.cut());
    if later.is_empty() {
        return;
    }
    let later = later.to_vec();
    let cut = move || later.iter().for_each(|live| live.cut());
    let thread = std::thread::Builder::new().name("revoke".into());
    if thread.spawn(cut).is_err() {
        // No thread is to be had: then here and now.
        all.iter().for_each(|live| live.cut());
    }
}
