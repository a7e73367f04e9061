//! Topics of a bus, indexed by client and by the shape of their filters.
//!
//! Filters of one shape have names at the same levels and wildcards at the others, so that one look into a table finds
//! all of them that cover a topic. A client has few shapes, however many filters it has.

mod levels;

use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::observe::{Act, Message};

use super::verdict::{Best, Verdict};
use super::{Clause, Contracts};
use crate::scope::{Boundary, Device, Internal, Terms, TopicFilter};
use levels::{Hash, Names, Shape};

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// Contracts that name topics.
#[derive(Clone, Debug, Default)]
pub(super) struct Topics<'a> {
    hash: Hash,
    clients: HashMap<&'a str, u32>,
    known: Vec<[Side; 2]>,
    covers: HashMap<(u32, u32, u64), Vec<Rule>>,
}

/// What a client may publish, or what it may subscribe to.
#[derive(Clone, Debug, Default)]
struct Side {
    first: Option<u32>,
    shapes: Vec<Shape>,
}

/// One filter of one contract.
#[derive(Clone, Debug)]
struct Rule {
    contract: u32,
    filter: TopicFilter,
    payload_len_max: u64,
}

/// A client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way(u32);

impl<'a> Topics<'a> {
    pub(super) fn new(contracts: Contracts<'a>) -> Self {
        let mut topics = Self::default();
        for (contract, terms) in (0..).zip(contracts) {
            match &terms.terms {
                Terms::Internal(terms) => topics.internal(contract, terms),
                Terms::Boundary(terms) => topics.boundary(contract, terms),
                Terms::Device(terms) => topics.device(contract, terms),
                Terms::Inbound(_) => {}
            }
        }
        topics
    }

    fn internal(&mut self, contract: u32, terms: &'a Internal) {
        let most = terms.payload.max_len.unwrap_or(u64::MAX);
        for filter in &terms.transport.topics {
            self.add(
                terms.source.as_str(),
                Act::Publish,
                contract,
                (filter, most),
            );
            self.add(
                terms.destination.as_str(),
                Act::Subscribe,
                contract,
                (filter, most),
            );
        }
    }

    fn boundary(&mut self, contract: u32, terms: &'a Boundary) {
        let most = terms.obligations.quota.payload_len_max.unwrap_or(u64::MAX);
        for filter in &terms.obligations.profile.topics {
            self.add(
                terms.publisher.as_str(),
                Act::Publish,
                contract,
                (filter, most),
            );
            self.add(
                terms.consumer.as_str(),
                Act::Subscribe,
                contract,
                (filter, most),
            );
        }
    }

    fn device(&mut self, contract: u32, terms: &'a Device) {
        let Some(observed) = &terms.observed else {
            return;
        };
        let filter = observed.topic.as_deref().and_then(TopicFilter::parse);
        let Some(filter) = filter else { return };
        for identity in &observed.identities {
            self.add(identity, Act::Publish, contract, (&filter, u64::MAX));
        }
        if let Some(collector) = &terms.collector {
            self.add(
                collector.as_str(),
                Act::Subscribe,
                contract,
                (&filter, u64::MAX),
            );
        }
    }

    fn add(
        &mut self,
        client: &'a str,
        act: Act,
        contract: u32,
        (filter, most): (&TopicFilter, u64),
    ) {
        let next = u32::try_from(self.known.len()).unwrap_or(NONE);
        let client = *self.clients.entry(client).or_insert(next);
        if client == next {
            self.known.push(<[Side; 2]>::default());
        }
        let key = self.hash.of_filter(filter);
        let Some(side) = self
            .known
            .get_mut(client as usize)
            .and_then(|sides| sides.get_mut(at(act)))
        else {
            return;
        };
        side.first.get_or_insert(contract);
        let shape = Shape::of(filter);
        let place = side.shapes.iter().position(|known| *known == shape);
        let place = place.unwrap_or_else(|| {
            side.shapes.push(shape);
            side.shapes.len() - 1
        });
        let rules = self
            .covers
            .entry(cell(client, act, place, key))
            .or_default();
        rules.push(Rule {
            contract,
            filter: filter.clone(),
            payload_len_max: most,
        });
    }

    pub(super) fn way(&self, client: &str) -> Way {
        Way(self.clients.get(client).copied().unwrap_or(NONE))
    }

    pub(super) fn judge(&self, Way(client): Way, message: &Message<'_>) -> Verdict {
        let mut best = Best::new(Clause::Source);
        let Some(sides) = self.known.get(client as usize) else {
            return best.verdict();
        };
        for side in sides {
            best.refuse_by(side.first, Clause::Direction);
        }
        let Some(side) = sides.get(at(message.act)) else {
            return best.verdict();
        };
        best.refuse_by(side.first, Clause::Topic);
        let names = Names::of(message, &self.hash);
        for (place, shape) in side.shapes.iter().enumerate() {
            let Some(key) = shape.number(&names) else {
                continue;
            };
            let rules = self.covers.get(&cell(client, message.act, place, key));
            for rule in rules.into_iter().flatten() {
                if names.are_within(&rule.filter) {
                    let says = match message.payload_len <= rule.payload_len_max {
                        true => Ok(Clause::Topic),
                        false => Err(Clause::Payload),
                    };
                    best.take(rule.contract, says);
                }
            }
        }
        best.verdict()
    }
}

const fn at(act: Act) -> usize {
    match act {
        Act::Publish => 0,
        Act::Subscribe => 1,
    }
}

fn cell(client: u32, act: Act, place: usize, key: u64) -> (u32, u32, u64) {
    let place = u32::try_from(place).unwrap_or(NONE);
    (client, place << 1 | u32::from(act == Act::Publish), key)
}
