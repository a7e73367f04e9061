//! The probe: an object of its own, locked for a short time, and every way to lose it really tried.
//!
//! What counts is not what the store says but what is there afterwards, so each attack is followed by four readings:
//! the object's bytes, its lock, the bucket's versioning and the bucket's lock.

mod attack;
mod judge;

use std::sync::Arc;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

pub use self::attack::Attack;
pub use self::judge::{Answer, Attempt, Damage, Report, Verdict};
use super::{Call, Proven, Reply, Store, Task, Until, VaultError};

/// For how long the canary is locked, in seconds.
pub const CANARY_S: i64 = 900;
/// What an attacker writes.
const OTHER: &[u8] = b"not the canary\n";

/// The object that is attacked.
#[derive(Clone, Debug)]
pub(crate) struct Canary {
    key: String,
    bytes: Arc<[u8]>,
    version: Option<String>,
    until: Timestamp,
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Canary,
    Attack,
    ReadBytes,
    ReadLock,
    ReadVersioning,
    ReadBucketLock,
    /// What the attacks left behind that is not locked.
    CleanUp,
    Done,
}

/// A running probe.
#[derive(Debug)]
pub struct Probe {
    endpoint: String,
    bucket: String,
    canary: Canary,
    step: Step,
    /// Attacks that are still to come; the first is under way.
    attacks: Vec<Attack>,
    attempts: Vec<Attempt>,
    answer: Answer,
    damage: Vec<Damage>,
    /// Damage that was there before any attack.
    standing: Vec<Damage>,
    /// The version that was written over the canary.
    other: Option<String>,
    left: Vec<Call>,
}

impl Probe {
    /// Begins a probe of a store as of `now`, which also names the canary.
    pub fn new(store: &Store, now: Timestamp) -> Self {
        let address = store.address();
        let key = format!("probe/{}", now.as_ns());
        let bytes = format!("canary {key} of {}\n", address.bucket);
        Self {
            endpoint: address.endpoint.clone(),
            bucket: address.bucket.clone(),
            canary: Canary {
                key,
                bytes: bytes.into_bytes().into(),
                version: None,
                until: Timestamp::from_secs(now.as_secs() + CANARY_S),
                at: now,
            },
            step: Step::Canary,
            attacks: Attack::ALL.to_vec(),
            attempts: Vec::new(),
            answer: Answer::default(),
            damage: Vec::new(),
            standing: Vec::new(),
            other: None,
            left: Vec::new(),
        }
    }

    /// What was found, and the proof if nothing gave way.
    ///
    /// # Errors
    /// [`VaultError::NotProven`] for a probe that has not ended.
    pub fn finish(self) -> Result<(Report, Option<Proven>), VaultError> {
        if self.step != Step::Done {
            return Err(VaultError::NotProven {
                why: "the probe has not ended",
            });
        }
        let report = Report {
            endpoint: self.endpoint,
            bucket: self.bucket,
            at: self.canary.at,
            attempts: self.attempts,
        };
        let proven = Proven::of(&report);
        Ok((report, proven))
    }

    fn attack(&self) -> Attack {
        self.attacks.first().copied().unwrap_or(Attack::Nothing)
    }

    /// Damage shows; what was there before the attack is not its doing.
    fn shows(&mut self, damage: Damage, found: bool) {
        let known = self.standing.contains(&damage) || self.damage.contains(&damage);
        if found && !known {
            self.damage.push(damage);
        }
    }

    fn put(&mut self, reply: &Reply) -> Result<Step, VaultError> {
        match (reply.is_good(), self.attempts.is_empty()) {
            (true, _) => {}
            (false, true) => return Err(reply.refused()),
            // Another canary is wanted because one was hurt: enough is known.
            (false, false) => return Ok(self.cleaned()),
        }
        self.canary.version = reply.version().map(str::to_owned);
        Ok(self.begin())
    }

    /// The first attack is none, so that what is wrong before any shows.
    fn begin(&self) -> Step {
        match self.attack() {
            Attack::Nothing => Step::ReadBytes,
            _ => Step::Attack,
        }
    }

    fn answered(&mut self, reply: &Reply) -> Step {
        self.answer = Answer {
            status: reply.status,
            code: reply.error_code(),
        };
        let made = reply.version().map(str::to_owned);
        if let (true, Some(key)) = (reply.is_good(), self.attack().writes(&self.canary)) {
            let other = made.filter(|made| Some(made) != self.canary.version.as_ref());
            let over = key == self.canary.key;
            self.shows(Damage::Changed, over && other.is_none());
            match (over, other) {
                (true, other) => self.other = other,
                (false, Some(made)) => self.left.push(Call::delete(&key, Some(&made))),
                (false, None) => {}
            }
        }
        Step::ReadBytes
    }

    fn read_lock(&mut self, reply: &Reply) -> Step {
        match reply.retention() {
            Some(Until::Compliance(until)) => {
                self.shows(Damage::Shortened, until < self.canary.until)
            }
            _ => self.shows(Damage::Unlocked, true),
        }
        Step::ReadVersioning
    }

    fn read_bytes(&mut self, reply: &Reply) -> Step {
        self.shows(Damage::Gone, !reply.is_good());
        let same = *reply.body == *self.canary.bytes;
        self.shows(Damage::Changed, reply.is_good() && !same);
        Step::ReadLock
    }

    /// All four readings are there: judge, and go on to the next attack; with another canary, if this one is hurt.
    fn judged(&mut self) -> Step {
        let attack = self.attack();
        let damage = std::mem::take(&mut self.damage);
        let answer = std::mem::take(&mut self.answer);
        if attack == Attack::Nothing {
            self.standing.clone_from(&damage);
        }
        let hurt = attack != Attack::Nothing && damage.iter().any(|one| one.is_of_object());
        self.attempts.push(Attempt {
            attack,
            answer,
            damage,
        });
        if !self.attacks.is_empty() {
            self.attacks.remove(0);
        }
        match (self.attacks.is_empty(), hurt) {
            (true, _) => self.cleaned(),
            (false, true) => Step::Canary,
            (false, false) => Step::Attack,
        }
    }

    fn cleaned(&self) -> Step {
        if self.left.is_empty() {
            Step::Done
        } else {
            Step::CleanUp
        }
    }
}

impl Task for Probe {
    fn poll_call(&self) -> Option<Call> {
        let canary = &self.canary;
        let version = canary.version.as_deref();
        match self.step {
            Step::Canary => Some(Call::put(
                &canary.key,
                Arc::clone(&canary.bytes),
                Some(Until::Compliance(canary.until)),
            )),
            Step::Attack => Some(self.attack().call(canary, self.other.as_deref())),
            Step::ReadBytes => Some(Call::get(&canary.key, version).at_most(canary.bytes.len())),
            Step::ReadLock => Some(Call::get_retention(&canary.key, version)),
            Step::ReadVersioning => Some(Call::get_versioning()),
            Step::ReadBucketLock => Some(Call::get_lock()),
            Step::CleanUp => self.left.last().cloned(),
            Step::Done => None,
        }
    }

    fn handle_reply(&mut self, _now: Timestamp, reply: Reply) -> Result<(), VaultError> {
        self.step = match self.step {
            Step::Canary => self.put(&reply)?,
            Step::Attack => self.answered(&reply),
            Step::ReadBytes => self.read_bytes(&reply),
            Step::ReadLock => self.read_lock(&reply),
            Step::ReadVersioning => {
                let on = reply.states("Status", "Enabled");
                self.shows(Damage::Unversioned, !on);
                Step::ReadBucketLock
            }
            Step::ReadBucketLock => {
                let on = reply.states("ObjectLockEnabled", "Enabled");
                self.shows(Damage::BucketUnlocked, !on);
                self.judged()
            }
            Step::CleanUp => {
                self.left.pop();
                self.cleaned()
            }
            Step::Done => Step::Done,
        };
        Ok(())
    }
}

impl Canary {
    /// Half of the time that it is locked for.
    fn sooner(&self) -> Timestamp {
        Timestamp::from_secs(self.at.as_secs() + CANARY_S / 2)
    }

    fn later(&self) -> Timestamp {
        self.until + 60 * SECOND_NS
    }

    fn past(&self) -> Timestamp {
        self.at - 86_400 * SECOND_NS
    }
}
