//! Accepting links: handshakes run side by side and end in a session or in a refusal that somebody records.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use iia_core::SpiffeId;
use iia_core::time::{Clock as _, SystemClock};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::half_open::{Half, HalfOpen};
use super::line::Line;
use super::session::Session;
use super::{CONNECTIONS_MAX, HANDSHAKE_MAX, OUTCOMES_MAX};
use crate::LinkError;
use crate::connection::Connection;
use crate::hello::Hello;
use crate::mux::GONE;
use crate::party::Party;

/// What comes of a connection.
#[derive(Debug)]
pub enum Incoming {
    /// A session that the catalog covers.
    Session(Box<Session>),
    /// A refusal, to be recorded.
    Refused(Refused),
}

/// A connection or a session that was refused, as far as it is known who and what it was.
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
    refusals: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) fn start(party: Arc<Party>, tcp: TcpListener, clock: SystemClock) -> Self {
        let local = tcp.local_addr().ok();
        let (outcomes, incoming) = mpsc::channel(OUTCOMES_MAX);
        let refusals = Arc::new(AtomicU64::new(0));
        let house = House {
            party,
            clock,
            outcomes,
            refusals: Arc::clone(&refusals),
        };
        let task = tokio::spawn(house.accept_all(tcp));
        Self {
            local,
            incoming,
            refusals,
            task,
        }
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// How many were refused, those among them for which [`OUTCOMES_MAX`] left no room.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// The next outcome.
    ///
    /// # Errors
    /// When the listener has ended.
    pub async fn accept(&mut self) -> Result<Incoming, LinkError> {
        self.incoming.recv().await.ok_or(GONE)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What every connection of a listener shares.
#[derive(Clone)]
struct House {
    party: Arc<Party>,
    clock: SystemClock,
    outcomes: mpsc::Sender<Incoming>,
    refusals: Arc<AtomicU64>,
}

impl House {
    async fn accept_all(self, tcp: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let half_open = HalfOpen::default();
        loop {
            // Out of file descriptors or a peer that is gone already: neither ends the listener.
            let Ok((stream, addr)) = tcp.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            };
            half_open.begin(|half| {
                let door = Door {
                    addr,
                    house: self.clone(),
                    half: Some(half),
                    places: Arc::clone(&places),
                    place: None,
                    spoke: false,
                };
                tokio::spawn(attend(stream, door)).abort_handle()
            });
        }
    }

    fn refuse(&self, refused: Refused) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        let _counted = self.outcomes.try_send(Incoming::Refused(refused));
    }
}

/// One connection, from its first byte on: before that it has no memory of ours but this.
async fn attend(tcp: TcpStream, mut door: Door) {
    if timeout(HANDSHAKE_MAX, tcp.readable()).await.is_err() {
        door.refused(None, LinkError::TimedOut { what: "handshake" });
        return;
    }
    let now = door.house.clock.read();
    let clock = door.house.clock;
    let line = Connection::dialled(Arc::clone(&door.house.party), &now);
    if let Ok(connection) = line
        && let Ok(line) = Line::new(connection, tcp, clock, Some(door))
    {
        line.drive().await;
    }
}

/// Where what comes of one connection is told.
pub(super) struct Door {
    addr: SocketAddr,
    house: House,
    half: Option<Half>,
    places: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
    spoke: bool,
}

impl Door {
    /// The handshake is done. Whoever gets no place is refused when it asks for a session.
    pub(super) fn ready(&mut self) {
        self.half = None;
        self.place = Arc::clone(&self.places).try_acquire_owned().ok();
    }

    fn refused(&mut self, peer: Option<SpiffeId>, error: LinkError) {
        self.spoke = true;
        self.house.refuse(Refused {
            peer,
            addr: self.addr,
            contract: String::new(),
            operation: String::new(),
            error,
        });
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Displaced by newer handshakes, or ended together with the listener.
        if self.half.is_some() && !self.spoke {
            let what = "a handshake that newer ones displace";
            self.refused(None, LinkError::TimedOut { what });
        }
    }
}

/// What is to be told once a line is no longer locked.
#[derive(Default)]
pub(super) struct Knock {
    opened: Vec<(u32, Hello, Option<mpsc::Sender<Incoming>>)>,
}

impl Knock {
    pub(super) fn opened(&mut self, door: &mut Door, number: u32, hello: Hello) {
        door.spoke = true;
        let outcomes = door.place.is_some().then(|| door.house.outcomes.clone());
        self.opened.push((number, hello, outcomes));
    }

    pub(super) fn refused(
        &mut self,
        door: &mut Door,
        connection: &Connection,
        hello: Hello,
        error: LinkError,
    ) {
        door.spoke = true;
        door.house.refuse(Refused {
            peer: connection.peer().map(|(id, _)| id.clone()),
            addr: door.addr,
            contract: hello.contract,
            operation: hello.operation,
            error,
        });
    }

    /// A connection that ends without a word about a session was refused, or refused itself.
    pub(super) fn over(&mut self, door: &mut Door, connection: &Connection, error: LinkError) {
        door.half = None;
        if !door.spoke {
            let error = match error == GONE {
                true => LinkError::Protocol { what: "no hello" },
                false => error,
            };
            door.refused(connection.peer().map(|(id, _)| id.clone()), error);
        }
    }

    /// Hands sessions over; one for which there is no room is refused.
    pub(super) fn deliver(self, line: &Arc<Line>) {
        for (number, hello, outcomes) in self.opened {
            let full = LinkError::TooManySessions { max: OUTCOMES_MAX };
            let Some(session) = Session::new(line, number, hello) else {
                continue;
            };
            match outcomes {
                Some(outcomes) => {
                    if let Err(error) = outcomes.try_send(Incoming::Session(Box::new(session)))
                        && let Incoming::Session(session) = error.into_inner()
                    {
                        session.refuse(full);
                    }
                }
                None => session.refuse(LinkError::TooManySessions {
                    max: CONNECTIONS_MAX,
                }),
            }
        }
    }
}
