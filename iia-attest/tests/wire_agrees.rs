//! Two readings of one catalog: what the matcher calls a violation, the observer that shares no code with it finds, and
//! nothing else; on small worlds where clauses often meet.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "../../iia-contract/tests/made/mod.rs"]
mod made;
#[path = "../../iia-contract/tests/naive/mod.rs"]
mod naive;

use std::collections::BTreeMap;

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Deed, Wire};
use iia_contract::Catalog;
use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_core::Timestamp;
use iia_core::observe::{Observation, Protocol};
use made::text;
use naive::dice::{self, Dice};
use naive::seen;

const WORLDS: u64 = 3000;

fn catalog(dice: &mut Dice<'_>) -> Catalog {
    let mut entries = Vec::new();
    for number in 0..usize::from(dice.roll(8)) {
        let more = dice::contract(dice, number);
        entries.extend(text::entries(&more));
        if Catalog::check(&entries).is_err() {
            entries.pop();
        }
    }
    Catalog::check(&entries).unwrap().0
}

/// The clause as the observer names it.
fn named(clause: Clause) -> &'static str {
    match clause {
        Clause::Server | Clause::Client => "parties",
        other => other.name(),
    }
}

/// A contract for any other protocol covers frames of its type, also of those that a decoder knows.
fn is_known_frame(observation: &Observation<'_>) -> bool {
    matches!(observation, Observation::Frame(frame) if frame.protocol != Protocol::Unknown)
}

#[test]
fn i8_what_the_matcher_refuses_the_observer_finds_and_nothing_else() {
    let mut told = BTreeMap::<&str, u32>::new();
    let mut covered = 0;
    for world in 0..WORLDS {
        let bytes = dice::bytes(1200, world);
        let mut dice = Dice(&bytes);
        let catalog = catalog(&mut dice);
        let matcher = Matcher::new(&catalog);
        let fresh = Wire::new(&catalog);
        while !dice.0.is_empty() {
            let mut text = String::new();
            let observation = seen::observation(&mut dice, &mut text);
            let judged = !matches!(
                observation,
                Observation::Session(_) | Observation::Message(_)
            );
            let Some(deed) = Deed::of(&observation).filter(|_| judged) else {
                continue;
            };
            let mut wire = fresh.clone();
            wire.handle_observation(Timestamp::from_secs(1), deed);
            let found: Vec<_> = std::iter::from_fn(|| wire.poll_finding()).collect();
            match matcher.judge(&observation) {
                Verdict::Covered { .. } => {
                    covered += 1;
                    assert!(found.is_empty(), "{observation:?} {found:#?}");
                }
                Verdict::Violation { .. } if found.is_empty() && is_known_frame(&observation) => {}
                Verdict::Violation { clause, .. } => {
                    assert_eq!(found.len(), 1, "{observation:?} {clause:?} {found:#?}");
                    // Whoever is not named where another protocol is agreed is told as the one or the other.
                    let ends = ["parties", "protocol"];
                    let either = [found[0].clause.as_str(), named(clause)]
                        .iter()
                        .all(|one| ends.contains(one));
                    let same = found[0].clause == named(clause) || either;
                    *told.entry(found[0].clause.clone().leak()).or_default() += 1;
                    assert!(same, "{clause:?} {observation:?} {found:#?}");
                }
            }
        }
    }
    assert!(covered > 1000, "{covered}");
    for clause in [
        "parties",
        "protocol",
        "vlan",
        "unit",
        "malformed",
        "function",
        "tag",
        "read_only",
        "write",
        "read",
        "value",
    ] {
        assert!(
            told.get(clause).is_some_and(|count| *count > 10),
            "{clause}: {told:?}"
        );
    }
}
