//! Flows without contract, counted; bounded however hostile the captures are.

use std::collections::BTreeMap;

use iia_core::finding::Finding;

/// Flows kept apart at most; what comes of further ones is counted together.
pub(super) const FLOWS_MAX: usize = 4096;

/// What was seen of a flow that no contract covers.
pub(super) struct Orphan {
    pub(super) times: u64,
    pub(super) first_ns: i64,
    /// What was attempted first, and why nothing covers it.
    pub(super) such_as: String,
}

/// Who speaks to whom without contract.
#[derive(Default)]
pub(super) struct Flows {
    orphans: BTreeMap<(String, String), Orphan>,
    /// Everything that was judged.
    pub(super) judged: u64,
    /// What found no room.
    pub(super) further: u64,
}

impl Flows {
    /// Takes what was found of one observation.
    pub(super) fn add(&mut self, finding: Option<Finding>) {
        self.judged += 1;
        let Some(finding) = finding else { return };
        let ends = (finding.source, finding.destination);
        if self.orphans.len() >= FLOWS_MAX && !self.orphans.contains_key(&ends) {
            self.further += 1;
            return;
        }
        let orphan = self.orphans.entry(ends).or_insert(Orphan {
            times: 0,
            first_ns: finding.ts_ns,
            such_as: finding.reason,
        });
        orphan.times += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.orphans.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.orphans.is_empty()
    }

    /// All of them, in order of who speaks.
    pub(super) fn all(&self) -> impl Iterator<Item = ((&str, &str), &Orphan)> {
        let all = self.orphans.iter();
        all.map(|((from, to), orphan)| ((from.as_str(), to.as_str()), orphan))
    }
}

#[cfg(test)]
mod tests {
    use iia_core::finding::{Conclusion, Severity};

    use super::*;

    fn finding(source: usize) -> Finding {
        Finding {
            ts_ns: source as i64,
            stream: String::new(),
            conclusion: Conclusion::Diverge,
            severity: Severity::High,
            contract: String::new(),
            clause: String::new(),
            source: format!("s{source}"),
            destination: "d".into(),
            operation: String::new(),
            reason: format!("r{source}"),
            evidence: Vec::new(),
        }
    }

    #[test]
    fn flows_beyond_the_limit_are_counted_and_known_ones_still_told_apart() {
        let mut flows = Flows::default();
        flows.add(None);
        (0..FLOWS_MAX + 2).for_each(|source| flows.add(Some(finding(source))));
        flows.add(Some(finding(0)));
        assert_eq!((flows.len(), flows.further), (FLOWS_MAX, 2));
        assert_eq!(flows.judged, FLOWS_MAX as u64 + 4);
        let (ends, first) = flows.all().next().unwrap();
        assert_eq!((ends, first.times), (("s0", "d"), 2));
    }
}
