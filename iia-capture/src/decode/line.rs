//! Messages that wait for their answer, as they were on the wire, so that one record can hold both.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_core::Timestamp;

/// Messages that wait in one flow at most; beyond it the oldest is told as unanswered.
pub const LINE_MAX: usize = 32;
/// Bytes of a waiting message that are kept at most, where a protocol does not say otherwise.
pub const ASKED_LEN_MAX: usize = 4096;

/// A message that waits.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When it was on the wire.
    pub ts: Timestamp,
    /// Whether the side that opened the flow said it.
    pub from_orig: bool,
    /// What its answer repeats.
    pub key: u64,
    /// Its bytes, as far as they are kept.
    pub bytes: Box<[u8]>,
}

/// Messages that wait, oldest first.
#[derive(Debug)]
pub struct Line {
    waiting: Vec<Asked>,
    held: usize,
    len_max: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self::keeping(ASKED_LEN_MAX)
    }
}

impl Line {
    /// A line for a protocol whose messages are longer than most: of each, so many bytes are kept.
    pub const fn keeping(len_max: usize) -> Self {
        Self {
            waiting: Vec::new(),
            held: 0,
            len_max,
        }
    }

    /// Takes a message; gives the oldest back when too many wait.
    pub fn ask(
        &mut self,
        key: u64,
        (ts, from_orig): (Timestamp, bool),
        bytes: &[u8],
    ) -> Option<Asked> {
        self.ask_with(key, (ts, from_orig), [&[], bytes])
    }

    /// As [`ask`](Line::ask), of a message that is kept with something ahead of it.
    pub fn ask_with(
        &mut self,
        key: u64,
        (ts, from_orig): (Timestamp, bool),
        [ahead, bytes]: [&[u8]; 2],
    ) -> Option<Asked> {
        let pushed = (self.waiting.len() >= LINE_MAX).then(|| self.remove(0));
        let bytes = bytes
            .get(..self.len_max.saturating_sub(ahead.len()))
            .unwrap_or(bytes);
        let mut kept = Vec::with_capacity(ahead.len() + bytes.len());
        kept.extend_from_slice(ahead);
        kept.extend_from_slice(bytes);
        let bytes = kept.into_boxed_slice();
        self.held += bytes.len();
        self.waiting.push(Asked {
            ts,
            from_orig,
            key,
            bytes,
        });
        pushed
    }

    /// The oldest message that the other side sent under this key.
    pub fn answer(&mut self, key: u64, from_orig: bool) -> Option<Asked> {
        let answers = |one: &Asked| one.key == key && one.from_orig != from_orig;
        let at = self.waiting.iter().position(answers)?;
        Some(self.remove(at))
    }

    /// The oldest message, when it waits longer than `max_ns`.
    pub fn overdue(&mut self, now: Timestamp, max_ns: i64) -> Option<Asked> {
        let oldest = self.waiting.first()?;
        (now.since_ns(oldest.ts) > max_ns).then(|| self.remove(0))
    }

    /// When the oldest will have waited longer than `max_ns`.
    pub fn due(&self, max_ns: i64) -> Timestamp {
        let oldest = self.waiting.first();
        oldest.map_or(Timestamp::MAX, |oldest| oldest.ts + max_ns)
    }

    /// Everything that waits.
    pub fn drain(&mut self) -> Vec<Asked> {
        self.held = 0;
        core::mem::take(&mut self.waiting)
    }

    /// Bytes that wait.
    pub const fn held(&self) -> usize {
        self.held
    }

    fn remove(&mut self, at: usize) -> Asked {
        let asked = self.waiting.remove(at);
        self.held = self.held.saturating_sub(asked.bytes.len());
        asked
    }
}
