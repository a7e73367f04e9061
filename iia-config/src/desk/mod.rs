//! The desk of `ot.mgmt.cfg`: an artifact's life on a real box, whatever its class. It walks the types of [`crate::lifecycle`] and makes
//! each step durable in one move, together with the events that tell of it, so that a crash at any point leaves the
//! state before the step or the state after it, and no event is lost or told twice.
//!
//! The events wait in [`Desk::outbox`] with numbers of this source until the audit chain holds them
//! ([`Desk::acknowledge`]); whoever carries them uses a SPIFFE ID of its own, because the chain passes over numbers it
//! has already seen of a source.

mod error;
mod expect;
mod recover;
mod release;
mod restore;
mod revoke;
mod submit;

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::time::{Reading, TimeState};

pub use self::error::DeskError;
pub use self::expect::{Expected, on_trial};
pub use self::recover::Settled;
pub use self::release::Released;
pub use self::submit::AHEAD_MAX_NS;
use crate::approval::{Memory, Used};
use crate::diagnostic::Diagnostic;
use crate::envelope::Armour;
use crate::format;
use crate::limits::DOCUMENT_LEN_MAX;
use crate::parse::{Document, parse};
use crate::stage::{Disk, FileSystem, Kept, OUTBOX_MAX, StageError, State, Store};
use crate::trust::{Class, Trust};
use crate::validate::Facts;

/// What the desk needs to know of its box.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Site {
    /// The box's name.
    pub box_name: String,
    /// How long an applied configuration may stay unconfirmed, in nanoseconds.
    pub trial_ns: u64,
}

/// The desk. There is one at a time: the box is locked while it lives.
#[derive(Debug)]
pub struct Desk<D = FileSystem> {
    store: Store<D>,
    state: State,
    trust: Trust,
    site: Site,
    /// Contracts under which somebody is connected, as far as this process was told.
    live: BTreeSet<String>,
    /// Monotonic time at which the trial began, when it began in this process.
    trial_from: Option<u64>,
    _lock: Option<File>,
}

/// Events that one step may tell at most; a step is refused when the outbox has less room.
const ROOM: usize = 64;

impl<D: Disk> Desk<D> {
    /// Begins a box: puts in the first trust document by hand. Every later one must be signed by its predecessor's
    /// operators.
    ///
    /// # Errors
    /// [`DeskError`], also when the box was begun before.
    pub fn begin(
        store: Store<D>,
        site: Site,
        trust_text: &[u8],
        now: Reading,
    ) -> Result<Self, DeskError> {
        let lock = store.lock()?;
        let trust = first(trust_text).map_err(DeskError::Trust)?;
        let mut state = match store.load()? {
            // Power failed between the empty record and the trust document.
            Some(state) if state.of(Class::Trust).applied.is_none() => store.reopen()?,
            _ => store.begin()?,
        };
        let placed = store.keep(&state, trust_text)?;
        let digest = Digest::of(Context::Artifact, trust_text);
        let mut kept = Kept::new(Class::Trust, (digest, trust.revision), &[], None);
        kept.set_file(placed.file);
        state.put_staged(kept);
        state.put_applied((Class::Trust, digest), trust.revision);
        let event = Event::new(EventKind::ArtifactSubmitted, now.wall)
            .with("class", Class::Trust.name())
            .with("artifact", digest.to_string())
            .with("purpose", "begin")
            .with("path", placed.path)
            .with("digest", placed.digest.to_string());
        state.tell(event);
        state.raise_floor(trust.issued);
        store.commit(&state)?;
        Ok(Self {
            store,
            state,
            trust,
            site,
            live: BTreeSet::new(),
            trial_from: None,
            _lock: lock,
        })
    }

    /// Opens the desk of a box, after a crash as after a rest. Call [`Desk::settle`] before anything else.
    ///
    /// # Errors
    /// [`DeskError`]; a record that is damaged or missing stops the box.
    pub fn open(store: Store<D>, site: Site) -> Result<Self, DeskError> {
        let lock = store.lock()?;
        let state = store.reopen()?;
        let trust = store.trust()?;
        let trust = trust.ok_or(StageError::damaged("the trust document"))?;
        Ok(Self {
            store,
            state,
            trust,
            site,
            live: BTreeSet::new(),
            trial_from: None,
            _lock: lock,
        })
    }

    /// What the box remembers.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The operators' keys in force.
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The envelopes on disk.
    pub const fn store(&self) -> &Store<D> {
        &self.store
    }

    /// Events that the audit chain does not hold yet, oldest first.
    pub fn outbox(&self) -> &[Event] {
        &self.state.outbox
    }

    /// Forgets events up to this number: the chain holds them.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn acknowledge(&mut self, source_seq: u64) -> Result<(), DeskError> {
        let mut state = self.state.clone();
        state.acknowledge(source_seq);
        self.turn(state)
    }

    /// Tells the desk under which contracts somebody is connected now, so that nobody is cut off who was not told
    /// (C093). The audit chain knows (`history::live`).
    pub fn know_live(&mut self, contracts: BTreeSet<String>) {
        self.live = contracts;
    }

    /// The facts that a new artifact of a class is judged by: what is in force, the sets that this box belongs to, who
    /// is connected, and the time when it can be trusted.
    ///
    /// # Errors
    /// [`DeskError`] when what is applied cannot be read.
    pub fn facts(&self, class: Class, now: Reading) -> Result<Facts, DeskError> {
        let now = self.state.floor().judge(now);
        let box_name = &self.site.box_name;
        let previous = match class {
            Class::Config => self.in_force()?.map(Arc::new),
            _ => None,
        };
        Ok(Facts {
            fleets: self.trust.fleets_of(box_name),
            applied: self.state.of(class).follows(),
            now: now.state.is_trusted().then_some(now.wall),
            previous,
            live: self.live.clone(),
            ..Facts::of_box(box_name.as_str())
        })
    }

    /// The document that is in force.
    fn in_force(&self) -> Result<Option<Document>, DeskError> {
        let Some(kept) = self.state.applied() else {
            return Ok(None);
        };
        let damaged = || StageError::damaged("what is applied");
        let bytes = self.store.envelope(kept)?;
        let armour = Armour::parse(&bytes).map_err(|_| damaged())?;
        let document = parse(armour.body, DOCUMENT_LEN_MAX).map_err(|_| damaged())?;
        Ok(Some(document))
    }

    /// Makes a new state durable; only then is it ours. Other operators in force rule from here on.
    fn turn(&mut self, state: State) -> Result<(), DeskError> {
        let operators = |state: &State| state.of(Class::Trust).applied.map(Kept::digest);
        let trust = if operators(&state) == operators(&self.state) {
            None
        } else {
            self.store.trust_of(&state)?
        };
        self.store.commit(&state)?;
        self.state = state;
        self.trust = trust.unwrap_or_else(|| std::mem::take(&mut self.trust));
        Ok(())
    }

    /// A state to work on, when there is room for what it will tell; an authenticated clock raises its floor.
    fn next(&self, now: Reading) -> Result<State, DeskError> {
        if self.state.outbox.len() + ROOM > OUTBOX_MAX {
            let (what, max) = ("events that wait for the audit chain", OUTBOX_MAX);
            return Err(StageError::Full { what, max }.into());
        }
        let mut state = self.state.clone();
        if let TimeState::Synchronised { error_ns } = state.floor().judge(now).state {
            state.raise_floor(now.wall - i64::try_from(error_ns).unwrap_or(i64::MAX));
        }
        Ok(state)
    }

    /// Records a refusal and gives it back.
    fn refuse<T>(&mut self, mut state: State, error: DeskError) -> Result<T, DeskError> {
        if let DeskError::Rejected(rejected) = &error {
            state.tell(rejected.event.clone());
            self.turn(state)?;
        }
        Err(error)
    }
}

/// The first trust document: sound, and canonical as everything that a box keeps.
fn first(text: &[u8]) -> Result<Trust, Vec<Diagnostic>> {
    let trust = Trust::parse(text)?;
    let document = parse(text, DOCUMENT_LEN_MAX)?;
    match format::not_canonical(&document) {
        Some(found) => Err(vec![found]),
        None => Ok(trust),
    }
}

/// What approvals are judged by, owned for the time of one step.
struct Remembered {
    held: Vec<(Class, Digest)>,
    used: Vec<Used>,
}

impl Remembered {
    fn of(state: &State) -> Self {
        Self {
            held: state.held(),
            used: state.used(),
        }
    }

    fn memory<'a>(&'a self, state: &State, site: &'a Site) -> Memory<'a> {
        Memory {
            box_name: &site.box_name,
            held: &self.held,
            used: &self.used,
            floor: state.floor(),
        }
    }
}

impl From<StageError> for DeskError {
    fn from(error: StageError) -> Self {
        Self::Storage(error)
    }
}
