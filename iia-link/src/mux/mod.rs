//! Many sessions over one connection: frames in, messages out, each session with a window of its own. No I/O, no clock.
//!
//! Whoever dialled opens sessions; each begins with a hello that the other side accepts or refuses. A sender spends
//! credit, and gets it back when the receiver has read: a session that nobody reads holds up itself and no other.

mod message;
mod slot;
mod speak;

use std::collections::VecDeque;

pub use message::Message;
pub(crate) use message::code;
use slot::{Slot, Stage, cost};

use crate::LinkError;
use crate::frame::{FRAGMENT_MAX, Frame, HEAD_LEN, Kind, PAYLOAD_MAX, Read, read};
use crate::hello::{HELLO_LEN_MAX, Hello};

/// Sessions of one connection at most.
pub const SESSIONS_MAX: usize = 64;
/// What a sender may send in one session before the receiver has read, in bytes.
pub const WINDOW: usize = 512 * 1024;
/// What a frame of a message costs beside its payload: room for many empty messages is room, too.
pub const COST: usize = 64;
/// Bytes of messages that wait to be read in all sessions of a connection at most.
pub const HELD_MAX: usize = 64 * 1024 * 1024;
/// Bytes that wait to be sent before senders have to wait.
pub const OUT_MAX: usize = 64 * 1024;
/// Bytes that wait to be sent at most; what is said on top of messages needs little, so a peer for whom it is not
/// enough asks and does not read.
pub const OUT_HARD_MAX: usize = OUT_MAX + 32 * 1024;
/// Longest text of a code.
const CODE_LEN_MAX: usize = 64;

/// What happened.
#[derive(Debug, Eq, PartialEq)]
pub enum Event {
    /// The peer asks for a session: to be answered by [`Mux::accept`] or [`Mux::refuse`].
    Asked(u32, Hello),
    /// Something about a session is new: an answer, a message, its end.
    Touched(u32),
    /// Whoever waits to send may try again: one session, or all.
    Room(Option<u32>),
}

/// How much of a message was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sent {
    /// All of it.
    Whole,
    /// So many bytes; the rest when there is room.
    UpTo(usize),
}

/// The sessions of one end of a connection.
#[derive(Debug)]
pub struct Mux {
    dials: bool,
    last: u32,
    slots: Vec<Slot>,
    rest: Vec<u8>,
    out: Vec<u8>,
    full: bool,
    urgent: bool,
    events: VecDeque<Event>,
}

impl Mux {
    /// The end that dialled, or the one that was dialled.
    pub const fn new(dials: bool) -> Self {
        Self {
            dials,
            last: 0,
            slots: Vec::new(),
            rest: Vec::new(),
            out: Vec::new(),
            full: false,
            urgent: false,
            events: VecDeque::new(),
        }
    }

    /// Takes what the peer said.
    ///
    /// # Errors
    /// What ends the connection.
    pub fn handle_input(&mut self, mut bytes: &[u8]) -> Result<(), LinkError> {
        while !bytes.is_empty() {
            if self.rest.is_empty() {
                match read(bytes, self.payload_max())? {
                    Read::Frame(frame, len) => {
                        self.handle_frame(&frame)?;
                        bytes = bytes.get(len..).unwrap_or_default();
                        continue;
                    }
                    Read::More(_) => {}
                }
            }
            bytes = self.handle_torn(bytes)?;
        }
        Ok(())
    }

    /// Whoever has not said what it wants makes this end hold a few hundred bytes at most.
    const fn payload_max(&self) -> usize {
        match self.last {
            0 if !self.dials => HELLO_LEN_MAX,
            _ => FRAGMENT_MAX,
        }
    }

    /// A frame that comes in more than one piece: takes what it needs and gives what is left.
    fn handle_torn<'b>(&mut self, mut bytes: &'b [u8]) -> Result<&'b [u8], LinkError> {
        let mut rest = std::mem::take(&mut self.rest);
        loop {
            match read(&rest, self.payload_max())? {
                Read::Frame(frame, _) => {
                    self.handle_frame(&frame)?;
                    return Ok(bytes);
                }
                Read::More(_) if bytes.is_empty() => {
                    self.rest = rest;
                    return Ok(bytes);
                }
                Read::More(needs) => {
                    let (now, later) = bytes.split_at(needs.min(bytes.len()));
                    rest.extend_from_slice(now);
                    bytes = later;
                }
            }
        }
    }

    fn handle_frame(&mut self, frame: &Frame<'_>) -> Result<(), LinkError> {
        match frame.kind {
            Kind::Hello => return self.handle_hello(frame),
            Kind::Data | Kind::Push | Kind::Error | Kind::Part => {}
            Kind::Refuse if frame.payload.len() <= CODE_LEN_MAX => {}
            _ if frame.payload.is_empty() => {}
            _ => return Err(protocol("frame with a payload that it cannot have")),
        }
        let number = frame.session;
        // What was on its way when a session ended here is nobody's.
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.number == number) else {
            return match number != 0 && number <= self.last {
                true => Ok(()),
                false => Err(protocol("frame of a session that was never opened")),
            };
        };
        match (frame.kind, &slot.stage) {
            (_, Stage::Over(_)) => return Ok(()),
            (Kind::Accept, Stage::Asked) if self.dials => slot.stage = Stage::Open,
            (Kind::Refuse, Stage::Asked) if self.dials => slot.cut(refused(frame)),
            (Kind::Refuse, Stage::Open | Stage::Ended) => slot.cut(refused(frame)),
            (Kind::End, Stage::Open) => slot.handle_end(),
            (Kind::Credit, Stage::Open | Stage::Ended) => {
                let more = usize::try_from(frame.id).unwrap_or(usize::MAX);
                let credit = slot.credit.saturating_add(more);
                // Nobody can grant more than the window of what was ever sent.
                if credit > PAYLOAD_MAX + WINDOW + HELD_MAX {
                    return Err(protocol("credit for what was never sent"));
                }
                slot.credit = credit;
                self.events.push_back(Event::Room(Some(number)));
                return Ok(());
            }
            (Kind::Data | Kind::Push | Kind::Error | Kind::Part, Stage::Open) => {
                let new = slot.handle_frame(frame)?;
                self.check_held(number);
                self.grant(number)?;
                if !new {
                    return Ok(());
                }
            }
            _ => return Err(protocol("frame out of its order")),
        }
        self.touch(number);
        Ok(())
    }

    fn handle_hello(&mut self, frame: &Frame<'_>) -> Result<(), LinkError> {
        if self.dials || frame.session <= self.last {
            return Err(protocol("hello out of its order"));
        }
        if frame.payload.len() > HELLO_LEN_MAX {
            let (len, max) = (frame.payload.len() as u64, HELLO_LEN_MAX as u64);
            return Err(LinkError::FrameTooLong { len, max });
        }
        let hello = Hello::decode(frame.payload)?;
        self.last = frame.session;
        if self.slots.len() >= SESSIONS_MAX {
            let error = LinkError::TooManySessions { max: SESSIONS_MAX };
            return self.say_refusal(frame.session, &error);
        }
        self.put(Slot::new(frame.session, hello.clone(), Stage::Asked));
        self.events.push_back(Event::Asked(frame.session, hello));
        Ok(())
    }

    /// Too much waits to be read: the session that adds to it ends.
    fn check_held(&mut self, number: u32) {
        let held: usize = self.slots.iter().map(|slot| slot.held).sum();
        if held > HELD_MAX {
            let _gone = self.cut(number, protocol("more than a connection holds"));
        }
    }

    fn put(&mut self, slot: Slot) {
        self.slots.reserve_exact(1);
        self.slots.push(slot);
    }

    fn touch(&mut self, number: u32) {
        if self.events.back() != Some(&Event::Touched(number)) {
            self.events.push_back(Event::Touched(number));
        }
    }

    fn slot(&mut self, number: u32) -> Result<&mut Slot, LinkError> {
        let slot = self.slots.iter_mut().find(|slot| slot.number == number);
        slot.ok_or(GONE)
    }
}

/// There is no such session, or no more.
pub(crate) const GONE: LinkError = LinkError::Transport {
    kind: std::io::ErrorKind::BrokenPipe,
};

const fn protocol(what: &'static str) -> LinkError {
    LinkError::Protocol { what }
}

fn refused(frame: &Frame<'_>) -> LinkError {
    LinkError::Refused {
        code: code(frame.payload),
    }
}
