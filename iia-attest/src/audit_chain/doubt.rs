//! One incident, one finding: what heads show waits a moment for records to name it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Severity};
use iia_core::time::SECOND_NS;

use super::words::clause;
use crate::said::{Said, Word};

/// How long a doubt that heads raise waits for a reading of the records to name it, in nanoseconds.
pub const NAMING_NS: i64 = 2 * SECOND_NS;
/// Incidents that are remembered so as not to be told again, at most; beyond it they may be told again.
pub const TOLD_MAX: usize = 1024;

/// Something is wrong with the log.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) clause: &'static str,
    /// The first record that it is about, as far as is known.
    pub(super) from: u64,
    pub(super) reason: String,
    pub(super) evidence: Vec<String>,
    pub(super) by: String,
}

impl Doubt {
    fn into_word(self) -> Word {
        Word {
            severity: Severity::Critical,
            other: self.by,
            evidence: self.evidence,
            ..Word::new(Conclusion::Diverge, self.clause, self.reason)
        }
    }
}

/// What was told, and what waits for a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubts {
    told: BTreeSet<(&'static str, u64)>,
    /// Whether a proof of a fork was told of this incident.
    fork_told: bool,
    pending: Option<(Timestamp, Doubt)>,
}

impl Doubts {
    /// Whether something is wrong and not mended.
    pub(super) fn is_open(&self) -> bool {
        self.pending.is_some() || !self.told.is_empty()
    }

    /// Until when a reading may name what waits.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.pending.as_ref().map(|(due, _)| *due)
    }

    /// Heads raise a doubt.
    pub(super) fn raise(&mut self, now: Timestamp, doubt: Doubt, said: &mut Said) {
        let proves = doubt.clause == clause::FORKED;
        match &mut self.pending {
            // The proof is the better word.
            Some((_, first)) if proves && first.clause != clause::FORKED => {
                let before = core::mem::replace(first, doubt);
                first.evidence.extend(before.evidence);
            }
            Some(_) => {}
            // An incident that was told needs no more than its proof.
            None if !self.told.is_empty() && (!proves || self.fork_told) => {}
            None if !self.told.is_empty() => self.tell(now, doubt, said),
            None => self.pending = Some((now + NAMING_NS, doubt)),
        }
    }

    /// Records name what was done; what heads showed of it is its evidence.
    pub(super) fn name(&mut self, now: Timestamp, mut doubt: Doubt, said: &mut Said) {
        if self.told.contains(&(doubt.clause, doubt.from)) {
            self.pending = None;
            return;
        }
        if let Some((_, heads)) = self.pending.take() {
            self.fork_told |= heads.clause == clause::FORKED;
            doubt.evidence.extend(heads.evidence);
            if doubt.by.is_empty() {
                doubt.by = heads.by;
            }
        }
        self.tell(now, doubt, said);
    }

    /// Tells what no reading has named in time.
    pub(super) fn handle_timeout(&mut self, now: Timestamp, said: &mut Said) {
        if self.pending.as_ref().is_some_and(|(due, _)| now >= *due)
            && let Some((due, doubt)) = self.pending.take()
        {
            self.tell(due, doubt, said);
        }
    }

    /// All is well again; whether something was told that is over now.
    pub(super) fn end(&mut self) -> bool {
        self.fork_told = false;
        let told = !self.told.is_empty();
        self.told.clear();
        told
    }

    fn tell(&mut self, now: Timestamp, doubt: Doubt, said: &mut Said) {
        if self.told.len() >= TOLD_MAX {
            self.told.clear();
        }
        self.told.insert((doubt.clause, doubt.from));
        self.fork_told |= doubt.clause == clause::FORKED;
        said.say(now, doubt.into_word());
    }
}
