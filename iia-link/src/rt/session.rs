//! An open link: one peer, one contract, one operation, until either side ends it or the peer's right to it ends.

use std::fmt;

use iia_core::code::Code;
use iia_core::{SpiffeId, Timestamp};
use iia_identity::revoke::Flag;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsStream;

use super::ANSWER_MAX;
use crate::LinkError;
use crate::frame::{self, Frame, Kind};
use crate::hello::Hello;

pub(super) type Stream = TlsStream<tokio::net::TcpStream>;

/// A message of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Which question it belongs to; 0 for a push.
    pub id: u64,
    /// The payload.
    pub payload: Vec<u8>,
    kind: Kind,
}

impl Message {
    /// The answer to a question.
    pub const fn answer(question: &Self, payload: Vec<u8>) -> Self {
        Self {
            id: question.id,
            payload,
            kind: Kind::Data,
        }
    }

    /// The refusal of a question: the peer gets the code and nothing else.
    pub fn error(question: &Self, code: Code) -> Self {
        Self {
            id: question.id,
            payload: code.to_string().into_bytes(),
            kind: Kind::Error,
        }
    }

    /// A message that wants no answer.
    pub const fn push(payload: Vec<u8>) -> Self {
        Self {
            id: 0,
            payload,
            kind: Kind::Push,
        }
    }
}

/// An open link.
pub struct Session {
    stream: Stream,
    peer: SpiffeId,
    hello: Hello,
    ends: Instant,
    not_after: Timestamp,
    revoked: Flag,
    next: u64,
    place: Option<OwnedSemaphorePermit>,
}

/// What a session is bound to.
pub(super) struct Bonds {
    pub(super) peer: SpiffeId,
    pub(super) not_after: Timestamp,
    pub(super) revoked: Flag,
}

impl Session {
    pub(super) fn new(stream: Stream, hello: Hello, bonds: Bonds, now: Timestamp) -> Self {
        let Bonds {
            peer,
            not_after,
            revoked,
        } = bonds;
        let left_ns = u64::try_from(not_after.since_ns(now)).unwrap_or(0);
        let ends = Instant::now() + std::time::Duration::from_nanos(left_ns);
        Self {
            stream,
            peer,
            hello,
            ends,
            not_after,
            revoked,
            next: 1,
            place: None,
        }
    }

    /// Gives the session its place in a listener, which it holds until it is dropped.
    pub(super) fn in_place(mut self, place: OwnedSemaphorePermit) -> Self {
        self.place = Some(place);
        self
    }

    /// Who the peer is, by its certificate.
    pub const fn peer(&self) -> &SpiffeId {
        &self.peer
    }

    /// When the peer's certificate ends: another time means other credentials.
    pub const fn peer_ends(&self) -> Timestamp {
        self.not_after
    }

    /// The contract that covers this session.
    pub fn contract(&self) -> &str {
        &self.hello.contract
    }

    /// The operation.
    pub fn operation(&self) -> &str {
        &self.hello.operation
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the link is broken or the peer's right to it has ended.
    pub async fn send(&mut self, message: Message) -> Result<(), LinkError> {
        self.still_allowed()?;
        let Message { id, payload, kind } = message;
        write_frame(&mut self.stream, &Frame { kind, id, payload }).await
    }

    /// The next message; `None` at the end. A session whose peer's SVID ends while it waits, ends then.
    ///
    /// # Errors
    /// When the link breaks or the peer's right to it ends.
    pub async fn recv(&mut self) -> Result<Option<Message>, LinkError> {
        let frame = tokio::select! {
            frame = read_frame(&mut self.stream) => frame?,
            () = tokio::time::sleep_until(self.ends) => return Err(LinkError::SvidExpired),
        };
        // Before a message is accepted, and after it was waited for: a revoked peer says nothing more.
        self.still_allowed()?;
        match frame {
            None => Ok(None),
            Some(Frame {
                kind: Kind::End, ..
            }) => Ok(None),
            Some(Frame {
                kind: kind @ (Kind::Data | Kind::Push | Kind::Error),
                id,
                payload,
            }) => Ok(Some(Message { id, payload, kind })),
            Some(_) => Err(LinkError::Protocol {
                what: "handshake frame in a session",
            }),
        }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`LinkError::Refused`] when the other side refuses this question; the session goes on. Anything else ends it.
    pub async fn call(&mut self, payload: &[u8]) -> Result<Vec<u8>, LinkError> {
        let id = self.next;
        self.next += 1;
        self.send(Message {
            id,
            payload: payload.to_vec(),
            kind: Kind::Data,
        })
        .await?;
        let answer = timeout(ANSWER_MAX, self.recv()).await;
        let answer = answer.map_err(|_| LinkError::TimedOut { what: "answer" })??;
        let answer = answer.ok_or(LinkError::Transport {
            kind: std::io::ErrorKind::UnexpectedEof,
        })?;
        match answer.kind {
            _ if answer.id != id => Err(LinkError::Protocol {
                what: "answer to another question",
            }),
            Kind::Error => Err(LinkError::Refused {
                code: code(&answer.payload),
            }),
            _ => Ok(answer.payload),
        }
    }

    fn still_allowed(&self) -> Result<(), LinkError> {
        if self.revoked.is_raised() {
            return Err(LinkError::Revoked);
        }
        if Instant::now() >= self.ends {
            Err(LinkError::SvidExpired)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.peer)
            .field("hello", &self.hello)
            .field("place", &self.place.is_some())
            .finish_non_exhaustive()
    }
}

/// A code as a peer sent it: short, printable, or replaced.
pub(super) fn code(payload: &[u8]) -> String {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let sound =
        text.len() <= 16 && text.starts_with("IIA-") && text.bytes().all(|b| b.is_ascii_graphic());
    if sound {
        text.into()
    } else {
        "unreadable code".into()
    }
}

pub(super) async fn write_frame(stream: &mut Stream, frame: &Frame) -> Result<(), LinkError> {
    stream.write_all(&frame.encode()?).await?;
    stream.flush().await?;
    Ok(())
}

pub(super) async fn read_frame(stream: &mut Stream) -> Result<Option<Frame>, LinkError> {
    read_frame_within(stream, usize::MAX).await
}

/// A frame whose body is no longer than `max`; a longer one is refused before room is made for it.
pub(super) async fn read_frame_within(
    stream: &mut Stream,
    max: usize,
) -> Result<Option<Frame>, LinkError> {
    let mut head = [0; 4];
    match stream.read_exact(&mut head).await {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let len = frame::body_len(head)?;
    if len > max {
        let (len, max) = (len as u64, max as u64);
        return Err(LinkError::FrameTooLong { len, max });
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await?;
    frame::decode(&body).map(Some)
}
