//! Records as they were first seen, and how those that are read now differ from them.

use alloc::collections::VecDeque;

use iia_audit::frame::Record;
use iia_audit::tree::{self, Frontier};
use iia_core::canon;
use iia_core::digest::{Context, Digest};

/// Records that are remembered at most, the newest; a change of older ones still shows in every head over them.
pub const RECORDS_MAX: usize = 131_072;

/// What is remembered of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Its chain hash, as a verifier found it good.
    pub chain: Digest,
    /// A digest of who stated what, which stays the same wherever the record stands.
    pub content: Digest,
}

impl Mark {
    /// The mark of a record that a verifier found good.
    pub fn of(record: &Record) -> Self {
        Self {
            chain: record.hash,
            content: Digest::of(Context::AuditBody, &canon::encode(&record.body)),
        }
    }
}

/// The newest records as they were first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The number of the first one.
    base: u64,
    marks: VecDeque<Mark>,
}

impl Marks {
    pub(super) fn get(&self, seq: u64) -> Option<&Mark> {
        let at = usize::try_from(seq.checked_sub(self.base)?).ok()?;
        self.marks.get(at)
    }

    pub(super) fn end(&self) -> u64 {
        self.base.saturating_add(self.marks.len() as u64)
    }

    /// Remembers a record behind the last; one that stands elsewhere begins anew.
    fn push(&mut self, seq: u64, mark: Mark) {
        if seq != self.end() {
            self.marks.clear();
            self.base = seq;
        }
        if self.marks.len() >= RECORDS_MAX {
            self.marks.pop_front();
            self.base = self.base.saturating_add(1);
        }
        self.marks.push_back(mark);
    }

    /// Where a content stood.
    fn find(&self, content: &Digest) -> Option<u64> {
        let at = self.marks.iter().position(|mark| mark.content == *content);
        at.map(|at| self.base.saturating_add(at as u64))
    }
}

/// The first record that is not as it was, and what of the rest was met again behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    seq: u64,
    was: Digest,
    /// Where the content that stands there now stood before; `None` for one that is new.
    came_from: Option<u64>,
    /// Where the content that stood there stands now.
    went_to: Option<u64>,
    /// Records behind it whose content is as it was.
    same: u64,
    /// Records behind it whose content is another.
    other: u64,
    /// Records behind it that were known.
    known: u64,
}

/// What was done, as far as records show it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    /// The content was changed.
    Edited,
    /// The content is the same; the time of writing, or something before what is remembered, is another.
    Rewritten,
    /// The content that stood there stands further on.
    Reordered(u64),
    /// New content was put before it.
    Inserted,
    /// So many records were taken out.
    Removed(u64),
    /// Nothing that stood from here on is there any more, and other records are.
    Replaced,
}

impl Difference {
    fn new(seq: u64, was: &Mark, now: &Mark, marks: &Marks) -> Self {
        let came_from = match now.content == was.content {
            true => Some(seq),
            false => marks.find(&now.content),
        };
        Self {
            seq,
            was: was.content,
            came_from,
            went_to: None,
            same: 0,
            other: 0,
            known: marks.end().saturating_sub(seq).saturating_sub(1),
        }
    }

    fn see(&mut self, seq: u64, now: &Mark, marks: &Marks) {
        if now.content == self.was && self.went_to.is_none() {
            self.went_to = Some(seq);
        }
        match marks.get(seq) {
            Some(was) if was.content == now.content => self.same += 1,
            Some(_) => self.other += 1,
            None => {}
        }
    }

    /// The number of the record.
    pub(super) const fn seq(&self) -> u64 {
        self.seq
    }

    /// What was done.
    pub(super) fn deed(&self) -> Deed {
        match (self.came_from, self.went_to) {
            (Some(from), _) if from == self.seq => Deed::Rewritten,
            (Some(_), Some(to)) => Deed::Reordered(to),
            (Some(from), None) => Deed::Removed(from.saturating_sub(self.seq)),
            (None, Some(_)) => Deed::Inserted,
            // One record changed leaves those behind it as they were.
            (None, None) if self.known > 0 && self.same == 0 => Deed::Replaced,
            (None, None) => Deed::Edited,
        }
    }
}

/// One reading of the records of a log, from some point on.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    /// Which source they are read at.
    pub(super) at: usize,
    pub(super) edge: Frontier,
    /// Records that heads stated before the reading began.
    pub(super) wanted: u64,
    /// The next size at which a head is known.
    pub(super) next_head: u64,
    /// The greatest head that the records agree with.
    pub(super) agreed: u64,
    /// The first head that they do not agree with.
    pub(super) differs: Option<u64>,
    pub(super) difference: Option<Difference>,
}

impl Pass {
    pub(super) const fn new(at: usize, before: Frontier, wanted: u64, next_head: u64) -> Self {
        Self {
            at,
            agreed: before.size(),
            edge: before,
            wanted,
            next_head,
            differs: None,
            difference: None,
        }
    }

    /// Takes the next record, and remembers it where nothing is known of its place.
    pub(super) fn take(&mut self, mark: &Mark, marks: &mut Marks) {
        let seq = self.edge.size();
        self.edge.push(tree::leaf(mark.chain.as_bytes()));
        if let Some(difference) = &mut self.difference {
            difference.see(seq, mark, marks);
            return;
        }
        match marks.get(seq) {
            Some(was) if was.chain == mark.chain => {}
            Some(was) => self.difference = Some(Difference::new(seq, was, mark, marks)),
            None if seq >= marks.end() && self.differs.is_none() => marks.push(seq, *mark),
            None => {}
        }
    }
}
