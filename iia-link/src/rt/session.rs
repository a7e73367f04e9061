//! A session: one peer, one contract, one operation, until either side ends it or the peer's right to it ends.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use iia_core::{SpiffeId, Timestamp};
use iia_identity::tls::Shown;
use tokio::time::timeout;

use super::ANSWER_MAX;
use super::line::{For, Line, State};
use crate::LinkError;
use crate::hello::Hello;
use crate::mux::{GONE, Message, Sent};

/// A session over a connection that others may share.
pub struct Session {
    line: Arc<Line>,
    number: u32,
    peer: SpiffeId,
    peer_ends: Timestamp,
    peer_shown: Shown,
    hello: Hello,
    next: u64,
}

impl Session {
    /// A session of a connection whose handshake is done; `None` before.
    pub(super) fn new(line: &Arc<Line>, number: u32, hello: Hello) -> Option<Self> {
        let proven = |state: &mut State, _: &_| {
            let shown = state.connection.peer_shown()?.clone();
            let (id, ends) = state.connection.peer()?;
            Some((id.clone(), ends, shown))
        };
        let (peer, peer_ends, peer_shown) = line.look(proven)?;
        Some(Self {
            line: Arc::clone(line),
            number,
            peer,
            peer_ends,
            peer_shown,
            hello,
            next: 1,
        })
    }

    /// Asks for a session on a connection and waits for the answer.
    pub(super) async fn open(line: Arc<Line>, hello: Hello) -> Result<Self, LinkError> {
        let number = line.with(|state, now| state.connection.open(now, hello.clone()))?;
        // From here on the number is given back, whatever happens.
        let session = Self::new(&line, number, hello).ok_or(GONE)?;
        poll_fn(|context| {
            session
                .line
                .look(|state, _| match state.connection.answer(number) {
                    Ok(Some(())) => Poll::Ready(Ok(())),
                    Err(error) => Poll::Ready(Err(error)),
                    Ok(None) => {
                        state.wait(number, For::News, context.waker());
                        Poll::Pending
                    }
                })
        })
        .await?;
        Ok(session)
    }

    /// Who the peer is, by its certificate.
    pub const fn peer(&self) -> &SpiffeId {
        &self.peer
    }

    /// When the peer's certificate ends: another time means other credentials.
    pub const fn peer_ends(&self) -> Timestamp {
        self.peer_ends
    }

    /// Which certificate the peer showed.
    pub const fn peer_shown(&self) -> &Shown {
        &self.peer_shown
    }

    /// This end of the connection that the session is on.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.line.local_addr()
    }

    /// The contract that covers this session.
    pub fn contract(&self) -> &str {
        &self.hello.contract
    }

    /// The operation.
    pub fn operation(&self) -> &str {
        &self.hello.operation
    }

    /// Sends a message, as soon as the other side has room for it. A long one that is given up in the middle ends the
    /// session.
    ///
    /// # Errors
    /// When the link is broken or the peer's right to it has ended.
    pub async fn send(&mut self, message: Message) -> Result<(), LinkError> {
        self.feed(&message).await?;
        self.flush();
        Ok(())
    }

    /// Takes a message that is sent together with others: at [`Session::flush`], or when they are many.
    ///
    /// # Errors
    /// When the link is broken or the peer's right to it has ended.
    pub async fn feed(&mut self, message: &Message) -> Result<(), LinkError> {
        let mut sending = Sending {
            session: self,
            at: 0,
        };
        let done = poll_fn(|context| sending.poll(message, context)).await;
        sending.at = 0;
        done
    }

    /// Sends what waits for others to go with it.
    pub fn flush(&self) {
        self.line.with(|_, _| ());
    }

    /// The next message; `None` at the end that the other side has said. A connection that breaks is an error.
    ///
    /// # Errors
    /// When the link breaks or the peer's right to it ends.
    pub async fn recv(&mut self) -> Result<Option<Message>, LinkError> {
        poll_fn(|context| self.poll_recv(context)).await
    }

    fn poll_recv(&mut self, context: &Context<'_>) -> Poll<Result<Option<Message>, LinkError>> {
        let number = self.number;
        let (polled, flush) = self.line.look(|state, now| {
            let polled = match state.connection.receive(now, number) {
                Ok(Some(message)) => Poll::Ready(Ok(Some(message))),
                Ok(None) if state.connection.has_ended(number) => Poll::Ready(Ok(None)),
                Ok(None) => {
                    state.wait(number, For::News, context.waker());
                    Poll::Pending
                }
                Err(error) => Poll::Ready(Err(error)),
            };
            let (waits, urgent) = (
                state.connection.wants_transmit(),
                state.connection.is_urgent(),
            );
            let flush = urgent || waits && polled.is_pending();
            (polled, flush)
        });
        if flush {
            self.flush();
        }
        polled
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`LinkError::Refused`] when the other side refuses this question; the session goes on. Anything else ends it.
    pub async fn call(&mut self, payload: &[u8]) -> Result<Vec<u8>, LinkError> {
        let id = self.next;
        self.next += 1;
        self.send(Message::question(id, payload.to_vec())).await?;
        let answer = timeout(ANSWER_MAX, self.recv()).await;
        let answer = answer.map_err(|_| LinkError::TimedOut { what: "answer" })??;
        let answer = answer.ok_or(GONE)?;
        match answer.refusal() {
            _ if answer.id != id => Err(LinkError::Protocol {
                what: "answer to another question",
            }),
            Some(code) => Err(LinkError::Refused { code }),
            None => Ok(answer.payload),
        }
    }

    /// Whether the key exchange of the connection withstands quantum computers.
    pub fn is_post_quantum(&self) -> bool {
        self.line
            .look(|state, _| state.connection.is_post_quantum())
    }

    /// Refuses a session that was accepted.
    pub(super) fn refuse(self, error: LinkError) {
        let number = self.number;
        self.line
            .with(|state, _| state.connection.refuse(number, error));
    }
}

/// A message on its way.
struct Sending<'a> {
    session: &'a mut Session,
    at: usize,
}

impl Sending<'_> {
    fn poll(&mut self, message: &Message, context: &Context<'_>) -> Poll<Result<(), LinkError>> {
        let number = self.session.number;
        loop {
            let before = self.at;
            let send =
                |state: &mut State, now: &_| state.connection.send(now, number, message, before);
            match self.session.line.look(send) {
                Ok(Sent::Whole) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
                Ok(Sent::UpTo(at)) => self.at = at,
            }
            // What waits is written, which may make room. Who waits is entered before, so that no room is missed.
            self.session
                .line
                .with(|state, _| state.wait(number, For::Room, context.waker()));
            if self.at == before {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if self.at > 0 {
            let number = self.session.number;
            self.session
                .line
                .with(|state, _| state.connection.abandon(number));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let number = self.number;
        self.line.with(|state, _| {
            state.forget(number);
            state.connection.leave(number);
        });
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.peer)
            .field("hello", &self.hello)
            .finish_non_exhaustive()
    }
}
