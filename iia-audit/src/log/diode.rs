//! Replication where nothing comes back: chunks are sent again and again, and the far side says what is missing.
//!
//! What the far side says reaches the near side by hand or not at all; repetition alone brings everything across that is
//! repeated often enough.

use std::collections::BTreeMap;

use super::{Log, Mirror};
use crate::AuditError;
use crate::chunk::{CHUNK_LEN_MAX, Chunk, Position};

/// Bytes of chunks that wait for an earlier one, at most. What is beyond comes again.
pub const WAITING_LEN_MAX: usize = 4 * CHUNK_LEN_MAX;

/// The near side: goes over everything from a position on, and begins anew at its end.
#[derive(Clone, Copy, Debug)]
pub struct Carousel {
    from: Position,
    next: Position,
}

impl Carousel {
    /// Repeats everything from a position on.
    pub const fn new(from: Position) -> Self {
        Self { from, next: from }
    }

    /// The next chunk; `None` once a round, when the end of the log was reached.
    ///
    /// # Errors
    /// [`AuditError::OutOfPlace`] when what is to be repeated was retired; [`AuditError::Storage`].
    pub fn next(&mut self, log: &Log) -> Result<Option<Chunk>, AuditError> {
        let chunk = log.chunk(self.next)?;
        self.next = chunk.as_ref().map_or(self.from, Chunk::end);
        Ok(chunk)
    }

    /// Goes on from what the far side is known to have.
    pub fn known(&mut self, stored: Position) {
        self.from = self.from.max(stored);
        self.next = self.next.max(self.from);
    }
}

/// The far side: puts chunks in order.
#[derive(Debug)]
pub struct Assembler {
    mirror: Mirror,
    waiting: BTreeMap<Position, Chunk>,
    /// Chunks that could not wait.
    dropped: u64,
}

/// What a far side lacks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// From here on.
    pub from: Position,
    /// To here; `None` when nothing later has arrived.
    pub to: Option<Position>,
}

impl Assembler {
    /// Stores into a mirror.
    pub const fn new(mirror: Mirror) -> Self {
        Self {
            mirror,
            waiting: BTreeMap::new(),
            dropped: 0,
        }
    }

    /// Takes a chunk that arrived, in any order and any number of times; gives the records that are stored.
    ///
    /// # Errors
    /// Whatever is wrong with it; what is stored stays.
    pub fn take(&mut self, chunk: Chunk) -> Result<u64, AuditError> {
        match self.mirror.take(&chunk) {
            Err(AuditError::OutOfPlace { .. }) => self.wait(chunk),
            other => drop(other?),
        }
        while let Some(next) = self.next_waiting() {
            self.mirror.take(&next)?;
        }
        Ok(self.mirror.size())
    }

    /// A waiting chunk that fits now.
    fn next_waiting(&mut self) -> Option<Chunk> {
        let wanted = self.mirror.position();
        let begins = Position {
            segment: self.mirror.size(),
            offset: 0,
        };
        // What is stored by now waits for nothing.
        self.waiting.retain(|at, _| *at >= wanted);
        self.waiting
            .remove(&wanted)
            .or_else(|| self.waiting.remove(&begins))
    }

    /// Keeps a chunk for later; the one furthest behind goes first when there are too many.
    fn wait(&mut self, chunk: Chunk) {
        self.waiting.insert(chunk.at, chunk);
        let mut held: usize = self.waiting.values().map(|chunk| chunk.bytes.len()).sum();
        while held > WAITING_LEN_MAX {
            let Some((_, last)) = self.waiting.pop_last() else {
                break;
            };
            held -= last.bytes.len();
            self.dropped += 1;
        }
    }

    /// What is missing before the end of what has arrived, and behind it.
    pub fn missing(&self) -> Vec<Missing> {
        let mut from = self.mirror.position();
        let mut gaps = Vec::new();
        for (at, chunk) in &self.waiting {
            if *at > from {
                gaps.push(Missing {
                    from,
                    to: Some(*at),
                });
            }
            from = from.max(chunk.end());
        }
        gaps.push(Missing { from, to: None });
        gaps
    }

    /// Chunks that came too early and could not be kept.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The mirror.
    pub fn into_mirror(self) -> Mirror {
        self.mirror
    }
}
