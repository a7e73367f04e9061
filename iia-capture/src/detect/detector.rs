//! The engine that reads its rules from a text.

use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::Timestamp;
use iia_core::observe::{Observation, Outcome, Protocol};
use iia_core::time::SECOND_NS;

use super::field;
use super::rule::{About, Rule, Rules};
use super::window::{Count, Counts, Key, Often};
use super::{Analyzer, Sighting};

/// A party that was told of is told of again after this much capture time, with how often it was since.
pub const QUIET_NS: i64 = 60 * SECOND_NS;

/// Rules, and what they have seen so far.
#[derive(Debug)]
pub struct Detector {
    rules: Rules,
    /// The rules about each protocol, and about flows.
    about: HashMap<Option<Protocol>, Vec<usize>>,
    counts: Counts,
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new(rules: Rules) -> Self {
        let mut about: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for it in &rule.about {
                let protocol = match it {
                    About::Protocol(protocol) => Some(*protocol),
                    About::Flow => None,
                };
                about.entry(protocol).or_default().push(at);
            }
        }
        Self {
            rules,
            about,
            counts: Counts::default(),
        }
    }

    /// Parties whose last times were never told, because [`KEYS_MAX`](super::KEYS_MAX) others came.
    pub const fn forgotten(&self) -> u64 {
        self.counts.forgotten
    }
}

impl Analyzer for Detector {
    fn observe(&mut self, observation: &Observation<'_>, tell: &mut dyn FnMut(&Sighting<'_>)) {
        // An answer alone is no act of whoever gave it.
        if field::outcome(observation) == Some(Outcome::Orphan) {
            return;
        }
        let about = match observation {
            Observation::Exchange(exchange) => Some(exchange.protocol),
            Observation::Said(said) => Some(said.protocol),
            Observation::Conn(_) => None,
            _ => return,
        };
        let Some(rules) = self.about.get(&about) else {
            return;
        };
        for at in rules {
            let Some(rule) = self.rules.0.get(*at) else {
                continue;
            };
            if rule.holds(observation) {
                held(&mut self.counts, (*at, rule), observation, tell);
            }
        }
    }

    fn finish(&mut self, tell: &mut dyn FnMut(&Sighting<'_>)) {
        for (key, mut count) in self.counts.untold() {
            if let Some(rule) = self.rules.0.get(key.rule) {
                say(rule, key, &mut count, tell);
            }
        }
    }
}

/// Counts what a rule holds for, and tells it when it is time.
fn held(
    counts: &mut Counts,
    (at, rule): (usize, &Rule),
    observation: &Observation<'_>,
    tell: &mut dyn FnMut(&Sighting<'_>),
) {
    let Some((client, server)) = field::ends(observation) else {
        return;
    };
    let by_server = rule.often.as_ref().is_none_or(|often| often.by_server);
    let key = Key {
        rule: at,
        client,
        server: by_server.then_some(server),
    };
    let distinct = rule
        .often
        .as_ref()
        .and_then(|often| often.distinct.as_deref());
    let digest = match distinct {
        None => 0,
        Some(name) => match counts.digest(observation, name) {
            Some(digest) => digest,
            None => return,
        },
    };
    let count = counts.of(key);
    let ts = observation.ts();
    if is_enough(count, rule.often.as_ref(), ts, digest) && is_time(count, ts) {
        count.told = Some(ts);
        say(rule, key, count, tell);
    }
}

/// Notes one more, once there are as many as the rule asks for; whether there are.
fn is_enough(count: &mut Count, often: Option<&Often>, ts: Timestamp, digest: u64) -> bool {
    let Some(often) = often else {
        count.note(ts, 1);
        return true;
    };
    if !count.take(often, ts, digest) {
        return false;
    }
    // The first time, all that made it enough are told.
    if count.told.is_none() && count.untold == 0 {
        let begin = count.begin().unwrap_or(ts);
        count.note(begin, often.number as u64 - 1);
    }
    count.note(ts, 1);
    true
}

pub(super) fn is_time(count: &Count, ts: Timestamp) -> bool {
    count.told.is_none_or(|told| ts.since_ns(told) >= QUIET_NS)
}

pub(super) fn say(rule: &Rule, key: Key, count: &mut Count, tell: &mut dyn FnMut(&Sighting<'_>)) {
    let times = core::mem::take(&mut count.untold);
    tell(&Sighting {
        rule,
        client: key.client,
        server: key.server,
        first: count.first,
        last: count.last,
        times,
    });
}
