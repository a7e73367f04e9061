//! Observations that lie: bounded, loud, and nobody is accused beyond what was seen.

use iia_attest::config::{
    Aspect, DELTAS_MAX, Element, Intended, Kind, Reference, Running, Seen, State,
};
use iia_core::finding::Conclusion;

use crate::machine::{Watched, digest, example};

fn watched() -> Watched {
    Watched::new(&example(), "seg01")
}

#[test]
fn a_million_elements_that_nobody_named_are_bounded_and_told() {
    let mut watched = watched();
    watched.see(Seen::Look);
    for running in watched.machine.running() {
        watched.see(Seen::Running(running));
    }
    for number in 0..1_000_000 {
        let element = Element::new(Kind::Identity, format!("spiffe://iia.local/{number}"));
        watched.see(Seen::Running(Running::new(element, State::default())));
    }
    watched.see(Seen::Looked(Vec::new()));
    let findings = watched.findings();
    let told = findings
        .iter()
        .filter(|one| one.clause == "out_of_band")
        .count();
    assert!(told <= DELTAS_MAX, "{told}");
    assert!(findings.len() <= iia_attest::config::WAITING_MAX + 1);
    let last: Vec<&str> = findings
        .iter()
        .filter(|one| one.clause == "observer")
        .map(|one| one.reason.as_str())
        .collect();
    assert!(
        !last.is_empty() && last.iter().all(|reason| reason.contains("found no room")),
        "{last:#?}"
    );
}

#[test]
fn a_million_different_states_of_one_element_are_bounded() {
    let mut watched = watched();
    for number in 0..1_000_000 {
        let element = Element::new(Kind::Rule, "inet iia chain forward: rules");
        let state = State::default().with(Aspect::Order, format!("{number}"));
        watched.see(Seen::Running(Running::new(element, state)));
    }
    let findings = watched.findings();
    assert_eq!(findings.len(), iia_attest::config::WAITING_MAX + 1);
    assert!(
        findings
            .last()
            .unwrap()
            .reason
            .contains("findings found no room")
    );
}

#[test]
fn an_artifact_with_more_elements_than_are_followed_is_told() {
    let mut watched = watched();
    let elements = (0..iia_attest::config::ELEMENTS_MAX + 5).map(|number| Intended {
        element: Element::new(Kind::Contract, format!("c{number}")),
        state: State::default(),
    });
    let reference = Reference {
        name: "large".into(),
        digest: Some(digest("large")),
        elements: elements.collect(),
        every: Vec::new(),
    };
    watched.see(Seen::Applied(Ok(reference)));
    let findings = watched.findings();
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].reason.starts_with("5 elements found no room"),
        "{findings:#?}"
    );
}

#[test]
fn what_comes_twice_out_of_order_or_without_beginning_says_nothing() {
    let mut watched = watched();
    watched.see(Seen::Looked(Vec::new()));
    let running = watched.machine.running();
    watched.see(Seen::Look);
    for one in running.iter().rev().chain(&running) {
        watched.see(Seen::Running(one.clone()));
    }
    watched.see(Seen::Look);
    for one in &running {
        watched.see(Seen::Running(one.clone()));
    }
    watched.see(Seen::Looked(vec![Kind::Process; 100_000]));
    // The artifact that is applied already is applied again.
    watched.apply(&example());
    watched.look();
    let findings = watched.findings();
    let wrong: Vec<_> = findings
        .iter()
        .filter(|one| one.conclusion == Conclusion::Diverge)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
