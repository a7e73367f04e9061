//! Every rule is broken by its bad example and by nothing else, and kept by the good one.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

mod rule_rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use iia_config::diagnostic::{Diagnostic, Severity};
use iia_config::explain::{self, Rule};
use iia_config::format;
use iia_config::parse::{Document, parse, parse_partial};
use iia_config::validate::{Facts, validate};
use iia_core::time::parse_utc;
use rule_rows::MORE;

const MODEL: &str = include_str!("data/model.icl");
const LEN_MAX: usize = 1 << 20;
/// Rules that need another document, or that a text cannot break, with the tests that keep and break them.
const ELSEWHERE: [(&str, [&str; 2]); 6] = [
    ("C082", ["c082_is_kept", "c082_is_broken"]),
    ("C083", ["c083_is_kept", "c083_is_broken"]),
    ("C085", ["c085_is_kept", "c085_is_broken"]),
    ("C086", ["c086_is_kept", "c086_is_broken"]),
    ("C087", ["c087_is_kept", "c087_is_broken"]),
    ("C088", ["a_manifest_names_its_box_counts_up_and_ends"; 2]),
];

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
fn every_further_way_to_break_a_rule_is_told_and_what_only_looks_wrong_is_kept() {
    let mut wrong = String::new();
    for (good, bad, codes_wanted) in MORE {
        assert!(MODEL.contains(good), "not in the model: {good}");
        let text = MODEL.replacen(good, bad, 1);
        let found = found(&text, &facts());
        let got = codes(&found);
        // A code with a question mark may follow from the others.
        let must: BTreeSet<&str> = codes_wanted
            .split(' ')
            .filter(|code| !code.is_empty() && !code.ends_with('?'))
            .collect();
        let may: BTreeSet<&str> = codes_wanted
            .split(' ')
            .filter_map(|code| code.strip_suffix('?'))
            .collect();
        let rest: BTreeSet<&str> = got.difference(&must).copied().collect();
        if !must.is_subset(&got) || !rest.is_subset(&may) {
            wrong += &format!(
                "== {good:?} -> {bad:?} gives {got:?}, not {must:?}\n{}",
                shown(&text, &found)
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_manifest_names_its_box_counts_up_and_ends() {
    let text = "iia-manifest 1\n\nmanifest m 1.0.0 {\n  box seg01\n  revision 4\n  issued 2026-11-24T06:00:00Z\n  expires 2026-12-24T06:00:00Z\n}\n";
    let facts = Facts {
        manifest: Some(3),
        ..facts()
    };
    let check = |text: &str| iia_config::validate::manifest(&document(text), &facts);
    assert_eq!(check(text).unwrap().revision, 4);
    for (good, bad) in [
        ("  box seg01\n", "  box seg02\n"),
        ("  box seg01\n", ""),
        ("  revision 4\n", "  revision 3\n"),
        ("  revision 4\n", ""),
        ("  expires 2026-12-24T06:00:00Z\n", ""),
        (
            "  expires 2026-12-24T06:00:00Z\n",
            "  expires 2026-11-24T06:30:00Z\n",
        ),
        (
            "  expires 2026-12-24T06:00:00Z\n",
            "  expires 2026-11-24T05:00:00Z\n",
        ),
        ("manifest m 1.0.0", "party m"),
    ] {
        let found = check(&text.replacen(good, bad, 1)).unwrap_err();
        assert!(codes(&found).contains("C088"), "{bad}: {found:?}");
    }
}

#[test]
fn a_waiver_sets_warnings_aside_and_never_an_error() {
    let waiver = |rule: &str, more: &str| {
        format!(
            "waiver w {{\n  rule {rule}\n  reason \"ordered\"\n  accountable site-security-manager\n{more}}}\n\n"
        )
    };
    let at = "\ncontract iia.contract.boundary.bi_lake.batch";
    let with = |text: String| {
        MODEL.replacen(
            at,
            &format!("\n{}{at}", text.trim_end_matches('\n').to_owned() + "\n"),
            1,
        )
    };
    let strict = Facts {
        strict: true,
        ..facts()
    };
    let until = "  expires 2027-01-31T00:00:00Z\n";
    let weak = |text: String| text.replacen("policy basic256sha256", "policy basic128rsa15", 1);
    assert!(
        found(&weak(MODEL.into()), &strict)
            .iter()
            .any(|found| found.code == "C075" && found.rejects())
    );
    let waived = found(&weak(with(waiver("C075", until))), &strict);
    assert!(waived.iter().all(|found| !found.rejects()), "{waived:?}");
    for text in [
        waiver("C054", until),
        waiver("C075", ""),
        waiver("C999", until),
        waiver("C075", "  expires 2026-11-01T00:00:00Z\n"),
    ] {
        let found = found(&with(text.clone()), &facts());
        assert!(
            found
                .iter()
                .any(|found| found.code == "C095" && found.rejects()),
            "{text} {found:?}"
        );
    }
}

#[test]
fn changes_say_so_in_their_version() {
    let previous = |text: &str| Facts {
        previous: Some(Arc::new(document(text))),
        ..facts()
    };
    let id = "contract iia.contract.internal.collect_to_lake 1.0.0 {";
    let check = |version: &str, good: &str, bad: &str, want: &[&str]| {
        let text = MODEL
            .replacen(id, &id.replace("1.0.0", version), 1)
            .replacen(good, bad, 1);
        let found = found(&text, &previous(MODEL));
        assert_eq!(
            codes(&found),
            want.iter().copied().collect(),
            "{version} {bad}\n{}",
            shown(&text, &found)
        );
    };
    let (more, less) = (
        "  operation WRITE_BULK\n  operation WRITE_STREAM\n  card",
        "  card",
    );
    let now = "  operation WRITE_STREAM\n  card";
    check("1.0.0", "x-none-x", "", &[]);
    check("1.1.0", now, more, &[]);
    check("1.0.1", now, more, &["C090"]);
    check("1.1.0", now, less, &["C090"]);
    check("2.0.0", now, less, &[]);
    check("0.9.0", "x-none-x", "", &["C092"]);
    check(
        "1.1.0",
        "    max_size 64KiB\n",
        "    max_size 128KiB\n",
        &[],
    );
    check(
        "1.1.0",
        "    max_size 64KiB\n",
        "    max_size 32KiB\n",
        &["C090"],
    );
    // A major version of a boundary contract keeps the one before for its overlap.
    let boundary = "contract iia.contract.boundary.bi_lake.batch 2.0.0 {";
    let start = MODEL.find(boundary).unwrap();
    let end = start + MODEL[start..].find("\n}\n").unwrap() + 3;
    let old = MODEL[start..end].to_owned();
    let both = |until: &str| {
        let kept = old.replacen(
            "  profile {",
            &format!("  deprecated {until}\n  profile {{"),
            1,
        );
        let new = old
            .replacen("2.0.0", "3.0.0", 1)
            .replacen("    cn_alias bi-ingest\n", "", 1);
        MODEL.replacen(&old, &format!("{kept}\n{new}"), 1)
    };
    let long = found(&both("2027-03-01T00:00:00Z"), &previous(MODEL));
    assert!(long.is_empty(), "{long:?}");
    let short = found(&both("2026-12-01T00:00:00Z"), &previous(MODEL));
    assert_eq!(codes(&short), ["C091"].into(), "{short:?}");
    // Who is not connected may be let go.
    let gone = MODEL.replacen(
        "contract iia.contract.boundary.mcp_server.i3x_query 1.0.0",
        "contract iia.contract.boundary.mcp_server.renamed 1.0.0",
        1,
    );
    assert!(found(&gone, &previous(MODEL)).is_empty());
    // Both sides agree to less.
    let agreed = MODEL
        .replacen(boundary, "contract iia.contract.boundary.bi_lake.batch 2.1.0 {", 1)
        .replacen("  enabled 2026-11-01T00:00:00Z\n", "  enabled 2026-11-01T00:00:00Z\n  acknowledged enterprise-cio\n  acknowledged site-ops-manager\n", 1)
        .replacen("    response_max 4h\n", "    response_max 8h\n", 1);
    let found = found(&agreed, &previous(MODEL));
    assert!(!codes(&found).contains("C094"), "{found:?}");
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
        let elsewhere = ELSEWHERE.iter().any(|(code, _)| *code == rule.code);
        let shown = rule.code.starts_with('P') || elsewhere || !rule.good.is_empty();
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

#[test]
fn rules_that_a_text_cannot_show_are_kept_and_broken_elsewhere() {
    let tests = concat!(include_str!("leave_rules.rs"), include_str!("rules.rs"));
    for (code, names) in ELSEWHERE {
        assert!(explain::rule(code).is_some(), "{code}");
        for name in names {
            assert!(
                tests.contains(&format!("#[test]\nfn {name}() {{")),
                "{code}: {name}"
            );
        }
    }
}

#[test]
fn an_entry_of_a_wrong_shape_hides_no_mistake_of_another_and_makes_up_none() {
    let shape = ["C024", "C031", "C040", "C047"];
    // Rules that judge an entry by itself are asked all the same.
    for code in ["C004", "C080", "C081"] {
        let rule = explain::rule(code).unwrap();
        let text = broken(rule).replacen("policy box {\n", "policy box {\n  zzz on\n", 1);
        let text = text.replacen("zone bus {\n", "zone bus {\n  zzz on\n", 1);
        let got = codes(&found(&text, &facts_for(code)));
        assert_eq!(got, [code, "C031"].into(), "{code}");
    }
    // A line too many in any entry is told, and nothing else is that would not be told without it.
    let mut tried = 0;
    for (at, _) in MODEL.match_indices(" {\n").filter(|(at, _)| is_entry(*at)) {
        let mut text = MODEL.to_owned();
        text.insert_str(at + 3, "  zzz on\n");
        let got = codes(&found(&text, &facts()));
        assert!(got.iter().all(|code| shape.contains(code)), "{at}: {got:?}");
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

/// Whether the line that ends here opens an entry.
fn is_entry(at: usize) -> bool {
    let start = MODEL[..at].rfind('\n').map_or(0, |end| end + 1);
    !MODEL[start..].starts_with(' ')
}

/// R-EDG-01: whoever names no profile gets none.
#[test]
fn a_boundary_contract_without_a_profile_is_refused_and_gets_no_default() {
    let whole = include_str!("../../examples/box-pi/box.icl");
    let from = whole.find("\n  profile {\n").unwrap();
    let len = whole.get(from..).unwrap().find("\n  }\n").unwrap();
    let (before, rest) = whole.split_at(from);
    let without = format!("{before}{}", rest.get(len + 4..).unwrap());
    let found = found(&without, &facts());
    let told = shown(&without, &found);
    assert!(codes(&found).contains("C050"), "{told}");
    assert!(told.contains("block `profile` is missing"), "{told}");
}
