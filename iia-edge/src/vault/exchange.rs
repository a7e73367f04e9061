//! Calls until they are answered: again after a loss or an error of the store, later each time, and not for ever.

use iia_core::Timestamp;

use super::{Call, Lost, Reply, VaultError};

/// How often a call is tried.
pub const TRIES_MAX: u32 = 6;
/// Milliseconds between two tries at most.
pub const WAIT_MAX_MS: u64 = 30_000;
const WAIT_FIRST_MS: u64 = 500;
/// How far the clocks of store and vault may be apart, in seconds.
pub const CLOCK_ERROR_MAX_S: u64 = 300;

/// Something that is done in calls, one after the other.
pub trait Task {
    /// The next call; `None` when all is done.
    fn poll_call(&self) -> Option<Call>;

    /// The reply to the last call.
    ///
    /// # Errors
    /// What ends the task.
    fn handle_reply(&mut self, now: Timestamp, reply: Reply) -> Result<(), VaultError>;

    /// The last call may have been carried out or not.
    fn handle_loss(&mut self) {}
}

/// A task and its tries.
#[derive(Debug)]
pub struct Exchange<T> {
    task: T,
    tries: u32,
    trouble: String,
}

impl<T: Task> Exchange<T> {
    /// Begins a task.
    pub const fn new(task: T) -> Self {
        Self {
            task,
            tries: 0,
            trouble: String::new(),
        }
    }

    /// The next call, and how many milliseconds to wait before it.
    pub fn poll_call(&self) -> Option<(u64, Call)> {
        let wait = match self.tries {
            0 => 0,
            tries => (WAIT_FIRST_MS << (tries - 1).min(16)).min(WAIT_MAX_MS),
        };
        self.task.poll_call().map(|call| (wait, call))
    }

    /// What became of the last call.
    ///
    /// # Errors
    /// [`VaultError::Unreachable`], [`VaultError::ClockSkew`], and what ends the task.
    pub fn handle(
        &mut self,
        now: Timestamp,
        outcome: Result<Reply, Lost>,
    ) -> Result<(), VaultError> {
        match outcome {
            Ok(reply) if !is_passing(reply.status) => {
                self.tries = 0;
                same_time(&reply, now)?;
                self.task.handle_reply(now, reply)
            }
            Ok(reply) => self.again(format!("{} {}", reply.status, reply.error_code())),
            Err(lost) => self.again(lost.detail),
        }
    }

    fn again(&mut self, detail: String) -> Result<(), VaultError> {
        self.tries += 1;
        self.task.handle_loss();
        self.trouble.clone_from(&detail);
        let tries = self.tries;
        match tries {
            TRIES_MAX.. => Err(VaultError::Unreachable { tries, detail }),
            _ => Ok(()),
        }
    }

    /// What went wrong with the last try, for a person; not API.
    pub fn trouble(&self) -> &str {
        &self.trouble
    }

    /// The task, once it is done.
    pub fn into_task(self) -> T {
        self.task
    }
}

/// Whether a status may be another one the next time: too slow, too many, or an error of the store's own.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=599)
}

/// A lock ends on a date, so both sides must mean the same by it.
fn same_time(reply: &Reply, now: Timestamp) -> Result<(), VaultError> {
    let Some(there) = reply.date() else {
        return Ok(());
    };
    let seconds = there.as_secs().abs_diff(now.as_secs());
    if seconds > CLOCK_ERROR_MAX_S {
        return Err(VaultError::ClockSkew { seconds });
    }
    Ok(())
}
