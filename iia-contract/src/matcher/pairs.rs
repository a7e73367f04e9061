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
    names: HashMap<&'a str, u32>,
    known: Vec<Known<'a>>,
    pairs: HashMap<(u32, u32), u32>,
    said: Vec<Vec<Said<'a>>>,
}

/// What is known of one identity.
#[derive(Clone, Debug, Default)]
struct Known<'a> {
    /// The first contract under which it speaks to somebody.
    first: Option<u32>,
    /// What it may pull, in the catalog's order.
    pulls: Vec<Pulled<'a>>,
}

/// Who speaks to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way {
    source: u32,
    destination: u32,
    pair: u32,
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

    fn add(&mut self, (source, destination): (&'a str, &'a str), said: Said<'a>) {
        let ends = (self.name(source), self.name(destination));
        if let Some(known) = self.known.get_mut(ends.0 as usize) {
            known.first.get_or_insert(said.contract);
        }
        let next = count(self.said.len());
        let pair = *self.pairs.entry(ends).or_insert(next);
        if pair == next {
            self.said.push(Vec::new());
        }
        if let Some(all) = self.said.get_mut(pair as usize) {
            all.push(said);
        }
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
        let (source, destination) = (name(source), name(destination));
        let pair = self.pairs.get(&(source, destination));
        Way {
            source,
            destination,
            pair: pair.copied().unwrap_or(NONE),
        }
    }

    pub(super) fn judge(&self, way: Way, session: &Session<'_>) -> Verdict {
        let mut best = Best::new(Clause::Source);
        let said = self.said.get(way.pair as usize);
        for said in said.into_iter().flatten() {
            best.take(said.contract, said.judge(session));
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
