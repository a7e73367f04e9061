//! What a box takes from the boxes below: no more rows of a contract in a period than its `burst_rows` say. What is
//! beyond is not acknowledged, so that it waits below, where it is kept, and comes again.

use std::collections::BTreeMap;

use iia_contract::Catalog;
use iia_contract::raw::Number;
use iia_contract::scope::Terms;
use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// How much of each contract has been taken in the period that runs.
#[derive(Debug, Default)]
pub(super) struct Capacities(BTreeMap<String, Capacity>);

/// One contract's.
#[derive(Debug)]
struct Capacity {
    most: u64,
    period_ns: i64,
    start: Timestamp,
    taken: u64,
}

impl Capacities {
    /// Those of a catalog; where a contract says nothing, everything is taken.
    pub(super) fn of(catalog: &Catalog, now: Timestamp) -> Self {
        let limited = |contract: &iia_contract::scope::Contract| {
            let Terms::Boundary(terms) = &contract.terms else {
                return None;
            };
            let capacity = Capacity::new(terms.obligations.upstream.burst_rows?, now)?;
            Some((contract.id.as_str().to_owned(), capacity))
        };
        Self(catalog.contracts().iter().filter_map(limited).collect())
    }

    /// How many of so many rows are taken now, or, where it is none, when some will be.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        contract: &str,
        rows: u64,
    ) -> Result<u64, Timestamp> {
        match self.0.get_mut(contract) {
            Some(capacity) => capacity.take(now, rows),
            None => Ok(rows),
        }
    }
}

impl Capacity {
    fn new(rate: Number, now: Timestamp) -> Option<Self> {
        Some(Self {
            most: u64::try_from(rate.in_smallest() / 1_000_000).ok()?.max(1),
            period_ns: rate.per?.secs().saturating_mul(SECOND_NS),
            start: now,
            taken: 0,
        })
    }

    fn take(&mut self, now: Timestamp, rows: u64) -> Result<u64, Timestamp> {
        let passed = now.since_ns(self.start) / self.period_ns;
        if passed > 0 {
            self.start = self.start + passed.saturating_mul(self.period_ns);
            self.taken = 0;
        }
        let taken = rows.min(self.most - self.taken);
        if taken == 0 && rows > 0 {
            return Err(self.start + self.period_ns);
        }
        self.taken += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use iia_contract::raw::{Per, Unit};

    use super::*;

    #[test]
    fn no_period_has_more_than_it_may_and_each_begins_anew() {
        let at = |millis: i64| Timestamp::from_ns(millis * 1_000_000);
        let rate = Number {
            micros: 10_000_000,
            unit: Unit::None,
            per: Some(Per::Second),
        };
        let limited = Capacity::new(rate, at(500)).unwrap();
        let mut all = Capacities(BTreeMap::from([("a".to_owned(), limited)]));
        assert_eq!(all.take(at(500), "a", 4), Ok(4));
        assert_eq!(all.take(at(900), "a", 8), Ok(6));
        assert_eq!(all.take(at(1499), "a", 1), Err(at(1500)));
        assert_eq!(all.take(at(1499), "a", 0), Ok(0));
        assert_eq!(all.take(at(1500), "a", 11), Ok(10));
        assert_eq!(all.take(at(4700), "a", 11), Ok(10));
        assert_eq!(all.take(at(5499), "a", 1), Err(at(5500)));
        // A clock set back opens nothing.
        assert_eq!(all.take(at(100), "a", 1), Err(at(5500)));
        assert_eq!(all.take(at(5499), "b", 9999), Ok(9999));
        assert!(Capacity::new(Number { per: None, ..rate }, at(0)).is_none());
    }
}
