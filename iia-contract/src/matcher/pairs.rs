//! Contracts between workloads, indexed by their two identities.

use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use iia_core::observe::Session;

use super::said::{Manner, Pulled, Said};
use super::texts::{Part, Texts};
use super::verdict::{Best, Verdict};
use super::{Clause, Contracts};
use crate::scope::Terms;

/// Nothing is there.
const NONE: u32 = u32::MAX;

/// Internal, boundary and inbound contracts.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs<'a> {
    by_ends: DefaultHashBuilder,
    /// Both ends at once, since most who speak may.
    pairs: HashTable<Pair>,
    ends: Texts,
    said: Vec<Said<'a>>,
    manners: Vec<Manner<'a>>,
    names: HashMap<&'a str, u32>,
    known: Vec<Known>,
}

/// Two workloads of which one speaks to the other; their names lie behind one another.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ends: Part,
    source_len: u32,
    way: Way,
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
    /// Whether the source of a pair pulls, from whomever.
    pulls: bool,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(contracts: Contracts<'a>) -> Self {
        let mut pairs = Self::default();
        let mut manners = HashMap::new();
        for (contract, terms) in (0..).zip(contracts) {
            match &terms.terms {
                Terms::Internal(terms) => {
                    let manner = pairs.manner(Manner::internal(terms), &mut manners);
                    pairs.add(
                        (terms.source.as_str(), terms.destination.as_str()),
                        Said::internal(contract, manner, terms),
                    );
                }
                Terms::Boundary(terms) => {
                    let (ours, theirs) = (&terms.publisher, &terms.consumer);
                    // Either side may open the link.
                    for (source, destination) in [(ours, theirs), (theirs, ours)] {
                        let manner = pairs.manner(Manner::boundary(terms, source), &mut manners);
                        let said = Said::boundary(contract, manner, terms);
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
        pairs.close();
        pairs
    }

    /// The place of a manner, which contracts share.
    fn manner(&mut self, manner: Manner<'a>, known: &mut HashMap<Manner<'a>, u32>) -> u32 {
        let next = count(self.manners.len());
        *known.entry(manner).or_insert_with_key(|manner| {
            self.manners.push(manner.clone());
            next
        })
    }

    fn add(&mut self, (from, to): (&'a str, &'a str), mut said: Said<'a>) {
        let (source, destination) = (self.name(from), self.name(to));
        if let Some(known) = self.known.get_mut(source as usize) {
            known.first.get_or_insert(said.contract);
        }
        let last = count(self.said.len());
        let hash = self.hash(from.as_bytes(), to.as_bytes());
        let Self { pairs, ends, .. } = self;
        match pairs.find_mut(hash, |pair| pair.is(ends, (from, to))) {
            Some(pair) => said.before = core::mem::replace(&mut pair.way.last, last),
            None => {
                let pair = Pair {
                    ends: ends.add(&[from, to]),
                    source_len: count(from.len()),
                    way: Way {
                        source,
                        destination,
                        last,
                        pulls: false,
                    },
                };
                let (by_ends, ends) = (&self.by_ends, &self.ends);
                pairs.insert_unique(hash, pair, |pair| {
                    let (from, to) = pair.ends(ends).unwrap_or_default();
                    hash_of(by_ends, from, to)
                });
            }
        }
        self.said.push(said);
    }

    fn close(&mut self) {
        for pair in &mut self.pairs {
            let source = self.known.get(pair.way.source as usize);
            pair.way.pulls = source.is_some_and(|source| !source.pulls.is_empty());
        }
        self.ends.close();
    }

    fn hash(&self, from: &[u8], to: &[u8]) -> u64 {
        hash_of(&self.by_ends, from, to)
    }

    fn name(&mut self, id: &'a str) -> u32 {
        let next = count(self.known.len());
        let name = *self.names.entry(id).or_insert(next);
        if name == next {
            self.known.push(Known::default());
        }
        name
    }

    #[inline]
    pub(super) fn way(&self, source: &str, destination: &str) -> Way {
        let hash = self.hash(source.as_bytes(), destination.as_bytes());
        let ends = (source, destination);
        let pair = self.pairs.find(hash, |pair| pair.is(&self.ends, ends));
        pair.map_or_else(|| self.apart(ends), |pair| pair.way)
    }

    /// Two who have no contract with each other: what either says to others is asked in any case.
    #[cold]
    fn apart(&self, (source, destination): (&str, &str)) -> Way {
        let name = |id: &str| self.names.get(id).copied().unwrap_or(NONE);
        Way {
            source: name(source),
            destination: name(destination),
            last: NONE,
            pulls: false,
        }
    }

    #[inline]
    pub(super) fn judge(&self, way: Way, session: &Session<'_>) -> Verdict {
        let mut best = Best::new(Clause::Source);
        let mut next = way.last;
        while let Some(said) = self.said.get(next as usize) {
            let manner = self.manners.get(said.manner as usize);
            if let Some(manner) = manner {
                best.take(said.contract, said.judge(manner, session));
            }
            next = said.before;
        }
        if way.pulls || !best.is_covered() {
            self.ask_ends(way, session, &mut best);
        }
        best.verdict()
    }

    /// Asks what either end says to others.
    fn ask_ends(&self, way: Way, session: &Session<'_>, best: &mut Best) {
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
    }
}

impl Pair {
    fn ends(self, texts: &Texts) -> Option<(&[u8], &[u8])> {
        texts
            .at(self.ends)?
            .split_at_checked(self.source_len as usize)
    }

    #[inline]
    fn is(self, texts: &Texts, (source, destination): (&str, &str)) -> bool {
        self.ends(texts) == Some((source.as_bytes(), destination.as_bytes()))
    }
}

#[inline]
fn hash_of(hash: &DefaultHashBuilder, from: &[u8], to: &[u8]) -> u64 {
    hash.hash_one((from, to))
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}
