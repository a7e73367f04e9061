//! What was covered and what was not, counted; bounded however hostile the captures are.

use std::collections::BTreeMap;

use iia_contract::explain;
use iia_contract::matcher::Clause;
use iia_core::observe::Observation;

/// Kinds of violation kept apart at most; the rest is counted together.
pub(super) const KINDS_MAX: usize = 1000;

/// One kind of violation.
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) clause: Clause,
    pub(super) nearest: Option<u32>,
    /// When and in which flow it was seen first.
    pub(super) first: String,
}

#[derive(Default)]
pub(super) struct Findings {
    /// Observations that each contract covers.
    pub(super) covered: BTreeMap<u32, u64>,
    pub(super) violations: u64,
    kinds: BTreeMap<String, Kind>,
    /// Violations that found no room.
    pub(super) further: u64,
}

impl Findings {
    pub(super) fn covered(&mut self, contract: u32) {
        *self.covered.entry(contract).or_default() += 1;
    }

    pub(super) fn violation(
        &mut self,
        reason: &str,
        (nearest, clause): (Option<u32>, Clause),
        observation: &Observation<'_>,
    ) {
        self.violations += 1;
        if let Some(kind) = self.kinds.get_mut(reason) {
            kind.count += 1;
        } else if self.kinds.len() < KINDS_MAX {
            let flow = match observation.flow() {
                Some(flow) => flow.to_string(),
                None => explain::source(observation),
            };
            let first = format!("{}, {flow}", observation.ts());
            let kind = Kind {
                count: 1,
                clause,
                nearest,
                first,
            };
            self.kinds.insert(reason.to_owned(), kind);
        } else {
            self.further += 1;
        }
    }

    /// The kinds, the most frequent first.
    pub(super) fn kinds(&self) -> Vec<(&str, &Kind)> {
        let mut kinds: Vec<(&str, &Kind)> = self
            .kinds
            .iter()
            .map(|(reason, kind)| (reason.as_str(), kind))
            .collect();
        kinds.sort_by_key(|(reason, kind)| (std::cmp::Reverse(kind.count), *reason));
        kinds
    }

    /// Everything that was judged.
    pub(super) fn judged(&self) -> u64 {
        self.covered.values().sum::<u64>() + self.violations
    }
}
