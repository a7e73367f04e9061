//! How often something was told: the first at once, the rest counted, so that whoever does it all the time fills no chain.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::time::SECOND_NS;

/// The same again within this time is counted and not told.
pub(crate) const PERIOD_NS: i64 = 60 * SECOND_NS;
/// Kinds that are told apart; beyond it they are one.
pub(crate) const KINDS_MAX: usize = 256;

/// What was told of each kind.
pub(crate) struct Tally<K>(BTreeMap<K, Told>);

struct Told {
    at: Timestamp,
    untold: u64,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Default + Ord> Tally<K> {
    /// It happened; gives its kind where it is news, that of all others where there is no room for it.
    pub(crate) fn take(&mut self, mut kind: K, now: Timestamp) -> Option<K> {
        if self.0.len() >= KINDS_MAX && !self.0.contains_key(&kind) {
            kind = K::default();
        }
        if let Some(told) = self.0.get_mut(&kind) {
            told.untold += 1;
            return None;
        }
        self.0.insert(kind.clone(), Told { at: now, untold: 0 });
        Some(kind)
    }

    /// What is to be told by now: how often it happened since it was told last. What has stopped is forgotten.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<(K, u64)> {
        self.tell(now, PERIOD_NS)
    }

    /// Everything that was not told.
    pub(crate) fn close(&mut self, now: Timestamp) -> Vec<(K, u64)> {
        self.tell(now, 0)
    }

    fn tell(&mut self, now: Timestamp, after_ns: i64) -> Vec<(K, u64)> {
        let mut counted = Vec::new();
        self.0.retain(|kind, told| {
            if now.since_ns(told.at) < after_ns {
                return true;
            }
            let count = std::mem::take(&mut told.untold);
            if count == 0 {
                return false;
            }
            counted.push((kind.clone(), count));
            told.at = now;
            true
        });
        counted
    }
}

/// That the same was there again, so many times, by the fields that make it the same.
pub(crate) fn again(
    kind: EventKind,
    fields: Vec<(String, String)>,
    (now, count): (Timestamp, u64),
) -> Event {
    let with = |event: Event, (key, value): (String, String)| event.with(&key, value);
    let event = fields.into_iter().fold(Event::new(kind, now), with);
    event.with("count", count.to_string())
}
