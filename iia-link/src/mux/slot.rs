//! One session of a connection: what waits to be read, and what each side may still send.

use std::collections::VecDeque;

use super::{COST, Message, WINDOW};
use crate::LinkError;
use crate::frame::{Frame, Kind, PAYLOAD_MAX};
use crate::hello::Hello;

/// Messages for which an empty inbox keeps its room.
const IDLE_MESSAGES_MAX: usize = 64;

/// How far a session is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// It was asked for, and nobody has said yes.
    Asked,
    /// Messages pass.
    Open,
    /// The other side has said its last word; what came before can still be read.
    Ended,
    /// It is over, for this reason.
    Over(LinkError),
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) hello: Hello,
    pub(super) stage: Stage,
    /// When the contract goes out of force, on the monotonic clock.
    pub(super) ends_ns: u64,
    inbox: VecDeque<(Message, i64)>,
    part: Vec<u8>,
    /// What the parts of the message that is not whole have cost.
    part_cost: i64,
    /// Bytes that wait to be read, whole or not.
    pub(super) held: usize,
    /// What this side may send.
    pub(super) credit: usize,
    /// What the peer may send.
    granted: usize,
    /// What was read and is not granted again; below zero while a long message waits to be read.
    owed: i64,
    /// A message of this side is begun and not finished.
    pub(super) sending: bool,
}

/// What a frame of a message costs its sender.
pub(super) const fn cost(payload_len: usize) -> usize {
    payload_len + COST
}

impl Slot {
    pub(super) fn new(number: u32, hello: Hello, stage: Stage) -> Self {
        Self {
            number,
            hello,
            stage,
            ends_ns: u64::MAX,
            inbox: VecDeque::new(),
            part: Vec::new(),
            part_cost: 0,
            held: 0,
            credit: WINDOW,
            granted: WINDOW,
            owed: 0,
            sending: false,
        }
    }

    /// Takes a frame of a message. Tells whether there is something new to read.
    pub(super) fn handle_frame(&mut self, frame: &Frame<'_>) -> Result<bool, LinkError> {
        let cost = cost(frame.payload.len());
        let left = self.granted.checked_sub(cost);
        let what = "more than was granted";
        self.granted = left.ok_or(LinkError::Protocol { what })?;
        let len = self.part.len() + frame.payload.len();
        if len > PAYLOAD_MAX {
            let (len, max) = (len as u64, PAYLOAD_MAX as u64);
            return Err(LinkError::FrameTooLong { len, max });
        }
        self.held += frame.payload.len();
        let cost = i64::try_from(cost).unwrap_or(i64::MAX);
        if frame.kind == Kind::Part {
            self.part.extend_from_slice(frame.payload);
            // A message grows while nobody can read it; as soon as it is whole it counts until it is read.
            self.part_cost += cost;
            self.owed += cost;
            return Ok(false);
        }
        let mut payload = std::mem::take(&mut self.part);
        match payload.is_empty() {
            true => payload = frame.payload.to_vec(),
            false => payload.extend_from_slice(frame.payload),
        }
        let (id, kind, parts) = (frame.id, frame.kind, std::mem::take(&mut self.part_cost));
        self.owed -= parts;
        self.inbox
            .push_back((Message { id, payload, kind }, parts + cost));
        Ok(true)
    }

    /// The next message that is whole.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let (message, cost) = self.inbox.pop_front()?;
        self.owed += cost;
        self.held -= message.payload.len();
        if self.inbox.is_empty() && self.inbox.capacity() > IDLE_MESSAGES_MAX {
            self.inbox = VecDeque::new();
        }
        Some(message)
    }

    /// What may be granted again, once it is worth a frame.
    pub(super) fn grant(&mut self) -> Option<usize> {
        let owed = usize::try_from(self.owed).ok();
        let owed = owed.filter(|owed| *owed >= WINDOW / 2)?;
        self.owed = 0;
        self.granted += owed;
        Some(owed)
    }

    /// The other side says its last word.
    pub(super) fn handle_end(&mut self) {
        if matches!(self.stage, Stage::Open) {
            // A message that was begun and not finished was cut off.
            self.stage = match self.part.is_empty() {
                true => Stage::Ended,
                false => Stage::Over(LinkError::Truncated),
            };
        }
        self.held -= self.part.len();
        self.part = Vec::new();
    }

    /// It is over: nothing that waits is read any more.
    pub(super) fn cut(&mut self, error: LinkError) {
        if !matches!(self.stage, Stage::Over(_)) {
            self.stage = Stage::Over(error);
        }
        self.inbox = VecDeque::new();
        self.part = Vec::new();
        self.held = 0;
    }
}
