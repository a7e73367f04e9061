//! One connection without I/O: TLS, sessions, and what the peer's right to them is bound to.
//!
//! Bytes and `now` come in; bytes, events and the time of the next timeout come out. Both drivers of [`crate::rt`] are
//! loops around this.

mod right;

use std::io;
use std::sync::{Arc, Weak};

use iia_core::time::Reading;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::revoke::{Live, Place};
use iia_identity::tls::{Shown, Wire};

use crate::LinkError;
use crate::hello::Hello;
use crate::mux::{Event as Muxed, GONE, Message, Mux, Sent};
use crate::party::{Party, monotonic};
use right::until_ns;

/// Longest time from TCP connection to first session, in nanoseconds.
pub const HANDSHAKE_MAX_NS: u64 = 10_000_000_000;
/// Longest time that bytes wait for a peer that reads nothing, in nanoseconds.
pub const STALL_MAX_NS: u64 = 30_000_000_000;

/// What happened to a connection.
#[derive(Debug)]
pub enum Event {
    /// The handshake is done; [`Connection::peer`] is who it is.
    Ready,
    /// A session that both catalogs cover was opened by the peer.
    Opened(u32, Hello),
    /// A session was refused.
    Refused(Hello, LinkError),
    /// Something about a session is new.
    Touched(u32),
    /// Whoever waits to send may try again: one session, or all.
    Room(Option<u32>),
    /// The connection is over. What [`Connection::wants_transmit`] still has is the last that is said.
    Over(LinkError),
}

/// One end of a connection.
pub struct Connection {
    party: Arc<Party>,
    live: Weak<dyn Live>,
    wire: Wire,
    mux: Mux,
    dials: bool,
    peer: Option<Peer>,
    over: Option<LinkError>,
    told: bool,
    /// Nothing that is said arrives.
    deaf: bool,
    deadline_ns: u64,
    stalled_ns: Option<u64>,
}

struct Peer {
    id: SpiffeId,
    not_after: Timestamp,
    shown: Shown,
    ends_ns: u64,
    place: Place,
    certificate: Place<String>,
    told: bool,
}

impl Peer {
    fn is_revoked(&self) -> bool {
        self.place.flag().is_raised() || self.certificate.flag().is_raised()
    }
}

impl Connection {
    /// The end that dials `peer` and accepts nobody else.
    ///
    /// # Errors
    /// When the TLS stack lacks TLS 1.3.
    pub fn dialling(party: Arc<Party>, peer: &SpiffeId, now: &Reading) -> Result<Self, LinkError> {
        let wire = party.dialling(peer)?;
        Ok(Self::new(party, (wire, true), now))
    }

    /// The end that is dialled.
    ///
    /// # Errors
    /// When the TLS stack lacks TLS 1.3.
    pub fn dialled(party: Arc<Party>, now: &Reading) -> Result<Self, LinkError> {
        let wire = party.dialled()?;
        Ok(Self::new(party, (wire, false), now))
    }

    fn new(party: Arc<Party>, (wire, dials): (Wire, bool), now: &Reading) -> Self {
        Self {
            party,
            live: Weak::<Nobody>::new(),
            wire,
            mux: Mux::new(dials),
            dials,
            peer: None,
            over: None,
            told: false,
            deaf: false,
            deadline_ns: now.monotonic_ns.saturating_add(HANDSHAKE_MAX_NS),
            stalled_ns: None,
        }
    }

    /// Says who is to be told that the peer was revoked or the catalog replaced; before any input.
    pub fn bind(&mut self, live: Weak<dyn Live>) {
        self.live = live;
    }

    /// Takes bytes of the network. What is wrong with them is [`Event::Over`].
    pub fn handle_input(&mut self, now: &Reading, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.over.is_none() {
            match self.step(now, bytes) {
                Ok(0) => return self.end(LinkError::Tls),
                Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
                Err(error) => return self.end(error),
            }
        }
    }

    fn step(&mut self, now: &Reading, bytes: &[u8]) -> Result<usize, LinkError> {
        let (taken, progress) = self.wire.handle_input(bytes)?;
        if self.peer.is_none() && !progress.handshaking {
            self.meet(now)?;
        }
        let mux = &mut self.mux;
        let mut heard = false;
        while let Some(read) = self.wire.plain(|plain| mux.handle_input(plain)) {
            read?;
            heard = true;
        }
        if heard {
            self.allowed(now)?;
        }
        if progress.closed {
            self.mux.handle_end(true);
            self.end_quietly(GONE);
            self.wire.close();
        }
        Ok(taken)
    }

    /// The handshake is done: who is it, and what is its right bound to? Register first, then look at the flag.
    fn meet(&mut self, now: &Reading) -> Result<(), LinkError> {
        let proven = self.wire.peer()?;
        let max = iia_identity::revoke::IDENTITIES_MAX;
        let place = self
            .party
            .registry()
            .register(&proven.id, self.live.clone());
        let certificate = self
            .party
            .certificates()
            .register(&proven.shown.serial, self.live.clone());
        let places = place.zip(certificate);
        let (place, certificate) = places.ok_or(LinkError::TooManySessions { max })?;
        // Whoever is refused is named.
        self.peer = Some(Peer {
            ends_ns: monotonic(now, proven.not_after),
            id: proven.id,
            not_after: proven.not_after,
            shown: proven.shown,
            place,
            certificate,
            told: false,
        });
        match self.peer.as_ref().is_some_and(Peer::is_revoked) {
            true => Err(LinkError::Revoked),
            false => Ok(()),
        }
    }

    /// The network has ended: rightly, if the peer said so within TLS.
    pub fn handle_eof(&mut self) {
        self.deaf = true;
        match &self.peer {
            _ if self.over.is_some() => {}
            // This end has cut it.
            Some(peer) if peer.is_revoked() => self.end(LinkError::Revoked),
            _ => {
                self.mux.handle_end(false);
                self.end_quietly(LinkError::Truncated);
            }
        }
    }

    /// The network failed.
    pub fn handle_failure(&mut self, error: io::Error) {
        self.mux.handle_end(false);
        self.end_quietly(error.into());
        self.deaf = true;
    }

    /// What happened.
    pub fn poll_event(&mut self, now: &Reading) -> Option<Event> {
        if let Some(peer) = self.peer.as_mut().filter(|peer| !peer.told)
            && self.over.is_none()
        {
            peer.told = true;
            return Some(Event::Ready);
        }
        while let Some(event) = self.mux.poll_event() {
            return Some(match event {
                Muxed::Touched(number) => Event::Touched(number),
                Muxed::Room(number) => Event::Room(number),
                Muxed::Asked(number, hello) if self.over.is_none() => {
                    match self.handle_hello(now, number, &hello) {
                        Ok(()) => Event::Opened(number, hello),
                        Err(error) => Event::Refused(hello, error),
                    }
                }
                Muxed::Asked(..) => continue,
            });
        }
        let over = self.over.clone().filter(|_| !self.told)?;
        self.told = true;
        Some(Event::Over(over))
    }

    /// Asks for a session.
    ///
    /// # Errors
    /// When there is no room for another, the connection is over, or the catalog of this end does not let it be, or not
    /// any more.
    pub fn open(&mut self, now: &Reading, hello: Hello) -> Result<u32, LinkError> {
        self.usable(now)?;
        let peer = self.peer.as_ref().ok_or(GONE)?;
        let until = hello.check(self.party.gate().as_ref(), self.party.id(), &peer.id)?;
        let ends_ns = until_ns(now, until);
        if ends_ns <= now.monotonic_ns {
            return Err(LinkError::ContractEnded);
        }
        let number = self.mux.open(hello)?;
        self.mux.limit(number, ends_ns);
        self.deadline_ns = u64::MAX;
        Ok(number)
    }

    /// Takes as much of a message as there is room for, from `from` on.
    ///
    /// # Errors
    /// When the session or the peer's right to it is over.
    pub fn send(
        &mut self,
        now: &Reading,
        number: u32,
        message: &Message,
        from: usize,
    ) -> Result<Sent, LinkError> {
        self.usable(now)?;
        self.in_force(now, number)?;
        let sent = self.mux.send(number, message, from)?;
        self.encrypt();
        Ok(sent)
    }

    /// The next message of a session; `None` when there is none now.
    ///
    /// # Errors
    /// Why the session is over.
    pub fn receive(&mut self, now: &Reading, number: u32) -> Result<Option<Message>, LinkError> {
        // Before a message is accepted: a revoked peer says nothing more.
        if let Err(error) = self.allowed(now) {
            self.end(error.clone());
            return Err(error);
        }
        self.in_force(now, number)?;
        self.mux.receive(number)
    }

    /// Whether the peer agreed to a session of this end; `None` while it has not said.
    ///
    /// # Errors
    /// Why not.
    pub fn answer(&mut self, number: u32) -> Result<Option<()>, LinkError> {
        self.mux.answer(number)
    }

    /// Whether the other side has said its last word in a session.
    pub fn has_ended(&mut self, number: u32) -> bool {
        self.mux.has_ended(number)
    }

    /// Refuses a session that was accepted; the peer gets the code.
    pub fn refuse(&mut self, number: u32, error: LinkError) {
        let _unread = self.mux.cut(number, error);
    }

    /// Gives up in the middle of a message: the session is over on either side.
    pub fn abandon(&mut self, number: u32) {
        let _unread = self.mux.cut(number, GONE);
    }

    /// Leaves a session. A connection that has none left ends.
    pub fn leave(&mut self, number: u32) {
        self.mux.leave(number);
        if self.mux.is_idle() {
            self.close();
        }
    }

    /// Ends the connection rightly.
    pub fn close(&mut self) {
        if self.over.is_none() {
            self.end(GONE);
        }
    }

    /// Who the peer is, once the handshake is done, and when its SVID ends.
    pub fn peer(&self) -> Option<(&SpiffeId, Timestamp)> {
        self.peer.as_ref().map(|peer| (&peer.id, peer.not_after))
    }

    /// Which certificate the peer showed, once the handshake is done.
    pub fn peer_shown(&self) -> Option<&Shown> {
        self.peer.as_ref().map(|peer| &peer.shown)
    }

    /// Whether sessions can be opened and messages sent.
    ///
    /// # Errors
    /// Why not.
    pub fn usable(&self, now: &Reading) -> Result<(), LinkError> {
        match &self.over {
            Some(error) => Err(error.clone()),
            None => self.allowed(now),
        }
    }

    /// Whether another session can be opened.
    pub fn has_room(&self, now: &Reading) -> bool {
        self.usable(now).is_ok() && self.mux.has_room()
    }

    /// Whether the connection is over.
    pub const fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Whether the connection is over and nothing is left to say.
    pub fn is_done(&self) -> bool {
        self.over.is_some() && !self.wants_transmit()
    }

    /// Whether the key exchange withstands quantum computers.
    pub fn is_post_quantum(&self) -> bool {
        self.wire.is_post_quantum()
    }

    /// Whether bytes wait for the network.
    pub fn wants_transmit(&self) -> bool {
        let words = !self.mux.output().is_empty() && self.peer.is_some();
        !self.deaf && (words || self.wire.wants_transmit())
    }

    /// Whether what waits should not wait for more: the peer has no credit.
    pub const fn is_urgent(&self) -> bool {
        self.mux.is_urgent()
    }

    /// Writes what waits for the network, as far as it takes it.
    ///
    /// # Errors
    /// Those of `to` but `WouldBlock`.
    pub fn transmit(&mut self, now: &Reading, to: &mut dyn io::Write) -> io::Result<()> {
        let mut counting = Counting { to, len: 0 };
        let done = loop {
            self.encrypt_all();
            match self.wire.transmit(&mut counting) {
                Ok(()) if self.mux.output().is_empty() || self.peer.is_none() => break Ok(()),
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match (self.wants_transmit(), counting.len, self.stalled_ns) {
            (false, ..) => self.stalled_ns = None,
            (true, 0, Some(_)) => {}
            (true, ..) => self.stalled_ns = Some(now.monotonic_ns),
        }
        done
    }

    /// Encrypts what fills a record; the rest waits for more, or for [`Connection::transmit`].
    fn encrypt(&mut self) {
        if self.mux.output().len() >= crate::mux::OUT_MAX / 2 {
            self.encrypt_all();
        }
    }

    fn encrypt_all(&mut self) {
        if self.peer.is_some() {
            let len = self.wire.say(self.mux.output());
            self.mux.sent(len);
        }
    }

    /// Ends the connection and says so within TLS; what waits to be said goes before that.
    fn end(&mut self, error: LinkError) {
        if self.over.is_some() {
            return;
        }
        match error {
            // Nothing of the peer's counts any more, and it is told nothing.
            LinkError::Revoked => self.mux.sent(usize::MAX),
            _ => self.encrypt_all(),
        }
        self.wire.close();
        self.mux.cut_all(&error);
        self.mux.sent(usize::MAX);
        self.over = Some(error);
    }

    /// The same when there is nobody to say it to.
    fn end_quietly(&mut self, error: LinkError) {
        self.mux.sent(usize::MAX);
        self.over.get_or_insert(error);
    }
}

/// Nobody is to be told.
struct Nobody;

impl Live for Nobody {
    fn cut(&self) {}
    fn look_again(&self) {}
}

/// Counts what the network takes.
struct Counting<'a> {
    to: &'a mut dyn io::Write,
    len: usize,
}

impl io::Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).inspect(|len| self.len += len)
    }

    fn write_vectored(&mut self, bytes: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.to.write_vectored(bytes).inspect(|len| self.len += len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
