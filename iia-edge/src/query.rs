//! The structured query API's own checks: inventory, rows, rate. Everything is bounded before the lake is asked.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::store::Range;
use iia_core::stream::covers;
use iia_core::time::SECOND_NS;

use crate::EdgeError;
use crate::wire::QueryAsk;

/// Rows a query may ask for when its contract does not say.
pub const ROWS_MAX_DEFAULT: u64 = 100_000;
/// Queries a second when the contract does not say.
pub const QUERIES_PER_SECOND_DEFAULT: u32 = 50;

/// What a contract exposes: stream patterns, where `ot.acs.*` covers everything below. Exclusion wins.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Patterns that are exposed.
    pub include: Vec<String>,
    /// Patterns that are not, whatever is included.
    pub exclude: Vec<String>,
}

impl Inventory {
    /// Whether the stream is exposed. Names of contracts leave out the leading `ot.` (decision D15).
    pub fn exposes(&self, stream: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, stream));
        any(&self.include) && !any(&self.exclude)
    }
}

/// The limits of one consumer's contract, and how much of them is used.
#[derive(Clone, Debug)]
pub struct Quota {
    contract: String,
    inventory: Inventory,
    rows_max: u64,
    per_second: u32,
    window: Timestamp,
    used: u32,
}

impl Quota {
    /// The limits that a contract states; `None` takes the default.
    pub fn new(
        contract: &str,
        inventory: Inventory,
        rows_max: Option<u64>,
        per_second: Option<u32>,
    ) -> Self {
        Self {
            contract: contract.into(),
            inventory,
            rows_max: rows_max.unwrap_or(ROWS_MAX_DEFAULT),
            per_second: per_second.unwrap_or(QUERIES_PER_SECOND_DEFAULT),
            window: Timestamp::default(),
            used: 0,
        }
    }

    /// Checks a question and counts it.
    ///
    /// # Errors
    /// The first limit that it breaks; a refused question does not count against the rate.
    pub fn check(&mut self, now: Timestamp, ask: &QueryAsk) -> Result<Range, EdgeError> {
        let range = ask.to_range()?;
        if !self.inventory.exposes(range.stream.as_str()) {
            let stream = range.stream.as_str().into();
            return Err(EdgeError::NotInInventory {
                stream,
                contract: self.contract.clone(),
            });
        }
        if ask.rows_max > self.rows_max {
            return Err(EdgeError::TooManyRows {
                asked: ask.rows_max,
                max: self.rows_max,
            });
        }
        self.count(now)?;
        Ok(range)
    }

    fn count(&mut self, now: Timestamp) -> Result<(), EdgeError> {
        let age_ns = now.since_ns(self.window);
        if !(0..SECOND_NS).contains(&age_ns) {
            (self.window, self.used) = (now, 0);
        }
        if self.used >= self.per_second {
            let retry_after_ns = u64::try_from(SECOND_NS - now.since_ns(self.window)).unwrap_or(0);
            return Err(EdgeError::TooManyQueries { retry_after_ns });
        }
        self.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Quota {
        let inventory = Inventory {
            include: alloc::vec!["acs.*".into()],
            exclude: alloc::vec!["acs.conn".into()],
        };
        Quota::new("c", inventory, Some(10), Some(2))
    }

    fn ask(stream: &str, rows_max: u64) -> QueryAsk {
        QueryAsk {
            stream: stream.into(),
            from_ns: 0,
            to_ns: 1,
            rows_max,
        }
    }

    #[test]
    fn the_inventory_bounds_what_can_be_asked() {
        let now = Timestamp::from_secs(1);
        assert!(quota().check(now, &ask("ot.acs.modbus", 10)).is_ok());
        for stream in ["ot.acs.conn", "ot.security.audit.head", "ot.acsx.modbus"] {
            let got = quota().check(now, &ask(stream, 1));
            assert!(
                matches!(got, Err(EdgeError::NotInInventory { .. })),
                "{stream}"
            );
        }
        assert_eq!(
            quota().check(now, &ask("ot.acs.modbus", 11)),
            Err(EdgeError::TooManyRows { asked: 11, max: 10 })
        );
    }

    #[test]
    fn the_rate_is_counted_per_second() {
        let mut quota = quota();
        let at = |ns| Timestamp::from_ns(5 * SECOND_NS + ns);
        assert!(quota.check(at(0), &ask("ot.acs.modbus", 1)).is_ok());
        assert!(quota.check(at(1), &ask("ot.acs.modbus", 1)).is_ok());
        let want = Err(EdgeError::TooManyQueries {
            retry_after_ns: SECOND_NS as u64 - 2,
        });
        assert_eq!(quota.check(at(2), &ask("ot.acs.modbus", 1)), want);
        assert!(quota.check(at(SECOND_NS), &ask("ot.acs.modbus", 1)).is_ok());
    }
}
