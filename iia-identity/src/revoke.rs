//! Revocation that reaches live connections: one flag an identity, raised first, checked before every message; what is
//! open is told afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use iia_core::SpiffeId;

/// Identities with a flag at most; beyond it a new connection is refused rather than unrevocable.
pub const IDENTITIES_MAX: usize = 65_536;

/// A connection's view of its peer's flag.
#[derive(Clone, Debug, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Whether the identity is revoked; to be asked before any message is accepted.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Something open that ends when its peer is revoked.
pub trait Live: Send + Sync {
    /// Ends it now: nothing more is sent or received.
    fn cut(&self);
    /// The catalog is another one: whatever it does not cover ends.
    fn look_again(&self);
}

/// The flags of identities that are connected or revoked, and what is open with each; or those of certificates, by
/// serial number.
pub struct Registry<K: Ord = SpiffeId>(Shared<K>);

type Shared<K> = Arc<Mutex<BTreeMap<K, Known>>>;

impl<K: Ord> Default for Registry<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[derive(Default)]
struct Known {
    flag: Flag,
    next: u64,
    live: BTreeMap<u64, Weak<dyn Live>>,
}

/// The place of one connection in a registry; it ends with this value.
pub struct Place<K: Ord = SpiffeId> {
    id: K,
    number: u64,
    flag: Flag,
    known: Weak<Mutex<BTreeMap<K, Known>>>,
}

impl<K: Clone + Ord> Registry<K> {
    /// Takes a place for a connection: register first, then check the flag. `None` when the registry is full.
    pub fn register(&self, id: &K, live: Weak<dyn Live>) -> Option<Place<K>> {
        let mut all = self.lock();
        if all.len() >= IDENTITIES_MAX && !all.contains_key(id) {
            return None;
        }
        let known = all.entry(id.clone()).or_default();
        let number = known.next;
        known.next += 1;
        known.live.insert(number, live);
        Some(Place {
            id: id.clone(),
            number,
            flag: known.flag.clone(),
            known: Arc::downgrade(&self.0),
        })
    }

    /// Revokes an identity: from the moment the flag is up no connection of it accepts a message. Gives what is open
    /// with it, for the caller to cut.
    pub fn revoke(&self, id: &K) -> Vec<Arc<dyn Live>> {
        let mut all = self.lock();
        let known = all.entry(id.clone()).or_default();
        known.flag.0.store(true, Ordering::Release);
        known.live.values().filter_map(Weak::upgrade).collect()
    }

    /// Whether an identity is revoked.
    pub fn is_revoked(&self, id: &K) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|known| known.flag.is_raised())
    }

    /// Everything that is open.
    pub fn live(&self) -> Vec<Arc<dyn Live>> {
        let all = self.lock();
        let every = all.values().flat_map(|known| known.live.values());
        every.filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord> Place<K> {
    /// The flag of the identity.
    pub const fn flag(&self) -> &Flag {
        &self.flag
    }
}

impl<K: Ord> Drop for Place<K> {
    fn drop(&mut self) {
        let Some(known) = self.known.upgrade() else {
            return;
        };
        let mut all = known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = all.get_mut(&self.id) else {
            return;
        };
        one.live.remove(&self.number);
        // Who is revoked stays revoked; of others nothing is kept.
        if one.live.is_empty() && !one.flag.is_raised() {
            all.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Line(AtomicBool);

    impl Live for Line {
        fn cut(&self) {
            self.0.store(true, Ordering::Release);
        }
        fn look_again(&self) {}
    }

    fn id(number: usize) -> SpiffeId {
        format!("spiffe://iia.local/zone/a/workload/b{number}")
            .parse()
            .unwrap()
    }

    fn weak(line: &Arc<Line>) -> Weak<dyn Live> {
        let line: Arc<dyn Live> = line.clone();
        Arc::downgrade(&line)
    }

    #[test]
    fn a_live_session_sees_the_flag() {
        let (registry, line) = (<Registry>::default(), Arc::new(Line::default()));
        let place = registry.register(&id(1), weak(&line)).unwrap();
        let other = registry.register(&id(2), weak(&line)).unwrap();
        assert!(!place.flag().is_raised());
        let live = registry.revoke(&id(1));
        assert!(registry.is_revoked(&id(1)) && !registry.is_revoked(&id(2)));
        assert!(place.flag().is_raised() && !other.flag().is_raised());
        assert_eq!(live.len(), 1);
        live.iter().for_each(|live| live.cut());
        assert!(line.0.load(Ordering::Acquire));
        drop(place);
        let again = registry.register(&id(1), weak(&line)).unwrap();
        assert!(again.flag().is_raised(), "who is revoked stays revoked");
    }

    #[test]
    fn the_registry_ends_at_its_limit_and_keeps_nobody_who_left() {
        let (registry, line) = (<Registry>::default(), Arc::new(Line::default()));
        let mut places: Vec<_> = (0..IDENTITIES_MAX)
            .map(|number| registry.register(&id(number), weak(&line)).unwrap())
            .collect();
        assert!(
            registry
                .register(&id(IDENTITIES_MAX), weak(&line))
                .is_none()
        );
        assert!(registry.register(&id(0), weak(&line)).is_some());
        places.pop();
        assert!(
            registry
                .register(&id(IDENTITIES_MAX), weak(&line))
                .is_some()
        );
        drop(places);
        assert!(registry.live().is_empty());
    }
}
