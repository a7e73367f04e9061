//! `ot.attestation.config`: what runs on a box against the artifact that is applied to it.
//!
//! That all is as intended is said on a cadence. What is not is named, element by element: as it should be, as it is, and
//! whether it was never made, made otherwise, or changed beside the artifact afterwards. The observer reads the signed text
//! itself and verifies its signatures itself; it shares no code with whoever validates, renders or applies.
//!
//! Whoever drives it makes a look (`Look`, then each element that runs, then `Looked`) as often as [`Agreed`] says, at once after
//! an artifact was applied, and may tell of single elements in between, as events say that they change.

mod element;
mod look;
mod read;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

pub use self::element::{Aspect, Element, Intended, Kind, Running, State};
pub use self::read::{ArtifactError, ENTRIES_MAX, FlatError, Reference, TEXT_LEN_MAX, running};
pub use crate::said::WAITING_MAX;

use self::look::Look;
use self::words::{Cause, Delta, EVIDENCE_MAX};
use crate::correlator::Correlator;
use crate::said::{Said, Word};

/// Elements that are followed at most; those beyond it are counted, and that is told.
pub const ELEMENTS_MAX: usize = 131_072;
/// Elements of one look that may be wrong, at most; those beyond it are counted, and that is told.
pub const DELTAS_MAX: usize = 4096;
/// How long an artifact may take to be applied before what is not yet in force is told, in nanoseconds.
pub const SETTLE_NS: i64 = 10 * SECOND_NS;
/// How much later than agreed a look may come, in nanoseconds.
pub const GRACE_NS: i64 = 15 * SECOND_NS;

/// What was agreed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreed {
    /// The box.
    pub box_name: String,
    /// The contract under which its configuration comes; empty for none.
    pub contract: String,
    /// What runs is held against what is applied so often, in nanoseconds.
    pub period_ns: i64,
}

impl Agreed {
    /// Each five minutes (`running_vs_staged_check_period: 5m`).
    pub fn of(box_name: &str) -> Self {
        Self {
            box_name: box_name.into(),
            contract: String::new(),
            period_ns: 300 * SECOND_NS,
        }
    }
}

/// What it sees.
#[derive(Clone, Debug)]
pub enum Seen {
    /// An artifact is applied, or what is there cannot be believed.
    Applied(Result<Reference, ArtifactError>),
    /// A look at everything begins.
    Look,
    /// An element: of a look, or by itself because something has changed.
    Running(Running),
    /// The look is over; what could not be looked at.
    Looked(Vec<Kind>),
}

/// An element that must be there.
#[derive(Clone, Debug)]
struct Held {
    /// As it must be.
    state: State,
    /// As the running look found it, while it was not right before.
    fresh: Option<State>,
    /// The look that met it last.
    seen: u32,
    /// Whether it was right under this artifact.
    right: bool,
    /// What was told of it: as it was then.
    told: Option<Option<State>>,
}

impl Held {
    const fn of(state: State) -> Self {
        Self {
            state,
            fresh: None,
            seen: 0,
            right: false,
            told: None,
        }
    }
}

/// The observer of one box.
#[derive(Clone, Debug)]
pub struct Config {
    period_ns: i64,
    name: String,
    digest: Option<iia_core::Digest>,
    every: Vec<(Kind, State)>,
    elements: BTreeMap<Element, Held>,
    /// How things were under the artifact before, until this one is in force.
    previous: BTreeMap<Element, State>,
    /// Kinds of which there may be what there was, and no more.
    pinned: BTreeSet<Kind>,
    /// Elements that should not be there and were told, as they were then.
    told: BTreeMap<Element, State>,
    unseen: Vec<Kind>,
    applied: Timestamp,
    look: Option<Look>,
    looks: u32,
    /// When a look last found all right.
    right: Option<Timestamp>,
    /// Whether all was right under this artifact, whether that was said, and whether something is wrong now.
    converged: bool,
    wrong: bool,
    due: Option<Timestamp>,
    late: bool,
    unbelieved: Option<ArtifactError>,
    more_told: bool,
    now: Option<Timestamp>,
    said: Said,
}

impl Config {
    /// The observer of a box to which nothing is applied yet. Time starts with the first thing that it is told.
    pub fn new(agreed: Agreed) -> Self {
        Self {
            period_ns: agreed.period_ns.max(SECOND_NS),
            said: Said::new(Stream::ATTEST_CONFIG, agreed.box_name, agreed.contract),
            name: String::new(),
            digest: None,
            every: Vec::new(),
            elements: BTreeMap::new(),
            previous: BTreeMap::new(),
            pinned: BTreeSet::new(),
            told: BTreeMap::new(),
            unseen: Vec::new(),
            applied: Timestamp::default(),
            look: None,
            looks: 0,
            right: None,
            converged: false,
            wrong: false,
            due: None,
            late: false,
            unbelieved: None,
            more_told: false,
            now: None,
        }
    }

    /// Whether everything was as intended at the last look.
    pub const fn is_right(&self) -> bool {
        self.converged && !self.wrong
    }

    /// Time goes on and never back, whatever a clock says.
    fn at(&mut self, now: Timestamp) -> Timestamp {
        let now = self.now.map_or(now, |before| before.max(now));
        self.now = Some(now);
        let period_ns = self.period_ns;
        self.due.get_or_insert(now + period_ns);
        now
    }

    fn applied(&mut self, now: Timestamp, applied: Result<Reference, ArtifactError>) {
        let reference = match applied {
            Ok(reference) => reference,
            Err(error) => return self.unbelieved(now, error),
        };
        self.unbelieved = None;
        if self.digest.is_some() && self.digest == reference.digest {
            return;
        }
        let before = core::mem::take(&mut self.elements);
        self.previous = before
            .into_iter()
            .map(|(element, held)| (element, held.state))
            .collect();
        let more = reference.elements.len().saturating_sub(ELEMENTS_MAX);
        let taken = reference.elements.into_iter().take(ELEMENTS_MAX);
        self.elements = taken
            .map(|one| (one.element, Held::of(one.state)))
            .collect();
        (self.name, self.digest, self.every) = (reference.name, reference.digest, reference.every);
        (self.applied, self.converged, self.look) = (now, false, None);
        self.pinned.clear();
        self.told.clear();
        self.more_told = false;
        self.overflow(now, more as u64);
    }

    fn unbelieved(&mut self, now: Timestamp, error: ArtifactError) {
        if self.unbelieved.replace(error) == Some(error) {
            return;
        }
        let reason = format!(
            "what is applied cannot be believed: {} {error}",
            error.code()
        );
        self.diverge(now, "artifact", reason, Vec::new());
    }

    fn begin_look(&mut self, now: Timestamp) {
        // INVARIANT: 0 is the look that met nothing.
        self.looks = self.looks.wrapping_add(1).max(1);
        self.look = Some(Look {
            began: now,
            number: self.looks,
            differ: Vec::new(),
            strangers: BTreeMap::new(),
            more: 0,
        });
    }

    fn looked(&mut self, now: Timestamp, mut unseen: Vec<Kind>) {
        let Some(mut look) = self.look.take() else {
            return;
        };
        self.late = false;
        unseen.dedup();
        unseen.truncate(Kind::ALL.len());
        self.cannot_see(now, &unseen);
        if self.digest.is_none() {
            return;
        }
        let deltas = self.deltas(&mut look, &unseen);
        self.wrong = !deltas.is_empty() || look.more > 0;
        if self.wrong {
            self.tell(now, &look, deltas);
            self.pin_each(look.number);
        } else {
            self.all_right(now, &mut look, &unseen);
        }
        self.overflow(now, look.more);
    }

    fn all_right(&mut self, now: Timestamp, look: &mut Look, unseen: &[Kind]) {
        let told = self
            .elements
            .values_mut()
            .filter_map(|held| held.told.take());
        let again = told.count() > 0 || !self.told.is_empty();
        self.told.clear();
        let first = !self.converged;
        self.pin(look, unseen);
        self.converged = true;
        self.right = Some(now);
        self.more_told &= look.more > 0;
        if first || again {
            self.confirm(now, again);
        }
    }

    fn confirm(&mut self, now: Timestamp, again: bool) {
        self.due = Some(now + self.period_ns);
        let again = if again { " again" } else { "" };
        let unseen: Vec<&str> = self.unseen.iter().map(|kind| kind.name()).collect();
        let but = match unseen.is_empty() {
            true => String::new(),
            false => format!("; not seen: {}", unseen.join(", ")),
        };
        let reason = format!(
            "{} is in force{again}: {} elements are as intended{but}",
            self.name,
            self.elements.len()
        );
        let evidence = self
            .digest
            .map(|digest| digest.to_string())
            .into_iter()
            .collect();
        let word = Word::new(Conclusion::Converge, "config", reason);
        self.said.say(now, Word { evidence, ..word });
    }

    /// Tells what was not told yet: what was changed one by one, what an application left behind together.
    fn tell(&mut self, now: Timestamp, look: &Look, deltas: Vec<Delta>) {
        let is_settled = look.began.since_ns(self.applied) >= SETTLE_NS;
        let mut left: BTreeMap<Cause, Vec<Delta>> = BTreeMap::new();
        for delta in deltas {
            if delta.cause != Cause::OutOfBand && !is_settled || !self.is_news(&delta) {
                continue;
            }
            match delta.cause {
                Cause::OutOfBand => self.changed(now, &delta),
                cause => left.entry(cause).or_default().push(delta),
            }
        }
        for (cause, deltas) in left {
            let made = self.made(look.number);
            let reason = words::left(cause, &deltas, made, &self.name);
            self.diverge(now, cause.clause(), reason, self.evidence(&deltas));
        }
    }

    /// Elements that this artifact changed and that are as it wants them.
    fn made(&self, number: u32) -> usize {
        let made = self.elements.iter().filter(|(element, held)| {
            let is_met = held.seen == number && (held.right || held.fresh.is_some());
            let before = self.previous.get(element);
            is_met && before.is_none_or(|before| held.state.differs(before).is_some())
        });
        made.count()
    }

    fn changed(&mut self, now: Timestamp, delta: &Delta) {
        let reason = words::out_of_band(delta, &self.name);
        let evidence = self.evidence(core::slice::from_ref(delta));
        self.diverge(now, Cause::OutOfBand.clause(), reason, evidence);
    }

    fn evidence(&self, deltas: &[Delta]) -> Vec<String> {
        let artifact = self.digest.iter().map(ToString::to_string);
        let deltas = deltas.iter().take(EVIDENCE_MAX).map(Delta::words);
        artifact.chain(deltas).collect()
    }

    /// Whether it was not told that this element is as it is; from now on it was.
    fn is_news(&mut self, delta: &Delta) -> bool {
        if let Some(held) = self.elements.get_mut(&delta.element) {
            return held.told.replace(delta.running.clone()).as_ref() != Some(&delta.running);
        }
        let Some(running) = delta.running.clone() else {
            return false;
        };
        if self.told.len() >= DELTAS_MAX {
            self.told.clear();
        }
        let before = self.told.insert(delta.element.clone(), running);
        before != delta.running
    }

    fn diverge(
        &mut self,
        now: Timestamp,
        clause: &'static str,
        reason: String,
        evidence: Vec<String>,
    ) {
        let word = Word {
            severity: Severity::Critical,
            evidence,
            ..Word::new(Conclusion::Diverge, clause, reason)
        };
        self.said.say(now, word);
    }

    fn overflow(&mut self, now: Timestamp, more: u64) {
        if more == 0 || core::mem::replace(&mut self.more_told, true) {
            return;
        }
        let reason = format!(
            "{more} elements found no room and are not watched: {ELEMENTS_MAX} are, and {DELTAS_MAX} that are not as intended"
        );
        let word = Word::new(Conclusion::Missing, "observer", reason);
        self.said.say(now, word);
    }

    fn cannot_see(&mut self, now: Timestamp, unseen: &[Kind]) {
        if self.unseen == unseen {
            return;
        }
        let words = |kinds: &[Kind]| {
            kinds
                .iter()
                .map(|kind| kind.name())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (conclusion, reason) = match unseen.is_empty() {
            true => (
                Conclusion::Converge,
                "everything can be looked at again".into(),
            ),
            false => (
                Conclusion::Missing,
                format!("cannot be looked at: {}", words(unseen)),
            ),
        };
        self.unseen = unseen.to_vec();
        self.said
            .say(now, Word::new(conclusion, "observer", reason));
    }

    /// An element by itself: only what was right and has changed says something.
    fn event(&mut self, now: Timestamp, running: Running) {
        let Running { element, state } = running;
        let held = self.elements.get(&element);
        let differs = match (held, &state) {
            (Some(held), Some(state)) => held.right && held.state.differs(state).is_some(),
            (Some(held), None) => held.right,
            (None, Some(state)) => {
                let whole = element.kind.is_stated() || element.kind.is_pinned();
                self.converged && whole && !self.may_be_pinned(&element, state)
            }
            (None, None) => false,
        };
        if !differs {
            return;
        }
        self.wrong = true;
        let delta = self.delta(element, state);
        let delta = delta.filter(|delta| delta.cause == Cause::OutOfBand);
        if let Some(delta) = delta.filter(|delta| self.is_news(delta)) {
            self.changed(now, &delta);
        }
    }
}

impl Correlator for Config {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        let now = self.at(now);
        match seen {
            // Many of these come at once, and none of them moves a time.
            Seen::Running(running) if self.look.is_some() => return self.meet(running),
            Seen::Running(running) => self.event(now, running),
            Seen::Applied(applied) => self.applied(now, applied),
            Seen::Look => self.begin_look(now),
            Seen::Looked(unseen) => self.looked(now, unseen),
        }
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let now = self.at(now);
        let Some(due) = self.due.filter(|due| now >= *due) else {
            return;
        };
        let fresh = self
            .right
            .is_some_and(|right| now.since_ns(right) <= self.period_ns);
        if fresh && self.is_right() {
            return self.confirm(now, false);
        }
        // Something is wrong and was told, or a look is still to come.
        let looks_late = now.since_ns(due) >= GRACE_NS;
        if looks_late {
            self.due = Some(now + self.period_ns);
        }
        let silent = self
            .right
            .is_none_or(|right| now.since_ns(right) > self.period_ns);
        if looks_late && silent && !self.wrong && !self.late {
            self.late = true;
            let seconds = self.period_ns / SECOND_NS;
            let reason = format!("what runs was not held against what is applied for {seconds} s");
            let word = Word::new(Conclusion::Missing, "config", reason);
            self.said.say(due + GRACE_NS, word);
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.said.next()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let (due, now) = self.due.zip(self.now)?;
        Some(if due > now { due } else { due + GRACE_NS })
    }
}
