//! Pairs that did the very same stand in one contract: first the units behind a server, then clients, then servers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::observe::Protocol;

use super::kinds::Kinds;
use super::tags::Tags;
use super::{Access, Endpoint, Evidence, Pair, joined};
use crate::scope::Run;

/// Clients, or servers, of one contract at most; more of them are several contracts.
const SIDE_MAX: usize = 256;

/// A proposed contract.
#[derive(Clone, Debug)]
pub struct Learnt {
    pub(super) key: Key,
    /// The smallest and largest value seen in each run, where values were seen.
    pub(super) values: BTreeMap<Run, (u16, u16)>,
    /// What it rests on.
    pub evidence: Evidence,
}

/// What it says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    pub(super) protocol: Protocol,
    pub(super) clients: BTreeSet<IpAddr>,
    pub(super) servers: BTreeSet<Endpoint>,
    pub(super) units: BTreeSet<u8>,
    pub(super) access: Access,
    /// Whose names stand in it: a pair that read or set values by name has a contract of its own.
    pub(super) tagged: Option<Pair>,
}

pub(super) fn group(
    pairs: &BTreeMap<Pair, (Access, Evidence)>,
    (kinds, tags): (&Kinds, &Tags),
) -> Vec<Learnt> {
    let once = kinds.once();
    let mut all: Vec<Learnt> = pairs
        .iter()
        .map(|(pair, (access, evidence))| {
            let mut evidence = evidence.clone();
            evidence.once = once.get(pair).copied().unwrap_or(0);
            one(*pair, access, evidence, (kinds, tags))
        })
        .collect();
    all = join(
        all,
        |key| core::mem::take(&mut key.units),
        |key, units| key.units.extend(units),
    );
    all = join(
        all,
        |key| core::mem::take(&mut key.clients),
        |key, some| key.clients.extend(some),
    );
    all = join(
        all,
        |key| core::mem::take(&mut key.servers),
        |key, some| key.servers.extend(some),
    );
    all.into_iter().flat_map(split).collect()
}

fn one(pair: Pair, access: &Access, evidence: Evidence, (kinds, tags): (&Kinds, &Tags)) -> Learnt {
    let access = Access {
        reads: joined(&access.reads),
        writes: joined(&access.writes),
        functions: access.functions.clone(),
    };
    let runs = access.reads.iter().chain(&access.writes);
    let values = runs
        .filter_map(|run| Some((*run, kinds.range(pair, run)?)))
        .collect();
    let key = Key {
        protocol: pair.protocol,
        clients: [pair.client].into(),
        servers: [pair.server].into(),
        units: pair.unit.into_iter().collect(),
        access,
        tagged: tags.has(&pair).then_some(pair),
    };
    Learnt {
        key,
        values,
        evidence,
    }
}

/// Joins contracts that are the same but for one part.
fn join<T>(
    all: Vec<Learnt>,
    take: impl Fn(&mut Key) -> T,
    put: impl Fn(&mut Key, T),
) -> Vec<Learnt> {
    let mut joined = BTreeMap::<Key, Learnt>::new();
    for learnt in all {
        let mut rest = learnt.key.clone();
        let part = take(&mut rest);
        match joined.get_mut(&rest) {
            Some(known) => {
                put(&mut known.key, part);
                known.evidence.join(&learnt.evidence);
                for (run, (low, high)) in learnt.values {
                    let range = known.values.entry(run).or_insert((low, high));
                    *range = (range.0.min(low), range.1.max(high));
                }
            }
            None => {
                joined.insert(rest, learnt);
            }
        }
    }
    joined.into_values().collect()
}

/// A contract with so many ends that it would not be read is several.
fn split(learnt: Learnt) -> Vec<Learnt> {
    let clients: Vec<IpAddr> = learnt.key.clients.iter().copied().collect();
    let servers: Vec<Endpoint> = learnt.key.servers.iter().copied().collect();
    let mut parts = Vec::new();
    for some in clients.chunks(SIDE_MAX) {
        for others in servers.chunks(SIDE_MAX) {
            let mut part = learnt.clone();
            part.key.clients = some.iter().copied().collect();
            part.key.servers = others.iter().copied().collect();
            parts.push(part);
        }
    }
    parts
}
