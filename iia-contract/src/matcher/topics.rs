//! Topics of a bus, indexed by client and by the shape of their filters.
//!
//! Filters of one shape have names at the same levels and wildcards at the others, so that one look into a table finds
//! all of them that cover a topic. A client has few shapes, however many filters it has. What a verdict reads lies close
//! together: an entry of the table has its first rule in it, and all texts are copies behind one another.

mod draft;
mod levels;
mod scan;
mod shape;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use iia_core::observe::{Act, Message};

use super::texts::{Part, Texts};
use super::verdict::{Best, Verdict};
use super::{Clause, Contracts};
use draft::Draft;
use levels::{Hash, Names, joined};
use shape::Shape;

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// Contracts that name topics.
#[derive(Clone, Debug, Default)]
pub(super) struct Topics {
    hash: Hash,
    by_name: DefaultHashBuilder,
    clients: HashTable<Client>,
    /// Shapes that some side has together, each with its number.
    shapes: Vec<Box<[(u32, Shape)]>>,
    cells: HashTable<Cell>,
    /// Rules that are not the last of their cell.
    rules: Vec<Rule>,
    texts: Texts,
}

/// A client by its name.
#[derive(Clone, Copy, Debug)]
struct Client {
    name: Part,
    way: Way,
}

/// A client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way {
    client: u32,
    publishes: Side,
    subscribes: Side,
}

/// What a client may publish, or what it may subscribe to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Side {
    /// The first contract.
    first: u32,
    shapes: u32,
}

impl Side {
    const EMPTY: Self = Self {
        first: NONE,
        shapes: NONE,
    };

    fn first(self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }
}

/// The filters of one client, for one act, that have one shape and one number.
#[derive(Clone, Copy, Debug)]
struct Cell {
    key: Key,
    last: Rule,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    client: u32,
    /// The shape and the act.
    kind: u32,
    number: u64,
}

impl Key {
    #[inline]
    const fn new(client: u32, act: Act, (shape, number): (u32, u64)) -> Self {
        let act = match act {
            Act::Publish => 0,
            Act::Subscribe => 1,
        };
        Self {
            client,
            kind: shape << 1 | act,
            number,
        }
    }

    #[inline]
    const fn hash(self) -> u64 {
        joined(self.number, (self.client as u64) << 32 | self.kind as u64)
    }
}

/// One filter of one contract.
#[derive(Clone, Copy, Debug)]
struct Rule {
    contract: u32,
    /// The rule of the same cell before it.
    before: u32,
    filter: Part,
    payload_len_max: u64,
}

impl Topics {
    pub(super) fn new(contracts: Contracts<'_>) -> Self {
        Draft::of(contracts).close()
    }

    #[inline]
    pub(super) fn way(&self, client: &str) -> Way {
        let hash = self.by_name.hash_one(client.as_bytes());
        let known = (self.clients).find(hash, |known| self.texts.is(known.name, client));
        known.map_or(
            Way {
                client: NONE,
                publishes: Side::EMPTY,
                subscribes: Side::EMPTY,
            },
            |known| known.way,
        )
    }

    pub(super) fn judge(&self, way: Way, message: &Message<'_>) -> Verdict {
        let side = match message.act {
            Act::Publish => way.publishes,
            Act::Subscribe => way.subscribes,
        };
        let mut best = Best::new(Clause::Source);
        let shapes = self.shapes.get(side.shapes as usize);
        if let Some(shapes) = shapes {
            let names = Names::of(message, &self.hash);
            for (at, shape) in shapes {
                if let Some(number) = shape.number(&names) {
                    let cell = Key::new(way.client, message.act, (*at, number));
                    self.ask(cell, (*shape, &names, message.payload_len), &mut best);
                }
            }
        }
        best.refuse_by(side.first(), Clause::Topic);
        best.refuse_by(way.publishes.first(), Clause::Direction);
        best.refuse_by(way.subscribes.first(), Clause::Direction);
        best.verdict()
    }

    /// Asks all rules of a cell.
    #[inline]
    fn ask(&self, key: Key, (shape, names, len): (Shape, &Names<'_>, u64), best: &mut Best) {
        let cell = self.cells.find(key.hash(), |cell| cell.key == key);
        let mut next = cell.map(|cell| &cell.last);
        while let Some(rule) = next {
            let filter = self.texts.at(rule.filter);
            if filter.is_some_and(|filter| shape.covers(filter, names)) {
                let says = match len <= rule.payload_len_max {
                    true => Ok(Clause::Topic),
                    false => Err(Clause::Payload),
                };
                best.take(rule.contract, says);
            }
            next = self.rules.get(rule.before as usize);
        }
    }
}
