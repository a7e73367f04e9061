//! Heads that arrive: those that the log shows and proves, those that peers hold.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_audit::checkpoint::Checkpoint;
use iia_audit::tree;
use iia_core::Timestamp;
use iia_core::finding::Conclusion;

use super::doubt::Doubt;
use super::words::{self, clause};
use super::{AuditChain, GRACE_NS, HERE, Shown};
use crate::said::Word;

/// Strangers are told of when there are so many, and again at each power of it.
const STRANGERS_STEP: u64 = 1000;

impl AuditChain {
    pub(super) fn showed(&mut self, now: Timestamp, shown: &Shown) {
        let head = match Checkpoint::open(&shown.note, &self.log) {
            Ok((head, _)) => head,
            Err(error) => {
                let reason = format!("the log shows a head that does not hold: {error}");
                return self.unsigned(now, HERE, reason);
            }
        };
        self.signed(now, HERE);
        self.take_up(now, &head, &shown.note, HERE);
        if head.size < shown.from.max(self.shown) {
            return self.went_back(now, &head, shown);
        }
        if !self.proves(now, &head, shown) {
            return;
        }
        if shown.from != self.shown && head.size > self.shown {
            self.heads.doubt(self.shown);
        }
        self.shown = head.size;
        self.heads.agree(head.size);
        self.states(now, HERE, head.size);
    }

    fn proves(&mut self, now: Timestamp, head: &Checkpoint, shown: &Shown) -> bool {
        let Some(known) = self.heads.get(shown.from) else {
            return true;
        };
        let (old, new) = ((shown.from, &known.root), (head.size, &head.root));
        if tree::verify_consistency(old, new, &shown.proof) {
            self.heads.agree(shown.from);
            return true;
        }
        let agreed = self.heads.agreed_below(shown.from);
        let reason = words::parted((agreed, shown.from), &self.holder(shown.from));
        self.raise(
            now,
            (clause::EDITED, agreed),
            reason,
            (shown.from, &shown.note),
        );
        false
    }

    /// Fewer records than somebody has seen.
    fn went_back(&mut self, now: Timestamp, head: &Checkpoint, shown: &Shown) {
        let stated = shown.from.max(self.shown);
        let reason = words::rolled_back(head.size, stated, &self.holder(stated));
        let at = head.size;
        self.raise(
            now,
            (clause::ROLLED_BACK, at),
            reason,
            (stated, &shown.note),
        );
    }

    /// A doubt about the log: the head of `size` that is known and the note are its evidence.
    fn raise(
        &mut self,
        now: Timestamp,
        (clause, from): (&'static str, u64),
        reason: String,
        (size, note): (u64, &str),
    ) {
        let known = self.heads.get(size).map(|known| known.note.clone());
        let evidence: Vec<String> = known.into_iter().chain([note.to_string()]).collect();
        let doubt = Doubt {
            clause,
            from,
            reason,
            evidence,
            by: self.holder(size),
        };
        self.doubts.raise(now, doubt, &mut self.said);
    }

    /// Who held the head of this size first.
    pub(super) fn holder(&self, size: u64) -> String {
        let head = self.heads.get(size);
        let source = head.and_then(|head| self.sources.get(head.at));
        source.map_or_else(String::new, |source| source.name.clone())
    }

    /// Takes a head up; two of one size are a proof.
    fn take_up(&mut self, now: Timestamp, head: &Checkpoint, note: &str, at: usize) {
        let Some(fork) = self.heads.put(head, note, at) else {
            return;
        };
        let by = self.sources.get(at).map_or("", |source| &source.name);
        let (first, by) = (self.holder(head.size), by.to_string());
        let doubt = Doubt {
            clause: clause::FORKED,
            from: head.size,
            reason: words::forked(head.size, &first, &by),
            evidence: [fork.to_text()].into(),
            by,
        };
        self.doubts.raise(now, doubt, &mut self.said);
    }

    /// A head that a peer holds; whether it is news.
    pub(super) fn held(&mut self, now: Timestamp, peer: &str, note: String) -> bool {
        let Some(at) = self.position(peer) else {
            self.stranger(now);
            return false;
        };
        let back = self.reachable(now, at);
        let Some(source) = self
            .sources
            .get_mut(at)
            .filter(|source| source.note != note)
        else {
            return back;
        };
        source.note.clone_from(&note);
        let key = source.key.clone();
        let opened = Checkpoint::open(&note, &self.log).and_then(|(head, parsed)| {
            let time = key.map_or(Ok(0), |key| parsed.verify(&key))?;
            Ok((head, time))
        });
        match opened {
            Err(error) => {
                let reason = format!("{peer} has a head that does not hold: {error}");
                self.unsigned(now, at, reason);
            }
            Ok((head, time)) => {
                self.signed(now, at);
                self.clock(now, at, time);
                self.take_up(now, &head, &note, at);
                self.states(now, at, head.size);
            }
        }
        true
    }

    /// The place of a peer; the log itself is none.
    pub(super) fn position(&self, peer: &str) -> Option<usize> {
        let mut peers = self.sources.iter().enumerate().skip(1);
        peers
            .find(|(_, peer_)| peer_.name == peer)
            .map(|(at, _)| at)
    }

    pub(super) fn stranger(&mut self, now: Timestamp) {
        self.strangers = self.strangers.saturating_add(1);
        let mut step = 1;
        while step < self.strangers {
            step *= STRANGERS_STEP;
        }
        if step == self.strangers {
            let count = self.strangers;
            let reason = format!(
                "{count} heads came under names that the policy of the log does not have, and were not looked at"
            );
            self.missing(now, (clause::OBSERVER, reason));
        }
    }

    pub(super) fn unreachable(&mut self, now: Timestamp, peer: &str) {
        let Some(at) = self.position(peer) else {
            return self.stranger(now);
        };
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if core::mem::replace(&mut source.unreachable, true) {
            return;
        }
        let reason = format!("{peer} cannot be asked which head of the log it holds");
        self.about(now, at, Conclusion::Missing, (clause::CADENCE, reason));
    }

    /// It answers; whether that is news.
    fn reachable(&mut self, now: Timestamp, at: usize) -> bool {
        let period_ns = self.period_ns[0];
        let Some(source) = self.sources.get_mut(at).filter(|source| source.unreachable) else {
            return false;
        };
        source.unreachable = false;
        source.due = now + period_ns + GRACE_NS;
        let reason = format!("{} can be asked again", source.name);
        self.about(now, at, Conclusion::Converge, (clause::CADENCE, reason));
        true
    }

    fn unsigned(&mut self, now: Timestamp, at: usize, reason: String) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if !core::mem::replace(&mut source.unsigned, true) {
            self.about(now, at, Conclusion::Diverge, (clause::SIGNATURE, reason));
        }
    }

    fn signed(&mut self, now: Timestamp, at: usize) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if core::mem::take(&mut source.unsigned) {
            let reason = format!("{} shows heads that hold again", source.name);
            self.about(now, at, Conclusion::Converge, (clause::SIGNATURE, reason));
        }
    }

    /// A time of a cosignature that is still to come is that of a clock which is wrong, or of a key that signs ahead.
    fn clock(&mut self, now: Timestamp, at: usize, time: u64) {
        let time = Timestamp::from_secs(i64::try_from(time).unwrap_or(i64::MAX));
        let ahead_ns = time.since_ns(now);
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        let ahead = ahead_ns > GRACE_NS;
        if !ahead || core::mem::replace(&mut source.ahead, true) {
            source.ahead = ahead;
            return;
        }
        let reason = format!(
            "{} signed a head at {time}, which is still to come: its clock is ahead, or its key signs in advance",
            source.name
        );
        self.about(now, at, Conclusion::Diverge, (clause::CLOCK, reason));
    }

    fn states(&mut self, now: Timestamp, at: usize, size: u64) {
        let until = now + self.period_ns[0] + GRACE_NS;
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if source.states(size, until) {
            let reason = format!("{} has newer heads again", source.name);
            self.about(now, at, Conclusion::Converge, (clause::CADENCE, reason));
        }
    }

    fn about(
        &mut self,
        now: Timestamp,
        at: usize,
        conclusion: Conclusion,
        (clause, reason): (&'static str, String),
    ) {
        let mut word = Word::new(conclusion, clause, reason);
        if at != HERE
            && let Some(source) = self.sources.get(at)
        {
            word.other.clone_from(&source.name);
        }
        self.said.say(now, word);
    }
}
