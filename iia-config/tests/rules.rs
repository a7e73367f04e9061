//! Every rule is broken by its bad example and by nothing else, and kept by the good one.
#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

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

/// Further ways to break a rule: what stands in the model, what is put in its place, and the codes.
const MORE: &[(&str, &str, &str)] = &[
    (
        "  from publish\n  to bus\n",
        "  from publish\n  to lake\n",
        "C001 C011",
    ),
    (
        "    protocol iia_link\n    security mtls\n    tls_min",
        "    protocol grpc\n    security mtls\n    tls_min",
        "C002",
    ),
    ("  protocol dns\n", "  protocol https\n", "C002"),
    ("    alpn \"iia/1\"\n", "", "C003"),
    ("    alpn \"iia/1\"\n", "    alpn \"http/1.1\"\n", "C003"),
    (
        "  capture spiffe://iia.local/zone/collect/workload/protocol_collector\n",
        "",
        "",
    ),
    (
        "  kind observation\n  side inbound\n",
        "  kind observation\n  side outbound\n",
        "C006",
    ),
    (
        "  network 10.20.0.0/24\n  routed off\n",
        "  network 10.20.0.0/24\n  routed on\n",
        "C007",
    ),
    ("  network 10.20.0.0/24\n", "", "C007"),
    (
        "  network 192.0.2.0/28\n  routed off\n",
        "  network 192.0.2.0/28\n  routed on\n",
        "C009",
    ),
    ("  allow 192.0.2.8/29\n", "  allow 0.0.0.0/0\n", "C009"),
    (
        "  listen tls/192.0.2.2:443\n",
        "  listen tcp/192.0.2.2:22\n",
        "C010",
    ),
    (
        "  from collect\n  to lake\n",
        "  from lake\n  to collect\n",
        "C011",
    ),
    ("  client 10.20.0.10\n", "  client 0.0.0.0/0\n", "C013"),
    ("  client 10.20.0.10\n", "  client 10.20.0.1/8\n", "C013"),
    (
        "  server tcp/10.20.0.21:502\n",
        "  server tcp/502\n",
        "C013",
    ),
    ("  operation QUERY\n", "", "C013"),
    ("  role ot.dmz.bus\n", "  role ot.dmz.buss\n", "C015"),
    ("  bridge iz-bus\n", "  bridge iz-bus-of-the-box\n", "C016"),
    ("  subnet 10.90.4.0/24\n", "  subnet 10.90.3.0/24\n", "C016"),
    ("  subnet 10.90.4.0/24\n", "  subnet 10.90.4.1/24\n", "C016"),
    (
        "  workload relay 10.90.4.2\n",
        "  workload relay 10.90.5.9\n",
        "C016",
    ),
    ("  kind ids\n", "  kind scan\n", "C017"),
    (
        "  key ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n",
        "  key ed25519:/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=\n",
        "C018",
    ),
    (
        "  observer spiffe://iia.local/zone/io/workload/io_master\n",
        "  observer spiffe://iia.local/zone/lake/workload/lake_writer\n",
        "C018",
    ),
    (
        "  bridge iz-bus\n  subnet 10.90.4.0/24\n",
        "  bridge iz-bus\n  subnet 10.90.4.0/24\n  durable on\n",
        "C023",
    ),
    (
        "  operation WRITE_BATCH\n",
        "  accept any\n  operation WRITE_BATCH\n",
        "C024",
    ),
    (
        "  listen tls/198.51.100.4:7447\n",
        "  listen tls/7447\n",
        "C025",
    ),
    (
        "contract iia.contract.device.press_a 1.0.0 {\n",
        "contract iia.contract.internal.cfg_to_audit 1.0.1 {\n",
        "C030",
    ),
    (
        "    on_unreachable fail_closed\n",
        "    on_unreachable fail_open_with_alarm\n",
        "C035",
    ),
    ("    buffer_age 30d\n", "", "C035"),
    ("    backoff_max 5s\n", "    backoff_max 2h\n", "C035"),
    (
        "    protocol iia_link\n    security mtls\n    tls_min",
        "    protocol iia_link\n    security tls\n    tls_min",
        "C036",
    ),
    ("    publisher_ttl 1h\n", "    publisher_ttl 0s\n", "C044"),
    ("    trust_root enterprise-consumers\n", "", "C046"),
    (
        "    trust_root enterprise-consumers\n",
        "    trust_root enterprise-artifacts\n",
        "C046",
    ),
    (
        "  expires 2028-01-01T00:00:00Z\n",
        "  expires 2026-11-24T06:59:59Z\n",
        "C046 C049",
    ),
    (
        "  strict off\n",
        "  strict off\n  admin_password \"x\"\n",
        "C047",
    ),
    (
        "  network_server lns://lorawan-ns.local:8080\n",
        "  network_server lns://user:secret@lorawan-ns.local\n",
        "C047",
    ),
    (
        "    cn_alias bi-ingest\n",
        "    cn_alias aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "C048",
    ),
    (
        "  organization enterprise-bi\n  contact oncall://enterprise-bi/ingest\n  operation",
        "  contact oncall://enterprise-bi/ingest\n  operation",
        "C050",
    ),
    ("    custody hsm\n", "", "C051"),
    ("  upstream query {\n", "  upstream queries {\n", "C051"),
    ("    redundancy dual_wan\n", "", "C052"),
    ("    uptime_min 99.5%\n", "    uptime_min 101%\n", "C052"),
    (
        "    bandwidth_min 50Mbps\n",
        "    bandwidth_min 0bps\n",
        "C052",
    ),
    ("    response_max 4h\n", "", "C053"),
    ("    service_id uuid_v7\n", "", "C055"),
    ("    watermark on\n", "    watermark off\n", "C057"),
    (
        "    consumer_validates on\n",
        "    consumer_validates off\n",
        "C058",
    ),
    ("    payload_max 256MiB\n", "", "C059"),
    (
        "    acs_accountable site-security-manager\n",
        "    acs_accountable site-ops-manager\n    acs_accountable site-security-manager\n",
        "C061",
    ),
    (
        "    acs_accountable site-security-manager\n",
        "    acs_accountable enterprise-ciso\n",
        "C062",
    ),
    (
        "  side acs\n  contact tel://site/security-manager\n",
        "  side acs\n",
        "C063",
    ),
    (
        "    metric delivery.ack_latency_p99\n",
        "    metric weather.rain\n",
        "C064",
    ),
    (
        "    breach ot.contract.sla_breach\n",
        "    breach ot.contract.other\n",
        "C064",
    ),
    ("    max 500ms\n    window 1h\n", "    window 1h\n", "C064"),
    ("    include health.*\n    include process.*\n", "", "C065"),
    (
        "    exclude process.recipe\n",
        "    exclude process.*\n",
        "C065",
    ),
    ("    published 1h\n", "    published 10ms\n", "C066"),
    ("    lag_max 90m\n", "", "C066"),
    ("  published 2026-10-01T00:00:00Z\n", "", "C068"),
    (
        "    type int8\n    unit percent\n",
        "    type int8\n",
        "C070",
    ),
    ("    value running\n    value stopped\n", "", "C070"),
    ("    rate 1s\n", "    rate 0s\n", "C070"),
    ("  unit 1\n", "  unit 256\n", "C070"),
    (
        "  read holding_register 0 19\n",
        "  read holding_register 19 0\n",
        "C070",
    ),
    (
        "  read holding_register 0 19\n",
        "  read holding_register 0 65536\n",
        "C070",
    ),
    (
        "    tolerance 0.5%\n    on_divergence",
        "    tolerance 0%\n    on_divergence",
        "C071",
    ),
    (
        "  tolerance 0.5%\n  skew",
        "  tolerance 101%\n  skew",
        "C071",
    ),
    ("    via io_master\n", "    via other_master\n", "C071"),
    ("  use {\n    not_for_control on\n  }\n", "", "C073"),
    ("  expected 24\n", "  expected 0\n", "C074"),
    ("    mode sign_and_encrypt\n", "    mode none\n", "C075"),
    ("  previous b3:6", "  previous b3:7", "C080"),
    (
        "    grammar icl\n    grammar_version 1\n",
        "    grammar cue\n    grammar_version 0.9\n",
        "C089",
    ),
    (
        "    security mtls\n    trust_root enterprise-artifacts\n",
        "    security tls\n    trust_root enterprise-artifacts\n",
        "C089",
    ),
    (
        "  image_trust_root enterprise-artifacts\n",
        "  image_trust_root enterprise-consumers\n",
        "C089",
    ),
    ("    every 15m\n", "    every 0s\n", "C089"),
    // What only looks wrong is kept.
    ("    redundancy dual_wan\n", "    redundancy none\n", ""),
    (
        "  contact tel://site/security-manager\n",
        "  contact https://site.example/security\n",
        "",
    ),
    ("    max 500ms\n", "    min 500ms\n", ""),
    (
        "    policy basic256sha256\n",
        "    policy aes256_sha256_rsapss\n",
        "",
    ),
    ("  unit 1\n", "  unit 255\n", ""),
    (
        "    sustained_rows 50000000/h\n",
        "    sustained_rows 1200000000/d\n",
        "",
    ),
    ("  client 10.20.0.10\n", "  client 10.20.0.0/16\n", ""),
];

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
