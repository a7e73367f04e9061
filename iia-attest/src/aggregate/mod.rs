//! The aggregator `ot.dmz.attest`: findings of every stream in, and out to the chain, the lake, north and the alert sink.
//!
//! What is said again is counted and told as a count, what changes is told as new, and what converges is over. Nothing is
//! taken away: whatever finds no room is counted, and that it found none is a finding itself. An aggregator without an
//! alert sink cannot be made, and a sink that is lost is a finding (001:36, 001:322).

mod accountable;
mod board;
mod gravity;
mod meaning;
mod sink;
mod told;

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::code::{Code, Coded};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

pub use accountable::{Accountable, Answers, NAMED_MAX, raci_event};
pub use board::{Board, DELTAS_MAX, Delta, OPEN_MAX, OVER_MAX, Open, Over};
pub use gravity::Gravity;
pub use meaning::{CLAUSES, ClauseMeaning, MEANINGS, Meaning, clause_meaning, meaning};
pub use sink::{
    ALERTS_MAX, Alert, JOB_MAX_NS, Job, PROBE_NS, RETRY_MAX_NS, RETRY_MIN_NS, Sink, SinkState,
};
pub use told::{How, Told};

use board::Taken;
use sink::{Change, Delivery};

/// What waits to be carried away at most; beyond it the newest is counted as lost, and the loss is a finding.
pub const TOLD_MAX: usize = 8192;
/// How long a repeat may be untold, in nanoseconds.
pub const AGAIN_NS: i64 = 60 * SECOND_NS;
/// Clause of findings about the alert sink.
pub const CLAUSE_SINK: &str = "alert_sink";
/// Clause of findings about what found no room.
pub const CLAUSE_ROOM: &str = "room";

/// Why there is no aggregator.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// An observer that cannot alert is none (001:36).
    #[error("no alert sink: the observers of this box could not alert anybody")]
    NoSink,
    /// A record of a finding that no aggregator wrote.
    #[error("not a finding as an aggregator writes it: {what}")]
    BadRecord {
        /// Which part.
        what: &'static str,
    },
}

impl Coded for AggregateError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadRecord { .. } => 40,
            Self::NoSink => 240,
        };
        Code::new("ATT", number)
    }
}

/// The aggregator of one box.
#[derive(Clone, Debug)]
pub struct Aggregator {
    answers: Answers,
    board: Board,
    sinks: Vec<Delivery>,
    told: VecDeque<Told>,
    lost: u64,
}

impl Aggregator {
    /// An aggregator that alerts through `sinks`; the catalog's answers say who is told.
    ///
    /// # Errors
    /// [`AggregateError::NoSink`].
    pub fn new(answers: Answers, sinks: &[Sink]) -> Result<Self, AggregateError> {
        if sinks.is_empty() {
            return Err(AggregateError::NoSink);
        }
        let mut all: Vec<Delivery> = Vec::new();
        for sink in sinks {
            if all.iter().all(|known| known.sink() != *sink) {
                all.push(Delivery::new(*sink));
            }
        }
        Ok(Self {
            answers,
            board: Board::default(),
            sinks: all,
            told: VecDeque::new(),
            lost: 0,
        })
    }

    /// What stood open before this process began, as the chain has it; nothing of it is told again.
    pub fn recall(&mut self, told: &Told) {
        self.board.recall(told);
    }

    /// What stands open, and what is over.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// How the sinks stand.
    pub fn sinks(&self) -> impl Iterator<Item = SinkState> {
        self.sinks.iter().map(Delivery::state)
    }

    /// What nobody carried away in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes a finding of an observer. Drain [`Self::poll_told`] and [`Self::poll_job`] afterwards.
    pub fn handle_finding(&mut self, now: Timestamp, mut finding: Finding) {
        // 001:349: threat severity, whatever the observer says.
        finding.severity = Gravity::of(finding.severity).severity();
        match self.board.take(now, &finding) {
            Taken::Quiet => {}
            Taken::Tell(how) => self.tell(how, finding),
            Taken::Full => {
                let stream = finding.stream;
                let reason = format!(
                    "{OPEN_MAX} findings of {stream} stand open and there is room for no more: what comes beyond them is counted here"
                );
                let (own, severity) = (CLAUSE_ROOM, Severity::Critical);
                let diverge = Conclusion::Diverge;
                self.own(now, (&stream, own, ""), (diverge, severity), reason);
            }
        }
    }

    /// Takes the passing of time: repeats that were counted are told, and sinks that do not answer.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let stuck = |one: &mut Delivery| (one.sink(), one.stuck(now));
        let stuck: Vec<_> = self.sinks.iter_mut().map(stuck).collect();
        for (sink, change) in stuck {
            self.sink_changed(now, sink, change);
        }
        for finding in self.board.due(now) {
            self.tell(How::Again, finding);
        }
        if self.lost > 0 && self.told.len() < TOLD_MAX / 2 {
            let lost = core::mem::take(&mut self.lost);
            let reason = format!("{lost} findings were lost before anybody carried them away");
            let stream = Stream::ATTEST_NETWORK;
            let what = (stream.as_str(), CLAUSE_ROOM, "aggregator");
            self.own(now, what, (Conclusion::Diverge, Severity::Critical), reason);
        }
    }

    /// When to call [`Self::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.board.next_due()
    }

    /// What is next to go to the chain, the lake and north.
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// What a sink is to do now. Its outcome is due at [`Self::handle_outcome`] before it gets the next.
    pub fn poll_job(&mut self, now: Timestamp, sink: Sink) -> Option<Job> {
        let delivery = self.sinks.iter_mut().find(|one| one.sink() == sink)?;
        delivery.poll(now)
    }

    /// How it went: nothing, or why the sink did not take it. The first failure is a finding, and so is the return.
    pub fn handle_outcome(&mut self, now: Timestamp, sink: Sink, outcome: Result<(), String>) {
        let Some(delivery) = self.sinks.iter_mut().find(|one| one.sink() == sink) else {
            return;
        };
        let change = delivery.settle(now, outcome);
        self.sink_changed(now, sink, change);
    }

    fn sink_changed(&mut self, now: Timestamp, sink: Sink, change: Option<Change>) {
        let (conclusion, reason) = match change {
            None => return,
            Some(Change::Lost(why)) => (
                Conclusion::Diverge,
                format!("the alert sink {} is lost: {why}", sink.name()),
            ),
            Some(Change::Back { waited, dropped }) => (
                Conclusion::Converge,
                format!(
                    "the alert sink {} is back: {waited} alerts waited for it, {dropped} were dropped",
                    sink.name()
                ),
            ),
        };
        let stream = Stream::ATTEST_NETWORK;
        let what = (stream.as_str(), CLAUSE_SINK, sink.name());
        self.own(now, what, (conclusion, Severity::Critical), reason);
    }

    /// A finding of the aggregator itself.
    fn own(
        &mut self,
        now: Timestamp,
        (stream, clause, source): (&str, &str, &str),
        (conclusion, severity): (Conclusion, Severity),
        reason: String,
    ) {
        let finding = Finding {
            ts_ns: now.as_ns(),
            stream: stream.into(),
            conclusion,
            severity,
            contract: String::new(),
            clause: clause.into(),
            source: source.into(),
            destination: String::new(),
            operation: String::new(),
            reason,
            evidence: Vec::new(),
        };
        if let Taken::Tell(how) = self.board.take_own(now, &finding) {
            self.tell(how, finding);
        }
    }

    fn tell(&mut self, how: How, finding: Finding) {
        let told = Told {
            id: board::id(&finding),
            how,
            count: self.board.counted(&finding).0,
            first_ns: self.board.counted(&finding).1,
            accountable: self.answers.of(&finding),
            finding,
        };
        if told.how.alerts() {
            let alert = Alert::new(&told, self.board.len());
            self.sinks
                .iter_mut()
                .for_each(|sink| sink.queue(alert.clone()));
        }
        if self.told.len() < TOLD_MAX {
            self.told.push_back(told);
        } else {
            self.lost += 1;
        }
    }
}
