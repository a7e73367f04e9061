//! mTLS sessions that end or fail outside of what is tolerated.
//!
//! One session that breaks is a cable; the third in ten minutes is a finding. Some things are never tolerated: a session
//! with a certificate that has expired or was revoked, and one that is kept after it should have ended.

mod code;
mod tolerance;
mod window;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};

use iia_contract::catalog::Catalog;
use iia_contract::scope::Text;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::time::SECOND_NS;

use super::outbox::{Outbox, finding, sight};
use crate::correlator::Correlator;
use tolerance::Tolerances;
pub use tolerance::{BREAKS_MAX, FAILURES_MAX, LIFE_MIN_NS, SHORT_MAX, WINDOW_NS};
pub use window::PAIRS_MAX;
use window::{Kind, Pair, Windows};

/// Sessions and handshakes that are followed at once at most; those beyond it are counted.
pub const SESSIONS_MAX: usize = 65_536;
/// How long a handshake may take, in nanoseconds.
pub const HANDSHAKE_MAX_NS: i64 = 10 * SECOND_NS;
/// How long a session may be kept after it should have ended, in nanoseconds.
pub const GRACE_NS: i64 = 10 * SECOND_NS;

/// One session: who with whom, and a number that tells it from others between the same two.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Session {
    /// Who opened it: a SPIFFE ID, an address where none is known.
    pub source: Text,
    /// Who was spoken to.
    pub destination: Text,
    /// A port or a count.
    pub number: u64,
}

/// What is seen of sessions.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// A connection was made, and its handshake begins.
    Begun(Session),
    /// The handshake was done.
    Opened {
        /// Which.
        session: Session,
        /// When the certificate of its peer ends.
        not_after: Timestamp,
    },
    /// It ended, or its handshake did.
    Ended {
        /// Which.
        session: Session,
        /// How.
        how: How,
    },
    /// An identity was revoked.
    Revoked {
        /// Its SPIFFE ID.
        id: Text,
    },
}

/// How a session ends.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum How {
    /// Both said that it is over.
    Closed,
    /// One end reset it.
    Reset,
    /// It was cut off in the middle, and nobody said that it would be.
    Cut,
    /// The other end fell silent.
    Silent,
    /// A certificate has expired.
    Expired,
    /// An identity is revoked.
    Revoked,
    /// The handshake failed otherwise: no TLS, an old one, a peer that is not believed, nothing that a contract covers.
    Failed,
}

impl How {
    const fn words(self) -> &'static str {
        match self {
            Self::Closed => "ended in order",
            Self::Reset => "was reset",
            Self::Cut => "was cut off in the middle",
            Self::Silent => "was left half open: the other end fell silent",
            Self::Expired => "was tried or held with a certificate that has expired",
            Self::Revoked => "was tried or held with an identity that is revoked",
            Self::Failed => "failed in its handshake",
        }
    }
}

/// A session that goes on.
#[derive(Clone, Copy, Debug)]
struct Going {
    since: Timestamp,
    /// When it has to be over, or its handshake done; nothing once that is told.
    due: Option<Timestamp>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Handshake,
    Open,
    Revoked,
}

/// The observer of sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    tolerances: Tolerances,
    going: BTreeMap<Session, Going>,
    /// Which of them is due when.
    dues: BTreeSet<(Timestamp, Session)>,
    windows: Windows,
    others: u64,
    latest: Timestamp,
    out: Outbox,
}

impl Sessions {
    /// An observer of sessions between workloads.
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            tolerances: Tolerances::read(catalog),
            going: BTreeMap::new(),
            dues: BTreeSet::new(),
            windows: Windows::default(),
            others: 0,
            latest: Timestamp::from_ns(i64::MIN),
            out: Outbox::default(),
        }
    }

    /// Sessions that found no room and were not followed.
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.out.lost()
    }

    fn put(&mut self, session: Session, going: Going) {
        self.take(&session);
        if self.going.len() >= SESSIONS_MAX {
            self.others += 1;
            if self.others.is_power_of_two() {
                let reason = format!(
                    "more than {SESSIONS_MAX} sessions at once: {} so far are not followed",
                    self.others
                );
                self.out.say(sight(self.latest, reason));
            }
            return;
        }
        if let Some(due) = going.due {
            self.dues.insert((due, session.clone()));
        }
        self.going.insert(session, going);
    }

    fn take(&mut self, session: &Session) -> Option<Going> {
        let going = self.going.remove(session)?;
        if let Some(due) = going.due {
            self.dues.remove(&(due, session.clone()));
        }
        Some(going)
    }

    fn begun(&mut self, now: Timestamp, session: Session) {
        let going = Going {
            since: now,
            due: Some(now + HANDSHAKE_MAX_NS),
            state: State::Handshake,
        };
        self.put(session, going);
    }

    fn opened(&mut self, now: Timestamp, session: Session, not_after: Timestamp) {
        if not_after <= now {
            self.never(now, &session, How::Expired);
        }
        let going = Going {
            since: now,
            due: Some(not_after.max(now) + GRACE_NS),
            state: State::Open,
        };
        self.put(session, going);
    }

    fn ended(&mut self, now: Timestamp, session: &Session, how: How) {
        let going = self.take(session);
        let was_open = going.is_some_and(|going| going.state != State::Handshake);
        let pair = Pair::of(session);
        let tolerance = self.tolerances.of(&pair);
        let life_ns = going.map_or(i64::MAX, |going| now.since_ns(going.since));
        // Whoever holds a link ends it with its peer's certificate: that is its end in order, were it not too late.
        let is_due = going.is_some_and(|going| going.state == State::Open && going.due.is_some());
        match how {
            How::Expired if is_due => {}
            How::Expired | How::Revoked => self.never(now, session, how),
            How::Failed => self.count(now, pair, (Kind::Failures, how)),
            How::Silent if !was_open => self.count(now, pair, (Kind::Failures, how)),
            How::Reset | How::Cut | How::Silent => self.count(now, pair, (Kind::Breaks, how)),
            How::Closed if was_open && life_ns < tolerance.life_min_ns => {
                self.count(now, pair, (Kind::Shorts, how));
            }
            How::Closed => {}
        }
    }

    fn revoked(&mut self, now: Timestamp, id: &str) {
        let meant = |session: &Session| session.source == id || session.destination == id;
        let all = self.going.keys().filter(|session| meant(session));
        for session in all.cloned().collect::<alloc::vec::Vec<_>>() {
            if let Some(going) = self.take(&session) {
                let due = Some(now + GRACE_NS);
                let state = State::Revoked;
                self.put(
                    session,
                    Going {
                        due,
                        state,
                        ..going
                    },
                );
            }
        }
    }

    fn count(&mut self, now: Timestamp, pair: Pair, (kind, how): (Kind, How)) {
        let tolerance = self.tolerances.of(&pair);
        let most = kind.most(&tolerance);
        let Some(count) = self
            .windows
            .count(now, &pair, kind, (most, tolerance.window_ns))
        else {
            if let Some(words) = self.windows.overflow() {
                self.out.say(sight(now, words));
            }
            return;
        };
        let minutes = tolerance.window_ns as f64 / 60e9;
        let what = match kind {
            Kind::Shorts => format!(
                "ended in less than {} s",
                tolerance.life_min_ns as f64 / 1e9
            ),
            Kind::Breaks | Kind::Failures => how.words().into(),
        };
        let reason = format!(
            "a session of {} with {} {what}, {} {} in {minutes} min, and {most} are tolerated",
            pair.source,
            pair.destination,
            count,
            kind.words(),
        );
        self.say(now, &pair, (kind.clause(), Conclusion::Diverge), reason);
    }

    /// What is never tolerated.
    fn never(&mut self, now: Timestamp, session: &Session, how: How) {
        let pair = Pair::of(session);
        let reason = format!(
            "a session of {} with {} {}",
            session.source,
            session.destination,
            how.words()
        );
        self.say(now, &pair, ("session", Conclusion::Diverge), reason);
    }

    fn say(
        &mut self,
        now: Timestamp,
        pair: &Pair,
        (clause, conclusion): (&str, Conclusion),
        reason: String,
    ) {
        let contract = self.tolerances.contract(pair).to_string();
        let found = Finding {
            source: pair.source.to_string(),
            destination: pair.destination.to_string(),
            ..finding(now, conclusion, (&contract, clause), reason)
        };
        self.out.say(found);
    }

    /// Whatever should be over by now and is not.
    fn overdue(&mut self, now: Timestamp) {
        while let Some((due, session)) = self.dues.first().cloned() {
            if now < due {
                return;
            }
            self.dues.pop_first();
            let Some(going) = self.going.get_mut(&session) else {
                continue;
            };
            going.due = None;
            let pair = Pair::of(&session);
            let kept = match going.state {
                State::Handshake => {
                    self.going.remove(&session);
                    self.count(due, pair, (Kind::Failures, How::Silent));
                    continue;
                }
                State::Open => "its certificate has ended",
                State::Revoked => "an identity of it was revoked",
            };
            let reason = format!(
                "a session of {} with {} is still open {} s after {kept}",
                session.source,
                session.destination,
                GRACE_NS / SECOND_NS
            );
            self.say(due, &pair, ("session", Conclusion::Diverge), reason);
        }
    }

    fn pass(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        let now = self.latest;
        self.overdue(now);
        for (pair, kind) in self.windows.calm(now) {
            let reason = format!(
                "sessions of {} with {} hold again: no {} any more",
                pair.source,
                pair.destination,
                kind.words()
            );
            self.say(now, &pair, (kind.clause(), Conclusion::Converge), reason);
        }
        now
    }
}

impl Correlator for Sessions {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        let now = self.pass(now);
        match seen {
            Seen::Begun(session) => self.begun(now, session),
            Seen::Opened { session, not_after } => self.opened(now, session, not_after),
            Seen::Ended { session, how } => self.ended(now, &session, how),
            Seen::Revoked { id } => self.revoked(now, &id),
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.pass(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.out.poll()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let due = self.dues.first().map(|(due, _)| *due);
        [due, self.windows.next()].into_iter().flatten().min()
    }
}
