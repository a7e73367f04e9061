//! What one caller, and all of them together, may take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Connections at most; one more is closed.
pub const CONNECTIONS_MAX: usize = 1024;
/// Connections of one user at most; one more is closed.
pub const CONNECTIONS_PER_USER_MAX: usize = 64;
/// Streams of one connection at most, as HTTP/2 announces it; one more is refused.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 16;
/// Headers of one request in bytes at most.
pub const HEADERS_LEN_MAX: u32 = 16 * 1024;
/// Longest request in bytes.
pub const REQUEST_LEN_MAX: usize = 128 * 1024;

/// How long a connection may take to say that it is HTTP/2.
pub(super) const PREFACE_WAIT: Duration = Duration::from_secs(10);
/// How long a request may take to be there.
pub(super) const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// How long a message may wait for its reader.
pub(super) const READER_WAIT: Duration = Duration::from_secs(10);
/// A silent connection is asked this often whether anybody is there, and is given the same time to answer.
pub(super) const ALIVE_EVERY: Duration = Duration::from_secs(20);

/// How many connections there are, by user.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<BTreeMap<u32, usize>>);

impl Counts {
    /// A place for a connection of a user; `None` when there is none left, for all or for this user.
    pub(super) fn take(self: &Arc<Self>, uid: u32) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        let own = counts.get(&uid).copied().unwrap_or(0);
        if total >= CONNECTIONS_MAX || own >= CONNECTIONS_PER_USER_MAX {
            return None;
        }
        counts.insert(uid, own + 1);
        Some(Place {
            counts: Arc::clone(self),
            uid,
        })
    }
}

/// A connection's place, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Counts>,
    uid: u32,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.uid) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                counts.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_connections_hold_at_max_and_one_over() {
        let counts = Arc::new(Counts::default());
        let mut places = Vec::new();
        for uid in 0..u32::try_from(CONNECTIONS_MAX / CONNECTIONS_PER_USER_MAX).unwrap() {
            for _ in 0..CONNECTIONS_PER_USER_MAX {
                places.push(counts.take(uid).unwrap());
            }
            assert!(counts.take(uid).is_none());
        }
        assert_eq!(places.len(), CONNECTIONS_MAX);
        assert!(counts.take(9999).is_none());
        places.pop();
        assert!(counts.take(9999).is_some());
        places.clear();
        assert!(counts.0.lock().unwrap().is_empty());
    }
}
