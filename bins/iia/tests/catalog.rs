//! Questions to a catalog, and its exports, judged by schemas that others wrote.

mod judge;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use judge::{example, judge, judged, said, skipped};
use serde_json::Value;

#[test]
fn who_is_accountable_is_one_question() {
    let site = example("box-pi/box.icl");
    let answer = said(
        0,
        &[
            "who",
            "box_outage",
            "--catalog",
            &site,
            "--contract",
            "site.telemetry",
        ],
    );
    assert!(
        answer.starts_with("box_outage under iia.contract.boundary.site.telemetry 2.0.0 with "),
        "{answer}"
    );
    assert!(
        answer.contains("accountable here   site-ops-manager (oncall://site/ops-manager)"),
        "{answer}"
    );
    let every = said(0, &["who", "--catalog", &site]);
    assert_eq!(
        every.lines().count(),
        31,
        "ten events of three contracts:\n{every}"
    );
    said(1, &["who", "weather", "--catalog", &site]);
}

#[test]
fn well_known_questions_have_answers() {
    let site = example("box-pi/box.icl");
    let id = "iia.contract.device.scada_press_a";
    let text = said(0, &["ask", &format!("contract/{id}"), &site]);
    assert!(
        text.starts_with(&format!("contract {id} 1.0.0 {{\n  scope device\n")),
        "{text}"
    );
    let manifest = said(0, &["ask", "catalog/manifest", &site]);
    assert!(
        manifest
            .lines()
            .any(|line| line.starts_with(id) && line.contains(" b3:")),
        "{manifest}"
    );
    said(0, &["ask", "catalog/raci/cert_expiry", &site]);
    said(2, &["ask", "contract/x/y/z", &site]);
    said(2, &["ask", &format!("contract/{id}/watermark"), &site]);

    let dir = tempfile::tempdir().unwrap();
    let later = |name: &str, version: &str| -> PathBuf {
        let text = fs::read_to_string(&site).unwrap();
        let text = text.replace("issued 2026-11-24T", "issued 2026-11-25T");
        let old = format!("contract {id} 1.0.0 {{\n  scope device\n");
        let new = format!("contract {id} {version} {{\n  scope device\n");
        let text = text.replacen(&old, &new, 1);
        let at = text.find(&new).unwrap();
        let (before, after) = text.split_at(at);
        let path = dir.path().join(name);
        fs::write(
            &path,
            format!(
                "{before}{}",
                after.replacen("  server ", "  server tcp/10.9.9.9:502\n  server ", 1)
            ),
        )
        .unwrap();
        path
    };
    let (good, bad) = (later("good.icl", "1.1.0"), later("bad.icl", "1.0.1"));
    let history = format!("contract/{id}/history");
    let told = said(0, &["ask", &history, &site, good.to_str().unwrap()]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines[1].starts_with("1.0.0") && lines[1].contains("2026-11-25T06:00:00"),
        "{told}"
    );
    assert!(
        lines[2].starts_with("1.1.0")
            && lines[2].contains("in force")
            && lines[2].ends_with("adds"),
        "{told}"
    );
    said(2, &["ask", &history, &site, bad.to_str().unwrap()]);
    let before = format!("contract/{id}");
    let old = said(
        0,
        &[
            "ask",
            &before,
            &site,
            good.to_str().unwrap(),
            "--at",
            "2026-11-24T12:00:00Z",
        ],
    );
    assert!(old.starts_with(&format!("contract {id} 1.0.0 ")), "{old}");
    let diff = said(1, &["diff", &site, good.to_str().unwrap()]);
    assert!(
        diff.contains("1.0.0 -> 1.1.0, 1.1.0 is due: as due"),
        "{diff}"
    );
}

#[test]
fn a_shadow_says_what_would_have_been_refused_and_refuses_nothing() {
    let capture = example("captures/press-line.pcap");
    let site = example("box-pi/box.icl");
    let shadow = said(0, &["check", "--shadow", "--catalog", &site, &capture]);
    let json = said(1, &["check", "--json", "--catalog", &site, &capture]);
    let sum: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let last = shadow.lines().last().unwrap();
    let (refused, judged) = (&sum["violations"], &sum["judged"]);
    let plain = last.replace(',', "");
    assert_eq!(
        plain,
        format!("{refused} of {judged} observations would have been refused"),
        "{shadow}"
    );
    let rows = shadow.lines().skip(1).take_while(|line| *line != last);
    let times = rows.map(|row| row.split_whitespace().next().unwrap().replace(',', ""));
    let times: u64 = times.map(|times| times.parse::<u64>().unwrap()).sum();
    assert_eq!(Some(times), refused.as_u64(), "{shadow}");
}

fn catalogs() -> [String; 3] {
    [
        "site/site.icl",
        "box-pi/box.icl",
        "contracts/boundary_bi_lake_batch.icl",
    ]
    .map(example)
}

#[test]
fn asyncapi_is_what_its_authors_schema_allows() {
    let test = "asyncapi_is_what_its_authors_schema_allows";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema = root.join("target/npm/package/schemas/3.0.0-without-$id.json");
    if !schema.exists() {
        return skipped(test, "the schema of AsyncAPI 3 (npm pack @asyncapi/specs)");
    }
    let Some(python) = judge(test, "json") else {
        return;
    };
    for catalog in catalogs() {
        let text = said(0, &["export", "asyncapi", &catalog]);
        assert_eq!(judged(&python, &schema, &text, "whole"), Ok(1), "{catalog}");
        let wrong = text.replace("\"action\": \"send\"", "\"action\": \"shout\"");
        assert!(
            judged(&python, &schema, &wrong, "whole").is_err(),
            "{catalog}"
        );
    }
}

#[test]
fn data_contracts_are_what_the_standards_schema_allows() {
    let test = "data_contracts_are_what_the_standards_schema_allows";
    let Some(python) = judge(test, "open_data_contract_standard") else {
        return;
    };
    let place = "import open_data_contract_standard as o; print(o.__path__[0])";
    let place = Command::new(&python).args(["-c", place]).output().unwrap();
    let schema = Path::new(String::from_utf8(place.stdout).unwrap().trim()).join("schema.json");
    for (catalog, contracts) in catalogs().iter().zip([6, 3, 1]) {
        let text = said(0, &["export", "odcs", catalog]);
        assert_eq!(
            judged(&python, &schema, &text, "lines"),
            Ok(contracts),
            "{catalog}"
        );
        let wrong = text.replace("\"kind\":\"DataContract\"", "\"kind\":\"Promise\"");
        assert!(
            judged(&python, &schema, &wrong, "lines").is_err(),
            "{catalog}"
        );
    }
}

#[test]
fn values_of_tags_have_a_schema() {
    let catalog = example("contracts/device_plc_compressor_unit_3_opcua.icl");
    let schema: Value =
        serde_json::from_str(&said(0, &["export", "json-schema", &catalog])).unwrap();
    let defs = schema["$defs"].as_object().unwrap();
    assert_eq!(defs.len(), 1);
    let tags = defs.values().next().unwrap()["properties"]
        .as_object()
        .unwrap();
    let text = fs::read_to_string(&catalog).unwrap();
    assert_eq!(
        tags.len(),
        text.lines()
            .filter(|line| line.starts_with("  tag "))
            .count()
    );
    let has = |wanted: &dyn Fn(&Value) -> bool| tags.values().any(wanted);
    assert!(has(&|tag| tag["type"] == "number"), "{tags:?}");
    assert!(
        has(&|tag| tag["enum"].as_array().is_some_and(|all| all.len() == 5)),
        "{tags:?}"
    );
}

#[test]
fn drawings_have_a_box_for_every_zone_and_a_number_for_every_contract() {
    let catalog = example("box-pi/box.icl");
    let text = fs::read_to_string(&catalog).unwrap();
    let contracts = text
        .lines()
        .filter(|line| line.starts_with("contract "))
        .count();
    for what in ["ciad", "cind"] {
        let svg = said(0, &["export", what, &catalog]);
        for zone in text.lines().filter_map(|line| line.strip_prefix("zone ")) {
            let name = zone.trim_end_matches(" {");
            assert!(svg.contains(&format!(">{name}</text>")), "{what}: {name}");
        }
        let numbers = (1..=contracts).filter(|number| svg.contains(&format!(">{number}</text>")));
        assert_eq!(numbers.count(), contracts, "{what}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{what}");
        assert_eq!(
            svg,
            said(0, &["export", what, &catalog]),
            "the same text, the same drawing"
        );
    }
}

#[test]
fn drawings_say_the_level_of_every_zone() {
    let text = fs::read_to_string(example("reference/reference.icl")).unwrap();
    let zones = text.matches("\nzone ").count();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("box.icl");
    let drawn = |what: &str, text: &str| {
        fs::write(&file, text).unwrap();
        let svg = said(0, &["export", what, file.to_str().unwrap()]);
        ["1", "2", "3", "4", "?"].map(|level| svg.matches(&format!(">SL-T {level}</text>")).count())
    };
    // A zone in which devices without an identity are served aims at less than the box.
    let side = "  role ot.acs.netservices\n  side inbound\n";
    let own = text.replace(side, &format!("{side}  sl_target 2\n"));
    let none = own.replacen("  sl_target 3\n", "", 1);
    for what in ["ciad", "cind"] {
        assert_eq!(drawn(what, &text), [0, 0, zones, 0, 0], "{what}");
        assert_eq!(drawn(what, &own), [0, 1, zones - 1, 0, 0], "{what}");
        assert_eq!(drawn(what, &none), [0, 1, 0, 0, zones - 1], "{what}");
    }
}
