//! What cannot be beaten: one look into a hash table that has a key for each contract, with the hash that the matcher
//! uses.

use std::hash::Hash;

use hashbrown::HashMap;

use crate::measure::{Cost, in_turn, tell};
use crate::site::{self, SOME};

/// What some keys in turn cost, and what all do.
pub struct Floor {
    pub some: Option<Cost>,
    pub all: Option<Cost>,
}

fn look_up<K: Eq + Hash>(name: &str, contracts: usize, key: fn(usize) -> K) -> Floor {
    let known: HashMap<K, usize> = (0..contracts).map(|at| (key(at), at)).collect();
    let keys: Vec<K> = site::turns(contracts).map(key).collect();
    let cost = |keys: &[K]| in_turn(keys, |key| known.get(key).copied());
    let (some, all) = (cost(&keys[..SOME]), cost(&keys));
    tell(&format!("floor: {name}"), contracts, some, None);
    tell(&format!("floor: {name}, all"), contracts, all, None);
    Floor { some: Some(some), all: Some(all) }
}

pub fn flow(contracts: usize) -> Floor {
    look_up("five-tuple", contracts, site::flow)
}

pub fn link(contracts: usize) -> Floor {
    let key = |at| (site::source(at), site::destination(at));
    look_up("two SPIFFE IDs", contracts, key)
}

pub fn topic(contracts: usize) -> Floor {
    let key = |at| (site::source(at / 10), site::levels(at));
    look_up("client and topic", contracts, key)
}
