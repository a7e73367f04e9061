//! Alerts on their way to the sinks of the machine itself, and whether a sink still takes them.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::accountable::Accountable;
use super::gravity::Gravity;
use super::told::{How, Told};

/// Alerts that wait for a sink at most; beyond it the newest are dropped, and their number is told when it is back.
pub const ALERTS_MAX: usize = 1024;
/// Shortest wait before a sink is tried again, in nanoseconds.
pub const RETRY_MIN_NS: i64 = SECOND_NS / 5;
/// Longest wait before a sink is tried again, in nanoseconds; it is tried as long as the box runs.
pub const RETRY_MAX_NS: i64 = 10 * SECOND_NS;
/// How long a sink may be lost unseen while there is nothing to alert, in nanoseconds.
pub const PROBE_NS: i64 = 5 * SECOND_NS;
/// How long a sink may be at work, in nanoseconds; then it is lost until it answers.
pub const JOB_MAX_NS: i64 = 10 * SECOND_NS;
/// Longest line of an alert in bytes; a longer one is cut.
const LINE_LEN_MAX: usize = 1024;

/// A sink of alerts on the machine itself.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Sink {
    /// Lines that are only ever added: a file, or the machine's log.
    Journal,
    /// A contact that a lamp, a horn or a telephone hangs on.
    Relay,
}

impl Sink {
    /// The name in records and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Relay => "relay",
        }
    }
}

/// What a sink is to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alert {
    /// The name of the cause.
    pub id: String,
    /// When, as its source dates it.
    pub at: Timestamp,
    /// New, changed or over.
    pub how: How,
    /// How grave.
    pub gravity: Gravity,
    /// The stream.
    pub stream: String,
    /// The contract; empty when none is concerned.
    pub contract: String,
    /// What was done.
    pub reason: String,
    /// Who answers for it.
    pub accountable: Vec<Accountable>,
    /// How many causes stand open with it: the contact is closed as long as this is not zero.
    pub open: usize,
}

impl Alert {
    pub(super) fn new(told: &Told, open: usize) -> Self {
        let Told { finding, .. } = told;
        Self {
            id: told.id.clone(),
            at: Timestamp::from_ns(finding.ts_ns),
            how: told.how,
            gravity: Gravity::of(finding.severity),
            stream: finding.stream.clone(),
            contract: finding.contract.clone(),
            reason: finding.reason.clone(),
            accountable: told.accountable.clone(),
            open,
        }
    }

    /// One line of printable characters: what, how grave, which finding, who answers, how many stand open.
    pub fn to_line(&self) -> String {
        let who = |one: &Accountable| match one.contact.as_str() {
            "" => one.role.clone(),
            contact => format!("{} {contact}", one.role),
        };
        let who: Vec<String> = self.accountable.iter().map(who).collect();
        let who = match who.is_empty() {
            true => "nobody is named".into(),
            false => who.join(", "),
        };
        let at = self.at.to_string();
        let line = format!(
            "{}Z {} {} {} {}: {} [accountable: {who}; open: {}]",
            at.get(..23).unwrap_or(&at),
            self.gravity.name(),
            self.how.name(),
            self.id,
            self.stream,
            self.reason,
            self.open,
        );
        tame(&line)
    }
}

/// No character of a stranger's words ends the line or moves a cursor.
fn tame(text: &str) -> String {
    let mut line = String::new();
    for letter in text.chars() {
        if line.len() >= LINE_LEN_MAX {
            line.push('\u{2026}');
            break;
        }
        match letter {
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => {
                line.extend(letter.escape_unicode());
            }
            '\u{2060}'..='\u{206f}' | '\u{feff}' => line.extend(letter.escape_unicode()),
            _ if letter.is_control() => line.extend(letter.escape_default()),
            _ => line.push(letter),
        }
    }
    line
}

/// What a sink is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Job {
    /// Say this.
    Deliver(Alert),
    /// Show that you would.
    Probe,
}

/// How a sink stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SinkState {
    /// Which.
    pub sink: Sink,
    /// Since when it takes nothing; nothing while it does.
    pub lost_since: Option<Timestamp>,
    /// Why.
    pub why: String,
    /// Alerts that wait for it.
    pub waiting: usize,
    /// Alerts that it took.
    pub delivered: u64,
    /// Alerts that found no room.
    pub dropped: u64,
}

/// What an outcome changes.
pub(super) enum Change {
    Lost(String),
    Back { waited: usize, dropped: u64 },
}

/// The way to one sink.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    state: SinkState,
    waiting: VecDeque<Alert>,
    /// Whether it is at work on the first that waits or on a probe, and since when; nothing while it rests.
    busy: Option<(bool, Timestamp)>,
    fails: u32,
    /// Not before this.
    next: Timestamp,
    /// The most that waited while it was lost.
    waited: usize,
    /// What was dropped since it was lost.
    dropped: u64,
}

impl Delivery {
    pub(super) const fn new(sink: Sink) -> Self {
        Self {
            state: SinkState {
                sink,
                lost_since: None,
                why: String::new(),
                waiting: 0,
                delivered: 0,
                dropped: 0,
            },
            waiting: VecDeque::new(),
            busy: None,
            fails: 0,
            next: Timestamp::from_ns(i64::MIN),
            waited: 0,
            dropped: 0,
        }
    }

    pub(super) const fn sink(&self) -> Sink {
        self.state.sink
    }

    pub(super) fn state(&self) -> SinkState {
        SinkState {
            waiting: self.waiting.len(),
            ..self.state.clone()
        }
    }

    pub(super) fn queue(&mut self, alert: Alert) {
        if self.waiting.len() >= ALERTS_MAX {
            self.state.dropped = self.state.dropped.saturating_add(1);
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.waiting.push_back(alert);
        self.waited = self.waited.max(self.waiting.len());
        if self.fails == 0 {
            self.next = Timestamp::from_ns(i64::MIN);
        }
    }

    pub(super) fn poll(&mut self, now: Timestamp) -> Option<Job> {
        // A clock that was set back holds no alert up longer than a retry does.
        let far = self.next.since_ns(now) > RETRY_MAX_NS.max(PROBE_NS);
        if self.busy.is_some() || (now < self.next && !far) {
            return None;
        }
        self.busy = Some((!self.waiting.is_empty(), now));
        Some(match self.waiting.front() {
            Some(alert) => Job::Deliver(alert.clone()),
            None => Job::Probe,
        })
    }

    pub(super) fn settle(&mut self, now: Timestamp, outcome: Result<(), String>) -> Option<Change> {
        let (delivering, _) = self.busy.take()?;
        match outcome {
            Ok(()) => {
                if delivering {
                    self.waiting.pop_front();
                    self.state.delivered = self.state.delivered.saturating_add(1);
                }
                self.fails = 0;
                self.next = match self.waiting.is_empty() {
                    true => now + PROBE_NS,
                    false => now,
                };
                self.state.why.clear();
                self.state.lost_since.take()?;
                let (waited, dropped) = (self.waited, self.dropped);
                (self.waited, self.dropped) = (self.waiting.len(), 0);
                Some(Change::Back { waited, dropped })
            }
            Err(why) => {
                let wait = RETRY_MIN_NS << self.fails.min(16);
                self.fails = self.fails.saturating_add(1);
                self.next = now + wait.min(RETRY_MAX_NS);
                self.lose(now, why)
            }
        }
    }

    /// Whether it is at work for longer than anything may take.
    pub(super) fn stuck(&mut self, now: Timestamp) -> Option<Change> {
        let (_, since) = self.busy?;
        if now.since_ns(since) < JOB_MAX_NS {
            return None;
        }
        let secs = JOB_MAX_NS / SECOND_NS;
        self.lose(now, format!("it has not answered for {secs} s"))
    }

    fn lose(&mut self, now: Timestamp, why: String) -> Option<Change> {
        self.state.why.clone_from(&why);
        if self.state.lost_since.is_some() {
            return None;
        }
        self.state.lost_since = Some(now);
        self.waited = self.waiting.len();
        Some(Change::Lost(why))
    }
}
