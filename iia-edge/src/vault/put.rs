//! One object into the vault: looked for, sent when it is not there, read back, and its lock read.

use std::sync::Arc;

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};

use super::{Call, OBJECT_LEN_MAX, Reply, Task, Until, VaultError};

/// An object that was read back from the store, with the lock it has there; nothing else makes one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    key: String,
    version: String,
    digest: Digest,
    len: u64,
    until: Timestamp,
}

impl Stored {
    /// The object's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The version that is locked.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The digest of its bytes, `D("file", …)`.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it is empty.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Until when the store says that it is locked.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// Puts one object.
#[derive(Debug)]
pub struct Put {
    key: String,
    bytes: Arc<[u8]>,
    digest: Digest,
    until: Timestamp,
    sent: bool,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    Look,
    Send,
    Read(String),
    Lock(String),
    /// It was there with a shorter lock, or none.
    Extend(String),
    LockAgain(String),
    Done(Stored),
}

impl Put {
    /// Will put `bytes` under `key`, locked until `until` (whole seconds) at least.
    ///
    /// # Errors
    /// [`VaultError::TooMuch`].
    pub fn new(key: &str, bytes: Vec<u8>, until: Timestamp) -> Result<Self, VaultError> {
        if bytes.len() > OBJECT_LEN_MAX {
            return Err(VaultError::TooMuch {
                what: "bytes of an object",
                len: bytes.len() as u64,
                max: OBJECT_LEN_MAX as u64,
            });
        }
        Ok(Self {
            key: key.to_owned(),
            digest: Digest::of(Context::File, &bytes),
            bytes: bytes.into(),
            until,
            sent: false,
            step: Step::Look,
        })
    }

    /// Whether it was sent; otherwise it was there already.
    pub const fn was_sent(&self) -> bool {
        self.sent
    }

    /// What is stored, once it is.
    pub fn stored(self) -> Option<Stored> {
        match self.step {
            Step::Done(stored) => Some(stored),
            _ => None,
        }
    }

    fn look(&self, reply: &Reply) -> Result<Step, VaultError> {
        match reply.status {
            404 => Ok(Step::Send),
            200..=299 => Ok(Step::Read(self.version_of(reply)?)),
            _ => Err(reply.refused()),
        }
    }

    fn version_of(&self, reply: &Reply) -> Result<String, VaultError> {
        if !reply.is_good() {
            return Err(reply.refused());
        }
        let version = reply.version().map(str::to_owned);
        // A bucket without versions cannot lock.
        version.ok_or(VaultError::NotLocked {
            key: self.key.clone(),
        })
    }

    fn read(&self, version: &str, reply: &Reply) -> Result<Step, VaultError> {
        let key = self.key.clone();
        if !reply.is_good() {
            return Err(reply.refused());
        }
        match (
            Digest::of(Context::File, &reply.body) == self.digest,
            self.sent,
        ) {
            (true, _) => Ok(Step::Lock(version.to_owned())),
            (false, true) => Err(VaultError::Altered { key }),
            (false, false) => Err(VaultError::OtherObject { key }),
        }
    }

    fn locked(&self, version: &str, reply: &Reply) -> Option<Step> {
        match reply.retention() {
            Some(Until::Compliance(until)) if until >= self.until => Some(Step::Done(Stored {
                key: self.key.clone(),
                version: version.to_owned(),
                digest: self.digest,
                len: self.bytes.len() as u64,
                until,
            })),
            _ => None,
        }
    }
}

impl Task for Put {
    fn poll_call(&self) -> Option<Call> {
        let until = Some(Until::Compliance(self.until));
        match &self.step {
            Step::Look => Some(Call::head(&self.key)),
            Step::Send => Some(Call::put(&self.key, Arc::clone(&self.bytes), until)),
            Step::Read(version) => {
                let call = Call::get(&self.key, Some(version));
                Some(call.at_most(self.bytes.len()))
            }
            Step::Lock(version) | Step::LockAgain(version) => {
                Some(Call::get_retention(&self.key, Some(version)))
            }
            Step::Extend(version) => Some(Call::put_retention(&self.key, Some(version), until)),
            Step::Done(_) => None,
        }
    }

    fn handle_reply(&mut self, _now: Timestamp, reply: Reply) -> Result<(), VaultError> {
        let not_locked = VaultError::NotLocked {
            key: self.key.clone(),
        };
        self.step = match &self.step {
            Step::Look => self.look(&reply)?,
            Step::Send => {
                let version = self.version_of(&reply)?;
                self.sent = true;
                Step::Read(version)
            }
            Step::Read(version) => self.read(version, &reply)?,
            Step::Lock(version) => match self.locked(version, &reply) {
                Some(done) => done,
                None if self.sent => return Err(not_locked),
                None => Step::Extend(version.clone()),
            },
            Step::Extend(version) if reply.is_good() => Step::LockAgain(version.clone()),
            Step::Extend(_) => return Err(reply.refused()),
            Step::LockAgain(version) => self.locked(version, &reply).ok_or(not_locked)?,
            Step::Done(stored) => Step::Done(stored.clone()),
        };
        Ok(())
    }

    /// A lost PUT may have been carried out: looking again tells, and sends nothing twice.
    fn handle_loss(&mut self) {
        if matches!(self.step, Step::Send) {
            self.step = Step::Look;
        }
    }
}
