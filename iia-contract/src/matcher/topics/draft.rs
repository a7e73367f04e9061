//! The index of topics while it is made, contract by contract.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use hashbrown::HashMap;
use iia_core::observe::Act;

use super::{Cell, Client, Contracts, Key, NONE, Rule, Shape, Side, Topics, Way};
use crate::matcher::texts::Part;
use crate::scope::{Boundary, Device, Internal, Terms, TopicFilter};

/// An index that grows.
#[derive(Default)]
pub(super) struct Draft<'a> {
    topics: Topics,
    shapes: HashMap<Shape, u32>,
    clients: HashMap<&'a str, u32>,
    known: Vec<(&'a str, [Known; 2])>,
}

/// What a client may do in one direction.
#[derive(Default)]
struct Known {
    first: Option<u32>,
    shapes: BTreeSet<(u32, Shape)>,
}

/// A filter that a contract names.
#[derive(Clone, Copy)]
struct Named {
    shape: Shape,
    number: u64,
    rule: Rule,
}

impl<'a> Draft<'a> {
    pub(super) fn of(contracts: Contracts<'a>) -> Self {
        let mut draft = Self::default();
        for (contract, terms) in (0..).zip(contracts) {
            match &terms.terms {
                Terms::Internal(terms) => draft.internal(contract, terms),
                Terms::Boundary(terms) => draft.boundary(contract, terms),
                Terms::Device(terms) => draft.device(contract, terms),
                Terms::Inbound(_) => {}
            }
        }
        draft
    }

    fn internal(&mut self, contract: u32, terms: &'a Internal) {
        let most = terms.payload.max_len.unwrap_or(u64::MAX);
        for filter in &terms.transport.topics {
            let named = self.named(filter, contract, most);
            self.add(terms.source.as_str(), Act::Publish, named);
            self.add(terms.destination.as_str(), Act::Subscribe, named);
        }
    }

    fn boundary(&mut self, contract: u32, terms: &'a Boundary) {
        let most = terms.obligations.quota.payload_len_max.unwrap_or(u64::MAX);
        for filter in &terms.obligations.profile.topics {
            let named = self.named(filter, contract, most);
            self.add(terms.publisher.as_str(), Act::Publish, named);
            self.add(terms.consumer.as_str(), Act::Subscribe, named);
        }
    }

    fn device(&mut self, contract: u32, terms: &'a Device) {
        let Some(observed) = &terms.observed else {
            return;
        };
        let filter = observed.topic.as_deref().and_then(TopicFilter::parse);
        let Some(filter) = filter else { return };
        let named = self.named(&filter, contract, u64::MAX);
        for identity in &observed.identities {
            self.add(identity, Act::Publish, named);
        }
        if let Some(collector) = &terms.collector {
            self.add(collector.as_str(), Act::Subscribe, named);
        }
    }

    fn named(&mut self, filter: &TopicFilter, contract: u32, payload_len_max: u64) -> Named {
        let (shape, number) = Shape::of(filter, &self.topics.hash);
        Named {
            shape,
            number,
            rule: Rule {
                contract,
                before: NONE,
                filter: self.topics.texts.add(&[filter.as_str()]),
                payload_len_max,
            },
        }
    }

    fn add(&mut self, name: &'a str, act: Act, named: Named) {
        let next = count(self.known.len());
        let client = *self.clients.entry(name).or_insert(next);
        if client == next {
            self.known.push((name, <[Known; 2]>::default()));
        }
        let next = count(self.shapes.len());
        let shape = *self.shapes.entry(named.shape).or_insert(next);
        if let Some((_, [publishes, subscribes])) = self.known.get_mut(client as usize) {
            let known = match act {
                Act::Publish => publishes,
                Act::Subscribe => subscribes,
            };
            known.first.get_or_insert(named.rule.contract);
            known.shapes.insert((shape, named.shape));
        }
        self.rule(Key::new(client, act, (shape, named.number)), named.rule);
    }

    /// Puts a rule in front of those of its cell.
    fn rule(&mut self, key: Key, mut rule: Rule) {
        let Topics { cells, rules, .. } = &mut self.topics;
        match cells.find_mut(key.hash(), |cell| cell.key == key) {
            Some(cell) => {
                rule.before = count(rules.len());
                rules.push(core::mem::replace(&mut cell.last, rule));
            }
            None => {
                let cell = Cell { key, last: rule };
                cells.insert_unique(key.hash(), cell, |cell| cell.key.hash());
            }
        }
    }

    pub(super) fn close(mut self) -> Topics {
        let mut lists: BTreeMap<Box<[(u32, Shape)]>, u32> = BTreeMap::new();
        for (client, (name, sides)) in (0..).zip(self.known) {
            let [publishes, subscribes] = sides.map(|known| {
                let next = count(lists.len());
                let shapes = known.shapes.into_iter().collect();
                Side {
                    first: known.first.unwrap_or(NONE),
                    shapes: *lists.entry(shapes).or_insert(next),
                }
            });
            let way = Way {
                client,
                publishes,
                subscribes,
            };
            client_of(&mut self.topics, name, way);
        }
        let mut shapes: Vec<_> = lists.into_iter().collect();
        shapes.sort_unstable_by_key(|(_, at)| *at);
        self.topics.shapes = shapes.into_iter().map(|(shapes, _)| shapes).collect();
        self.topics.texts.close();
        self.topics
    }
}

fn client_of(topics: &mut Topics, name: &str, way: Way) {
    let Topics {
        by_name,
        clients,
        texts,
        ..
    } = topics;
    let client = Client {
        name: texts.add(&[name]),
        way,
    };
    let hash = |name: Part| by_name.hash_one(texts.at(name).unwrap_or_default());
    clients.insert_unique(hash(client.name), client, |client| hash(client.name));
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}
