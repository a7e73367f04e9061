//! Whole worlds from bytes: contracts, then observations that are judged in every way there is.

use std::collections::HashMap;

use iia_contract::matcher::{Matcher, Verdict, Way};
use iia_contract::raw::Entry;
use iia_contract::tree::Tree;
use iia_contract::{Catalog, explain};
use iia_core::finding::{Finding, Severity};
use iia_core::observe::{Flow, Observation};
use iia_core::stream::Stream;

use super::dice::{self, Dice};
use super::seen;
use crate::made::text;

/// Contracts that are sound together; one that is not, or that clashes with those before it, is left out.
fn contracts(dice: &mut Dice<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for number in 0..usize::from(dice.roll(8)) {
        let text = dice::contract(dice, number);
        entries.extend(text::entries(&text));
        if Catalog::check(&entries).is_err() {
            entries.pop();
        }
    }
    entries
}

/// What the record of a violation carries (001:225): who, where, what and when, and why.
fn told(catalog: &Catalog, seen: &Observation<'_>, verdict: &Verdict) {
    let finding = explain::finding(catalog, seen, verdict, vec!["x#1".into()]);
    assert_eq!(finding.is_none(), verdict.is_covered(), "{seen:?}");
    if let Some(finding) = finding {
        assert_eq!(finding.ts_ns, seen.ts().as_ns());
        assert!(finding.is_on(&Stream::VIOLATION) && finding.severity >= Severity::High);
        let Finding {
            source,
            destination,
            operation,
            reason,
            ..
        } = &finding;
        let all = [source, destination, operation, reason, &finding.clause];
        assert!(
            all.iter().all(|word| !word.is_empty()),
            "{seen:?}: {finding:?}"
        );
    }
}

/// Judges observations until the bytes run out; gives what was found.
///
/// # Panics
/// When the matcher disagrees with the plainest judge, or with itself where the way of a flow is kept, or when words are
/// missing for what is refused.
pub(crate) fn judge(bytes: &[u8]) -> Vec<Verdict> {
    let mut dice = Dice(bytes);
    let tree = Tree::from(contracts(&mut dice).as_slice());
    let (catalog, _) = Catalog::of(&tree).unwrap();
    let matcher = Matcher::new(&catalog);
    let mut ways: HashMap<Flow, Option<Way>> = HashMap::new();
    let mut found = Vec::new();
    while !dice.0.is_empty() {
        let mut text = String::new();
        let seen = seen::observation(&mut dice, &mut text);
        let (got, want) = (matcher.judge(&seen), super::judge(&tree, &seen));
        assert_eq!(got, want, "{seen:?}\n{}", tree.text());
        if let Some(flow) = seen.flow() {
            let way = ways.entry(*flow).or_default();
            assert_eq!(matcher.judge_keeping(way, &seen), got, "{seen:?}");
        }
        let reason = explain::reason(&catalog, &seen, &got);
        assert_eq!(reason.is_empty(), got.is_covered(), "{seen:?}: {reason}");
        assert!(!reason.contains("clause "), "{seen:?}: {reason}");
        told(&catalog, &seen, &got);
        found.push(got);
    }
    found
}
