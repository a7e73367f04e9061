//! The matcher against a judge that asks every contract about everything, on small worlds where they often meet.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

mod made;
mod naive;

use std::collections::BTreeMap;

use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_contract::raw::Entry;
use iia_contract::tree::Tree;
use iia_contract::{Catalog, explain};
use naive::dice::{self, Dice};
use naive::seen;
use proptest::prelude::*;

/// Contracts that are sound together; one that is not, or that clashes with those before it, is left out.
fn world(dice: &mut Dice<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for number in 0..usize::from(dice.roll(8)) {
        let text = dice::contract(dice, number);
        entries.extend(made::text::entries(&text));
        if Catalog::check(&entries).is_err() {
            entries.pop();
        }
    }
    entries
}

/// Judges observations until the dice run out; gives what was found.
fn judge(bytes: &[u8]) -> Result<Vec<Verdict>, TestCaseError> {
    let mut dice = Dice(bytes);
    let tree = Tree::from(world(&mut dice).as_slice());
    let (catalog, _) = Catalog::of(&tree).unwrap();
    let matcher = Matcher::new(&catalog);
    let mut found = Vec::new();
    while !dice.0.is_empty() {
        let mut text = String::new();
        let seen = seen::observation(&mut dice, &mut text);
        let (got, want) = (matcher.judge(&seen), naive::judge(&tree, &seen));
        prop_assert_eq!(got, want, "{:?}\n{}", seen, tree.text());
        // Words are there for whatever is refused, and only for that.
        let reason = explain::reason(&catalog, &seen, &got);
        prop_assert_eq!(
            reason.is_empty(),
            got.is_covered(),
            "{:?}: {}",
            seen,
            reason
        );
        prop_assert!(!reason.contains("clause "), "{:?}: {}", seen, reason);
        found.push(got);
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn i7_the_matcher_agrees_with_a_judge_that_asks_everybody(
        bytes in prop::collection::vec(any::<u8>(), 64..1200),
    ) {
        judge(&bytes)?;
    }
}

/// The worlds are worth judging in: each clause both of those that cover and of those that fail comes up.
#[test]
fn every_clause_is_met_in_these_worlds() {
    let mut covering: BTreeMap<Clause, u32> = BTreeMap::new();
    let mut failing: BTreeMap<(Clause, bool), u32> = BTreeMap::new();
    let mut state = 1u64;
    for _ in 0..600 {
        let bytes: Vec<u8> = (0..1200)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        for verdict in judge(&bytes).unwrap() {
            match verdict {
                Verdict::Covered { clause, .. } => *covering.entry(clause).or_default() += 1,
                Verdict::Violation { nearest, clause } => {
                    *failing.entry((clause, nearest.is_some())).or_default() += 1;
                }
            }
        }
    }
    use Clause::*;
    for clause in [Client, Function, Read, Write, Tag, Operation, Topic] {
        assert!(covering.contains_key(&clause), "{clause:?}: {covering:?}");
    }
    for clause in Clause::ALL {
        // Rates are the meter's.
        let nobody = matches!(clause, Server | Source);
        assert!(
            clause == Rate || failing.contains_key(&(clause, !nobody)),
            "{clause:?}: {failing:?}"
        );
    }
}
