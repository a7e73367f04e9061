//! Counting what the report shows; bounded however large the capture is.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

/// Bars on the timeline at most; the width of a bar grows with the capture.
pub(super) const BARS_MAX: usize = 120;
/// Distinct pairs on the flow map at most; the rest is counted together.
pub(super) const EDGES_MAX: usize = 64;
/// Distinct violations listed at most.
pub(super) const VIOLATIONS_MAX: usize = 200;
/// Contracts on the timeline at most; the rest is counted together.
pub(super) const SERIES_MAX: usize = 11;

/// The name under which uncovered exchanges stand.
pub(super) const NONE: &str = "no contract";
const REST: &str = "others";

/// One exchange or flow as the report needs it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When.
    pub ts: Timestamp,
    /// Who asked.
    pub client: &'a str,
    /// Who answered, with the port.
    pub server: &'a str,
    /// The contract that covers it.
    pub contract: Option<&'a str>,
    /// Why none does.
    pub reason: Option<&'a str>,
}

/// Exchanges of one contract in each bar.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The contract, or what stands for several.
    pub name: String,
    /// One count a bar.
    pub counts: Vec<u64>,
}

/// One client at one server.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Exchanges that a contract covers.
    pub covered: u64,
    /// Exchanges that none covers.
    pub violating: u64,
}

/// One kind of violation.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The reason in words.
    pub reason: String,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
}

/// A table of words.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its headline.
    pub heading: String,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(heading: &str, columns: &[&str]) -> Self {
        Self {
            heading: heading.to_owned(),
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }
}

/// Everything the report shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The headline.
    pub title: String,
    /// Facts as label and value, in order.
    pub facts: Vec<(String, String)>,
    /// The first moment.
    pub start: Timestamp,
    /// The width of a bar in nanoseconds.
    pub bar_ns: i64,
    /// Counts by contract.
    pub series: Vec<Series>,
    /// Who spoke to whom.
    pub edges: BTreeMap<(String, String), Edge>,
    /// What no contract covers.
    pub violations: Vec<Violation>,
    /// Findings and other moments: when, kind, words.
    pub moments: Vec<(Timestamp, String, String)>,
    /// Further tables, in order.
    pub tables: Vec<Table>,
    /// Exchanges counted.
    pub exchanges: u64,
    /// Of these, without contract.
    pub violating: u64,
}

/// Counts exchange by exchange, in any order of time.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seconds: BTreeMap<String, BTreeMap<i64, u64>>,
    edges: BTreeMap<(String, String), Edge>,
    violations: BTreeMap<String, Violation>,
    scale_secs: i64,
    exchanges: u64,
    violating: u64,
}

impl Tally {
    /// An empty count.
    pub fn new() -> Self {
        Self {
            scale_secs: 1,
            ..Self::default()
        }
    }

    /// Counts one exchange.
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.exchanges += 1;
        let violating = seen.contract.is_none();
        self.violating += u64::from(violating);
        self.add_to_bar(seen.contract.unwrap_or(NONE), seen.ts.as_secs());
        self.add_to_edge(seen, violating);
        if let Some(reason) = seen.reason.filter(|_| violating) {
            self.add_violation(reason, seen.ts);
        }
    }

    fn add_to_bar(&mut self, name: &str, second: i64) {
        let name = if self.seconds.contains_key(name) || self.seconds.len() < SERIES_MAX {
            name
        } else {
            REST
        };
        if !self.seconds.contains_key(name) {
            self.seconds.insert(name.into(), BTreeMap::new());
        }
        let bar = second.div_euclid(self.scale_secs);
        if let Some(bars) = self.seconds.get_mut(name) {
            *bars.entry(bar).or_default() += 1;
        }
        while self.span() > BARS_MAX as i64 {
            self.halve();
        }
    }

    fn span(&self) -> i64 {
        let first = self
            .seconds
            .values()
            .filter_map(|bars| bars.keys().next())
            .min();
        let last = self
            .seconds
            .values()
            .filter_map(|bars| bars.keys().next_back())
            .max();
        first.zip(last).map_or(0, |(first, last)| {
            last.saturating_sub(*first).saturating_add(1)
        })
    }

    fn halve(&mut self) {
        self.scale_secs = self.scale_secs.saturating_mul(2);
        for bars in self.seconds.values_mut() {
            let mut wider = BTreeMap::new();
            for (bar, count) in &*bars {
                *wider.entry(bar.div_euclid(2)).or_default() += count;
            }
            *bars = wider;
        }
    }

    fn add_to_edge(&mut self, seen: &Seen<'_>, violating: bool) {
        let key = (seen.client.to_owned(), seen.server.to_owned());
        let full = self.edges.len() >= EDGES_MAX && !self.edges.contains_key(&key);
        let key = if full {
            (REST.to_owned(), REST.to_owned())
        } else {
            key
        };
        let edge = self.edges.entry(key).or_default();
        edge.violating += u64::from(violating);
        edge.covered += u64::from(!violating);
    }

    fn add_violation(&mut self, reason: &str, ts: Timestamp) {
        if let Some(known) = self.violations.get_mut(reason) {
            known.count += 1;
            known.first = known.first.min(ts);
            known.last = known.last.max(ts);
        } else if self.violations.len() < VIOLATIONS_MAX {
            let new = Violation {
                reason: reason.into(),
                first: ts,
                last: ts,
                count: 1,
            };
            self.violations.insert(reason.into(), new);
        }
    }

    /// The report of what was counted; headline, facts and moments are the caller's.
    pub fn finish(self) -> Report {
        let first = self
            .seconds
            .values()
            .filter_map(|bars| bars.keys().next())
            .min()
            .copied()
            .unwrap_or(0);
        let bars = usize::try_from(self.span()).unwrap_or(0);
        let series = self.seconds.iter().map(|(name, counted)| Series {
            name: name.clone(),
            counts: (0..bars as i64)
                .map(|bar| counted.get(&(first + bar)).copied().unwrap_or(0))
                .collect(),
        });
        let series = series.collect();
        let mut violations: Vec<Violation> = self.violations.into_values().collect();
        violations.sort_by_key(|violation| violation.first);
        Report {
            start: Timestamp::from_secs(first.saturating_mul(self.scale_secs)),
            bar_ns: self.scale_secs.saturating_mul(SECOND_NS),
            series,
            edges: self.edges,
            violations,
            exchanges: self.exchanges,
            violating: self.violating,
            ..Report::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(second: i64, contract: Option<&'static str>) -> Seen<'static> {
        let ts = Timestamp::from_secs(second);
        Seen {
            ts,
            client: "a",
            server: "b:502",
            contract,
            reason: contract.is_none().then_some("why"),
        }
    }

    #[test]
    fn long_captures_get_wider_bars_and_lose_no_count() {
        let mut tally = Tally::new();
        (0..10_000).for_each(|second| tally.add(&seen(second, Some("c"))));
        let report = tally.finish();
        assert!(report.series[0].counts.len() <= BARS_MAX);
        assert_eq!(report.series[0].counts.iter().sum::<u64>(), 10_000);
        assert_eq!(report.start, Timestamp::from_secs(0));
    }

    #[test]
    fn violations_are_grouped_by_reason() {
        let mut tally = Tally::new();
        tally.add(&seen(5, None));
        tally.add(&seen(3, None));
        tally.add(&seen(4, Some("c")));
        let report = tally.finish();
        assert_eq!((report.exchanges, report.violating), (3, 2));
        assert_eq!(report.violations[0].count, 2);
        assert_eq!(report.violations[0].first, Timestamp::from_secs(3));
    }

    #[test]
    fn hostile_variety_stays_bounded() {
        let mut tally = Tally::new();
        for i in 0..2000 {
            let text = format!("x{i}");
            let ts = Timestamp::from_ns(i64::MIN / 2 * (i % 2) + i);
            tally.add(&Seen {
                ts,
                client: &text,
                server: &text,
                contract: None,
                reason: Some(&text),
            });
            tally.add(&Seen {
                ts,
                client: &text,
                server: &text,
                contract: Some(&text),
                reason: None,
            });
        }
        let report = tally.finish();
        assert!(report.edges.len() <= EDGES_MAX + 1);
        assert!(report.violations.len() <= VIOLATIONS_MAX);
        assert!(report.series.len() <= SERIES_MAX + 1);
        assert_eq!(report.exchanges, 4000);
    }
}
