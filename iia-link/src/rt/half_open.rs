//! Handshakes that are not done: there is always room for a newer one, and the oldest goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    going: BTreeMap<u64, Option<AbortHandle>>,
}

/// A place among them, until it is dropped.
pub(super) struct Half {
    number: u64,
    all: HalfOpen,
}

impl HalfOpen {
    /// Takes a place for a handshake that `begin` starts; the oldest is ended where there is none.
    pub(super) fn begin(&self, begin: impl FnOnce(Half) -> AbortHandle) {
        let (number, oldest) = self.lock().enter();
        if let Some(oldest) = oldest {
            oldest.abort();
        }
        // Not locked: a runtime that ends drops what it is given, and the place with it.
        let task = begin(Half {
            number,
            all: self.clone(),
        });
        if let Some(place) = self.lock().going.get_mut(&number) {
            *place = Some(task);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Handshakes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handshakes {
    fn enter(&mut self) -> (u64, Option<AbortHandle>) {
        let is_full = self.going.len() >= HALF_OPEN_MAX;
        let oldest = is_full.then(|| self.going.pop_first()).flatten();
        let number = self.next;
        self.next += 1;
        self.going.insert(number, None);
        (number, oldest.and_then(|(_, task)| task))
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.all.lock().going.remove(&self.number);
    }
}
