//! Every rule is broken by its bad example and by nothing else, and kept by the good one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use iia_config::diagnostic::{Diagnostic, Severity};
use iia_config::explain::{self, Rule};
use iia_config::format;
use iia_config::parse::{Document, parse, parse_partial};
use iia_config::validate::{Facts, validate};
use iia_core::time::parse_utc;

const MODEL: &str = include_str!("data/model.icl");
const LEN_MAX: usize = 1 << 20;
/// Rules that need another document, or that a text cannot break.
const ELSEWHERE: [&str; 4] = ["C085", "C086", "C087", "C088"];

fn document(text: &str) -> Document {
    parse(text.as_bytes(), LEN_MAX).unwrap()
}

/// What the box of the model knows.
fn facts() -> Facts {
    let applied = document(MODEL)
        .of_kind("artifact")
        .next()
        .unwrap()
        .text("previous")
        .to_owned();
    Facts {
        fleets: vec!["packout".into()],
        applied: Some((6, applied.parse().unwrap())),
        now: parse_utc("2026-11-24T07:00:00Z"),
        ..Facts::of_box("seg01")
    }
}

fn facts_for(code: &str) -> Facts {
    let changes = ["C090", "C091", "C092", "C093", "C094"].contains(&code);
    Facts {
        previous: changes.then(|| Arc::new(document(MODEL))),
        live: ["iia.contract.boundary.mcp_server.i3x_query".to_owned()].into(),
        fleets: vec![],
        ..facts()
    }
}

fn found(text: &str, facts: &Facts) -> Vec<Diagnostic> {
    let reading = parse_partial(text.as_bytes(), LEN_MAX);
    if !reading.diagnostics.is_empty() {
        return reading.diagnostics;
    }
    match validate(&reading.document.unwrap(), facts) {
        Ok(checked) => checked.warnings,
        Err(found) => found,
    }
}

fn codes(found: &[Diagnostic]) -> BTreeSet<&'static str> {
    found.iter().map(|found| found.code).collect()
}

fn shown(text: &str, found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|found| found.render("model.icl", text))
        .collect()
}

fn broken(rule: &Rule) -> String {
    assert!(
        MODEL.contains(rule.good),
        "{}: not in the model: {}",
        rule.code,
        rule.good
    );
    MODEL.replacen(rule.good, rule.bad, 1)
}

/// What a bad example breaks besides: one line can be wrong in more than one way.
fn beside(code: &str) -> &'static [&'static str] {
    match code {
        // The value that cannot be read is missing from its entry.
        "C037" => &["C037"],
        "C094" => &["C092"],
        "P015" => &["P017"],
        _ => &[],
    }
}

#[test]
fn the_model_keeps_every_rule_and_is_canonical() {
    let found = found(MODEL, &facts());
    assert!(found.is_empty(), "{}", shown(MODEL, &found));
    assert_eq!(format::first_difference(&document(MODEL)), None);
}

#[test]
fn every_bad_example_breaks_its_own_rule_and_no_other() {
    let mut tried = 0;
    let mut wrong = String::new();
    for rule in explain::rules().filter(|rule| !rule.good.is_empty() && rule.code != "P004") {
        tried += 1;
        let text = broken(rule);
        let found = found(&text, &facts_for(rule.code));
        let mut want: BTreeSet<&str> = beside(rule.code).iter().copied().collect();
        want.insert(rule.code);
        let got = codes(&found);
        let severity = found
            .iter()
            .find(|found| found.code == rule.code)
            .map(|found| found.severity);
        let as_told =
            severity.is_some_and(|severity| (severity == Severity::Error) == rule.rejects);
        if got != want || !as_told {
            wrong += &format!("== {} gives {got:?}\n{}", rule.code, shown(&text, &found));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(tried > 90, "{tried}");
}

#[test]
fn every_rule_is_explained_and_every_code_is_unique() {
    let rules: Vec<_> = explain::rules().collect();
    let codes: BTreeSet<_> = rules.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), rules.len());
    for rule in &rules {
        assert!(
            !rule.title.is_empty() && !rule.why.is_empty() && !rule.clause.is_empty(),
            "{}",
            rule.code
        );
        assert_eq!(explain::rule(&format!("IIA-{}", rule.code)), Some(*rule));
        let shown =
            rule.code.starts_with('P') || ELSEWHERE.contains(&rule.code) || !rule.good.is_empty();
        assert!(shown, "{} has no example", rule.code);
    }
    for number in (1..=5)
        .chain([6, 7, 8, 9])
        .chain(10..=25)
        .chain(30..=37)
        .chain(40..=68)
        .chain(70..=75)
        .chain(80..=95)
    {
        assert!(
            codes.contains(format!("C{number:03}").as_str()),
            "C{number:03} has no entry"
        );
    }
}
