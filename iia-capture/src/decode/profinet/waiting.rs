//! Messages that wait for an answer which may come from elsewhere than they went to: a device answers from a port of its
//! own, and to a group everyone answers.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::Between;

use super::super::Asked;

/// Messages that wait at once at most; beyond it the oldest is told as unanswered.
pub const WAITING_MAX: usize = 256;
/// Bytes of these that are kept at most.
pub const WAITING_LEN_MAX: usize = 2 * 1024 * 1024;

/// Tags that are compared at once.
const TAGS_LEN: usize = 16;

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
    all: VecDeque<Waiter>,
    /// What each is looked for by, in the same order: many may wait, and most of them in vain.
    tags: VecDeque<u32>,
    held: usize,
}

/// A key folded so that few others are alike.
fn tag(key: &Key) -> u32 {
    let whose = u128::from_be_bytes(key.0);
    let folded = (whose >> 64) as u64 ^ (whose as u64).rotate_left(32);
    ((folded ^ key.1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

impl Waiting {
    /// Whether this message waits already.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.find(key).is_some()
    }

    /// Where the message of this key stands; most answers are to one of the last.
    fn find(&self, key: &Key) -> Option<usize> {
        let tag = tag(key);
        let (early, late) = self.tags.as_slices();
        let mut end = self.tags.len();
        for tags in [late, early] {
            for tags in tags.rchunks(TAGS_LEN) {
                let start = end - tags.len();
                // Without leaving early, so that many are compared at once.
                let any = tags.iter().fold(false, |any, one| any | (*one == tag));
                let there = |at: &usize| self.all.get(*at).is_some_and(|one| one.key == *key);
                if let Some(at) = any.then(|| (start..end).find(there)).flatten() {
                    return Some(at);
                }
                end = start;
            }
        }
        None
    }

    /// Takes a message; gives the oldest back when too much waits.
    pub(crate) fn ask(&mut self, waiter: Waiter) -> Vec<Waiter> {
        self.held += waiter.asked.bytes.len();
        self.tags.push_back(tag(&waiter.key));
        self.all.push_back(waiter);
        let mut pushed = Vec::new();
        while self.all.len() > WAITING_MAX || self.held > WAITING_LEN_MAX {
            pushed.extend(self.remove(0));
        }
        pushed
    }

    /// The message that this answers.
    pub(crate) fn answer(&mut self, key: &Key) -> Option<Waiter> {
        self.remove(self.find(key)?)
    }

    /// The message that this is one answer of several to: the first one gets its bytes.
    pub(crate) fn answer_one(&mut self, key: &Key) -> Option<&mut Waiter> {
        let at = self.find(key)?;
        self.all.get_mut(at)
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
        let waiter = self.all.remove(at)?;
        self.tags.remove(at);
        self.held = self.held.saturating_sub(waiter.asked.bytes.len());
        Some(waiter)
    }
}
