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
use super::kept::{Kept, Standing};
use crate::approval::Used;
use crate::trust::Class;

/// Artifacts and approvals that a box keeps at most. When they are reached, staging is refused and says so.
pub const KEPT_MAX: usize = 4096;
/// Events that wait for the audit chain at most. When they are reached, every further step is refused.
pub const OUTBOX_MAX: usize = 1024;

/// Where an artifact is on its way, beyond being staged or applied. One artifact at a time, of whatever class.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub enum Phase {
    /// Nothing is under way.
    #[n(0)]
    Rest,
    /// Gated calls are being made: if the box wakes up here, it goes back to what was in force.
    #[n(1)]
    Applying {
        /// Its class, by name.
        #[n(0)]
        class: String,
        /// What is being applied.
        #[n(1)]
        artifact: String,
    },
    /// In force, but not confirmed: if nobody confirms by the deadline, the box goes back.
    #[n(2)]
    Trial {
        /// Its class, by name.
        #[n(0)]
        class: String,
        /// What is in force.
        #[n(1)]
        artifact: String,
        /// When the trial began, in nanoseconds since the epoch.
        #[n(2)]
        since_ns: i64,
        /// When the trial ends, in nanoseconds since the epoch.
        #[n(3)]
        until_ns: i64,
    },
}

impl Phase {
    /// The class of what is under way.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Rest => None,
            Self::Applying { class, .. } | Self::Trial { class, .. } => Class::of_name(class),
        }
    }
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
    kept: Vec<Kept>,
    #[n(4)]
    standings: Vec<Standing>,
    #[n(5)]
    pub(crate) phase: Phase,
    #[n(6)]
    used: Vec<UsedRow>,
    /// Files of the approvals that were used, oldest first.
    #[n(7)]
    approvals: Vec<String>,
    /// Files of the revocations, oldest first; a record from before there were any has none.
    #[n(8)]
    revocations: Option<Vec<String>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            floor_ns: i64::MIN,
            next_seq: 1,
            outbox: Vec::new(),
            kept: Vec::new(),
            standings: Vec::new(),
            phase: Phase::Rest,
            used: Vec::new(),
            approvals: Vec::new(),
            revocations: None,
        }
    }
}

/// Where a class of artifact stands on a box.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stand<'a> {
    /// What waits for leave.
    pub staged: Option<&'a Kept>,
    /// What is in force.
    pub applied: Option<&'a Kept>,
    /// What was in force before, to go back to.
    pub previous: Option<&'a Kept>,
    /// The highest revision that ever was in force here: the next artifact's must be higher. 0 before the first.
    pub revision_highest: u64,
}

impl Stand<'_> {
    /// What the next artifact must follow: the highest revision that ever was in force here, and what is in force.
    pub fn follows(&self) -> Option<(u64, Digest)> {
        Some((self.revision_highest, self.applied?.digest()))
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

    /// Events that the audit chain does not hold yet, oldest first.
    pub fn outbox(&self) -> &[Event] {
        &self.outbox
    }

    /// Where a class stands.
    pub fn of(&self, class: Class) -> Stand<'_> {
        let mut standings = self.standings.iter();
        let Some(standing) = standings.find(|standing| standing.class == class.name()) else {
            return Stand::default();
        };
        let find = |digest: &Option<String>| self.find(class, digest.as_deref()?);
        Stand {
            staged: find(&standing.staged),
            applied: find(&standing.applied),
            previous: find(&standing.previous),
            revision_highest: standing.revision_highest,
        }
    }

    /// The configuration that waits for leave.
    pub fn staged(&self) -> Option<&Kept> {
        self.of(Class::Config).staged
    }

    /// The configuration in force.
    pub fn applied(&self) -> Option<&Kept> {
        self.of(Class::Config).applied
    }

    /// The configuration that was in force before.
    pub fn previous(&self) -> Option<&Kept> {
        self.of(Class::Config).previous
    }

    pub(crate) fn find(&self, class: Class, digest: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.is(class, digest))
    }

    fn standing(&mut self, class: Class) -> Option<&mut Standing> {
        let is_it = |standing: &Standing| standing.class == class.name();
        if !self.standings.iter().any(is_it) {
            self.standings.push(Standing::none(class));
        }
        self.standings.iter_mut().find(|standing| is_it(standing))
    }

    /// Names a kept artifact as the one of its class that waits; the one that waited before stays kept.
    pub(crate) fn put_staged(&mut self, mut kept: Kept) {
        let (class, digest) = (kept.class(), kept.digest().to_string());
        if let Some(have) = self.find(class, &digest) {
            kept.held = have.held;
        }
        self.kept.retain(|have| !have.is(class, &digest));
        self.kept.push(kept);
        if let Some(standing) = self.standing(class) {
            standing.staged = Some(digest);
        }
    }

    /// Names a kept artifact as the one of its class in force, and what was in force as the one before.
    pub(crate) fn put_applied(&mut self, (class, digest): (Class, Digest), revision: u64) {
        let digest = digest.to_string();
        let mut all = self.kept.iter_mut();
        if let Some(kept) = all.find(|kept| kept.is(class, &digest)) {
            kept.held = true;
        }
        let Some(standing) = self.standing(class) else {
            return;
        };
        if standing.staged.as_deref() == Some(&digest) {
            standing.staged = None;
        }
        standing.previous = standing.applied.take();
        standing.applied = Some(digest);
        standing.revision_highest = standing.revision_highest.max(revision);
    }

    /// What was in force before is in force again; its highest revision stays spent.
    pub(crate) fn take_back(&mut self, class: Class) {
        if let Some(standing) = self.standing(class) {
            standing.applied = standing.previous.take();
        }
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

    /// The file of the approval that was used last.
    pub(crate) fn approval(&self) -> Option<&str> {
        self.approvals.last().map(String::as_str)
    }

    /// The newest approval's file; those before it stay, as evidence.
    pub(crate) fn put_approval(&mut self, file: &str) {
        self.approvals.retain(|have| have != file);
        self.approvals.push(file.into());
    }

    /// The files of the revocations, oldest first.
    pub(crate) fn revocations(&self) -> impl Iterator<Item = &str> {
        self.revocations.iter().flatten().map(String::as_str)
    }

    /// A revocation's file, for good; tells whether it is a new one.
    pub(crate) fn put_revocation(&mut self, file: &str) -> bool {
        let all = self.revocations.get_or_insert_default();
        let is_new = !all.iter().any(|have| have == file);
        if is_new {
            all.push(file.into());
        }
        is_new
    }

    /// Every file that is named.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let approvals = self.approvals.iter().map(String::as_str);
        approvals
            .chain(self.revocations())
            .chain(self.kept.iter().map(Kept::file))
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
