//! What a contract says happens while the other end is away: try again, keep, drop, refuse. No I/O, no clock.
//!
//! The caller says what it knows (`handle_…`) and does what it is told (`poll_…`).

use std::collections::VecDeque;

use iia_contract::scope::Failure;

/// Records kept at most, whatever a contract says.
pub const RECORDS_MAX: usize = 1 << 20;
/// First wait between tries in nanoseconds.
pub const BACKOFF_MIN_NS: u64 = 50_000_000;
/// Longest wait between tries where the contract says none, in nanoseconds.
pub const BACKOFF_MAX_NS: u64 = 30_000_000_000;

/// What is done with a message while the other end is away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Away {
    /// It is dropped and counted.
    Drop,
    /// It waits with the caller: the next one is asked for when the other end is back.
    Retry,
    /// It is kept here, so many and so long.
    Buffer(Full),
    /// It is refused, and so is whatever depends on it.
    FailClosed,
    /// It is let go, and an alarm is raised.
    Alarm,
}

/// What happens when nothing more can be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Full {
    /// The oldest goes, and an alarm is raised.
    DropOldest,
    /// The newest goes, and an alarm is raised.
    DropNewest,
    /// The newest is refused, and so is whatever depends on it.
    FailClosed,
}

/// The terms of a contract about failure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// What is done with a message.
    pub away: Away,
    /// Records kept at most.
    pub records_max: usize,
    /// How long they are kept at most, in nanoseconds.
    pub age_max_ns: u64,
    /// Longest wait between tries, in nanoseconds.
    pub backoff_max_ns: u64,
    /// The stream on which alarms appear.
    pub alarm: String,
}

impl Policy {
    /// The terms as a contract states them. A word that is not known fails closed.
    pub fn of(failure: &Failure) -> Self {
        let ns = |ns: Option<i64>, otherwise| {
            ns.and_then(|ns| u64::try_from(ns).ok())
                .unwrap_or(otherwise)
        };
        let full = match failure.on_buffer_full.as_deref() {
            Some("drop_oldest_with_alarm") => Full::DropOldest,
            Some("drop_newest_with_alarm") => Full::DropNewest,
            _ => Full::FailClosed,
        };
        let away = match failure.on_unreachable.as_str() {
            "drop" => Away::Drop,
            "retry" => Away::Retry,
            "buffer_local" => Away::Buffer(full),
            "fail_open_with_alarm" | "log_and_alarm" => Away::Alarm,
            _ => Away::FailClosed,
        };
        let records = failure
            .buffer_records
            .and_then(|records| usize::try_from(records).ok());
        Self {
            away,
            records_max: records.unwrap_or(0).min(RECORDS_MAX),
            age_max_ns: ns(failure.buffer_age_ns, u64::MAX),
            backoff_max_ns: ns(failure.backoff_max_ns, BACKOFF_MAX_NS).max(BACKOFF_MIN_NS),
            alarm: failure.alarm.as_deref().unwrap_or_default().into(),
        }
    }
}

/// What becomes of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict<T> {
    /// The other end is there: send it now.
    Send(T),
    /// It is kept; [`Outage::poll_kept`] gives it back when the other end is there.
    Kept,
    /// It is not kept, and the contract lets it go.
    Dropped,
    /// Hold it, and ask again when the other end is back.
    Hold(T),
    /// It is refused: what depends on it must not go on.
    Refused(T),
}

/// Something that the contract wants told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Alarm {
    /// On which stream; empty where the contract names none.
    pub stream: String,
    /// What happened.
    pub what: What,
    /// How often.
    pub count: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Messages began to be kept.
    BufferingBegan,
    /// All that was kept is on its way.
    BufferingEnded,
    /// Messages were dropped because there was no more room.
    DroppedFull,
    /// Messages were dropped because they were too old.
    DroppedOld,
    /// Messages were let go while the other end was away.
    LetGo,
}

/// A message that waits: since when, how many records it has.
#[derive(Debug)]
struct Kept<T> {
    at_ns: u64,
    records: usize,
    message: T,
}

/// One link's other end, there or away.
#[derive(Debug)]
pub struct Outage<T> {
    policy: Policy,
    there: bool,
    tries: u32,
    next_try_ns: u64,
    seed: u64,
    kept: VecDeque<Kept<T>>,
    /// Records in what is kept.
    records: usize,
    alarms: Vec<Alarm>,
}

impl<T> Outage<T> {
    /// Begins away, to be tried at once. The seed spreads the tries of many links.
    pub const fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            there: false,
            tries: 0,
            next_try_ns: 0,
            seed: seed | 1,
            kept: VecDeque::new(),
            records: 0,
            alarms: Vec::new(),
        }
    }

    /// What the contract says is done with a message while the other end is away.
    pub const fn away(&self) -> Away {
        self.policy.away
    }

    /// The other end is there.
    pub fn handle_there(&mut self) {
        self.there = true;
        self.tries = 0;
    }

    /// The other end is away, or a try has failed: the next is later, and never later than the contract says.
    pub fn handle_away(&mut self, now_ns: u64) {
        self.there = false;
        let doubled = BACKOFF_MIN_NS.saturating_mul(1 << self.tries.min(20));
        let wait = doubled.min(self.policy.backoff_max_ns);
        self.tries = self.tries.saturating_add(1);
        // Three quarters to all of it, so that what fell together does not come back together.
        let spread = self.dice() % (wait / 4).max(1);
        self.next_try_ns = now_ns.saturating_add(wait - spread);
    }

    /// A message is to be sent, which is one record.
    pub fn handle_message(&mut self, now_ns: u64, message: T) -> Verdict<T> {
        self.handle_records(now_ns, message, 1)
    }

    /// A message of many records is to be sent; it is kept, dropped or refused as a whole.
    pub fn handle_records(&mut self, now_ns: u64, message: T, records: usize) -> Verdict<T> {
        let records = records.max(1);
        // What is kept goes first: order is kept, too.
        if self.there && self.kept.is_empty() {
            return Verdict::Send(message);
        }
        match self.policy.away {
            Away::Retry => Verdict::Hold(message),
            Away::FailClosed => Verdict::Refused(message),
            Away::Drop => Verdict::Dropped,
            Away::Alarm => {
                self.alarm(What::LetGo, records);
                Verdict::Dropped
            }
            Away::Buffer(full) => {
                let kept = Kept {
                    at_ns: now_ns,
                    records,
                    message,
                };
                self.keep(kept, full)
            }
        }
    }

    /// Whether the other end is there, as far as is known.
    pub const fn is_there(&self) -> bool {
        self.there
    }

    /// When the other end is tried again, while it is away.
    pub const fn next_try_ns(&self) -> u64 {
        self.next_try_ns
    }

    /// Whether to try to reach the other end now.
    pub const fn poll_try(&self, now_ns: u64) -> bool {
        !self.there && now_ns >= self.next_try_ns
    }

    /// The oldest message that was kept, once the other end is there; it is dropped by [`Outage::handle_sent`].
    pub fn poll_kept(&mut self, now_ns: u64) -> Option<&T> {
        self.handle_timeout(now_ns);
        self.kept
            .front()
            .filter(|_| self.there)
            .map(|kept| &kept.message)
    }

    /// What [`Outage::poll_kept`] gave was taken by the other end.
    pub fn handle_sent(&mut self) {
        if self.drop_oldest() > 0 && self.kept.is_empty() {
            self.kept = VecDeque::new();
            self.alarm(What::BufferingEnded, 1);
        }
    }

    /// Time passes: what is too old goes.
    pub fn handle_timeout(&mut self, now_ns: u64) {
        let mut old = 0;
        while self
            .kept
            .front()
            .is_some_and(|kept| now_ns.saturating_sub(kept.at_ns) > self.policy.age_max_ns)
        {
            old += self.drop_oldest();
        }
        self.alarm(What::DroppedOld, old);
    }

    /// When something is due: a try, or a message that becomes too old.
    pub fn poll_timeout(&self) -> Option<u64> {
        let age = self.policy.age_max_ns.saturating_add(1);
        let old = self.kept.front();
        let old = old.map(|kept| kept.at_ns.saturating_add(age));
        let next = (!self.there).then_some(self.next_try_ns);
        old.into_iter().chain(next).min()
    }

    /// Something that the contract wants told.
    pub fn poll_alarm(&mut self) -> Option<Alarm> {
        (!self.alarms.is_empty()).then(|| self.alarms.remove(0))
    }

    /// How many messages are kept.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// How many records are kept.
    pub const fn records(&self) -> usize {
        self.records
    }

    fn keep(&mut self, new: Kept<T>, full: Full) -> Verdict<T> {
        self.handle_timeout(new.at_ns);
        let room = self.policy.records_max;
        if self.records.saturating_add(new.records) > room {
            match full {
                Full::FailClosed => return Verdict::Refused(new.message),
                Full::DropNewest => {
                    self.alarm(What::DroppedFull, new.records);
                    return Verdict::Dropped;
                }
                // Room for none, however many go.
                Full::DropOldest if new.records > room => {
                    self.alarm(What::DroppedFull, new.records);
                    return Verdict::Dropped;
                }
                Full::DropOldest => self.make_room(room - new.records),
            }
        } else if self.kept.is_empty() {
            self.alarm(What::BufferingBegan, 1);
        }
        self.records += new.records;
        self.kept.push_back(new);
        Verdict::Kept
    }

    /// The oldest go until no more than so many records are kept.
    fn make_room(&mut self, records_max: usize) {
        while self.records > records_max && !self.kept.is_empty() {
            let dropped = self.drop_oldest();
            self.alarm(What::DroppedFull, dropped);
        }
    }

    /// Drops the oldest message; gives how many records it had.
    fn drop_oldest(&mut self) -> usize {
        let dropped = self.kept.pop_front().map_or(0, |kept| kept.records);
        self.records = self.records.saturating_sub(dropped);
        dropped
    }

    fn alarm(&mut self, what: What, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if count == 0 {
            return;
        }
        // There are fewer kinds of alarm than room for them.
        if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.what == what) {
            alarm.count = alarm.count.saturating_add(count);
        } else {
            let stream = self.policy.alarm.clone();
            self.alarms.push(Alarm {
                stream,
                what,
                count,
            });
        }
    }

    fn dice(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}
