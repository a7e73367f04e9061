//! Connections without an async runtime: plain sockets and threads, for small programs.
//!
//! A [`Line`] is used by one thread; it reads and keeps time while it is waited on, and writes when something is sent.

use std::io::{self, Read as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use iia_core::time::{Clock as _, Floor, Reading, SystemClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::revoke::Live;

use super::{HANDSHAKE_MAX, Message, Target, with_buffer};
use crate::LinkError;
use crate::connection::{Connection, Event};
use crate::hello::Hello;
use crate::mux::{GONE, Sent};
use crate::party::Party;

/// Longest wait in one read, so that time is kept.
const TICK: Duration = Duration::from_secs(1);

/// Refusals that wait for [`Line::asked`] at most, sessions among them; beyond it refusals are not told.
pub const ASKED_MAX: usize = 256;

/// A session of a line, by its number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Session(u32);

/// What a peer asked for.
#[derive(Debug)]
pub enum Asked {
    /// A session that both catalogs cover.
    Opened(Session, Hello),
    /// One that was refused, to be recorded.
    Refused(Hello, LinkError),
}

/// A connection and its socket.
pub struct Line {
    connection: Connection,
    socket: Arc<Socket>,
    clock: SystemClock,
    asked: Vec<Asked>,
}

struct Socket {
    tcp: TcpStream,
    look: AtomicBool,
}

impl Live for Socket {
    fn cut(&self) {
        let _gone = self.tcp.shutdown(Shutdown::Both);
    }

    fn look_again(&self) {
        self.look.store(true, Ordering::Release);
    }
}

/// Accepts connections. Each is to be served by a thread of its own, whose number the caller limits.
pub struct Listener {
    tcp: TcpListener,
    party: Arc<Party>,
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn bind(party: Arc<Party>, addr: SocketAddr) -> Result<Self, LinkError> {
        let tcp = TcpListener::bind(addr)?;
        Ok(Self { tcp, party })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> Result<SocketAddr, LinkError> {
        Ok(self.tcp.local_addr()?)
    }

    /// The next connection. Its handshake is done by [`Line::asked`], on the thread that serves it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn accept(&self) -> Result<(Line, SocketAddr), LinkError> {
        let (tcp, addr) = self.tcp.accept()?;
        let party = Arc::clone(&self.party);
        let line = Line::new(tcp, |now| Connection::dialled(party, now))?;
        Ok((line, addr))
    }
}

impl Line {
    /// Dials `peer`, and accepts nobody else.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn dial(party: &Arc<Party>, addr: SocketAddr, peer: &SpiffeId) -> Result<Self, LinkError> {
        let tcp = TcpStream::connect_timeout(&addr, HANDSHAKE_MAX)?;
        let make = |now: &Reading| Connection::dialling(Arc::clone(party), peer, now);
        let mut line = Self::new(tcp, make)?;
        while line.connection.peer().is_none() {
            line.usable()?;
            line.turn()?;
        }
        line.usable()?;
        Ok(line)
    }

    fn new(
        tcp: TcpStream,
        make: impl FnOnce(&Reading) -> Result<Connection, LinkError>,
    ) -> Result<Self, LinkError> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(TICK))?;
        tcp.set_write_timeout(Some(TICK))?;
        let clock = SystemClock::new(Floor::default(), 1_000_000_000);
        let mut connection = make(&clock.read())?;
        let look = AtomicBool::new(false);
        let socket = Arc::new(Socket { tcp, look });
        let live: Arc<dyn Live> = socket.clone();
        connection.bind(Arc::downgrade(&live));
        Ok(Self {
            connection,
            socket,
            clock,
            asked: Vec::new(),
        })
    }

    /// Who the peer is, and when its SVID ends.
    pub fn peer(&self) -> Option<(&SpiffeId, Timestamp)> {
        self.connection.peer()
    }

    /// Opens a session; the own catalog is asked first, then the peer's.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn open(&mut self, party: &Party, target: &Target) -> Result<Session, LinkError> {
        let hello = party.hello(target)?;
        let number = self.connection.open(&self.clock.read(), hello)?;
        loop {
            match self.connection.answer(number) {
                Ok(Some(())) => return Ok(Session(number)),
                Ok(None) => self.turn()?,
                Err(error) => {
                    self.close(Session(number));
                    return Err(error);
                }
            }
        }
    }

    /// The next session that the peer asks for; `None` when it has ended the connection.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn asked(&mut self) -> Result<Option<Asked>, LinkError> {
        loop {
            if !self.asked.is_empty() {
                return Ok(Some(self.asked.remove(0)));
            }
            match self.usable() {
                Ok(()) => self.turn()?,
                Err(error) if error == GONE => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a message, as soon as the other side has room for it.
    ///
    /// # Errors
    /// When the session or the peer's right to it is over.
    pub fn send(&mut self, session: Session, message: &Message) -> Result<(), LinkError> {
        let mut at = 0;
        loop {
            let now = self.clock.read();
            match self.connection.send(&now, session.0, message, at)? {
                Sent::Whole => return self.flush(),
                Sent::UpTo(next) if next == at => self.turn()?,
                Sent::UpTo(next) => at = next,
            }
            self.flush()?;
        }
    }

    /// The next message; `None` at the end that the other side has said. A connection that breaks is an error.
    ///
    /// # Errors
    /// When the link breaks or the peer's right to it ends.
    pub fn recv(&mut self, session: Session) -> Result<Option<Message>, LinkError> {
        loop {
            let now = self.clock.read();
            if let Some(message) = self.connection.receive(&now, session.0)? {
                return Ok(Some(message));
            }
            if self.connection.has_ended(session.0) {
                return Ok(None);
            }
            self.turn()?;
        }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`LinkError::Refused`] when the other side refuses this question; anything else ends the session.
    pub fn call(
        &mut self,
        session: Session,
        id: u64,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, LinkError> {
        self.send(session, &Message::question(id, payload))?;
        let answer = self.recv(session)?.ok_or(GONE)?;
        match answer.refusal() {
            Some(code) => Err(LinkError::Refused { code }),
            None => Ok(answer.payload),
        }
    }

    /// Leaves a session.
    pub fn close(&mut self, session: Session) {
        self.connection.leave(session.0);
        let _gone = self.flush();
    }

    fn usable(&self) -> Result<(), LinkError> {
        self.connection.usable(&self.clock.read())
    }

    /// Writes what waits, then waits for something to read, for a second at most.
    fn turn(&mut self) -> Result<(), LinkError> {
        self.flush()?;
        if self.connection.is_over() {
            return self.usable();
        }
        let socket = Arc::clone(&self.socket);
        let read = with_buffer(|buffer| {
            let read = (&socket.tcp).read(buffer);
            let now = self.clock.read();
            match read {
                Ok(0) => self.connection.handle_eof(),
                Ok(len) => {
                    let bytes = buffer.get(..len).unwrap_or_default();
                    self.connection.handle_input(&now, bytes);
                }
                Err(error) if is_wait(&error) => {}
                Err(error) => self.connection.handle_failure(error),
            }
            now
        });
        if self.socket.look.swap(false, Ordering::AcqRel) {
            self.connection.handle_gate(&read);
        }
        if read.monotonic_ns >= self.connection.poll_timeout() {
            self.connection.handle_timeout(&read);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        let now = self.clock.read();
        while let Some(event) = self.connection.poll_event(&now) {
            match event {
                Event::Opened(number, hello) => {
                    self.asked.push(Asked::Opened(Session(number), hello))
                }
                // A peer that asks in vain and asks again is not written down each time.
                Event::Refused(hello, error) if self.asked.len() < ASKED_MAX => {
                    self.asked.push(Asked::Refused(hello, error));
                }
                _ => {}
            }
        }
        if let Err(error) = self.connection.transmit(&now, &mut &self.socket.tcp) {
            self.connection.handle_failure(error);
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connection.close();
        let _gone = self.flush();
        let _gone = self.socket.tcp.shutdown(Shutdown::Both);
    }
}

/// A read that a tick has ended, or a signal.
fn is_wait(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
