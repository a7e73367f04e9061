//! Appending: events become records, durable before this returns.

use iia_core::event::{Event, EventKind};
use iia_core::time::Reading;

use super::store::Batch;
use super::{Log, Submission};
use crate::AuditError;
use crate::draft::Draft;
use crate::frame::{SALT_LEN, Written};

/// How often one append tries a new segment after a failed sync.
const FAULTS_MAX: usize = 3;

impl Log {
    /// Appends events in order; durable on return. Events whose source number is already stored are passed over, so
    /// a repeated submission is harmless; a source number of 0 is always stored.
    ///
    /// With a keeper ([`Self::with_keeper`]) a failed sync does not end the log: what was acknowledged stays, a new segment
    /// begins with a record that tells of the fault, and the events are written there. Events that a full disk refused
    /// are counted in a record as soon as there is room.
    ///
    /// # Errors
    /// [`AuditError::Full`] when the disk has no room: nothing was stored, and may be tried again.
    /// [`AuditError::Poisoned`] after a failed sync that could not be mended: what was written is then unknown until the
    /// log is opened again.
    pub fn append(&mut self, submissions: &[Submission], now: Reading) -> Result<u64, AuditError> {
        if self.poisoned {
            return Err(AuditError::Poisoned);
        }
        for _ in 0..FAULTS_MAX {
            match self.try_append(submissions, now) {
                Ok(()) => {
                    self.lost = 0;
                    self.news.clear();
                    return Ok(self.size());
                }
                Err(AuditError::Full) if self.reserve.release(&self.store.dir)? => {
                    self.news
                        .push(fault(now, "disk full: the reserve is in use"));
                }
                Err(AuditError::Full) => {
                    self.lost += submissions.len() as u64;
                    return Err(AuditError::Full);
                }
                // What was wrong with the events themselves touched no disk.
                Err(error) if !matches!(error, AuditError::Storage { .. }) => return Err(error),
                Err(error) => {
                    self.abandon(&error)?;
                    let told = fault(now, "failed sync").with("detail", error.to_string());
                    self.news.insert(0, told);
                }
            }
        }
        self.poisoned = true;
        Err(AuditError::Poisoned)
    }

    fn try_append(&mut self, submissions: &[Submission], now: Reading) -> Result<(), AuditError> {
        if self.store.tail.len() > self.segment_len {
            self.store.close_segment()?;
        }
        let batch = self.encode(submissions, now)?;
        self.store.write(batch)
    }

    /// Behind a failed sync the pages are clean and the bytes unknown, so that the same file is never synced again: a new
    /// segment begins behind the last acknowledged record.
    fn abandon(&mut self, error: &AuditError) -> Result<(), AuditError> {
        if self.keeper.is_none() {
            self.poisoned = true;
            return Err(error.clone());
        }
        self.store
            .begin_segment()
            .inspect_err(|_| self.poisoned = true)
    }

    /// What the keeper has to tell of events that a full disk refused.
    fn lost_event(&self, now: Reading) -> Option<Event> {
        let told = Event::new(EventKind::RecordsLost, now.wall)
            .with("what", "audit events refused: disk full");
        (self.lost > 0 && self.keeper.is_some()).then(|| told.with("count", self.lost.to_string()))
    }

    fn encode(&mut self, submissions: &[Submission], now: Reading) -> Result<Batch, AuditError> {
        let (written, lost) = (self.written(now), self.lost_event(now));
        let own = self.news.iter().chain(&lost);
        let own = self
            .keeper
            .iter()
            .flat_map(|keeper| own.clone().map(move |event| (keeper, event)));
        let mut salts = Salts::draw(submissions.len() + self.news.len() + 1)?;
        let mut draft = Draft::new(self.size());
        let mut batch = Batch::new(self.store.chain, self.boot);
        for (source, event) in own {
            draft.push(source.as_str(), event, salts.next()?)?;
            batch.mark(source.as_str(), event.source_seq);
        }
        for Submission { source, event } in submissions {
            let known = batch.marks.get(source.as_str()).copied().unwrap_or(0);
            if event.source_seq != 0 && event.source_seq <= known.max(self.watermark(source)) {
                continue;
            }
            draft.push(source.as_str(), event, salts.next()?)?;
            batch.mark(source.as_str(), event.source_seq);
        }
        batch.link(&draft.finish((&self.store.key, &self.store.chain), written));
        batch.bytes = draft.bytes;
        Ok(batch)
    }

    /// When a batch is written; the monotonic clock tells batches apart ([`crate::segment::Reader::is_torn`]).
    fn written(&mut self, now: Reading) -> Written {
        let error_us = now.state.error_us().and_then(|us| u32::try_from(us).ok());
        self.boottime_ns = now.monotonic_ns.max(self.boottime_ns + 1);
        Written {
            utc_ns: now.wall.as_ns(),
            boottime_ns: self.boottime_ns,
            boot: self.boot,
            error_us: error_us.unwrap_or(u32::MAX),
        }
    }
}

fn fault(now: Reading, what: &str) -> Event {
    Event::new(EventKind::IoFault, now.wall).with("what", what)
}

/// Salts of a batch, drawn at once.
struct Salts(Vec<[u8; SALT_LEN]>);

impl Salts {
    fn draw(count: usize) -> Result<Self, AuditError> {
        let mut salts = vec![[0; SALT_LEN]; count];
        getrandom::fill(salts.as_flattened_mut()).map_err(|_| no_random())?;
        Ok(Self(salts))
    }

    /// One that nobody had: a body whose salt is known can be tried out.
    fn next(&mut self) -> Result<[u8; SALT_LEN], AuditError> {
        self.0.pop().ok_or_else(no_random)
    }
}

fn no_random() -> AuditError {
    AuditError::Storage {
        detail: "random source".into(),
    }
}
