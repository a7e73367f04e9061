//! The examples of this project are canonical and keep every rule.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use iia_config::validate::{Facts, validate};
use iia_config::{format, parse::parse};
use iia_contract::Catalog;
use iia_contract::compile::{Flows, Topology, flows};

const LEN_MAX: usize = 1 << 20;

#[track_caller]
fn check(path: &str, box_name: &str) {
    let path = format!("{}/../examples/{path}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let told = |found: Vec<iia_config::diagnostic::Diagnostic>| -> String {
        found
            .iter()
            .map(|found| found.render(&path, &text))
            .collect()
    };
    let document = parse(&bytes, LEN_MAX)
        .map_err(told)
        .unwrap_or_else(|told| panic!("{told}"));
    let checked = validate(&document, &Facts::of_box(box_name))
        .map_err(told)
        .unwrap_or_else(|told| panic!("{told}"));
    assert!(checked.warnings.is_empty(), "{}", told(checked.warnings));
    assert_eq!(format::first_difference(&document), None);
}

#[test]
fn the_box_on_a_board_keeps_every_rule() {
    check("box-pi/box.icl", "seg01");
}

#[test]
fn the_site_keeps_every_rule() {
    check("site/site.icl", "site");
}

/// Every contract of a box opens its flow, or the compiler says why it opens none; gives those that open none.
#[track_caller]
fn closed(text: &[u8]) -> Vec<String> {
    let document = parse(text, LEN_MAX).unwrap_or_default();
    let (catalog, _) = Catalog::of(document.tree()).unwrap_or_default();
    assert!(!catalog.contracts().is_empty());
    let Flows { allowed, notes } = flows(&catalog, &Topology::read(document.tree()));
    for contract in catalog.contracts() {
        let opens = allowed.values().flatten().any(|id| *id == contract.id);
        let is_told = notes
            .iter()
            .any(|note| note.starts_with(&format!("{} ", contract.id)));
        assert!(opens != is_told, "{}: {opens} {notes:?}", contract.id);
    }
    notes
}

#[test]
fn every_contract_of_an_example_opens_its_flow_or_says_why_it_opens_none() {
    let file = |path: &str| {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    for path in ["box-pi/box.icl", "site/site.icl"] {
        let told = closed(&file(&format!("../examples/{path}")));
        assert!(
            told.iter().all(|note| note.contains("is watched")),
            "{told:?}"
        );
    }
    // The samples are contracts without a box; in the model stands one of each kind, at addresses that no zone has.
    let told = closed(&file("tests/data/model.icl"));
    assert!(
        told.iter().any(|note| note.contains("is pulled")),
        "{told:?}"
    );
}
