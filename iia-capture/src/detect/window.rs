//! How often, and how many different ones, within a time: exact for each party, and bounded over all of them.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashMap};
use iia_core::Timestamp;
use iia_core::observe::{Observation, Value};

use super::field::{self, End, Half};

/// How many a rule may ask for.
pub const WITHIN_MAX: usize = 256;
/// Within how long: a day.
pub const WINDOW_MAX_NS: i64 = 86_400 * iia_core::time::SECOND_NS;
/// Parties that are followed at once, over all rules; beyond it those that were idle longest are forgotten.
pub const KEYS_MAX: usize = 16_384;

/// How often something must be before it counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Often {
    /// The field whose values must differ; without one every observation counts.
    pub(super) distinct: Option<String>,
    pub(super) number: usize,
    pub(super) within_ns: i64,
    /// Whether each pair has a count of its own, or each client over all it speaks to.
    pub(super) by_server: bool,
}

/// Whose count it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    pub(super) rule: usize,
    pub(super) client: End,
    pub(super) server: Option<End>,
}

/// What is known of one party under one rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    /// What was seen within the time, the oldest first: when, and the digest of its value.
    seen: VecDeque<(Timestamp, u64)>,
    /// When it was last told; nothing before.
    pub(super) told: Option<Timestamp>,
    /// What is not told yet: how often, and from when to when.
    pub(super) untold: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Count {
    /// Takes one more; whether there are now enough.
    pub(super) fn take(&mut self, often: &Often, ts: Timestamp, digest: u64) -> bool {
        let old = |seen: &(Timestamp, u64)| ts.since_ns(seen.0) > often.within_ns;
        while self.seen.front().is_some_and(old) {
            self.seen.pop_front();
        }
        if often.distinct.is_some() {
            self.seen.retain(|seen| seen.1 != digest);
        }
        self.seen.push_back((ts, digest));
        if self.seen.len() > often.number {
            self.seen.pop_front();
        }
        self.seen.len() >= often.number
    }

    /// When the oldest of those that are enough was seen.
    pub(super) fn begin(&self) -> Option<Timestamp> {
        self.seen.front().map(|seen| seen.0)
    }

    /// Counts one more that is to be told.
    pub(super) fn note(&mut self, ts: Timestamp, times: u64) {
        if self.untold == 0 {
            (self.first, self.last) = (ts, ts);
        }
        self.untold += times;
        self.first = self.first.min(ts);
        self.last = self.last.max(ts);
    }
}

/// Every party that is followed: those of late, and those from before who were not seen since.
#[derive(Debug, Default)]
pub(super) struct Counts {
    hasher: DefaultHashBuilder,
    late: HashMap<Key, Count>,
    before: HashMap<Key, Count>,
    /// Parties that were forgotten with something untold.
    pub(super) forgotten: u64,
}

impl Counts {
    /// The count of a party.
    pub(super) fn of(&mut self, key: Key) -> &mut Count {
        if !self.late.contains_key(&key) && self.late.len() >= KEYS_MAX / 2 {
            let idle = core::mem::replace(&mut self.before, core::mem::take(&mut self.late));
            let untold = idle.values().filter(|count| count.untold > 0);
            self.forgotten += untold.count() as u64;
        }
        let before = &mut self.before;
        self.late
            .entry(key)
            .or_insert_with(|| before.remove(&key).unwrap_or_default())
    }

    /// Everybody with something untold, in an order that does not depend on chance.
    pub(super) fn untold(&mut self) -> impl Iterator<Item = (Key, Count)> {
        let all = self.before.drain().chain(self.late.drain());
        let mut all: alloc::vec::Vec<_> = all.filter(|(_, count)| count.untold > 0).collect();
        all.sort_by_key(|(key, _)| (key.rule, key.client, key.server));
        all.into_iter()
    }

    /// The digest of a field's first value; nothing where it has none.
    pub(super) fn digest(&self, observation: &Observation<'_>, name: &str) -> Option<u64> {
        let mut digest = None;
        field::values(observation, Half::Asked, name, &mut |value| {
            digest = Some(self.of_value(value));
            true
        });
        digest
    }

    fn of_value(&self, value: &Value<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        match value {
            Value::Uint(number) | Value::Code(number, _) => number.hash(&mut hasher),
            Value::Int(number) => number.hash(&mut hasher),
            Value::Float(number) => number.to_bits().hash(&mut hasher),
            Value::Bool(flag) => flag.hash(&mut hasher),
            Value::Text(text) => text.hash(&mut hasher),
            Value::Bytes(bytes) => bytes.hash(&mut hasher),
            Value::Mac(mac) => mac.hash(&mut hasher),
            Value::Ip(address) => address.hash(&mut hasher),
            Value::Uuid(bytes) => bytes.hash(&mut hasher),
            Value::Time(ts) => ts.hash(&mut hasher),
        }
        hasher.finish()
    }
}
