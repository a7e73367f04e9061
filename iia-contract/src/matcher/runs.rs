//! Runs of addresses, laid so that to find one waits for memory once, and not anew at each step of a search.

use alloc::boxed::Box;

use iia_core::observe::{Span, Table};

use crate::scope::Run;

/// Tables that there are.
const TABLES: usize = 5;
/// Runs that are compared all together; of more, halves are left out before.
const WINDOW: usize = 128;

/// Where the first addresses begin: behind where each table's begin and where those of the last one end.
const FIRSTS: usize = TABLES + 1;

/// The runs of one contract: sorted, and none touches another.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    /// In one piece, so that few runs are in one line of the cache: for each table which run is its first, and how many
    /// there are; the first address of each run; the last address of each.
    words: Box<[u32]>,
}

const fn number(table: Table) -> usize {
    match table {
        Table::Coil => 0,
        Table::DiscreteInput => 1,
        Table::InputRegister => 2,
        Table::HoldingRegister => 3,
        Table::Other => 4,
    }
}

impl Runs {
    /// Lays out runs that are sorted.
    pub(super) fn of(runs: &[Run]) -> Self {
        let tables = (0..=TABLES).map(|table| {
            let begin = runs.partition_point(|run| number(run.table) < table);
            u32::try_from(begin).unwrap_or(u32::MAX)
        });
        let firsts = runs.iter().map(|run| run.first);
        let lasts = runs.iter().map(|run| run.last);
        Self {
            words: tables.chain(firsts).chain(lasts).collect(),
        }
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.words.len() <= FIRSTS
    }

    /// Whether one run holds a whole span.
    #[inline]
    pub(super) fn hold(&self, span: &Span<'_>) -> bool {
        self.last_of(span).is_some_and(|last| span.last() <= last)
    }

    /// The last address of the only run that can hold a span: the last one that begins before it.
    #[inline]
    fn last_of(&self, span: &Span<'_>) -> Option<u32> {
        let table = number(span.table);
        let (tables, ends) = self.words.split_at_checked(FIRSTS)?;
        let (begin, end) = (
            *tables.get(table)? as usize,
            *tables.get(table + 1)? as usize,
        );
        let mut window = ends.get(begin..end)?;
        let mut passed = begin;
        while window.len() > WINDOW {
            let (low, high) = window.split_at(window.len() / 2);
            let begins = high.first().is_some_and(|first| *first <= span.addr);
            passed += if begins { low.len() } else { 0 };
            window = if begins { high } else { low };
        }
        // All are compared, none of which waits for another.
        let before = window.iter().map(|first| u32::from(*first <= span.addr));
        let at = (passed + before.sum::<u32>() as usize).checked_sub(1)?;
        let last = ends.get(ends.len() / 2 + at)?;
        (at >= begin).then_some(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use iia_core::observe::Values;

    #[test]
    fn a_span_is_held_by_one_run_or_by_none() {
        let tables = [Table::Coil, Table::InputRegister, Table::Other];
        // Three tables with few runs, many, and so many that halves are left out.
        let runs: Vec<Run> = tables
            .into_iter()
            .zip([3u32, 100, 1000])
            .flat_map(|(table, count)| {
                (0..count).map(move |number| Run {
                    table,
                    first: 5 + number * 10,
                    last: 5 + number * 10 + number % 7,
                })
            })
            .collect();
        let laid = Runs::of(&runs);
        let every = [Table::DiscreteInput, Table::HoldingRegister];
        for table in tables.into_iter().chain(every) {
            for addr in 0..10_100 {
                for count in [0, 1, 2, 7, 11] {
                    let values = Values::None;
                    let span = Span {
                        table,
                        addr,
                        count,
                        values,
                    };
                    let of = runs.iter().filter(|run| run.table == table);
                    let mut holds = of.filter(|run| run.first <= addr && span.last() <= run.last);
                    assert_eq!(laid.hold(&span), holds.next().is_some(), "{span:?}");
                }
            }
        }
        assert!(Runs::of(&[]).is_empty() && !laid.is_empty());
    }
}
