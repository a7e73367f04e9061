//! Readings of the records: each is held against what was first seen, and against every head.

use alloc::format;
use alloc::string::{String, ToString as _};

use iia_audit::tree::Frontier;
use iia_core::finding::Conclusion;
use iia_core::{Digest, Timestamp};

use super::doubt::Doubt;
use super::marks::{Mark, Pass};
use super::words::{self, clause};
use super::{AuditChain, Bad, GRACE_NS, HERE, Verified};
use crate::said::Word;

impl AuditChain {
    pub(super) fn read_from(&mut self, now: Timestamp, place: Option<&str>, before: Frontier) {
        let at = match place {
            None => Some(HERE),
            Some(peer) => self.position(peer),
        };
        let Some(at) = at else {
            self.pass = None;
            return self.stranger(now);
        };
        let end = self.marks.end();
        if at == HERE && end > 0 && before.size() > end {
            let reason = format!(
                "records {end} to {} were not read: a reading began behind them",
                before.size() - 1
            );
            self.missing(now, (clause::OBSERVER, reason));
        }
        let wanted = match at {
            HERE => self.heads.newest(),
            at => self.sources.get(at).map_or(0, |source| source.newest),
        };
        let size = before.size();
        let mut pass = Pass::new(at, before, wanted, self.heads.next_after(size));
        if self
            .heads
            .get(size)
            .is_some_and(|head| head.root != pass.edge.root())
        {
            pass.differs = Some(size);
        }
        self.pass = Some(pass);
    }

    pub(super) fn record(&mut self, mark: &Mark) {
        let Some(pass) = &mut self.pass else { return };
        pass.take(mark, &mut self.marks);
        let size = pass.edge.size();
        if size != pass.next_head {
            return;
        }
        pass.next_head = self.heads.next_after(size);
        let root = self.heads.get(size).map(|head| head.root);
        if root != Some(pass.edge.root()) {
            pass.differs.get_or_insert(size);
        } else if pass.differs.is_none() {
            pass.agreed = size;
            if pass.at == HERE {
                self.heads.agree(size);
            }
        }
    }

    pub(super) fn read(&mut self, now: Timestamp, verified: Verified) {
        let Some(pass) = self.pass.take() else { return };
        if pass.at == HERE {
            self.read_in_time(now);
        }
        let wrong = self.wrong(&pass, verified.bad.as_ref());
        match wrong {
            Some((clause, from, reason)) => self.named(now, &pass, (clause, from, reason)),
            None if pass.at == HERE && self.heads.newest() <= pass.edge.size() => self.well(now),
            None => {}
        }
    }

    fn read_in_time(&mut self, now: Timestamp) {
        if core::mem::take(&mut self.reading.1) {
            let reason = String::from("the records of the log are read and verified again");
            let word = Word::new(Conclusion::Converge, clause::CADENCE, reason);
            self.said.say(now, word);
        }
        self.reading.0 = now + self.period_ns[1] + GRACE_NS;
    }

    /// What is wrong, the first record that it is about, and words for it.
    fn wrong(&self, pass: &Pass, bad: Option<&Bad>) -> Option<(&'static str, u64, String)> {
        let held = pass.edge.size();
        if let Some(bad) = bad.filter(|bad| bad.is_record() && !(bad.cut && pass.wanted > held)) {
            return Some(self.in_records(bad, pass.wanted));
        }
        if let Some(difference) = &pass.difference {
            let (clause, reason) = words::deed(difference.deed(), difference.seq());
            return Some((clause, difference.seq(), reason));
        }
        if held < pass.wanted {
            return Some(self.ends_early(held, pass, bad));
        }
        if let Some(size) = pass.differs {
            let reason = words::other_root((pass.agreed, size), &self.holder(size));
            return Some((clause::EDITED, pass.agreed, reason));
        }
        bad.map(|bad| beside(bad, held))
    }

    /// A record that does not verify where it lies.
    fn in_records(&self, bad: &Bad, wanted: u64) -> (&'static str, u64, String) {
        if let Some(first) = bad.segment().filter(|first| *first > bad.seq) {
            let reason = format!(
                "records {} to {} were taken out, with the file that they lay in",
                bad.seq,
                first - 1
            );
            return (clause::REMOVED, bad.seq, reason);
        }
        // A number alone is soon changed; the record that had it has its hash, too.
        let is_other = |number: u64, chain: &Digest| match self.marks.get(number) {
            Some(known) => known.chain == *chain,
            // Whoever has seen no more than what lies before it goes by the number.
            None => self.marks.end() <= bad.seq && number < wanted,
        };
        let moved = bad
            .stored
            .filter(|(number, chain)| *number != bad.seq && is_other(*number, chain));
        match moved {
            Some((number, _)) => (clause::REORDERED, bad.seq, words::moved(bad.seq, number)),
            None => (clause::EDITED, bad.seq, words::broken(bad.seq, &bad.why)),
        }
    }

    /// The end is missing: does the log itself know, or was all of it put back?
    fn ends_early(&self, held: u64, pass: &Pass, bad: Option<&Bad>) -> (&'static str, u64, String) {
        let own = bad.and_then(Bad::head_size).filter(|size| *size > held);
        let says = bad.is_some_and(|bad| bad.cut || bad.file == "audit/seals");
        match own.or(says.then_some(pass.wanted)) {
            Some(stated) => (clause::TRUNCATED, held, words::truncated(held, stated)),
            None => {
                let by = match pass.at {
                    HERE => self.holder(pass.wanted),
                    at => self
                        .sources
                        .get(at)
                        .map_or_else(String::new, |one| one.name.clone()),
                };
                let reason = words::rolled_back(held, pass.wanted, &by);
                (clause::ROLLED_BACK, held, reason)
            }
        }
    }

    fn named(
        &mut self,
        now: Timestamp,
        pass: &Pass,
        (clause, from, reason): (&'static str, u64, String),
    ) {
        let source = self.sources.get(pass.at).filter(|_| pass.at != HERE);
        let by = source.map_or_else(String::new, |source| source.name.clone());
        let reason = match by.as_str() {
            "" => reason,
            peer => format!("the log as {peer} stores it and as it is here are two: {reason}"),
        };
        let known = [pass.agreed, self.heads.next_after(from)];
        let mut evidence: alloc::vec::Vec<String> = [format!("record {from}")].into();
        for size in known {
            let note = self.heads.get(size).map(|head| head.note.clone());
            evidence.extend(note.filter(|note| !evidence.contains(note)));
        }
        let doubt = Doubt {
            clause,
            from,
            reason,
            evidence,
            by,
        };
        self.doubts.name(now, doubt, &mut self.said);
    }

    /// Every record and every head agree.
    fn well(&mut self, now: Timestamp) {
        if self.doubts.due().is_some() || !self.doubts.end() {
            return;
        }
        let reason = "every record of the log is again the one that was seen, under every head";
        let word = Word::new(Conclusion::Converge, clause::EVIDENCE, reason.to_string());
        self.said.say(now, word);
    }
}

/// What does not verify beside the records.
fn beside(bad: &Bad, held: u64) -> (&'static str, u64, String) {
    let clause = match bad.head_size() {
        Some(size) if size > held => clause::TRUNCATED,
        Some(_) => clause::EDITED,
        None => clause::EVIDENCE,
    };
    (clause, bad.seq, format!("{}: {}", bad.file, bad.why))
}
