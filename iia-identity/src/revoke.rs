//! Revocation that reaches live sessions: one flag an identity, raised first, checked before every message.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use iia_core::SpiffeId;

/// Identities with a flag at most; beyond it a new session is refused rather than unrevocable.
pub const IDENTITIES_MAX: usize = 65_536;

/// A session's view of its peer's flag.
#[derive(Clone, Debug)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Whether the identity is revoked; to be asked before any message is accepted.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The flags of every identity seen or revoked.
#[derive(Debug, Default)]
pub struct Registry(Mutex<BTreeMap<SpiffeId, Flag>>);

impl Registry {
    /// The flag of an identity; register first, then check. `None` when the registry is full.
    pub fn register(&self, id: &SpiffeId) -> Option<Flag> {
        let mut flags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flags.len() >= IDENTITIES_MAX && !flags.contains_key(id) {
            return None;
        }
        Some(
            flags
                .entry(id.clone())
                .or_insert_with(|| Flag(Arc::new(AtomicBool::new(false))))
                .clone(),
        )
    }

    /// Revokes an identity: from the moment this returns no session of it accepts a message.
    pub fn revoke(&self, id: &SpiffeId) {
        let mut flags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let flag = flags
            .entry(id.clone())
            .or_insert_with(|| Flag(Arc::new(AtomicBool::new(false))));
        flag.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_session_sees_the_flag() {
        let registry = Registry::default();
        let id: SpiffeId = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
        let flag = registry.register(&id).unwrap();
        assert!(!flag.is_raised());
        registry.revoke(&id);
        assert!(flag.is_raised());
        assert!(registry.register(&id).unwrap().is_raised());
    }
}
