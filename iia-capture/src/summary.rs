//! Volume under control: changes and counts instead of every poll.
//!
//! A plant asks the same registers ten times a second and gets the same answers. [`Summary`] takes the exchanges and gives
//! [`Note`]s: the first exchange of each poll with its values, every change of a value with its moment, every turn of the
//! outcome, and once a period how often it was asked and how fast it was answered. From the notes the full record can be
//! told but for the moments of polls that changed nothing.
//!
//! Other observations are not its matter and come back to the caller.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Span, Table, Values};
use iia_core::time::SECOND_NS;

/// Polls that are followed at once at most; beyond it the most idle of a sample is counted to its end and forgotten, so
/// that its next exchange is a first one again.
pub const POLLS_MAX: usize = 65_536;
/// Bytes of values that are kept of all polls at most; beyond it the same happens.
pub const VALUES_TOTAL_MAX: usize = 16 * 1024 * 1024;
const SAMPLE: usize = 16;

/// How a summary is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Counts are told after this much capture time.
    pub period_ns: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            period_ns: 60 * SECOND_NS,
        }
    }
}

/// A run of addresses without values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Run {
    /// Which table.
    pub table: Table,
    /// The first address.
    pub addr: u32,
    /// How many.
    pub count: u32,
}

/// What is asked again and again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Poll {
    /// Between whom. The client's port is 0: whoever opens a connection for each poll asks the same.
    pub flow: Flow,
    /// The protocol.
    pub protocol: Protocol,
    /// The unit.
    pub unit: u8,
    /// The function.
    pub func: u8,
    /// What it reads.
    pub read: Option<Run>,
    /// What it writes.
    pub write: Option<Run>,
}

impl Poll {
    /// The poll that an exchange is one of.
    pub fn of(exchange: &Exchange<'_>) -> Self {
        let run = |span: Span<'_>| Run {
            table: span.table,
            addr: span.addr,
            count: span.count,
        };
        Self {
            flow: Flow {
                orig_p: 0,
                ..exchange.flow
            },
            protocol: exchange.protocol,
            unit: exchange.unit,
            func: exchange.func,
            read: exchange.read.map(run),
            write: exchange.write.map(run),
        }
    }
}

/// How often and how fast.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// The first exchange of the period.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// Exchanges of any outcome.
    pub polls: u64,
    /// Of these, such as were answered.
    pub answered: u64,
    /// Such as got an exception.
    pub exceptions: u64,
    /// Such as got nothing.
    pub unanswered: u64,
    /// Responses without request.
    pub orphans: u64,
    /// Such as break the rules.
    pub malformed: u64,
    /// Such as want no answer.
    pub stated: u64,
    /// Exchanges with both request and response.
    pub timed: u64,
    /// The shortest of their latencies; 0 where there is none.
    pub latency_min_ns: i64,
    /// The longest.
    pub latency_max_ns: i64,
    /// All of them together.
    pub latency_total_ns: i64,
}

impl Counts {
    /// The mean latency, where there is one.
    pub fn latency_mean_ns(&self) -> Option<i64> {
        let timed = i64::try_from(self.timed).ok()?;
        self.latency_total_ns.checked_div(timed)
    }

    fn add(&mut self, exchange: &Exchange<'_>) {
        if self.polls == 0 {
            (self.first, self.last) = (exchange.ts, exchange.ts);
        }
        self.first = self.first.min(exchange.ts);
        self.last = self.last.max(exchange.ts);
        self.polls += 1;
        let place = match exchange.outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Exception(_) | Outcome::Refused(_) => &mut self.exceptions,
            Outcome::Unanswered => &mut self.unanswered,
            Outcome::Orphan => &mut self.orphans,
            Outcome::Malformed => &mut self.malformed,
            Outcome::Stated => &mut self.stated,
        };
        *place += 1;
        if let Some(ns) = exchange.latency_ns {
            let before = (self.timed > 0).then_some(self.latency_min_ns);
            self.latency_min_ns = before.map_or(ns, |before| before.min(ns));
            self.latency_max_ns = self.latency_max_ns.max(ns);
            self.latency_total_ns = self.latency_total_ns.saturating_add(ns);
            self.timed += 1;
        }
    }
}

/// What a summary says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note<'a> {
    /// The first exchange of a poll, or the first one that brings values read or written.
    First {
        /// Whose.
        poll: &'a Poll,
        /// The exchange as it was seen, values and all.
        exchange: &'a Exchange<'a>,
    },
    /// A value is another one than the last time.
    Changed {
        /// Whose.
        poll: &'a Poll,
        /// When the exchange that shows it began.
        ts: Timestamp,
        /// Whether it is written, and not read.
        written: bool,
        /// Its address.
        addr: u32,
        /// What it was.
        before: u16,
        /// What it is.
        after: u16,
    },
    /// The outcome is another one than the last time.
    Turned {
        /// Whose.
        poll: &'a Poll,
        /// When the exchange began.
        ts: Timestamp,
        /// What it was.
        before: Outcome,
        /// What it is.
        after: Outcome,
    },
    /// A period is over, or everything.
    Counted {
        /// Whose.
        poll: &'a Poll,
        /// How often and how fast since the last time.
        counts: &'a Counts,
    },
}

#[derive(Debug)]
struct Entry {
    poll: Poll,
    /// Whether nothing of it was told yet.
    fresh: bool,
    outcome: Outcome,
    read: Box<[u8]>,
    written: Box<[u8]>,
    counts: Counts,
    last: Timestamp,
}

/// Follows polls, bounded.
#[derive(Debug, Default)]
pub struct Summary {
    options: Options,
    index: HashMap<Poll, usize>,
    entries: Vec<Entry>,
    hand: usize,
    held: usize,
    now: Timestamp,
    since: Option<Timestamp>,
    forgotten: u64,
}

impl Summary {
    /// A summary of nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Polls that are followed at this moment.
    pub fn polls(&self) -> usize {
        self.entries.len()
    }

    /// Polls that were forgotten because too many came.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes an observation; tells whether it was an exchange, and so is in the summary.
    pub fn take(
        &mut self,
        observation: &Observation<'_>,
        sink: &mut impl FnMut(&Note<'_>),
    ) -> bool {
        let Observation::Exchange(exchange) = observation else {
            return false;
        };
        let end = exchange.latency_ns.unwrap_or(0);
        let end = Timestamp::from_ns(exchange.ts.as_ns().saturating_add(end));
        self.now = self.now.max(end);
        let since = *self.since.get_or_insert(self.now);
        if self.now.since_ns(since) >= self.options.period_ns {
            self.since = Some(self.now);
            self.flush(sink);
        }
        let poll = Poll::of(exchange);
        let at = match self.index.get(&poll) {
            Some(at) => *at,
            None => self.begin(poll, exchange.outcome, sink),
        };
        if let Some(entry) = self.entries.get_mut(at) {
            let before = entry.held();
            entry.take(exchange, sink);
            entry.last = self.now;
            self.held = (self.held + entry.held()).saturating_sub(before);
        }
        while self.held > VALUES_TOTAL_MAX && self.entries.len() > 1 {
            self.forget(sink);
        }
        true
    }

    /// Tells what was counted since the last time.
    pub fn flush(&mut self, sink: &mut impl FnMut(&Note<'_>)) {
        self.entries.iter_mut().for_each(|entry| entry.flush(sink));
    }

    /// Tells the rest; the summary is empty behind it.
    pub fn finish(&mut self, sink: &mut impl FnMut(&Note<'_>)) {
        self.flush(sink);
        *self = Self::new(self.options);
    }

    fn begin(&mut self, poll: Poll, outcome: Outcome, sink: &mut impl FnMut(&Note<'_>)) -> usize {
        while self.entries.len() >= POLLS_MAX {
            self.forget(sink);
        }
        let at = self.entries.len();
        self.entries.push(Entry {
            poll,
            fresh: true,
            outcome,
            read: Box::default(),
            written: Box::default(),
            counts: Counts::default(),
            last: self.now,
        });
        self.index.insert(poll, at);
        at
    }

    /// Forgets the most idle poll of a sample that wanders over all.
    fn forget(&mut self, sink: &mut impl FnMut(&Note<'_>)) {
        let count = self.entries.len();
        let sample = (self.hand..self.hand + SAMPLE).map(|at| at % count.max(1));
        let idle = sample.min_by_key(|at| self.entries.get(*at).map(|entry| entry.last));
        self.hand = (self.hand + SAMPLE) % count.max(1);
        let Some(at) = idle.filter(|at| *at < count) else {
            return;
        };
        let mut entry = self.entries.swap_remove(at);
        self.index.remove(&entry.poll);
        if let Some(moved) = self.entries.get(at) {
            self.index.insert(moved.poll, at);
        }
        self.held = self.held.saturating_sub(entry.held());
        self.forgotten += 1;
        entry.flush(sink);
    }
}

impl Entry {
    fn held(&self) -> usize {
        self.read.len() + self.written.len()
    }

    fn take(&mut self, exchange: &Exchange<'_>, sink: &mut impl FnMut(&Note<'_>)) {
        let poll = &self.poll;
        let malformed = exchange.outcome == Outcome::Malformed;
        let brings = |span: Option<Span<'_>>, kept: &[u8]| {
            kept.is_empty() && span.is_some_and(|span| span.values != Values::None)
        };
        let brings = brings(exchange.read, &self.read) || brings(exchange.write, &self.written);
        if self.fresh || brings && !malformed {
            sink(&Note::First { poll, exchange });
        }
        self.fresh = false;
        self.counts.add(exchange);
        let (before, after) = (self.outcome, exchange.outcome);
        if before != after {
            self.outcome = after;
            let ts = exchange.ts;
            sink(&Note::Turned {
                poll,
                ts,
                before,
                after,
            });
        }
        if malformed {
            return;
        }
        for (written, span, kept) in [
            (false, exchange.read, &mut self.read),
            (true, exchange.write, &mut self.written),
        ] {
            if let Some(span) = span {
                compare(poll, (exchange.ts, written), (&span, kept), sink);
            }
        }
    }

    fn flush(&mut self, sink: &mut impl FnMut(&Note<'_>)) {
        if self.counts.polls > 0 {
            let (poll, counts) = (&self.poll, &self.counts);
            sink(&Note::Counted { poll, counts });
            self.counts = Counts::default();
        }
    }
}

/// Tells each value that is another than the one kept, and keeps it.
fn compare(
    poll: &Poll,
    (ts, written): (Timestamp, bool),
    (span, kept): (&Span<'_>, &mut Box<[u8]>),
    sink: &mut impl FnMut(&Note<'_>),
) {
    let (Values::Bits(bytes) | Values::Words(bytes)) = span.values else {
        return;
    };
    if **kept == *bytes {
        return;
    }
    let values = match span.values {
        Values::Bits(_) => Values::Bits(kept),
        _ => Values::Words(kept),
    };
    let old = Span { values, ..*span };
    for ((before, after), addr) in old.iter().zip(span.iter()).zip(span.addr..) {
        if before != after {
            sink(&Note::Changed {
                poll,
                ts,
                written,
                addr,
                before,
                after,
            });
        }
    }
    match kept.len() == bytes.len() {
        true => kept.copy_from_slice(bytes),
        false => *kept = bytes.into(),
    }
}
