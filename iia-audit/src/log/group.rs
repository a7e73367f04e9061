//! Group commit: many producers, one writer, one sync for all that wait.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use iia_core::time::Clock;

use super::{Log, Submission};
use crate::AuditError;

/// Events that wait to be written, at most.
pub const QUEUE_MAX: usize = 16 * 1024;

/// What became of a batch, once it is settled; its tickets share it.
type Outcome = Arc<OnceLock<Result<(), AuditError>>>;

#[derive(Debug, Default)]
struct State {
    queue: Vec<Submission>,
    /// Of the batch that `queue` will be, and of the one before it.
    outcome: Outcome,
    written: Outcome,
    is_closing: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left a queue that is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer, in a thread of its own.
#[derive(Debug)]
pub struct Committer {
    shared: Arc<Shared>,
    thread: JoinHandle<Log>,
}

/// A place to submit events; clones share the writer.
#[derive(Clone, Debug)]
pub struct Producer(Arc<Shared>);

/// An event that was submitted.
#[derive(Debug)]
#[must_use = "only `wait` says whether it is stored"]
pub struct Ticket(Outcome);

impl Committer {
    /// Takes a log over until [`Self::close`].
    ///
    /// # Errors
    /// [`AuditError::Storage`] when the system has no thread left.
    pub fn start(
        log: Log,
        clock: impl Clock + Send + 'static,
    ) -> Result<(Self, Producer), AuditError> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("audit-commit".into());
        let thread = thread
            .spawn(move || run(log, &own, &clock))
            .map_err(super::storage)?;
        let producer = Producer(Arc::clone(&shared));
        Ok((Self { shared, thread }, producer))
    }

    /// Writes what was submitted and gives the log back.
    ///
    /// # Errors
    /// [`AuditError::Poisoned`] when the writer did not come to its end.
    pub fn close(self) -> Result<Log, AuditError> {
        self.shared.lock().is_closing = true;
        self.shared.work.notify_one();
        self.thread.join().map_err(|_| AuditError::Poisoned)
    }
}

impl Producer {
    /// Submits an event. Whoever may not wait asks here and is told at once when there is no room: a control path never
    /// stands still for its own evidence, and counts what it could not submit.
    ///
    /// # Errors
    /// [`AuditError::Busy`] when [`QUEUE_MAX`] events wait or the writer is closing.
    pub fn submit(&self, submission: Submission) -> Result<Ticket, AuditError> {
        let mut state = self.0.lock();
        if state.is_closing || state.queue.len() >= QUEUE_MAX {
            return Err(AuditError::Busy);
        }
        state.queue.push(submission);
        let ticket = Ticket(Arc::clone(&state.outcome));
        // The writer looks again before it sleeps: only the first of a batch has to wake it.
        let is_first = state.queue.len() == 1;
        drop(state);
        if is_first {
            self.0.work.notify_one();
        }
        Ok(ticket)
    }
}

impl Ticket {
    /// Waits until the event is durable.
    ///
    /// # Errors
    /// Those of [`Log::append`], for the whole batch: nothing of it is stored.
    pub fn wait(self) -> Result<(), AuditError> {
        self.0.wait().clone()
    }
}

/// Whatever ends the writer, nobody waits for it in vain.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closing = true;
        let ended = |outcome: &Outcome| drop(outcome.set(Err(AuditError::Poisoned)));
        ended(&state.written);
        ended(&state.outcome);
    }
}

/// Writes whatever has gathered while the batch before was synced.
fn run(mut log: Log, shared: &Shared, clock: &impl Clock) -> Log {
    let _ending = Ending(shared);
    loop {
        let mut state = shared.lock();
        while state.queue.is_empty() && !state.is_closing {
            state = shared
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let batch = mem::take(&mut state.queue);
        let outcome = mem::take(&mut state.outcome);
        state.written = Arc::clone(&outcome);
        drop(state);
        if batch.is_empty() {
            return log;
        }
        let stored = log.append(&batch, clock.read()).map(drop);
        let _first = outcome.set(stored);
    }
}
