//! The log of what was sent under a contract: one line a message, from which every figure can be counted again.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use iia_core::Timestamp;

/// Messages of one contract that may wait for their fate at once; beyond it their acknowledgement is not timed.
pub const WAITING_MAX: usize = 4096;
/// Messages of one contract whose fate is known that are kept; older ones are counted.
pub const LOG_MAX: usize = 4096;

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// Not known yet.
    Waiting,
    /// The other side had so many of its records at that time, and the others go out again.
    Part(Timestamp, u64),
    /// The other side had so many of its records at that time, and that is all it will have.
    Acked(Timestamp, u64),
    /// The other side refused it at that time.
    Rejected(Timestamp),
    /// It was given up before it was sent.
    Dropped,
}

/// One message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message {
    /// The number that the sender gave it.
    pub ticket: u64,
    /// When it went out first.
    pub sent: Timestamp,
    /// How often it went out.
    pub tries: u32,
    /// Its records.
    pub records: u64,
    /// Its bytes.
    pub len: u64,
    /// What became of it.
    pub fate: Fate,
}

impl Fate {
    /// Whether it is not known yet what becomes of the message, or of a part of it.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Part(..))
    }
}

impl Message {
    /// From the first try to the acknowledgement, in nanoseconds.
    pub const fn latency_ns(&self) -> Option<i64> {
        match self.fate {
            Fate::Acked(at, _) => Some(at.since_ns(self.sent)),
            _ => None,
        }
    }
}

/// The messages of one contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    waiting: BTreeMap<u64, Message>,
    done: VecDeque<Message>,
    left_out: u64,
    /// How many of `done` were taken.
    taken: usize,
    /// Tickets whose time for an acknowledgement is over, and that were not taken since.
    overdue: Vec<u64>,
}

/// What became of a message that was to be remembered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Noted {
    /// It waits.
    First,
    /// It waited already.
    Again,
    /// There is no room: nobody will time it.
    Full,
}

impl Messages {
    pub(super) fn send(&mut self, now: Timestamp, ticket: u64, records: u64, len: u64) -> Noted {
        if let Some(message) = self.waiting.get_mut(&ticket) {
            message.tries = message.tries.saturating_add(1);
            return Noted::Again;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.left_out += 1;
            return Noted::Full;
        }
        let message = Message {
            ticket,
            sent: now,
            tries: 1,
            records,
            len,
            fate: Fate::Waiting,
        };
        self.waiting.insert(ticket, message);
        Noted::First
    }

    /// The other side has a part of a message; the rest waits.
    pub(super) fn part(&mut self, now: Timestamp, ticket: u64, records: u64) {
        if let Some(message) = self.waiting.get_mut(&ticket) {
            message.fate = Fate::Part(now, records.min(message.records));
        }
    }

    /// A message's fate; nothing when it does not wait.
    pub(super) fn settle(&mut self, ticket: u64, fate: Fate) -> Option<Message> {
        let mut message = self.waiting.remove(&ticket)?;
        message.fate = fate;
        self.keep(message);
        Some(message)
    }

    pub(super) fn drop_records(&mut self, now: Timestamp, records: u64) {
        self.keep(Message {
            ticket: 0,
            sent: now,
            tries: 0,
            records,
            len: 0,
            fate: Fate::Dropped,
        });
    }

    fn keep(&mut self, message: Message) {
        if self.done.len() >= LOG_MAX {
            self.done.pop_front();
            self.left_out += 1;
            self.taken = self.taken.saturating_sub(1);
        }
        self.done.push_back(message);
    }

    /// Its time for an acknowledgement is over. Each ticket waits once, so that there are [`WAITING_MAX`] at most.
    pub(super) fn miss(&mut self, ticket: u64) {
        self.overdue.push(ticket);
    }

    /// Those whose fate became known, or whose time is over, since the last call.
    pub(super) fn take(&mut self) -> Vec<Message> {
        let overdue = core::mem::take(&mut self.overdue);
        let overdue = overdue.iter().filter_map(|ticket| self.waiting.get(ticket));
        let mut news: Vec<Message> = overdue.copied().collect();
        news.extend(self.done.iter().skip(self.taken));
        self.taken = self.done.len();
        news
    }

    /// The message with this ticket, while it waits.
    pub(super) fn waits(&self, ticket: u64) -> Option<&Message> {
        self.waiting.get(&ticket)
    }

    /// Ages at `now` of the messages that wait.
    pub(super) fn ages(&self, now: Timestamp) -> impl Iterator<Item = i64> + '_ {
        self.waiting
            .values()
            .map(move |message| now.since_ns(message.sent))
    }

    /// Every message that is kept, those that wait last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Message> {
        self.done.iter().chain(self.waiting.values())
    }

    /// Messages that are not kept any more, or found no room.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }
}
