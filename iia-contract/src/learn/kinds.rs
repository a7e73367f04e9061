//! How often each kind of exchange came, how long it stayed away between, and which values it carried.

use alloc::collections::BTreeMap;

use hashbrown::HashMap;
use iia_core::Timestamp;
use iia_core::observe::{Span, Table};

use super::Pair;
use crate::scope::Run;

/// Kinds of exchange that are counted apart at most; further ones count as kinds that came once.
pub const KINDS_MAX: usize = 65_536;
/// Addresses whose values are kept at most; values of further ones are not told.
pub const VALUES_MAX: usize = 65_536;

/// A kind of exchange: what of two equal ones is equal.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Kind {
    pub(super) pair: Pair,
    pub(super) func: u8,
    pub(super) read: Option<Run>,
    pub(super) write: Option<Run>,
}

#[derive(Debug, Default)]
pub(super) struct Kinds {
    seen: HashMap<Kind, (u64, Timestamp)>,
    beyond: HashMap<Pair, u64>,
    values: BTreeMap<(Pair, Table, u32), (u16, u16)>,
}

impl Kinds {
    /// Counts one; gives how long this kind stayed away, in nanoseconds.
    pub(super) fn count(&mut self, kind: Kind, ts: Timestamp) -> Option<i64> {
        if let Some((count, last)) = self.seen.get_mut(&kind) {
            *count += 1;
            let gap_ns = ts.since_ns(*last);
            *last = ts;
            return Some(gap_ns);
        }
        if self.seen.len() < KINDS_MAX {
            self.seen.insert(kind, (1, ts));
        } else {
            *self.beyond.entry(kind.pair).or_default() += 1;
        }
        None
    }

    pub(super) fn values(&mut self, pair: Pair, span: &Span<'_>) {
        for (addr, value) in (span.addr..).zip(span.iter()) {
            let key = (pair, span.table, addr);
            if let Some((low, high)) = self.values.get_mut(&key) {
                (*low, *high) = ((*low).min(value), (*high).max(value));
            } else if self.values.len() < VALUES_MAX {
                self.values.insert(key, (value, value));
            }
        }
    }

    /// Exchanges of each pair that were the only one of their kind.
    pub(super) fn once(&self) -> HashMap<Pair, u64> {
        let mut once = self.beyond.clone();
        let single = self.seen.iter().filter(|(_, (count, _))| *count == 1);
        single.for_each(|(kind, _)| *once.entry(kind.pair).or_default() += 1);
        once
    }

    /// The smallest and largest value seen in a run of a pair.
    pub(super) fn range(&self, pair: Pair, run: &Run) -> Option<(u16, u16)> {
        let all = (pair, run.table, run.first)..=(pair, run.table, run.last);
        let values = self.values.range(all).map(|(_, range)| *range);
        values.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}
