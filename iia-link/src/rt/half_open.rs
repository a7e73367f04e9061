//! Handshakes that are not done: there is always room for a newer one, and the oldest goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

/// Handshakes at once at most. An honest one takes milliseconds: whoever wants to displace it in time has to begin as
/// many connections in those.
pub const HALF_OPEN_MAX: usize = 1024;

/// The handshakes of one listener, oldest first.
#[derive(Clone, Default)]
pub(super) struct HalfOpen(Arc<Mutex<Handshakes>>);

#[derive(Default)]
struct Handshakes {
    next: u64,
    going: BTreeMap<u64, AbortHandle>,
}

/// A place among them, until it is dropped.
pub(super) struct Half {
    number: u64,
    all: HalfOpen,
}

impl HalfOpen {
    /// Takes a place for a handshake that `begin` starts; the oldest is ended where there is none.
    pub(super) fn begin(&self, begin: impl FnOnce(Half) -> AbortHandle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.going.len() >= HALF_OPEN_MAX
            && let Some((_, oldest)) = all.going.pop_first()
        {
            oldest.abort();
        }
        let number = all.next;
        all.next += 1;
        let task = begin(Half {
            number,
            all: self.clone(),
        });
        all.going.insert(number, task);
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.going.remove(&self.number);
    }
}
