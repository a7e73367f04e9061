//! What a box remembers of its artifacts: one small record, replaced whole. It is the only thing that says what is
//! staged and what is applied, so there is no moment between two answers.

use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::canon::{self, minicbor};
use iia_core::digest::{Context, Digest};
use iia_core::event::Event;
use iia_core::time::Floor;
use minicbor::{Decode, Encode};

use super::StageError;
use crate::approval::Used;
use crate::trust::Class;

/// Artifacts and approvals that a box keeps at most. When they are reached, staging is refused and says so.
pub const KEPT_MAX: usize = 4096;
/// Events that wait for the audit chain at most. When they are reached, every further step is refused.
pub const OUTBOX_MAX: usize = 1024;

/// An artifact that the box keeps.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Kept {
    #[n(0)]
    class: String,
    #[n(1)]
    digest: String,
    #[n(2)]
    file: String,
    /// Who signed it.
    #[n(3)]
    pub authors: Vec<String>,
    /// Its revision.
    #[n(4)]
    pub revision: u64,
    #[n(5)]
    after: Option<(u64, String)>,
    /// Whether it was in force.
    #[n(6)]
    pub held: bool,
}

impl Kept {
    /// The record of an artifact that was staged when `after` was in force.
    pub fn new(
        class: Class,
        (digest, revision): (Digest, u64),
        authors: &[String],
        after: Option<(u64, Digest)>,
    ) -> Self {
        Self {
            class: class.name().into(),
            digest: digest.to_string(),
            file: String::new(),
            authors: authors.to_vec(),
            revision,
            after: after.map(|(revision, digest)| (revision, digest.to_string())),
            held: false,
        }
    }

    /// Its class.
    pub fn class(&self) -> Class {
        Class::of_name(&self.class).unwrap_or(Class::Config)
    }

    /// The artifact's digest.
    pub fn digest(&self) -> Digest {
        self.digest.parse().unwrap_or(Digest::ZERO)
    }

    /// What was in force when it was validated: highest revision and digest.
    pub fn after(&self) -> Option<(u64, Digest)> {
        let (revision, digest) = self.after.as_ref()?;
        Some((*revision, digest.parse().unwrap_or(Digest::ZERO)))
    }

    /// The name of the file that holds its envelope.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn set_file(&mut self, file: String) {
        self.file = file;
    }
}

/// Where an artifact is on its way, beyond being staged or applied.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Phase {
    /// Nothing is under way.
    #[n(0)]
    Rest,
    /// Gated calls are being made: if the box wakes up here, it goes back to what was in force.
    #[n(1)]
    Applying {
        /// What is being applied.
        #[n(0)]
        artifact: String,
    },
    /// In force, but not confirmed: if nobody confirms by the deadline, the box goes back.
    #[n(2)]
    Trial {
        /// What is in force.
        #[n(0)]
        artifact: String,
        /// When the trial ends, in nanoseconds since the epoch.
        #[n(1)]
        until_ns: i64,
    },
}

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
struct UsedRow {
    #[n(0)]
    digest: String,
    #[n(1)]
    name: String,
    #[n(2)]
    version: (u32, u32, u32),
}

/// What a box remembers.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct State {
    #[n(0)]
    floor_ns: i64,
    #[n(1)]
    next_seq: u64,
    #[n(2)]
    pub(crate) outbox: Vec<Event>,
    #[n(3)]
    pub(crate) kept: Vec<Kept>,
    #[n(4)]
    pub(crate) staged: Option<String>,
    #[n(5)]
    pub(crate) applied: Option<String>,
    #[n(6)]
    pub(crate) previous: Option<String>,
    #[n(7)]
    pub(crate) revision_highest: u64,
    #[n(8)]
    pub(crate) phase: Phase,
    #[n(9)]
    used: Vec<UsedRow>,
    #[n(10)]
    pub(crate) slots: Vec<(String, Vec<String>)>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            floor_ns: i64::MIN,
            next_seq: 1,
            outbox: Vec::new(),
            kept: Vec::new(),
            staged: None,
            applied: None,
            previous: None,
            revision_highest: 0,
            phase: Phase::Rest,
            used: Vec::new(),
            slots: Vec::new(),
        }
    }
}

impl State {
    /// The bytes with their digest behind them.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = canon::encode(self);
        let digest = Digest::of(Context::State, &bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    /// Reads it back; anything but what [`State::encode`] wrote is damage, and the box stops rather than forget.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StageError> {
        let damaged = || StageError::damaged("the state record");
        let (body, digest) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        if Digest::of(Context::State, body).as_bytes() != digest {
            return Err(damaged());
        }
        canon::decode(body).map_err(|_| damaged())
    }

    /// No reading of a clock below it is believed.
    pub fn floor(&self) -> Floor {
        Floor::new(Timestamp::from_ns(self.floor_ns))
    }

    /// Raises the floor; it never sinks.
    pub(crate) fn raise_floor(&mut self, at: Timestamp) {
        self.floor_ns = self.floor_ns.max(at.as_ns());
    }

    /// Where an artifact is on its way.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Everything kept, oldest first.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// The highest revision that ever was in force here: the next artifact's must be higher. 0 before the first.
    pub const fn revision_highest(&self) -> u64 {
        self.revision_highest
    }

    /// How many events wait for the audit chain.
    pub fn waiting(&self) -> usize {
        self.outbox.len()
    }

    /// What waits for leave.
    pub fn staged(&self) -> Option<&Kept> {
        self.find(self.staged.as_deref()?)
    }

    /// What is in force.
    pub fn applied(&self) -> Option<&Kept> {
        self.find(self.applied.as_deref()?)
    }

    /// What was in force before, to go back to.
    pub fn previous(&self) -> Option<&Kept> {
        self.find(self.previous.as_deref()?)
    }

    /// What the next artifact must follow: the highest revision that ever was in force here, and what is in force.
    pub fn follows(&self) -> Option<(u64, Digest)> {
        let applied = self.applied()?;
        Some((self.revision_highest, applied.digest()))
    }

    pub(crate) fn find(&self, digest: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.digest == digest)
    }

    /// Names a kept artifact as the one that waits; the one that waited before stays kept.
    pub(crate) fn put_staged(&mut self, mut kept: Kept) {
        if let Some(have) = self.find(&kept.digest) {
            kept.held = have.held;
        }
        self.staged = Some(kept.digest.clone());
        self.kept.retain(|have| have.digest != kept.digest);
        self.kept.push(kept);
    }

    /// Names a kept artifact as the one in force, and what was in force as the one before.
    pub(crate) fn put_applied(&mut self, digest: Digest, revision: u64) {
        let digest = digest.to_string();
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.digest == digest) {
            kept.held = true;
        }
        if self.staged.as_deref() == Some(&digest) {
            self.staged = None;
        }
        self.previous = self.applied.take();
        self.applied = Some(digest);
        self.revision_highest = self.revision_highest.max(revision);
    }

    /// Artifacts that were in force.
    pub fn held(&self) -> Vec<(Class, Digest)> {
        let held = self.kept.iter().filter(|kept| kept.held);
        held.map(|kept| (kept.class(), kept.digest())).collect()
    }

    /// Approvals that were used.
    pub fn used(&self) -> Vec<Used> {
        let row = |row: &UsedRow| {
            let (major, minor, patch) = row.version;
            Used {
                digest: row.digest.parse().unwrap_or(Digest::ZERO),
                name: row.name.clone(),
                version: Version {
                    major,
                    minor,
                    patch,
                },
            }
        };
        self.used.iter().map(row).collect()
    }

    /// Remembers an approval as used, for good: forgetting one would let an older one of its name hold again.
    pub(crate) fn remember(&mut self, used: &Used) {
        let Version {
            major,
            minor,
            patch,
        } = used.version;
        self.used.push(UsedRow {
            digest: used.digest.to_string(),
            name: used.name.clone(),
            version: (major, minor, patch),
        });
    }

    /// The file of a slot that is neither staged nor applied.
    pub(crate) fn slot(&self, name: &str) -> Option<&str> {
        let (_, files) = self.slots.iter().find(|(slot, _)| slot == name)?;
        files.last().map(String::as_str)
    }

    /// A slot's newest file; those before it stay, as evidence.
    pub(crate) fn set_slot(&mut self, name: &str, file: &str) {
        let at = self.slots.iter().position(|(slot, _)| slot == name);
        match at.and_then(|at| self.slots.get_mut(at)) {
            Some((_, files)) => {
                files.retain(|have| have != file);
                files.push(file.into());
            }
            None => self.slots.push((name.into(), vec![file.into()])),
        }
    }

    /// Every file that is named.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let slots = self.slots.iter().flat_map(|(_, files)| files);
        let kept = self.kept.iter().map(|kept| kept.file.as_str());
        slots.map(String::as_str).chain(kept)
    }

    pub(crate) fn used_len(&self) -> usize {
        self.used.len()
    }

    /// Puts an event behind those that wait for the audit chain, with the next number of this source.
    pub(crate) fn tell(&mut self, mut event: Event) {
        event.source_seq = self.next_seq;
        self.next_seq += 1;
        self.outbox.push(event);
    }

    /// Forgets events that the chain holds.
    pub(crate) fn acknowledge(&mut self, source_seq: u64) {
        self.outbox.retain(|event| event.source_seq > source_seq);
    }
}
