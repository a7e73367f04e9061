//! Programs that are started while a TPM is spoken to.
//!
//! The C library opens its descriptors so that whatever is started meanwhile has them too. Such a program would have a way to
//! the TPM that nobody gave it, and a TPM that serves one at a time would serve nobody else until it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::HardwareError;

/// Connections at most whose TPM has not answered in time, and whose threads wait for it still; no more are opened then.
pub const LOST_MAX: usize = 8;

static OPEN: Mutex<Open> = Mutex::new(Open { held: 0, lost: 0 });
static SHUT: Condvar = Condvar::new();

/// Connections of this process.
struct Open {
    held: usize,
    lost: usize,
}

/// Runs `start`, which starts a program, while this process speaks to no TPM; it waits for that no longer than `patience`, since
/// a TPM may be silent.
pub fn apart<T>(patience: Duration, start: impl FnOnce() -> T) -> T {
    let waited = SHUT.wait_timeout_while(open(), patience, |open| open.held > 0);
    let _nobody_opens_meanwhile = waited.unwrap_or_else(PoisonError::into_inner);
    start()
}

/// A connection; it counts until the library has closed it.
pub(super) struct Held {
    is_lost: AtomicBool,
}

impl Held {
    /// Counts one more.
    pub(super) fn take() -> Result<Arc<Self>, HardwareError> {
        let mut open = open();
        if open.lost >= LOST_MAX {
            return Err(HardwareError::Busy);
        }
        open.held += 1;
        let is_lost = AtomicBool::new(false);
        Ok(Arc::new(Self { is_lost }))
    }

    /// Nobody waits for its TPM any more.
    pub(super) fn lose(&self) {
        let mut open = open();
        if !self.is_lost.swap(true, Ordering::Relaxed) {
            open.held = open.held.saturating_sub(1);
            open.lost += 1;
            SHUT.notify_all();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = open();
        let count = match self.is_lost.load(Ordering::Relaxed) {
            true => &mut open.lost,
            false => &mut open.held,
        };
        *count = count.saturating_sub(1);
        SHUT.notify_all();
    }
}

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
