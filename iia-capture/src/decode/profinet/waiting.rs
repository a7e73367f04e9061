//! Messages that wait for an answer which may come from elsewhere than they went to: a device answers from a port of its
//! own, and to a group everyone answers.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::Between;

use super::super::Asked;

/// Messages that wait at once at most; beyond it the oldest is told as unanswered.
pub const WAITING_MAX: usize = 256;
/// Bytes of these that are kept at most.
pub const WAITING_LEN_MAX: usize = 2 * 1024 * 1024;

/// What an answer repeats: who asked, and its number.
pub(crate) type Key = ([u8; 16], u64);

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) key: Key,
    pub(crate) between: Between,
    pub(crate) asked: Asked,
    /// Whether one answer was told already; further ones may come.
    pub(crate) answered: bool,
}

/// Messages that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    all: Vec<Waiter>,
    held: usize,
}

impl Waiting {
    /// Whether this message waits already.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.all.iter().any(|one| one.key == *key)
    }

    /// Takes a message; gives the oldest back when too much waits.
    pub(crate) fn ask(&mut self, waiter: Waiter) -> Vec<Waiter> {
        self.held += waiter.asked.bytes.len();
        self.all.push(waiter);
        let mut pushed = Vec::new();
        while self.all.len() > WAITING_MAX || self.held > WAITING_LEN_MAX {
            pushed.extend(self.remove(0));
        }
        pushed
    }

    /// The message that this answers.
    pub(crate) fn answer(&mut self, key: &Key) -> Option<Waiter> {
        let at = self.all.iter().position(|one| one.key == *key)?;
        self.remove(at)
    }

    /// The message that this is one answer of several to: the first one gets its bytes.
    pub(crate) fn answer_one(&mut self, key: &Key) -> Option<&mut Waiter> {
        self.all.iter_mut().find(|one| one.key == *key)
    }

    /// Every message that waits since before `max_ns`, of these two only where they are given.
    pub(crate) fn overdue(
        &mut self,
        now: Timestamp,
        max_ns: i64,
        of: Option<&Between>,
    ) -> Option<Waiter> {
        let late = |one: &Waiter| {
            now.since_ns(one.asked.ts) > max_ns && of.is_none_or(|of| one.between == *of)
        };
        let at = self.all.iter().position(late)?;
        self.remove(at)
    }

    /// A message that waits between these two, whoever they are where none are given.
    pub(crate) fn any(&mut self, of: Option<&Between>) -> Option<Waiter> {
        let theirs = |one: &Waiter| of.is_none_or(|of| one.between == *of);
        let at = self.all.iter().position(theirs)?;
        self.remove(at)
    }

    fn remove(&mut self, at: usize) -> Option<Waiter> {
        if at >= self.all.len() {
            return None;
        }
        let waiter = self.all.remove(at);
        self.held = self.held.saturating_sub(waiter.asked.bytes.len());
        Some(waiter)
    }
}
