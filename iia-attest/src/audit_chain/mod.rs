//! `ot.attestation.audit_chain`: the log on this box against the heads of it that others hold.
//!
//! Whoever takes a box over can rewrite its whole log and sign it anew; what he cannot change is what others have seen. This
//! observer holds three things against each other: heads that the log shows and proves, heads that peers hold (the next box
//! up, witnesses, mirrors), and the records themselves as an auditor's verifier reads them. It names what was done: the end
//! cut off, a record changed, moved, put in or taken out, an older state put back, two histories signed; with the first bad
//! record where records can show it, and the heads as evidence.
//!
//! It asks through [`AuditChain::wanted`]; whoever drives it answers with observations, in the order in which they were made.

mod doubt;
mod heads;
mod heard;
mod marks;
mod reading;
mod seen;
mod sources;
mod words;

use alloc::format;
use alloc::vec::Vec;

use iia_audit::note::VerifierKey;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

pub use self::doubt::{NAMING_NS, TOLD_MAX};
pub use self::heads::HEADS_MAX;
pub use self::marks::{Mark, RECORDS_MAX};
pub use self::seen::{Agreed, Bad, GRACE_NS, Seen, Shown, Verified, stored_at};
pub use crate::said::WAITING_MAX;

use self::doubt::Doubts;
use self::heads::Heads;
use self::marks::{Marks, Pass};
use self::sources::{HERE, Source};
use self::words::clause;
use crate::correlator::Correlator;
use crate::said::{Said, Word};

/// What the observer wants to see next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// The log's newest head, with the proof that it extends the head of this size.
    Proof(u64),
    /// The records, to name what heads have shown.
    Records,
}

/// The observer of one log.
#[derive(Clone, Debug)]
pub struct AuditChain {
    log: VerifierKey,
    period_ns: [i64; 3],
    sources: Vec<Source>,
    heads: Heads,
    marks: Marks,
    pass: Option<Pass>,
    doubts: Doubts,
    said: Said,
    /// The newest size that the log showed here.
    shown: u64,
    /// When the next reading must be over, and whether it was told that it was not.
    reading: (Timestamp, bool),
    /// Since when a proof is wanted, and whether it was told that it did not come.
    proof: Option<(Timestamp, bool)>,
    confirm: Timestamp,
    /// Heads under names that the policy does not have.
    strangers: u64,
    now: Option<Timestamp>,
    /// Nothing is due before this.
    next: Timestamp,
}

impl AuditChain {
    /// The observer of a log. Time starts with the first thing that it is told.
    pub fn new(agreed: Agreed) -> Self {
        let log = agreed.policy.log.clone();
        let stream = Stream::ATTEST_AUDIT_CHAIN;
        Self {
            sources: sources::of(&agreed.policy),
            heads: Heads::new(log.clone()),
            said: Said::new(stream, log.name.clone(), agreed.contract),
            log,
            period_ns: [agreed.head_ns, agreed.reading_ns, agreed.confirm_ns]
                .map(|period_ns| period_ns.max(SECOND_NS)),
            marks: Marks::default(),
            pass: None,
            doubts: Doubts::default(),
            shown: 0,
            reading: (Timestamp::default(), false),
            proof: None,
            confirm: Timestamp::default(),
            strangers: 0,
            now: None,
            next: Timestamp::from_ns(i64::MIN),
        }
    }

    /// What would settle what is open: ask the log for it and observe the answer.
    pub fn wanted(&self) -> Option<Wanted> {
        match self.doubts.due() {
            Some(_) if self.pass.is_none() => Some(Wanted::Records),
            Some(_) => None,
            None if self.doubts.is_open() => None,
            None => self.heads.in_doubt().map(Wanted::Proof),
        }
    }

    /// The size of the newest head that the log showed here: what to ask a proof from where nothing is wanted.
    pub const fn shown(&self) -> u64 {
        self.shown
    }

    /// Heads under names that the policy does not have; they were not looked at.
    pub const fn strangers(&self) -> u64 {
        self.strangers
    }

    fn begin(&mut self, now: Timestamp) {
        let [head_ns, reading_ns, confirm_ns] = self.period_ns;
        for source in &mut self.sources {
            source.due = now + head_ns + GRACE_NS;
        }
        self.reading.0 = now + reading_ns + GRACE_NS;
        self.confirm = now + confirm_ns;
    }

    /// Time goes on and never back, whatever a clock says.
    fn at(&mut self, now: Timestamp) -> Timestamp {
        match self.now {
            None => self.begin(now),
            Some(before) if now <= before => return before,
            Some(_) => {}
        }
        self.now = Some(now);
        now
    }

    fn missing(&mut self, now: Timestamp, word: (&'static str, alloc::string::String)) {
        self.said
            .say(now, Word::new(Conclusion::Missing, word.0, word.1));
    }

    fn time_out(&mut self, now: Timestamp) {
        self.doubts.handle_timeout(now, &mut self.said);
        self.heads_late();
        if now >= self.reading.0 && !self.reading.1 {
            self.reading.1 = true;
            let seconds = self.period_ns[1] / SECOND_NS;
            let reason =
                format!("the records of the log were not read and verified for {seconds} s");
            self.missing(self.reading.0, (clause::CADENCE, reason));
        }
        self.proof_late(now);
        self.forgetting(now);
        if now >= self.confirm {
            // A pause of whoever drives this makes one confirmation, not many.
            let periods = now.since_ns(self.confirm) / self.period_ns[2] + 1;
            self.confirm = self.confirm + periods.saturating_mul(self.period_ns[2]);
            self.confirm_all(now);
        }
        self.next = self.first_due();
    }

    fn heads_late(&mut self) {
        let Some(now) = self.now else { return };
        let seconds = self.period_ns[0] / SECOND_NS;
        for (at, source) in self.sources.iter_mut().enumerate() {
            if now < source.due || source.late || source.unreachable {
                continue;
            }
            source.late = true;
            let mut word = Word::new(
                Conclusion::Missing,
                clause::CADENCE,
                words::late(&source.name, at == HERE, seconds),
            );
            if at != HERE {
                word.other.clone_from(&source.name);
            }
            self.said.say(source.due, word);
        }
    }

    /// A head that a peer holds must be proven to be in the log, within the period of heads.
    fn proof_late(&mut self, now: Timestamp) {
        let Some(Wanted::Proof(size)) = self.wanted() else {
            self.proof = None;
            return;
        };
        let (since, told) = *self.proof.get_or_insert((now, false));
        if !told && now.since_ns(since) >= self.period_ns[0].saturating_add(GRACE_NS) {
            self.proof = Some((since, true));
            let reason = format!("the log has not shown that it contains its head of {size}");
            self.missing(now, (clause::PROOF, reason));
        }
    }

    fn forgetting(&mut self, now: Timestamp) {
        let forgotten = self.heads.take_forgotten();
        if forgotten > 0 {
            let reason = format!(
                "{forgotten} heads had to be forgotten before the log was shown to contain them: there were more than {HEADS_MAX}"
            );
            self.missing(now, (clause::OBSERVER, reason));
        }
    }

    fn confirm_all(&mut self, now: Timestamp) {
        let well = !self.doubts.is_open()
            && !self.reading.1
            && self.proof.is_none_or(|(_, told)| !told)
            && self.sources.iter().all(Source::is_well);
        if !well || self.shown == 0 {
            return;
        }
        let peers = self.sources.iter().skip(1);
        let held: Vec<_> = peers
            .map(|peer| format!("{} holds {}", peer.name, peer.newest))
            .collect();
        let reason = format!(
            "the log contains every head of it that was seen: {} records here; {}",
            self.shown,
            held.join(", ")
        );
        self.said.say(
            now,
            Word::new(Conclusion::Converge, clause::CADENCE, reason),
        );
    }

    fn first_due(&self) -> Timestamp {
        let heads = self.sources.iter();
        let heads = heads.filter(|source| !source.late && !source.unreachable);
        let reading = (!self.reading.1).then_some(self.reading.0);
        let proof = self.proof.filter(|(_, told)| !told);
        let proof = proof.map(|(since, _)| since + self.period_ns[0] + GRACE_NS);
        let dues = heads.map(|source| source.due).chain(reading).chain(proof);
        let dues = dues.chain(self.doubts.due());
        dues.min().map_or(self.confirm, |due| due.min(self.confirm))
    }
}

impl Correlator for AuditChain {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        let now = self.at(now);
        if now >= self.next {
            self.time_out(now);
        }
        match seen {
            // Many of these come at once, and none of them moves a time.
            Seen::Record(mark) => return self.record(&mark),
            Seen::Shown(shown) => self.showed(now, &shown),
            Seen::Held { peer, note } => {
                if !self.held(now, &peer, note) {
                    return;
                }
            }
            Seen::Unreachable(peer) => self.unreachable(now, &peer),
            Seen::Reading(place, before) => self.read_from(now, place.as_deref(), before),
            Seen::Read(verified) => self.read(now, verified),
        }
        self.proof_late(now);
        self.next = self.first_due();
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let now = self.at(now);
        self.time_out(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.said.next()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.now.map(|_| self.first_due())
    }
}
