//! Heads that the log signed, wherever they were seen: those of one size must have one root.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use iia_audit::checkpoint::Checkpoint;
use iia_audit::fork::Fork;
use iia_audit::note::VerifierKey;
use iia_audit::tree::Hash;

/// Heads that are remembered at most; the oldest that were found in the log go first.
pub const HEADS_MAX: usize = 4096;

/// A head as the log signed it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) root: Hash,
    pub(super) note: String,
    /// Which source held it first.
    pub(super) at: usize,
}

/// The heads of one log by size.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    key: VerifierKey,
    by_size: BTreeMap<u64, Head>,
    /// Those that the log as it is here was not shown to contain.
    doubted: BTreeSet<u64>,
    /// Heads that had to go before the log was shown to contain them.
    forgotten: u64,
}

impl Heads {
    pub(super) const fn new(key: VerifierKey) -> Self {
        Self {
            key,
            by_size: BTreeMap::new(),
            doubted: BTreeSet::new(),
            forgotten: 0,
        }
    }

    pub(super) fn get(&self, size: u64) -> Option<&Head> {
        self.by_size.get(&size)
    }

    /// Takes up a head of source `at`; when another one of its size is known, the proof that the log told two histories.
    pub(super) fn put(&mut self, head: &Checkpoint, note: &str, at: usize) -> Option<Fork> {
        if let Some(known) = self.by_size.get(&head.size) {
            return match known.root == head.root {
                true => None,
                false => Fork::of(&known.note, note, &self.key).ok(),
            };
        }
        if self.by_size.len() >= HEADS_MAX {
            self.forget();
        }
        let kept = Head {
            root: head.root,
            note: note.into(),
            at,
        };
        self.by_size.insert(head.size, kept);
        self.doubt(head.size);
        None
    }

    fn forget(&mut self) {
        let mut sizes = self.by_size.keys();
        let agreed = sizes.find(|size| !self.doubted.contains(size)).copied();
        let oldest = agreed.or_else(|| self.by_size.keys().next().copied());
        let Some(size) = oldest else { return };
        self.by_size.remove(&size);
        if self.doubted.remove(&size) {
            self.forgotten = self.forgotten.saturating_add(1);
        }
    }

    /// How many had to go unseen, since it was last asked.
    pub(super) const fn take_forgotten(&mut self) -> u64 {
        core::mem::replace(&mut self.forgotten, 0)
    }

    pub(super) fn agree(&mut self, size: u64) {
        self.doubted.remove(&size);
    }

    /// It is to be shown that the log contains this one; nothing is in every log.
    pub(super) fn doubt(&mut self, size: u64) {
        if size > 0 && self.by_size.contains_key(&size) {
            self.doubted.insert(size);
        }
    }

    /// The smallest head behind `size`, or the end of all numbers.
    pub(super) fn next_after(&self, size: u64) -> u64 {
        let from = size.saturating_add(1);
        let next = self.by_size.range(from..).next();
        next.map_or(u64::MAX, |(size, _)| *size)
    }

    /// The smallest head that the log was not shown to contain.
    pub(super) fn in_doubt(&self) -> Option<u64> {
        self.doubted.first().copied()
    }

    /// The greatest head below `size` that the log was shown to contain.
    pub(super) fn agreed_below(&self, size: u64) -> u64 {
        let mut below = self.by_size.range(..size).rev();
        let agreed = below.find(|(size, _)| !self.doubted.contains(size));
        agreed.map_or(0, |(size, _)| *size)
    }

    /// The size of the greatest head.
    pub(super) fn newest(&self) -> u64 {
        self.by_size.last_key_value().map_or(0, |(size, _)| *size)
    }
}
