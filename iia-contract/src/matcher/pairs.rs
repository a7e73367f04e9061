//! Contracts between workloads, indexed by their two identities.

use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::observe::Session;

use super::said::{Pulled, Said};
use super::verdict::{Best, Verdict};
use super::{Clause, Contracts};
use crate::scope::Terms;

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// Internal, boundary and inbound contracts.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs<'a> {
    /// Both ends at once, since most who speak may.
    pairs: HashMap<(&'a str, &'a str), Way>,
    said: Vec<Said<'a>>,
    names: HashMap<&'a str, u32>,
    known: Vec<Known>,
}

/// What is known of one identity.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The first contract under which it speaks to somebody.
    first: Option<u32>,
    /// What it may pull, in the catalog's order.
    pulls: Vec<Pulled>,
}

/// Who speaks to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way {
    source: u32,
    destination: u32,
    /// The last contract of the pair; each knows the one before it.
    last: u32,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(contracts: Contracts<'a>) -> Self {
        let mut pairs = Self::default();
        for (contract, terms) in (0..).zip(contracts) {
            match &terms.terms {
                Terms::Internal(terms) => {
                    pairs.add(
                        (terms.source.as_str(), terms.destination.as_str()),
                        Said::internal(contract, terms),
                    );
                }
                Terms::Boundary(terms) => {
                    let (ours, theirs) = (&terms.publisher, &terms.consumer);
                    // Either side may open the link.
                    for (source, destination) in [(ours, theirs), (theirs, ours)] {
                        let said = Said::boundary(contract, terms, source);
                        pairs.add((source.as_str(), destination.as_str()), said);
                    }
                }
                Terms::Inbound(terms) => {
                    let puller = pairs.name(terms.puller.as_str());
                    if let Some(known) = pairs.known.get_mut(puller as usize) {
                        known.pulls.push(Pulled::new(contract, terms));
                    }
                }
                Terms::Device(_) => {}
            }
        }
        pairs
    }

    fn add(&mut self, ends: (&'a str, &'a str), mut said: Said<'a>) {
        let (source, destination) = (self.name(ends.0), self.name(ends.1));
        if let Some(known) = self.known.get_mut(source as usize) {
            known.first.get_or_insert(said.contract);
        }
        let way = self.pairs.entry(ends).or_insert(Way {
            source,
            destination,
            last: NONE,
        });
        said.before = core::mem::replace(&mut way.last, count(self.said.len()));
        self.said.push(said);
    }

    fn name(&mut self, id: &'a str) -> u32 {
        let next = count(self.known.len());
        let name = *self.names.entry(id).or_insert(next);
        if name == next {
            self.known.push(Known::default());
        }
        name
    }

    pub(super) fn way(&self, source: &str, destination: &str) -> Way {
        let name = |id: &str| self.names.get(id).copied().unwrap_or(NONE);
        let pair = self.pairs.get(&(source, destination)).copied();
        pair.unwrap_or_else(|| Way {
            source: name(source),
            destination: name(destination),
            last: NONE,
        })
    }

    pub(super) fn judge(&self, way: Way, session: &Session<'_>) -> Verdict {
        let mut best = Best::new(Clause::Source);
        let mut next = way.last;
        while let Some(said) = self.said.get(next as usize) {
            best.take(said.contract, said.judge(session));
            next = said.before;
        }
        let source = self.known.get(way.source as usize);
        if let Some(source) = source {
            for pulled in &source.pulls {
                best.take(pulled.contract, pulled.judge(session));
            }
            best.refuse_by(source.first, Clause::Destination);
        }
        let destination = self.known.get(way.destination as usize);
        let pulled = destination.and_then(|known| known.pulls.first());
        best.refuse_by(pulled.map(|pulled| pulled.contract), Clause::Direction);
        best.verdict()
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}
